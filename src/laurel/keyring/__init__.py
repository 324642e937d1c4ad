"""Private keys: made, sealed, opened and used here and nowhere else. Where the sealed keys lie is the caller's affair."""
