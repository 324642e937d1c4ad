"""The transparency log of an organisation: what was issued and taken back, append-only, without saying whose it is."""
