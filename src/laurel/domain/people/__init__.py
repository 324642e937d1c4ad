"""People who can earn: who they are and by which names callers know them."""
