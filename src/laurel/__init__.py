"""Laurel, an open achievement server: events in, awards, rewards and signed credentials out."""

__version__ = "0.1.0"
