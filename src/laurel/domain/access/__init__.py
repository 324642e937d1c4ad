"""Who is at the browser: sessions of accounts, and signed links that prove a mailbox."""
