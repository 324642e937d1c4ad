"""Standards as their clients know them: routes, shapes and errors of each. No rules."""
