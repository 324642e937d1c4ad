"""Achievements: what can be earned, when it is earned, and where each person stands."""
