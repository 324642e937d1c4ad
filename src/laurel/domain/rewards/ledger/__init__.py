"""Movements of points, XP and keys, and the balances they sum up to."""
