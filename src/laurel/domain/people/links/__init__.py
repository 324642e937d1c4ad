"""One-time links as stored."""
