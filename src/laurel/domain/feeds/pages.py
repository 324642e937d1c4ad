"""Pages by offset over the award feed, as cheap at the end as at the beginning, and steady while rows come in.

Where a page ended is remembered for its reader; the page that begins there is read on from that row by its key. So rows
that arrive or are revoked between two pages neither repeat nor skip one. A reader who jumps is counted off, from the
nearest remembered position, in the index.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from laurel.base import json_text
from laurel.database.pool import Transaction
from laurel.domain.feeds import store
from laurel.domain.feeds.model import BEGINNING, KEYED, FeedFilter, FeedRow, Position

REMEMBERED = timedelta(hours=1)


async def page(
    tx: Transaction, reader: str, wanted: FeedFilter, *, start: int, limit: int, language: str, now: datetime
) -> Sequence[FeedRow]:
    """Rows `start` to `start + limit` of the feed; fewer only where it ends. reader: who pages, e.g. Caller.identity."""
    if wanted.order not in KEYED:
        return await store.rows_sorted(tx, wanted, start=start, limit=limit, language=language)
    name = _name(reader, wanted)
    position: Position | None = BEGINNING
    if start:
        position = await store.nearest_position(tx, name, start, now - REMEMBERED) or BEGINNING
        if position.start < start:
            position = await store.position_at(tx, wanted, position, start - position.start)
    if position is None:
        return []
    rows = await store.rows_after(tx, wanted, position, limit)
    if len(rows) == limit:
        last = rows[-1]
        at = (
            last.updated_at
            if wanted.order == "updated_at"
            else last.awarded_at
            if wanted.order == "awarded_at"
            else None
        )
        await store.remember_position(tx, name, Position(start + limit, at, last.id), now)
    return rows


def _name(reader: str, wanted: FeedFilter) -> str:
    return hashlib.sha256(json_text.encode((reader, wanted))).hexdigest()[:32]
