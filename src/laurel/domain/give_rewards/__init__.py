"""Giving and using rewards by hand: points transactions, distributions, the shop, claims, redemptions, draws, prizes."""
