"""PostgreSQL: the pool and its transactions, the embedded server, migrations and the job queue. Knows no domain words."""
