"""Exports as stored."""
