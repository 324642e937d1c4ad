"""The SQL of the outbox."""

from collections.abc import Sequence
from datetime import datetime

from laurel.base import json_text
from laurel.base.ids import new_uids
from laurel.database.pool import Transaction, columns
from laurel.domain.notifications.model import Message


async def insert(tx: Transaction, messages: Sequence[Message], now: datetime) -> None:
    """Record messages in the caller's transaction."""
    rows = [
        (message.person_id, uid, message.topic, json_text.encode(message.payload), message.quiet)
        for message, uid in zip(messages, new_uids(len(messages)), strict=True)
    ]
    await tx.execute(
        """
        INSERT INTO outbox (organisation_id, person_id, uid, topic, payload, quiet, at)
        SELECT $1, m.*, $2 FROM unnest($3::bigint[], $4::text[], $5::text[], $6::jsonb[], $7::boolean[]) AS m
        """,
        tx.organisation_id,
        now,
        *columns(rows, 5),
    )
