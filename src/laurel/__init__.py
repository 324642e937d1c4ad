"""Laurel, an achievement server: events in, awards, rewards and signed credentials out.

The package itself exports nothing; ARCHITECTURE.md says which part does what.
"""
