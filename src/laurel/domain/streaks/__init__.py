"""Streaks: how many days in a row somebody came, with freezes that bridge missed days."""
