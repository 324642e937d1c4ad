"""The job queue: work that must follow a fact, enqueued in the fact's own transaction, and the connection that serves it.

A job runs at least once: whatever it does must bear being done again. Payloads are small JSON objects with ids in them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from laurel.base.errors import Unavailable
from laurel.database.pool import CONNECTION_FAILURES, Transaction

if TYPE_CHECKING:
    from pgqueuer.queries import Queries

_CONNECT_TIMEOUT_SECONDS = 10
_STATEMENT_TIMEOUT_SECONDS = 15
"""The queue's statements are small: one that takes longer was sent down a connection at whose end nobody is."""
URGENT, NORMAL, WHENEVER = 10, 0, -10


@cache
def _enqueue_sql() -> str:
    from pgqueuer.adapters.persistence.qb import QueryQueueBuilder

    return QueryQueueBuilder().build_enqueue_query("skip")


async def enqueue(
    tx: Transaction,
    name: str,
    payload: dict[str, Any],
    *,
    delay: timedelta | None = None,
    priority: int = NORMAL,
    once_per: str | None = None,
) -> None:
    """Have the job `name` run with `payload` once this transaction has committed.

    `organisation_id` is added to the payload from the transaction. `once_per`: while a job with this text is waiting or
    running, another one is not added.
    """
    # The library's own statement with our parameters: its `enqueue` writes headers that our connections encode twice.
    body = msgspec.json.encode({**payload, "organisation_id": tx.organisation_id})
    await tx.fetch(_enqueue_sql(), [priority], [name], [body], [delay or timedelta(0)], [once_per], [None])


@asynccontextmanager
async def open_queue(
    url: str, *, statement_seconds_max: float = _STATEMENT_TIMEOUT_SECONDS
) -> "AsyncIterator[Queries]":
    """A connection of its own for taking jobs off the queue. Raises Unavailable when the database does not answer.

    Its statements raise TimeoutError when the connection has fallen silent: then it has to be opened again.
    """
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
    from pgqueuer.queries import Queries

    try:
        connection = await asyncpg.connect(
            url,
            timeout=_CONNECT_TIMEOUT_SECONDS,
            command_timeout=statement_seconds_max,
            server_settings={"application_name": "laurel-jobs"},
        )
    except (*CONNECTION_FAILURES, asyncpg.PostgresError) as failure:
        raise Unavailable(f"cannot connect to the database: {failure}", retry_after_seconds=1) from failure
    try:
        yield Queries(AsyncpgDriver(connection))
    finally:
        if not connection.is_closed():
            connection.terminate()
