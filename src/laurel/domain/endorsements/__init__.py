"""What others, or the issuer itself, have signed in favour of an issuer, an achievement or a credential."""
