"""How dates, ids and texts are spelled on this product's wire, in and out. Values only."""

import re
from datetime import UTC, date, datetime
from typing import Any

from laurel.base import limits
from laurel.base.errors import Invalid
from laurel.base.ids import CredentialId, base62, base62_value
from laurel.base.limits import check_length
from laurel.base.text import clean

_DAY = re.compile(
    r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?"
    r"|(?P<day2>\d{1,2})/(?P<month2>\d{1,2})/(?P<year2>\d{4})(?: .*)?"
)
_ENCODED = re.compile(r"[a-z][0-9A-Za-z]{7}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CODES = 62**7
_STRIDE = 2_654_435_761
"""Coprime with _CODES, so that following ids have codes that look unrelated."""
_STRIDE_BACK = pow(_STRIDE, -1, _CODES)


def parse_day(text: str, field: str) -> date:
    """A date in any of the spellings that clients use: YYYY-MM-DD (also unpadded, also with a time after it), and the
    deprecated DD/MM/YYYY and YYYY/MM/DD. Days are days in UTC. Raises Invalid.
    """
    found = _DAY.fullmatch(text.strip())
    if found is not None:
        year, month, day = (
            (found["year"], found["month"], found["day"])
            if found["year"]
            else (found["year2"], found["month2"], found["day2"])
        )
        try:
            parsed = date(int(year), int(month), int(day))
        except ValueError:
            parsed = date.min
        if parsed.year >= 1900:
            return _in_utc(text.strip(), parsed)
    raise Invalid(f"{field} must be a date such as 2026-03-14", field=field, value=text)


def _in_utc(text: str, day: date) -> date:
    try:
        moment = datetime.fromisoformat(re.sub(r" ([+-]\d{2}):?(\d{2})$", r"\1:\2", text))
    except ValueError:
        return day
    return moment.astimezone(UTC).date() if moment.tzinfo is not None else day


def show_day(value: date | datetime | None) -> str | None:
    """YYYY-MM-DD; instants by their day in UTC."""
    if value is None:
        return None
    return (value.astimezone(UTC).date() if isinstance(value, datetime) else value).isoformat()


def show_encoded_id(credential_id: CredentialId) -> str:
    """An integer id as eight characters, a letter first."""
    high, low = divmod(credential_id, _CODES)
    return _LETTERS[high % len(_LETTERS)] + base62(low * _STRIDE % _CODES, 7)


def parse_encoded_id(text: str) -> CredentialId | None:
    """The integer id that eight characters stand for; None when they stand for none."""
    if not _ENCODED.fullmatch(text):
        return None
    value = base62_value(text[1:])
    if value is None:
        return None
    return CredentialId(_LETTERS.index(text[0]) * _CODES + value * _STRIDE_BACK % _CODES)


def one_line(text: str | None, field: str, limit: int = limits.NAME_LENGTH_MAX) -> str | None:
    """Cleaned text within the limit; None for what is blank."""
    if text is None:
        return None
    cleaned = check_length(clean(text).strip(), limit, field)
    return cleaned or None


def web_address(text: str | None, field: str) -> str | None:
    """An http(s) address; None for what is blank. Raises Invalid for any other scheme."""
    address = one_line(text, field, limits.URL_LENGTH_MAX)
    if address is not None and not re.match(r"(?i)https?://[^\s/]+", address):
        raise Invalid(f"{field} must be an http or https address", field=field, value=address)
    return address


def same_text(value: Any) -> str:
    """How a value of key-value data is compared: as text, whatever JSON type it came in."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
