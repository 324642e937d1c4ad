"""Pages for people, rendered on the server: the console, public credentials, the verifier, the wallet. No rules, no SQL."""
