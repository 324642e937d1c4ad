"""Instants: reading and writing RFC 3339, names of time zones. All values are aware datetimes in UTC."""

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import available_timezones

from laurel.base.errors import Invalid
from laurel.base.limits import INSTANT_YEAR_MAX, INSTANT_YEAR_MIN, TAG_LENGTH_MAX, check_length

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def check_zoned(value: datetime | None, field: str) -> None:
    """Raise Invalid naming `field` for an instant without a time zone."""
    if value is not None and value.tzinfo is None:
        raise Invalid(
            f"{field} must carry a time zone, as in 2026-03-14T10:21:45Z", field=field, value=value.isoformat()
        )


def parse_time(text: str, field: str) -> datetime:
    """An RFC 3339 timestamp with zone; raises Invalid naming `field`."""
    try:
        value = datetime.fromisoformat(text)
        check_zoned(value, field)
        check_year(value, field)
        return value.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"{field} must be an RFC 3339 timestamp", field=field, value=text) from None


def check_year(value: date, field: str) -> None:
    """Raise Invalid for a date or instant so near to where time ends that it has no place in another time zone."""
    if not INSTANT_YEAR_MIN <= value.year <= INSTANT_YEAR_MAX:
        limit = f"{INSTANT_YEAR_MIN} to {INSTANT_YEAR_MAX}"
        raise Invalid(
            f"{field} has the year {value.year}, the limit is {limit}",
            field=field,
            limit=limit,
            value=value.isoformat(),
        )


def check_window(starts_at: datetime | None, expires_at: datetime | None) -> None:
    """Raise Invalid unless both carry a time zone and have a place in every other, and the beginning comes first."""
    for field, value in (("starts_at", starts_at), ("expires_at", expires_at)):
        check_zoned(value, field)
        if value is not None:
            check_year(value, field)
    if starts_at is not None and expires_at is not None and expires_at <= starts_at:
        raise Invalid("expires_at must be after starts_at", field="expires_at", value=expires_at.isoformat())


def render_time(value: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and Z: 2026-03-14T10:21:45.102Z."""
    utc = value.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def render_time_or_none(value: datetime | None) -> str | None:
    """As render_time; None stays None."""
    return None if value is None else render_time(value)


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones (IANA) that this machine knows."""
    return frozenset(available_timezones())


def check_time_zone(name: str, field: str) -> str:
    """`name`, if it is a time zone; raises Invalid naming `field`."""
    check_length(name, TAG_LENGTH_MAX, field)
    if name not in time_zones():
        raise Invalid(f"{field} must be an IANA time zone such as Europe/Warsaw", field=field, value=name)
    return name
