"""The rows that hold where people stand."""
