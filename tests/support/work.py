"""Running queued jobs in a test, without a worker: each job's own function, once per queued row, until none is left."""

from typing import Any

import msgspec

from laurel.domain.parts import Parts
from laurel.worker.known_jobs import JOBS


async def run_jobs(parts: Parts, organisation: Any, *names: str) -> int:
    """Run what is queued for `organisation` (only jobs in `names`, if given), also what waits for later; how many ran."""
    ran = 0
    for _ in range(50):
        rows = await parts.database.pool.fetch(
            """
            DELETE FROM pgqueuer WHERE entrypoint = ANY($1::text[])
              AND (convert_from(payload, 'UTF8')::jsonb ->> 'organisation_id')::bigint = $2
            RETURNING id, entrypoint, payload
            """,
            list(names or JOBS),
            organisation.id,
        )
        if not rows:
            break
        for row in sorted(rows, key=lambda row: row["id"]):
            await JOBS[row["entrypoint"]].run(parts, msgspec.json.decode(row["payload"]))
            ran += 1
    return ran
