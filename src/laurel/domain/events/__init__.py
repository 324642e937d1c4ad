"""What people did, recorded once under a key and never changed; at most retracted."""
