"""Awards as stored."""
