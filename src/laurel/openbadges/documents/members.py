"""Single members of documents, checked and cleaned: texts, links, numbers, dates. Knows no document."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from laurel.base import limits
from laurel.base.text import clean
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.terms import absolute_iri

Json = dict[str, Any]
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")
NARRATIVE_MAX: Final = limits.DESCRIPTION_LENGTH_MAX


def render_instant(instant: datetime) -> str:
    """RFC 3339 in UTC, whole seconds, with Z: what a token's `nbf` can equal."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def filled(members: Mapping[str, Any]) -> Json:
    """The members that have something to say."""
    return {name: value for name, value in members.items() if value is not None and value not in ([], ())}


def text_of(value: str | None, field: str, limit: int = limits.NAME_LENGTH_MAX) -> str | None:
    """`value` without what no verifier carries; blank text counts as absent."""
    if value is None:
        return None
    text = clean(value)
    if len(text) > limit:
        raise DocumentRefused(f"{field} is longer than {limit} characters", field=field, limit=limit, value=len(text))
    return text if text.strip() else None


def required_text(value: str, field: str, limit: int = limits.NAME_LENGTH_MAX) -> str:
    """As text_of, for what must have visible text. Raises DocumentRefused."""
    text = text_of(value, field, limit)
    if text is None:
        raise DocumentRefused(f"{field} has no visible text", field=field)
    return text


def url_of(value: str | None, field: str) -> str | None:
    """A link that is absolute and no embedded data. Raises DocumentRefused."""
    if value is None:
        return None
    if len(value) > limits.URL_LENGTH_MAX or value.startswith("data:"):
        raise DocumentRefused(
            f"{field} must be a link of at most {limits.URL_LENGTH_MAX} characters, not embedded data",
            field=field,
            limit=limits.URL_LENGTH_MAX,
            value=len(value),
        )
    try:
        absolute_iri(value)
    except DocumentRefused:
        raise DocumentRefused(f"{field} is not an absolute URL or URI", field=field, value=value[:200]) from None
    return value


def one_of(value: str | None, known: frozenset[str], field: str) -> str | None:
    """A known word, or an extension (`ext:…`). Raises DocumentRefused."""
    if value is None or value in known or (value.startswith("ext:") and len(value) <= limits.IDENTIFIER_LENGTH_MAX):
        return value
    raise DocumentRefused(f"{field} is not a type that the standard knows, nor ext:…", field=field, value=value[:100])


def language_tag(value: str | None, field: str) -> str | None:
    """A BCP 47 tag. Raises DocumentRefused."""
    if value is not None and not _LANGUAGE.match(value):
        raise DocumentRefused(f"{field} is not a language tag", field=field, value=value[:100])
    return value


def number_of(value: float | None, field: str) -> float | None:
    """A number that every verifier writes alike. Raises DocumentRefused."""
    if value is not None and not 0 <= value < 1e15:
        raise DocumentRefused(f"{field} must be a number from 0 to 10^15", field=field, value=value)
    return value


def instant_of(value: datetime | None, field: str) -> str | None:
    """An instant with a zone as it stands in documents. Raises DocumentRefused."""
    if value is None:
        return None
    if value.tzinfo is None or not 1 <= value.year <= 9999:
        raise DocumentRefused(f"{field} must be an instant with a time zone", field=field)
    return render_instant(value)


def day_of(value: date | None) -> str | None:
    """A day as it stands in documents."""
    return None if value is None else value.isoformat()[:10]


def embedded(documents: Sequence[Json], field: str) -> list[Json]:
    """Signed credentials that go into another as they are. Raises DocumentRefused for one without a proof."""
    for i, document in enumerate(documents):
        if "proof" not in document or "@context" not in document:
            raise DocumentRefused("an embedded credential must be signed", field=f"{field}[{i}]")
    return list(documents)
