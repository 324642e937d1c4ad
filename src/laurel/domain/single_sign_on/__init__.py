"""Signing in to the console through an organisation's own identity provider (OpenID Connect)."""
