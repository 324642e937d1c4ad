"""What strangers may read: credentials by their public address. Needs no key; private ones need theirs."""
