"""Exchanges in which a wallet may be bound, as stored."""
