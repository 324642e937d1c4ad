"""Challenges: things to do on purpose, started and completed, made of actions; and groups that offer them in turn."""
