"""Everything of one kind, as a stream: read in short steps by key, written as CSV, JSON Lines, statements or Parquet."""
