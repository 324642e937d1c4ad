"""Reads the body of a credential into a draft. What is absent stays UNSET, so that a change touches nothing else."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from laurel.base import json_text, limits
from laurel.base.described import check_json_size
from laurel.base.errors import Invalid
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean, clean_email
from laurel.web.dialects.accredible.errors import invalid_fields
from laurel.web.dialects.accredible.parameters import Parameters
from laurel.web.dialects.accredible.spelling import one_line, parse_day, web_address

RELATIONSHIPS = ("taught", "managed", "mentored", "worked", "studied", "friends", "stranger", "professor")
_PARSED = frozenset({"transcript", "course_duration"})
_E164 = re.compile(r"\+?[0-9() .\-]{5,30}")
Optional = UnsetType | None


class Recipient(msgspec.Struct, kw_only=True):
    """What was said of a recipient."""

    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    id: str | Optional = UNSET
    phone_number: str | Optional = UNSET
    meta_data: dict[str, Any] | Optional = UNSET


class CredentialDraft(msgspec.Struct, kw_only=True):
    """What was said of a credential."""

    recipient: Recipient
    group_id: int | UnsetType = UNSET
    group_name: str | UnsetType = UNSET
    license_id: str | Optional = UNSET
    name: str | Optional = UNSET
    description: str | Optional = UNSET
    course_link: str | Optional = UNSET
    grade: Any = UNSET
    custom_attributes: dict[str, Any] | UnsetType = UNSET
    meta_data: dict[str, Any] | Optional = UNSET
    issued_on: date | Optional = UNSET
    expired_on: date | Optional = UNSET
    complete: bool | UnsetType = UNSET
    private: bool | Optional = UNSET
    approve: bool | UnsetType = UNSET
    allow_supplemental_evidence: bool | UnsetType = UNSET
    allow_supplemental_references: bool | UnsetType = UNSET
    evidence_items: list[dict[str, Any]] | UnsetType = UNSET
    references: list[dict[str, Any]] | UnsetType = UNSET


def read_credential(given: Parameters) -> CredentialDraft:
    """A draft from the parameters of one credential. Raises Invalid, TooLarge by field."""
    draft = CredentialDraft(recipient=_recipient(given.nested("recipient")))
    number = given.integer("group_id")
    if number is not None:
        draft.group_id = number
    if (group_name := one_line(given.text("group_name"), "group_name")) is not None:
        draft.group_name = group_name
    for name in given.values.keys() & _READERS.keys():
        field, read = _READERS[name]
        value = read(given, name)
        if value is not UNSET:
            setattr(draft, field, value)
    return draft


def _description(given: Parameters, name: str) -> str | None:
    text = given.text(name)
    return text and check_length(clean(text), limits.DESCRIPTION_LENGTH_MAX, name)


def _day(given: Parameters, name: str) -> date | None:
    text = given.text(name)
    return None if text is None or not text.strip() else parse_day(text, name)


def _switch(given: Parameters, name: str) -> bool | UnsetType:
    value = given.flag(name)
    return UNSET if value is None else value


def _list_of(read: Callable[[Parameters], Any]) -> Callable[[Parameters, str], list[Any]]:
    def read_list(given: Parameters, name: str) -> list[Any]:
        items = given.items(name)
        check_count(len(items), limits.EVIDENCE_ITEMS_MAX, name)
        return [read(item) for item in items]

    return read_list


def require_recipient(draft: CredentialDraft) -> tuple[str, str]:
    """(clean address, name) of a recipient to be. Raises Invalid in the words that clients know."""
    recipient = draft.recipient
    if recipient.email is UNSET and recipient.name is UNSET:
        words = "Can not create credential without recipient data"
        raise Invalid(words, field="recipient", details={"errors": words})
    email, name = recipient.email, recipient.name
    if isinstance(email, UnsetType):
        raise invalid_fields({"recipient.email": ["can't be blank"]})
    if isinstance(name, UnsetType):
        raise invalid_fields({"recipient.name": ["can't be blank"]})
    return email, name


def _recipient(given: Parameters | None) -> Recipient:
    recipient = Recipient()
    if given is None:
        return recipient
    name = one_line(given.text("name"), "recipient.name")
    if name is not None:
        recipient.name = name
    email = given.text("email")
    if email is not None:
        address = clean_email(check_length(email, limits.EMAIL_LENGTH_MAX, "recipient.email"))
        if address is None:
            raise Invalid("recipient.email is not an e-mail address", field="recipient.email", value=email)
        recipient.email = address
    if "id" in given:
        recipient.id = one_line(given.text("id"), "recipient.id", limits.IDENTIFIER_LENGTH_MAX)
    if "phone_number" in given:
        phone = one_line(given.text("phone_number"), "recipient.phone_number", limits.TAG_LENGTH_MAX)
        if phone is not None and not _E164.fullmatch(phone):
            field = "recipient.phone_number"
            raise Invalid(f"{field} must be a number such as +14155552671", field=field, value=phone)
        recipient.phone_number = phone
    if "meta_data" in given:
        recipient.meta_data = key_values(given, "meta_data")
    return recipient


def key_values(given: Parameters, name: str) -> dict[str, Any] | None:
    """Key-value data as it was sent, within its limits; PHP's empty list is an empty object; None when absent."""
    values = given.mapping(name)
    if values is None:
        return None
    field = given.field(name)
    check_count(len(values), limits.KEY_VALUES_MAX, field)
    check_json_size(values, field)
    result: dict[str, Any] = {}
    for key, value in values.items():
        check_length(key, limits.TAG_LENGTH_MAX, field)
        result[clean(key)] = clean(value) if isinstance(value, str) else value
    cleaned: dict[str, Any] = cleaned_json(result)
    return cleaned


def cleaned_json(value: Any) -> Any:
    """JSON whose texts can be stored: no control characters in any of them."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned_json(item) for item in value]
    if isinstance(value, dict):
        return {clean(str(key)): cleaned_json(item) for key, item in value.items()}
    return value


def _grade(given: Parameters, name: str) -> Any:
    value = given.raw(name)
    if isinstance(value, dict | list):
        raise Invalid("grade must be a number or a text", field="grade", value=value)
    return check_length(clean(value), limits.TAG_LENGTH_MAX, "grade") if isinstance(value, str) else value


# ------------------------------------------------------------------------------------------------ evidence, references
def read_evidence(given: Parameters, old: dict[str, Any] | None = None) -> dict[str, Any]:
    """An evidence item as it is answered, without its id; what is absent stays as in `old`. Any category is taken."""
    item: dict[str, Any] = dict(
        old
        or {
            "description": None,
            "preview_image_url": None,
            "link_url": None,
            "type": None,
            "string_object": None,
            "supplemental": False,
        }
    )
    if "description" in given:
        text = given.text("description")
        item["description"] = text and check_length(
            clean(text), limits.DESCRIPTION_LENGTH_MAX, given.field("description")
        )
    category = one_line(given.text("category") or given.text("type"), given.field("category"), limits.TAG_LENGTH_MAX)
    if category is not None:
        item["type"] = category
    for name in ("url", "file", "link_url"):
        if given.raw(name) is not None:
            item["link_url"] = web_address(given.text(name), given.field(name))
    for name in ("preview", "preview_image_url"):
        if given.raw(name) is not None:
            item["preview_image_url"] = web_address(given.text(name), given.field(name))
    if item["type"] is None:
        item["type"] = "url" if item["link_url"] else "text"
    if "string_object" in given:
        item["string_object"] = _string_object(given.raw("string_object"), item["type"], given.field("string_object"))
    position = given.text("position")
    if position is not None and position.strip().isdigit():
        item["position"] = int(position[:9])
    return item


def _string_object(value: Any, category: str, field: str) -> Any:
    """Evidence as an object: a grade as {"grade": n}; transcripts and durations parsed; anything else as it came."""
    check_json_size(value, field)
    parsed = _parsed(value) if category in _PARSED or category == "grade" else value
    if category == "grade" and not isinstance(parsed, dict) and parsed is not None:
        parsed = {"grade": _number(parsed)}
    return cleaned_json(parsed)


def _parsed(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip().startswith(("{", "[")):
        return value
    try:
        return json_text.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        return value
    if not number.is_finite() or len(value) > limits.NUMBER_INTEGER_DIGITS_MAX:
        return value
    return int(number) if number == number.to_integral_value() and "." not in value else number


def read_reference(given: Parameters, old: dict[str, Any] | None = None) -> dict[str, Any]:
    """A reference as it is answered, without its id; what is absent stays as in `old`. No address is ever fetched."""
    blank = {"name": None, "email": None, "avatar": None, "url": None}
    reference: dict[str, Any] = dict(
        old or {"description": None, "relationship": None, "supplemental": False, "approve": True, "referee": blank}
    )
    if "description" in given:
        text = given.text("description")
        field = given.field("description")
        reference["description"] = text and check_length(clean(text), limits.DESCRIPTION_LENGTH_MAX, field)
    relationship = given.text("relationship")
    if relationship is not None:
        if relationship not in RELATIONSHIPS:
            field = given.field("relationship")
            raise Invalid(f"{field} must be one of {', '.join(RELATIONSHIPS)}", field=field, value=relationship)
        reference["relationship"] = relationship
    approve = given.flag("approve")
    if approve is not None:
        reference["approve"] = approve
    referee = given.nested("referee")
    if referee is not None:
        known = {**blank, **reference["referee"]}
        for name in ("name", "email", "avatar", "url"):
            if name in referee:
                known[name] = one_line(referee.text(name), referee.field(name), limits.URL_LENGTH_MAX)
        reference["referee"] = known
    return reference


_READERS: dict[str, tuple[str, Callable[[Parameters, str], Any]]] = {
    "id": ("license_id", lambda given, name: one_line(given.text(name), name, limits.IDENTIFIER_LENGTH_MAX)),
    "name": ("name", lambda given, name: one_line(given.text(name), name)),
    "description": ("description", _description),
    "course_link": ("course_link", lambda given, name: web_address(given.text(name), name)),
    "grade": ("grade", _grade),
    "custom_attributes": ("custom_attributes", lambda given, name: key_values(given, name) or {}),
    "meta_data": ("meta_data", key_values),
    "issued_on": ("issued_on", _day),
    "expired_on": ("expired_on", _day),
    "complete": ("complete", _switch),
    "approve": ("approve", _switch),
    "private": ("private", lambda given, name: given.flag(name)),
    "allow_supplemental_evidence": ("allow_supplemental_evidence", _switch),
    "allow_supplemental_references": ("allow_supplemental_references", _switch),
    "evidence_items": ("evidence_items", _list_of(read_evidence)),
    "references": ("references", _list_of(read_reference)),
}
"""Where each parameter of a credential goes, and how it is read."""
