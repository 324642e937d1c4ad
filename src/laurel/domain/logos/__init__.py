"""The logo of an organisation: taken in, kept in two sizes, shown."""
