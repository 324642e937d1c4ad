"""API keys, and app tokens that were revoked."""
