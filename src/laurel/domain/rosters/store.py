"""The SQL of rosters."""

from datetime import datetime
from typing import Any

import msgspec

from laurel.base.ids import AchievementId
from laurel.database.pool import Transaction
from laurel.database.rows import insert_row_once, update_rows
from laurel.domain.rosters.model import Line, Roster

_COLUMNS = ", ".join(Roster.__struct_fields__)


async def insert(
    tx: Transaction, *, uid: str, achievement_id: AchievementId, actor: str, lines: list[Line], now: datetime
) -> Roster | None:
    """A new roster; None when there is one with this uid."""
    values = {
        "uid": uid, "achievement_id": achievement_id, "actor": actor, "lines": msgspec.to_builtins(lines),
        "created_at": now, "updated_at": now,
    }  # fmt: skip
    row = await insert_row_once(tx, "roster", values, _COLUMNS)
    return None if row is None else Roster.from_row(row)


async def find(tx: Transaction, uid: str, *, lock: bool = False) -> Roster | None:
    """The roster with this uid."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM roster WHERE organisation_id = $1 AND uid = $2 {'FOR UPDATE' if lock else ''}",
        tx.organisation_id,
        uid,
    )
    return None if row is None else Roster.from_row(row)


async def change(tx: Transaction, uid: str, values: dict[str, Any]) -> None:
    """Change columns of a roster."""
    await update_rows(tx, "roster", {"uid": uid}, values)
