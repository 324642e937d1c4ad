"""Open Badges, CLR and their proofs as a library: values and bytes in, bytes out.

It reads no file but its own bundled contexts, no clock, no environment and no network; whoever calls it brings those.
"""
