"""What happened to credentials, as stored."""
