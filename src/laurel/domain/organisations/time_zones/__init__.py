"""The time zones that an organisation has left."""
