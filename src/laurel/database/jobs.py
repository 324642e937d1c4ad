"""Background jobs: rows that the caller's own transaction writes, run by a worker once it has committed."""

from typing import Any

from pgqueuer.queries import Queries

from laurel.base import json_text
from laurel.database.pool import Transaction


async def enqueue(tx: Transaction, job: str, payload: dict[str, Any]) -> None:
    """Ask for `job` to be run with `payload` after the transaction has committed; at least once."""
    await Queries.from_asyncpg_connection(tx.connection).enqueue(job, json_text.encode(payload))  # type: ignore[arg-type]  # the pool's proxy is a connection
