"""Other products' APIs over the same domain: each parses, translates, calls and renders. None knows another."""
