"""Experience statements: kept as they came, and told to the spine as events."""
