"""For those who operate the server: /healthz (the process), /readyz (what it stands on), /metrics."""

import asyncio
from typing import Any

from litestar import Response, get

from laurel.base.errors import LaurelError
from laurel.database import readiness
from laurel.web import metrics
from laurel.web.injected import InjectedParts

_PATIENCE_SECONDS = 3


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", include_in_schema=False)
async def readyz(parts: InjectedParts) -> Response[dict[str, Any]]:
    """200 when the database answers, its schema is this program's, and jobs are worked off; 503 with reasons otherwise."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            found = await readiness.look(parts.database)
    except (LaurelError, TimeoutError):
        return Response({"status": "unavailable", "reasons": ["the database does not answer"]}, status_code=503)
    reasons = found.shortcomings()
    body = {
        "status": "unavailable" if reasons else "ok",
        "reasons": reasons,
        "revision": found.revision,
        "jobs_queued": found.jobs_queued,
        "jobs_failed": found.jobs_failed,
        "oldest_due_job_seconds": round(found.oldest_due_job_seconds, 1),
    }
    return Response(body, status_code=503 if reasons else 200)


@get("/metrics", include_in_schema=False, media_type=metrics.MEDIA_TYPE, sync_to_thread=True)
def prometheus_metrics() -> bytes:
    """Prometheus's text format."""
    return metrics.render_metrics()


HANDLERS = (healthz, readyz, prometheus_metrics)
