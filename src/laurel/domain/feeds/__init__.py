"""Reading awards in bulk: lists by offset that stay cheap and steady however far in, and exports as streams."""
