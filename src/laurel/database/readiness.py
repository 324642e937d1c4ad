"""What tells whether a database is fit to serve: does it answer, is its schema ours, do jobs pile up."""

from datetime import datetime

import msgspec

from laurel.database.migrate import known_revisions
from laurel.database.pool import Database

JOBS_WAITING_SECONDS_MAX = 900


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    revision: str | None
    revision_expected: str
    jobs_queued: int
    jobs_failed: int
    oldest_due_job: str | None
    oldest_due_job_seconds: float
    server_version: str

    def shortcomings(self) -> list[str]:
        """Why the database is not ready; empty when it is."""
        found = []
        if self.revision != self.revision_expected:
            found.append(
                f"the schema is at revision {self.revision}, this program needs {self.revision_expected}: "
                "run `laurel migrate` (or a newer Laurel)"
            )
        if self.oldest_due_job_seconds > JOBS_WAITING_SECONDS_MAX:
            found.append(
                f"the job {self.oldest_due_job} has been due for {self.oldest_due_job_seconds:.0f} seconds: "
                "is a worker running (`laurel worker`), and of this version?"
            )
        return found


async def look(database: Database) -> Readiness:
    """Ask the database. Raises Unavailable when it does not answer."""
    async with database.every_organisation() as tx:
        has_revisions = await tx.fetchval("SELECT to_regclass('alembic_version')") is not None
        revision = await tx.fetchval("SELECT version_num FROM alembic_version") if has_revisions else None
        row = await tx.fetchrow(
            """
            SELECT count(*) FILTER (WHERE status = 'queued') AS queued,
                   count(*) FILTER (WHERE status = 'failed') AS failed,
                   min(execute_after) FILTER (WHERE status = 'queued') AS oldest,
                   (SELECT entrypoint FROM pgqueuer WHERE status = 'queued' ORDER BY execute_after LIMIT 1) AS oldest_name,
                   now() AS now, current_setting('server_version') AS server_version
            FROM pgqueuer
            """
        )
    oldest: datetime | None = row["oldest"] if row else None
    return Readiness(
        revision=revision,
        revision_expected=known_revisions()[-1],
        jobs_queued=row["queued"] if row else 0,
        jobs_failed=row["failed"] if row else 0,
        oldest_due_job=row["oldest_name"] if row else None,
        oldest_due_job_seconds=max(0.0, (row["now"] - oldest).total_seconds()) if row and oldest else 0.0,
        server_version=row["server_version"] if row else "",
    )
