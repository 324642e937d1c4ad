"""Mail to people: what was issued to them, the link to their wallet, what is about to expire."""
