"""What a person holds: the credentials issued here and those of other issuers that they keep here, and their profile."""
