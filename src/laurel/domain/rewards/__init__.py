"""Rewards: points, XP, owned assets and draw entries; supply is finite and never oversold."""
