"""Recording what has to be told, in the transaction of the fact, with one job per transaction to tell it."""

from collections.abc import Sequence
from datetime import datetime

from laurel.database import jobs
from laurel.database.pool import Transaction
from laurel.domain.notifications import store
from laurel.domain.notifications.model import DELIVER_JOB, Message


async def publish(tx: Transaction, messages: Sequence[Message], now: datetime) -> None:
    """Record `messages` and, if the organisation has endpoints, a job that delivers them after the commit."""
    if messages:
        ids = await store.insert(tx, messages, now)
        if ids:
            await jobs.enqueue(tx, DELIVER_JOB, {"messages": ids})
