"""What Laurel is about: people, events, achievements, awards, rewards, credentials. Knows nothing of HTTP."""
