"""The migration chain: plain SQL run by Alembic, one file a revision, named by four digits and its content."""
