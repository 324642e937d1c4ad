"""Where people were, for those whose own days count."""
