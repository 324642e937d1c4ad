"""Errors as the domain sees them: a kind, a code and the place that is wrong.

A kind says what sort of refusal it is; which HTTP status and shape that becomes is decided at each surface's edge
and nowhere else.
"""

from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    """The eight sorts of refusal; every surface maps all of them."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    GONE = "gone"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


class LaurelError(Exception):
    """Base of every refusal.

    `field` is the dotted path of the offending input ("events[3].payload.amount"), `limit` the bound that was crossed,
    `value` what was sent (shortened by the edge), `retry_after_seconds` when trying again makes sense, `details` more
    data for machines.
    """

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "invalid"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        limit: Any = None,
        value: Any = None,
        retry_after_seconds: float | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.limit = limit
        self.value = value
        self.retry_after_seconds = retry_after_seconds
        self.details = details or {}


class Invalid(LaurelError):
    """The input breaks a rule that it could have kept."""

    code = "invalid"


class TooLarge(LaurelError):
    """The input is over a named limit of size, length, count or depth."""

    code = "too_large"


class Unauthenticated(LaurelError):
    """No credentials, or ones that are not valid (any more)."""

    kind = Kind.UNAUTHENTICATED
    code = "unauthenticated"


class Forbidden(LaurelError):
    """The caller is known and may not do this."""

    kind = Kind.FORBIDDEN
    code = "forbidden"


class NotFound(LaurelError):
    """There is no such thing, or none that this caller may see; the two are not told apart."""

    kind = Kind.NOT_FOUND
    code = "not_found"


class Conflict(LaurelError):
    """The request contradicts what is already recorded."""

    kind = Kind.CONFLICT
    code = "conflict"


class EventKeyReused(Conflict):
    """The same event key came with another body."""

    code = "event_key_reused"


class IdempotencyKeyReused(Conflict):
    """The same Idempotency-Key came with another request body."""

    code = "idempotency_key_reused"


class RequestInFlight(Conflict):
    """A request with the same Idempotency-Key is still being worked on."""

    code = "request_in_flight"


class AlreadyHeld(Conflict):
    """The person holds this award already."""

    code = "already_held"


class Gone(LaurelError):
    """It existed and was taken away for good."""

    kind = Kind.GONE
    code = "gone"


class Limited(LaurelError):
    """Too many requests."""

    kind = Kind.LIMITED
    code = "limited"


class Unavailable(LaurelError):
    """Something that is needed (database, disk, another service) does not answer now; trying again makes sense."""

    kind = Kind.UNAVAILABLE
    code = "unavailable"
