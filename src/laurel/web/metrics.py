"""What /metrics shows. With several processes the library adds up files in a shared directory (see settings)."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("laurel_http_requests", "HTTP requests answered.", ["surface", "method", "status"])
REQUEST_SECONDS = Histogram(
    "laurel_http_request_seconds",
    "How long requests took.",
    ["surface"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
MEDIA_TYPE = CONTENT_TYPE_LATEST


def share_between_processes() -> None:
    """Count in files from now on, in the directory that the settings named; before the first request."""
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call] # as below


def render_metrics() -> bytes:
    """The text format, of all processes when they share a directory."""
    if values.ValueClass is values.MutexValue:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library has no types here
    return generate_latest(registry)
