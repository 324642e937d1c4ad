"""Files made for somebody to fetch: kept in the database for a while, opened by an address nobody can guess."""
