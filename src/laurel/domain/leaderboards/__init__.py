"""Leaderboards: people ranked by what they gathered in a period; ranks stay cheap however many people there are."""
