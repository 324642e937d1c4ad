"""Where people stand in challenges, what they took part in, and what is left of it when an event is retracted."""
