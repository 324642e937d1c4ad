"""What the fields of a form say as values, in sentences for people: whole numbers, amounts, local times. Pure."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from laurel.base.errors import Invalid
from laurel.base.limits import PLACES_SHOWN_MAX
from laurel.web.pages.visits import Form, Visit

_WHOLE = re.compile(r"[0-9]{1,10}")
_AMOUNT = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,6}))?")
_SHOWN = 50


def whole(form: Form, name: str, *, least: int = 0) -> int | None:
    """A whole number of `least` or more; None when the field is empty. Raises Invalid."""
    return whole_of(form.get(name), name, least=least)


def whole_of(text: str, field: str, *, least: int = 0) -> int | None:
    """As `whole`, of a text."""
    text = _plain(text)
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or int(text) < least:
        raise Invalid(f"say a whole number of at least {least}", field=field, limit=least, value=text[:_SHOWN])
    return int(text)


def page_number(visit: Visit, size: int) -> int:
    """Which page of a list is asked for, from 1. Raises Invalid."""
    number = whole_of(visit.asked("page"), "page", least=1) or 1
    if number * size > PLACES_SHOWN_MAX:
        limit = PLACES_SHOWN_MAX
        raise Invalid(f"the list is shown down to place {limit}", field="page", limit=limit, value=number)
    return number


def amount(form: Form, name: str) -> Decimal | None:
    """A number that is not negative, with a point or a comma; None when the field is empty. Raises Invalid."""
    return amount_of(form.get(name), name)


def amount_of(text: str, field: str) -> Decimal | None:
    """As `amount`, of a text."""
    text = _plain(text)
    if not text:
        return None
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise Invalid("say a number such as 100 or 2.5", field=field, value=text[:_SHOWN])
    return Decimal(f"{found[1]}.{found[2] or 0}").normalize() + 0


def _plain(text: str) -> str:
    """Without the spaces that people write between thousands."""
    return re.sub(r"(?<=[0-9])[\s\u202f\u00a0](?=[0-9]{3})", "", text.strip())


def amount_text(value: Decimal | None) -> str:
    """A number as a field shows it; nothing for none and for 0."""
    return f"{value:f}" if value else ""


def instant(form: Form, name: str, zone: ZoneInfo) -> datetime | None:
    """What a field of date and time says, in `zone`; None when it is empty. Raises Invalid."""
    text = form.get(name)
    if not text:
        return None
    try:
        value = datetime.fromisoformat(text).replace(tzinfo=zone)
        return value.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("say a day and a time, such as 2026-03-14T09:00", field=name, value=text[:_SHOWN]) from None


def instant_text(value: datetime | None, zone: ZoneInfo) -> str:
    """An instant as a field of date and time shows it, to the minute."""
    return "" if value is None else f"{value.astimezone(zone):%Y-%m-%dT%H:%M}"
