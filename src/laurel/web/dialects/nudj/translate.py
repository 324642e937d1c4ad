"""Between Nudj's words and the domain's: languages, people, details, criteria, reward plans. Both directions, no rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, get_args

from litestar import Request
from msgspec import UNSET, UnsetType

from laurel.base.errors import Invalid, TooLarge
from laurel.base.ids import DepartmentId, PersonId, PersonKey, is_uid
from laurel.base.limits import CRITERIA_DEPTH_MAX, IDENTIFIER_LENGTH_MAX, LANGUAGE_LENGTH_MAX, check_length
from laurel.base.times import parse_time
from laurel.database.pool import Transaction
from laurel.domain.achievements.model import (
    Cap,
    Count,
    Criteria,
    Logical,
    Operator,
    Query,
    Streak,
    Sum,
    localised,
)
from laurel.domain.organisations import store as organisations
from laurel.domain.people import store as people
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import EXTERNAL, PersonNotFound
from laurel.web.dialects.nudj.wire import DetailsIn, Status

Stored = Literal["draft", "live", "archived"]
ALL_STATUSES: tuple[Stored, ...] = get_args(Stored)
"""As stored; the clock makes scheduled and expired ones of those that are live."""
EVENT_CATEGORIES = (
    "achievement", "action", "auth", "blog", "challenge", "community", "custom", "game", "leaderboard", "organisation",
    "points", "post", "referral", "reward", "shop", "social", "social-connection", "streak", "user", "variable", "xp",
)  # fmt: skip
_OPERATORS: tuple[str, ...] = get_args(Operator)
_LANGUAGE_NAMES = {
    "arabic": "ar", "chinese": "zh", "dutch": "nl", "english": "en", "french": "fr", "german": "de", "hindi": "hi",
    "italian": "it", "japanese": "ja", "korean": "ko", "polish": "pl", "portuguese": "pt", "russian": "ru",
    "spanish": "es", "swedish": "sv", "turkish": "tr", "ukrainian": "uk",
}  # fmt: skip
_LOGICAL = {"and": "and", "or": "or", "not": "not", "&&": "and", "||": "or", "!": "not"}


# ----------------------------------------------------------------------------------------------------------- languages
def language_of(request: Request[Any, Any, Any], default: str) -> str:
    """The language that `x-language` asks for ("en-GB", "english"), else the organisation's."""
    asked = request.headers.get("x-language", "").strip()
    if not asked or len(asked) > LANGUAGE_LENGTH_MAX:
        return default
    return _LANGUAGE_NAMES.get(asked.lower(), asked)


class Tongue:
    """The language of an answer with the one to fall back on."""

    __slots__ = ("default", "language")

    def __init__(self, language: str, default: str) -> None:
        self.language = language
        self.default = default

    def of(self, texts: Mapping[str, str]) -> str:
        """The text in that language, by the domain's rule of fallback."""
        return localised(dict(texts), self.language, self.default)


async def tongue_of(tx: Transaction, request: Request[Any, Any, Any]) -> Tongue:
    """The request's language over the organisation's."""
    default = (await organisations.organisation(tx)).language
    return Tongue(language_of(request, default), default)


# -------------------------------------------------------------------------------------------------------------- people
async def person_id_of(tx: Transaction, text: str) -> PersonId | None:
    """The person that a user id names: 24 hex digits are ours first, and whatever it is may be an external id."""
    return (await person_ids_of(tx, [text])).get(text)


async def person_ids_of(tx: Transaction, texts: Sequence[str]) -> dict[str, PersonId]:
    """As person_id_of, of many; who is not known is absent."""
    ours = await people.ids_by_uid(tx, sorted({text.lower() for text in texts if is_uid(text.lower())}))
    found = {text: ours[text.lower()] for text in texts if text.lower() in ours}
    others = sorted(set(texts) - found.keys())
    return found | (await known_as.ids_by_value(tx, EXTERNAL, others) if others else {})


async def person_key_of(tx: Transaction, text: str, field: str = "userId") -> PersonKey:
    """The same as a key that the spine resolves (and may create)."""
    check_length(text, IDENTIFIER_LENGTH_MAX, field)
    if not text:
        raise Invalid(f"{field} must not be empty", field=field)
    if is_uid(text.lower()) and await people.ids_by_uid(tx, [text.lower()]):
        return "uid", text.lower()
    return EXTERNAL, text


async def require_person_id(tx: Transaction, text: str, field: str = "userId") -> PersonId:
    """As person_id_of; raises PersonNotFound."""
    return (await require_person_ids(tx, [(field, text)]))[0]


async def require_person_ids(tx: Transaction, named: Sequence[tuple[str, str]]) -> list[PersonId]:
    """The people that fields (field, text) name, in order; raises PersonNotFound for the first that names nobody."""
    found = await person_ids_of(tx, [check_length(text, IDENTIFIER_LENGTH_MAX, field) for field, text in named])
    for field, text in named:
        if text not in found:
            raise PersonNotFound("User not found", field=field, value=text)
    return [found[text] for _, text in named]


async def department_id_of(
    tx: Transaction, community: str | UnsetType | None, field: str = "communityId"
) -> DepartmentId | None:
    """The community's integer id; when none is named the one that the caller is bound to, or None.

    Raises Invalid naming the field when there is no such community, or none that the caller may use.
    """
    return (await department_ids_of(tx, [(field, community)]))[0]


async def department_ids_of(
    tx: Transaction, named: Sequence[tuple[str, str | UnsetType | None]]
) -> list[DepartmentId | None]:
    """As department_id_of, of many: what fields (field, community) name, in order."""
    wanted = {community: uid_in(community) for _, community in named if isinstance(community, str)}
    known = await organisations.departments_named(tx, sorted(set(wanted.values()))) if wanted else {}
    ids: list[DepartmentId | None] = []
    for field, community in named:
        if not isinstance(community, str):
            ids.append(tx.department_id)
            continue
        department = known.get(wanted[community])
        if department is None or tx.department_id not in (None, department.id):
            raise Invalid(f"{field} names no community", field=field, value=community)
        ids.append(department.id)
    return ids


def uid_in(text: str) -> str:
    """An id from a path in the spelling of the database; what cannot be an id becomes one that nothing has."""
    lowered = text.lower()
    return lowered if is_uid(lowered) else ""


# ---------------------------------------------------------------------------------------------------- times and statuses
def time_in(value: str | UnsetType | None, field: str) -> datetime | UnsetType | None:
    """A time from the wire; None and UNSET stay what they are."""
    return parse_time(value, field) if isinstance(value, str) else value


def stored_status(status: Status | UnsetType) -> Stored | UnsetType:
    """The status as it is stored: what is scheduled or expired is live, before its start or after its end."""
    if status is UNSET or status in ("draft", "archived"):
        return status
    return "live"


class Scheduled(Protocol):
    """A body with a status and the times that it depends on."""

    status: Status | UnsetType
    startsAt: str | UnsetType | None
    expiresAt: str | UnsetType | None


def schedule_in(data: Scheduled, old_start: datetime | None, now: datetime) -> dict[str, Any]:
    """`status`, `starts_at` and `expires_at` as they are stored, those that the body sets.

    Raises Invalid when something is to be scheduled without a start to come: it would be live at once.
    """
    starts_at, expires_at = time_in(data.startsAt, "startsAt"), time_in(data.expiresAt, "expiresAt")
    if data.status == "scheduled":
        begins = old_start if isinstance(starts_at, UnsetType) else starts_at
        if begins is None or begins <= now:
            raise Invalid("expected a time to come, because status is 'scheduled'", field="startsAt")
    if data.status == "expired" and (not isinstance(expires_at, datetime) or expires_at > now):
        expires_at = now
    values = {"status": stored_status(data.status), "starts_at": starts_at, "expires_at": expires_at}
    return {name: value for name, value in values.items() if value is not UNSET}


# ------------------------------------------------------------------------------------------------------------- numbers
def number(value: Decimal | int) -> Decimal | int:
    """A number as the wire shows it: whole ones without a fraction."""
    if isinstance(value, int):
        return value
    whole = int(value)
    return whole if whole == value else value


# ------------------------------------------------------------------------------------------------------------- details
def details_out(
    names: Mapping[str, str],
    descriptions: Mapping[str, str],
    images: Mapping[str, Any],
    tongue: Tongue,
    image: str | None = None,
) -> dict[str, Any]:
    """The `details` object in one language."""
    light, dark = images.get("light"), images.get("dark")
    shown_light = dict(light) if isinstance(light, dict) else {}
    if image is not None:
        shown_light.setdefault("primaryImageUrl", image)
    return {
        "title": tongue.of(names),
        "description": tongue.of(descriptions),
        "light": shown_light,
        "dark": dict(dark) if isinstance(dark, dict) else {},
    }


class Described(Protocol):
    """What has texts by language."""

    @property
    def names(self) -> dict[str, str]:
        """By language."""
        ...

    @property
    def descriptions(self) -> dict[str, str]:
        """By language."""
        ...


def texts_in(details: DetailsIn | UnsetType, language: str, old: Described | None) -> dict[str, Any]:
    """`names`, `descriptions` and `images`, those that the body sets; other languages and themes stay."""
    if isinstance(details, UnsetType):
        return {}
    given = {theme: value for theme in ("light", "dark") if isinstance(value := getattr(details, theme), dict)}
    values = {
        "names": merged(old.names if old else {}, language, details.title),
        "descriptions": merged(old.descriptions if old else {}, language, details.description),
        "images": {**getattr(old, "images", {}), **given},
    }
    return {name: value for name, value in values.items() if value is not UNSET}


def merged(texts: Mapping[str, str], language: str, text: str | UnsetType | None) -> dict[str, str] | UnsetType:
    """`texts` with the text of one language set, UNSET when there is nothing to set."""
    return UNSET if text is None or isinstance(text, UnsetType) else {**texts, language: text}


# ------------------------------------------------------------------------------------------------------------ criteria
def parse_criteria(node: Any, path: str = "criteria", depth: int = 1) -> Criteria:
    """A criteria node and all below it. Raises Invalid or TooLarge with the path of the node, as on the wire."""
    if depth > CRITERIA_DEPTH_MAX:
        limit = CRITERIA_DEPTH_MAX
        raise TooLarge(f"criteria is deeper than {limit} levels", field=path, limit=limit, value=depth)
    if not isinstance(node, dict):
        raise Invalid("expected object", field=path, value=node)
    kind, parameters = node.get("type"), node.get("parameters", {})
    if not isinstance(parameters, dict):
        raise Invalid("expected object", field=f"{path}.parameters", value=parameters)
    at = f"{path}.parameters"
    if kind == "logical" or (isinstance(kind, str) and kind in _LOGICAL):
        return _parse_logical(node, kind, parameters, path, depth)
    if kind == "sum":
        return Sum(
            _text(parameters, "query", at),
            _text(parameters, "attribute", at),
            _number(parameters, "value", at),
            _operator(parameters, at),
        )
    if kind == "count":
        return Count(_text(parameters, "query", at), _number(parameters, "value", at), _operator(parameters, at))
    if kind == "streak":
        unit = parameters.get("unit", "day")
        if unit not in ("day", "week"):
            raise Invalid("expected 'day' or 'week'", field=f"{at}.unit", value=unit)
        return Streak(_text(parameters, "query", at), _number(parameters, "value", at), unit, _operator(parameters, at))
    raise Invalid("expected 'sum', 'count' or 'logical'", field=f"{path}.type", value=kind)


def _parse_logical(node: dict[str, Any], kind: Any, parameters: dict[str, Any], path: str, depth: int) -> Logical:
    inside = "conditions" in parameters
    at = f"{path}.parameters.conditions" if inside else f"{path}.conditions"
    conditions = parameters["conditions"] if inside else node.get("conditions")
    said = parameters.get("operator", node.get("operator")) if kind == "logical" else kind
    operator = _LOGICAL.get(said.lower()) if isinstance(said, str) else None
    if operator not in ("and", "or", "not"):
        raise Invalid("expected 'and', 'or' or 'not'", field=f"{path}.parameters.operator", value=said)
    if not isinstance(conditions, list) or not conditions:
        raise Invalid("expected a list of at least one condition", field=at, value=conditions)
    parsed = [parse_criteria(child, f"{at}[{index}]", depth + 1) for index, child in enumerate(conditions)]
    if operator == "and":
        return Logical("and", parsed)
    return Logical("or" if operator == "or" else "not", parsed)


def _text(parameters: dict[str, Any], name: str, at: str) -> str:
    value = parameters.get(name)
    if not isinstance(value, str):
        raise Invalid("expected string", field=f"{at}.{name}", value=value)
    return value


def _number(parameters: dict[str, Any], name: str, at: str) -> Decimal:
    value = parameters.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Invalid("expected number", field=f"{at}.{name}", value=value)
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _operator(parameters: dict[str, Any], at: str) -> Operator:
    said = parameters.get("operator", ">=")
    for known in get_args(Operator):
        if said == known:
            operator: Operator = known
            return operator
    raise Invalid(f"expected one of {', '.join(_OPERATORS)}", field=f"{at}.operator", value=said)


def criteria_out(node: Criteria | None) -> dict[str, Any]:
    """A criteria node as Nudj writes it; an achievement that is only given has an empty `and`."""
    if node is None:
        return {"type": "logical", "parameters": {"operator": "and", "conditions": []}}
    if isinstance(node, Logical):
        conditions = [criteria_out(condition) for condition in node.conditions]
        return {"type": "logical", "parameters": {"operator": node.operator, "conditions": conditions}}
    parameters: dict[str, Any] = {"query": node.query, "operator": node.operator}
    if isinstance(node, Sum):
        parameters["attribute"] = node.attribute
    parameters["value"] = number(node.value)
    if isinstance(node, Streak):
        return {"type": "streak", "parameters": {**parameters, "unit": node.unit}}
    return {"type": "sum" if isinstance(node, Sum) else "count", "parameters": parameters}


# ------------------------------------------------------------------------------------------------------------- queries
def parse_queries(nodes: list[Any], path: str = "queries") -> list[Query]:
    """Event query nodes. Raises Invalid with the path of the node."""
    return [_parse_query(node, f"{path}[{index}]") for index, node in enumerate(nodes)]


def _parse_query(node: Any, path: str) -> Query:
    if not isinstance(node, dict):
        raise Invalid("expected object", field=path, value=node)
    if node.get("type", "event") != "event":
        raise Invalid("expected 'event'", field=f"{path}.type", value=node["type"])
    parameters = node.get("parameters", {})
    if not isinstance(parameters, dict):
        raise Invalid("expected object", field=f"{path}.parameters", value=parameters)
    at = f"{path}.parameters"
    category = _optional_text(parameters, "eventCategory", at)
    if category is not None and category not in EVENT_CATEGORIES:
        raise Invalid(f"expected one of {', '.join(EVENT_CATEGORIES)}", field=f"{at}.eventCategory", value=category)
    tags = parameters.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Invalid("expected a list of strings", field=f"{at}.tags")
    scoped = node.get("isCommunityScoped", False)
    if not isinstance(scoped, bool):
        raise Invalid("expected boolean", field=f"{path}.isCommunityScoped", value=scoped)
    return Query(
        alias=_text(node, "alias", path),
        event_name=_optional_text(parameters, "eventName", at),
        category=category,
        sub_category=_optional_text(parameters, "eventSubCategory", at),
        source_id=_optional_text(parameters, "eventSourceId", at),
        tags=tags,
        department_scoped=scoped,
        cap=_cap(parameters.get("cap"), f"{at}.cap"),
    )


def _optional_text(parameters: dict[str, Any], name: str, at: str) -> str | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid("expected string", field=f"{at}.{name}", value=value)
    return value


def _cap(value: Any, at: str) -> Cap | None:
    """At most `count` events an hour, day or week: an addition of ours to Nudj's query parameters."""
    if value is None:
        return None
    if not isinstance(value, dict) or value.get("window") not in ("hour", "day", "week"):
        raise Invalid("expected {count, window: 'hour' | 'day' | 'week'}", field=at, value=value)
    count = value.get("count")
    if isinstance(count, bool) or not isinstance(count, int):
        raise Invalid("expected number", field=f"{at}.count", value=count)
    return Cap(count, value["window"])


def query_out(query: Query) -> dict[str, Any]:
    """An event query node as Nudj writes it: absent parameters are absent."""
    parameters: dict[str, Any] = {
        name: value
        for name, value in (
            ("eventName", query.event_name),
            ("eventCategory", query.category),
            ("eventSubCategory", query.sub_category),
            ("eventSourceId", query.source_id),
        )
        if value is not None
    }
    if query.tags:
        parameters["tags"] = list(query.tags)
    if query.cap is not None:
        parameters["cap"] = {"count": query.cap.count, "window": query.cap.window}
    return {
        "type": "event",
        "alias": query.alias,
        "parameters": parameters,
        "isCommunityScoped": query.department_scoped,
    }
