"""The SQL of the outbox, of endpoints, of deliveries and their attempts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from laurel.base import json_text
from laurel.base.ids import DeliveryId, EndpointId, OrganisationId, new_uid, new_uids
from laurel.database.pool import Row, Transaction, columns
from laurel.database.rows import add_row, insert_row, update_row, update_rows
from laurel.database.slices import Slice, page_of
from laurel.domain.notifications.model import Attempt, Delivery, Endpoint, Message, Recorded

_ENDPOINT = ", ".join(Endpoint.__struct_fields__)
_DELIVERY = ", ".join(Delivery.__struct_fields__)
_ATTEMPT = ", ".join(Attempt.__struct_fields__)
_RECORDED = ", ".join(Recorded.__struct_fields__)


# -------------------------------------------------------------------------------------------------------------- outbox
async def insert(tx: Transaction, messages: Sequence[Message], now: datetime) -> list[int]:
    """Record messages in the caller's transaction; the ids of those that somebody may want to be told."""
    rows = [
        (message.person_id, uid, message.topic, json_text.encode(message.payload), message.quiet)
        for message, uid in zip(messages, new_uids(len(messages)), strict=True)
    ]
    recorded = await tx.fetch(
        """
        INSERT INTO outbox (organisation_id, person_id, uid, topic, payload, quiet, at)
        SELECT $1, m.*, $2 FROM unnest($3::bigint[], $4::text[], $5::text[], $6::jsonb[], $7::boolean[]) AS m
        RETURNING id, (SELECT EXISTS (SELECT FROM webhook_endpoint
                                      WHERE organisation_id = $1 AND state = 'active')) AS heard
        """,
        tx.organisation_id,
        now,
        *columns(rows, 5),
    )
    return [row["id"] for row in recorded if row["heard"]]


async def messages(tx: Transaction, ids: Sequence[int]) -> list[Recorded]:
    """Recorded messages, in the order they were recorded."""
    rows = await tx.fetch(
        f"SELECT {_RECORDED} FROM outbox WHERE organisation_id = $1 AND id = ANY($2::bigint[]) ORDER BY id",
        tx.organisation_id,
        ids,
    )
    return [Recorded(*row.values()) for row in rows]


# ----------------------------------------------------------------------------------------------------------- endpoints
async def insert_endpoint(tx: Transaction, values: dict[str, Any]) -> Endpoint:
    """A new endpoint from column values."""
    return _endpoint(await insert_row(tx, "webhook_endpoint", values, _ENDPOINT))


async def count_endpoints(tx: Transaction) -> int:
    """How many there are. Serialises those who would add another."""
    await tx.execute("SELECT FROM organisation WHERE organisation_id = $1 FOR NO KEY UPDATE", tx.organisation_id)
    count: int = await tx.fetchval(
        "SELECT count(*) FROM webhook_endpoint WHERE organisation_id = $1", tx.organisation_id
    )
    return count


async def find_endpoint(tx: Transaction, uid: str, *, lock: bool = False) -> Endpoint | None:
    """The endpoint with this uid."""
    row = await tx.fetchrow(
        f"""
        SELECT {_ENDPOINT} FROM webhook_endpoint WHERE organisation_id = $1 AND uid = $2
        {"FOR NO KEY UPDATE" if lock else ""}
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None else Endpoint.from_row(row)


async def find_endpoint_by_id(tx: Transaction, endpoint_id: EndpointId, *, lock: bool = False) -> Endpoint | None:
    """The endpoint with this integer id."""
    row = await tx.fetchrow(
        f"""
        SELECT {_ENDPOINT} FROM webhook_endpoint WHERE organisation_id = $1 AND id = $2
        {"FOR NO KEY UPDATE" if lock else ""}
        """,
        tx.organisation_id,
        endpoint_id,
    )
    return None if row is None else Endpoint.from_row(row)


async def list_endpoints(
    tx: Transaction, *, after: int = 0, limit: int = 1_000, only_active: bool = False
) -> list[Endpoint]:
    """Endpoints in the order they were made."""
    rows = await tx.fetch(
        f"""
        SELECT {_ENDPOINT} FROM webhook_endpoint
        WHERE organisation_id = $1 AND id > $2 AND (state = 'active' OR NOT $4) ORDER BY id LIMIT $3
        """,
        tx.organisation_id,
        after,
        limit,
        only_active,
    )
    return [Endpoint.from_row(row) for row in rows]


async def change_endpoint(tx: Transaction, endpoint_id: EndpointId, values: dict[str, Any]) -> Endpoint:
    """Change columns of an endpoint."""
    return _endpoint(await update_row(tx, "webhook_endpoint", {"id": endpoint_id}, values, _ENDPOINT))


async def delete_endpoint(tx: Transaction, endpoint_id: EndpointId) -> None:
    """Remove an endpoint with what it was sent."""
    await tx.execute(
        "DELETE FROM webhook_endpoint WHERE organisation_id = $1 AND id = $2", tx.organisation_id, endpoint_id
    )


def _endpoint(row: Row | None) -> Endpoint:
    assert row is not None  # noqa: S101 - the caller has found or inserted the row in this transaction
    return Endpoint.from_row(row)


# ---------------------------------------------------------------------------------------------------------- deliveries
class NewDelivery(NamedTuple):
    """A delivery about to be made."""

    endpoint_id: EndpointId
    message_uid: str
    topic: str
    body: bytes


async def insert_deliveries(tx: Transaction, new: Sequence[NewDelivery], now: datetime) -> None:
    """Make the deliveries that do not exist yet; due at once."""
    await tx.execute(
        """
        INSERT INTO webhook_delivery (organisation_id, endpoint_id, message_uid, topic, body, uid, state, created_at,
                                      next_attempt_at)
        SELECT $1, d.*, 'waiting', $2, $2
        FROM unnest($3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::text[]) AS d
        ON CONFLICT DO NOTHING
        """,
        tx.organisation_id,
        now,
        *columns([(*one, uid) for one, uid in zip(new, new_uids(len(new)), strict=True)], 5),
    )


async def claim_due(
    tx: Transaction, endpoint_id: EndpointId, now: datetime, *, until: datetime, limit: int
) -> list[Delivery]:
    """Take up to `limit` due deliveries, oldest first; nobody else takes them before `until`."""
    rows = await tx.fetch(
        f"""
        UPDATE webhook_delivery d SET claimed_until = $4
        FROM (SELECT id FROM webhook_delivery
              WHERE organisation_id = $1 AND endpoint_id = $2 AND state = 'waiting' AND next_attempt_at <= $3
                AND (claimed_until IS NULL OR claimed_until <= $3)
              ORDER BY next_attempt_at, id LIMIT $5 FOR UPDATE SKIP LOCKED) AS due
        WHERE d.organisation_id = $1 AND d.id = due.id
        RETURNING {", ".join(f"d.{name}" for name in Delivery.__struct_fields__)}
        """,
        tx.organisation_id,
        endpoint_id,
        now,
        until,
        limit,
    )
    return sorted((Delivery.from_row(row) for row in rows), key=lambda delivery: delivery.id)


async def endpoints_with_due(tx: Transaction, now: datetime) -> list[tuple[OrganisationId, EndpointId]]:
    """Active endpoints of every organisation for which something is due and not claimed."""
    rows = await tx.fetch(
        """
        SELECT e.organisation_id, e.id FROM webhook_endpoint e
        WHERE e.state = 'active' AND EXISTS (
            SELECT FROM webhook_delivery d
            WHERE d.organisation_id = e.organisation_id AND d.endpoint_id = e.id AND d.state = 'waiting'
              AND d.next_attempt_at <= $1 AND (d.claimed_until IS NULL OR d.claimed_until <= $1))
        """,
        now,
    )
    return [(row["organisation_id"], row["id"]) for row in rows]


async def change_delivery(tx: Transaction, delivery_id: DeliveryId, values: dict[str, Any]) -> None:
    """Change columns of a delivery and let go of the claim on it."""
    await update_rows(tx, "webhook_delivery", {"id": delivery_id}, {**values, "claimed_until": None})


async def fail_waiting(tx: Transaction, endpoint_id: EndpointId) -> int:
    """Give up what still waits for an endpoint; how many that were."""
    return await tx.execute(
        """
        UPDATE webhook_delivery SET state = 'failed', next_attempt_at = NULL, claimed_until = NULL
        WHERE organisation_id = $1 AND endpoint_id = $2 AND state = 'waiting'
        """,
        tx.organisation_id,
        endpoint_id,
    )


async def wait_again(
    tx: Transaction, endpoint_id: EndpointId, now: datetime, *, uid: str | None, since: datetime | None, limit: int
) -> int:
    """Make deliveries due now, with their retries counted anew: the one with `uid`, or the failed since `since`."""
    return await tx.execute(
        """
        UPDATE webhook_delivery SET state = 'waiting', next_attempt_at = $3, first_attempt_at = NULL, attempts = 0, manual = true,
                                    claimed_until = NULL, delivered_at = NULL
        WHERE organisation_id = $1 AND id IN (
            SELECT id FROM webhook_delivery
            WHERE organisation_id = $1 AND endpoint_id = $2
              AND CASE WHEN $4::text IS NULL THEN state = 'failed' AND created_at >= $5 ELSE uid = $4 END
            ORDER BY id LIMIT $6)
        """,
        tx.organisation_id,
        endpoint_id,
        now,
        uid,
        since,
        limit,
    )


async def list_deliveries(
    tx: Transaction, endpoint_id: EndpointId, *, state: str | None, before: int | None, limit: int
) -> list[Delivery]:
    """What an endpoint was or will be sent, newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {_DELIVERY} FROM webhook_delivery
        WHERE organisation_id = $1 AND endpoint_id = $2 AND ($3::text IS NULL OR state = $3)
          AND ($4::bigint IS NULL OR id < $4)
        ORDER BY id DESC LIMIT $5
        """,
        tx.organisation_id,
        endpoint_id,
        state,
        before,
        limit,
    )
    return [Delivery.from_row(row) for row in rows]


async def page_deliveries(
    tx: Transaction, endpoint_ids: Sequence[EndpointId], wanted: Slice
) -> tuple[int, list[Delivery]]:
    """(how many in all, the slice) of what these endpoints were or will be sent; searched by topic."""
    where = "organisation_id = $1 AND endpoint_id = ANY($2::bigint[])"
    arguments, searched = (tx.organisation_id, list(endpoint_ids)), "strpos(topic, ${}) > 0"
    total, rows = await page_of(tx, "webhook_delivery", _DELIVERY, where, arguments, wanted, searched=searched)
    return total, [Delivery.from_row(row) for row in rows]


async def find_delivery(tx: Transaction, endpoint_id: EndpointId, uid: str) -> Delivery | None:
    """One delivery of an endpoint."""
    row = await tx.fetchrow(
        f"SELECT {_DELIVERY} FROM webhook_delivery WHERE organisation_id = $1 AND endpoint_id = $2 AND uid = $3",
        tx.organisation_id,
        endpoint_id,
        uid,
    )
    return None if row is None else Delivery.from_row(row)


async def insert_attempt(tx: Transaction, delivery_id: DeliveryId, attempt: Attempt) -> None:
    """Write down one attempt (its id is given here)."""
    values = {**msgspec.structs.asdict(attempt), "delivery_id": delivery_id}
    del values["id"]
    await add_row(tx, "webhook_attempt", values)


async def attempts_of(tx: Transaction, delivery_ids: Sequence[DeliveryId]) -> dict[DeliveryId, list[Attempt]]:
    """Every attempt of each delivery, in order."""
    rows = await tx.fetch(
        f"""
        SELECT delivery_id, {_ATTEMPT} FROM webhook_attempt
        WHERE organisation_id = $1 AND delivery_id = ANY($2::bigint[]) ORDER BY id
        """,
        tx.organisation_id,
        delivery_ids,
    )
    found: dict[DeliveryId, list[Attempt]] = {delivery_id: [] for delivery_id in delivery_ids}
    for delivery_id, *attempt in rows:
        found[delivery_id].append(Attempt(*attempt))
    return found


async def insert_test(tx: Transaction, endpoint_id: EndpointId, topic: str, body: bytes, now: datetime) -> str:
    """A delivery that no message stands behind, due at once; its uid."""
    uid = new_uid()
    values = {
        "endpoint_id": endpoint_id, "message_uid": uid, "topic": topic, "body": body, "uid": uid, "state": "waiting",
        "created_at": now, "next_attempt_at": now,
    }  # fmt: skip
    await add_row(tx, "webhook_delivery", values)
    return uid
