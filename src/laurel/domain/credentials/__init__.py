"""Credentials: the documents issued for awards; what is signed, shown, downloaded and revoked."""
