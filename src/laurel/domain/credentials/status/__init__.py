"""Status lists of revocations and suspensions as they are stored."""
