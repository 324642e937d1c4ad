"""Designs of an organisation: how its badges and certificates look."""
