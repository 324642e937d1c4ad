"""Signing keys of organisations as they are stored."""
