"""Who was credited this year, as stored."""
