"""The register of credentials: finding and counting them by anything they say, and what has happened to them since."""
