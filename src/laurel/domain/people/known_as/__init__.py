"""By which names of other systems people are known."""
