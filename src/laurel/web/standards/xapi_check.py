"""Is it a statement? The rules of xAPI 1.0.3, Part Two, for what is sent to us. Pure; refusals name the place."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from laurel.base.errors import Invalid
from laurel.base.limits import URL_LENGTH_MAX, check_count, check_length

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
_STATEMENT = {
    "id", "actor", "verb", "object", "result", "context", "timestamp", "stored", "authority", "version", "attachments",
}  # fmt: skip
_SUBSTATEMENT = {"objectType", "actor", "verb", "object", "result", "context", "timestamp", "attachments"}
_RESULT = {"score", "success", "completion", "response", "duration", "extensions"}
_SCORE = {"scaled", "raw", "min", "max"}
_CONTEXT = {
    "registration", "instructor", "team", "contextActivities", "revision", "platform", "language", "statement", "extensions",
}  # fmt: skip
_AROUND = {"parent", "grouping", "category", "other"}
_DEFINITION = {
    "name", "description", "type", "moreInfo", "extensions", "interactionType", "correctResponsesPattern", "choices",
    "scale", "source", "target", "steps",
}  # fmt: skip
_MEMBERS_MAX = 200
_AROUND_MAX = 100
_ATTACHMENTS_MAX = 20
_TEXT_MAX = 20_000
_MAILTO = re.compile(r"mailto:[^@\s]+@[^@\s]+\.[^@\s]+", re.IGNORECASE)
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_DURATION = re.compile(
    r"P(?!$)(\d+(\.\d+)?W|(\d+(\.\d+)?Y)?(\d+(\.\d+)?M)?(\d+(\.\d+)?D)?(T(?=\d)(\d+(\.\d+)?H)?(\d+(\.\d+)?M)?(\d+(\.\d+)?S)?)?)"
)
_TIMESTAMP = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?", re.IGNORECASE
)
_VERSION = re.compile(r"1\.0(\.\d+)?")


def refuse(message: str, field: str, value: Any = None) -> Invalid:
    """A refusal of the value at `field`."""
    return Invalid(f"{field} {message}", field=field, value=value if isinstance(value, str | int | bool) else None)


def check_statement(statement: Any, field: str) -> None:
    """Raise Invalid or TooLarge unless `statement` is one."""
    _object(statement, field, _STATEMENT)
    if "id" in statement:
        uuid_at(statement["id"], f"{field}.id")
    _check_body(statement, field)
    if "version" in statement and not _VERSION.fullmatch(_text(statement["version"], f"{field}.version")):
        raise refuse("must be 1.0.x", f"{field}.version", statement["version"])
    if "stored" in statement:
        time_at(statement["stored"], f"{field}.stored")
    if "authority" in statement:
        check_actor(statement["authority"], f"{field}.authority")


def _check_body(statement: dict[str, Any], field: str) -> None:
    for needed in ("actor", "verb", "object"):
        if needed not in statement:
            raise refuse("is missing", f"{field}.{needed}")
    check_actor(statement["actor"], f"{field}.actor")
    verb = _object(statement["verb"], f"{field}.verb", {"id", "display"})
    iri_at(verb.get("id"), f"{field}.verb.id")
    if "display" in verb:
        _language_map(verb["display"], f"{field}.verb.display")
    kind = _check_target(statement["object"], f"{field}.object", inside="objectType" in statement)
    if verb["id"] == VOIDED and kind != "StatementRef":
        raise refuse("must be a StatementRef where the verb is voided", f"{field}.object")
    if "result" in statement:
        _check_result(statement["result"], f"{field}.result")
    if "context" in statement:
        _check_context(statement["context"], f"{field}.context", of_activity=kind == "Activity")
    if "timestamp" in statement:
        time_at(statement["timestamp"], f"{field}.timestamp")
    if "attachments" in statement:
        _check_attachments(statement["attachments"], f"{field}.attachments")


def check_actor(actor: Any, field: str) -> None:
    """An Agent, or a Group with an identifier or members."""
    _object(actor, field, {"objectType", "name", "member", *IDENTIFIERS})
    kind = actor.get("objectType", "Agent")
    if kind not in {"Agent", "Group"}:
        raise refuse("must be Agent or Group", f"{field}.objectType", kind)
    if "name" in actor:
        _text(actor["name"], f"{field}.name")
    given = [name for name in IDENTIFIERS if name in actor]
    if kind == "Agent" and "member" in actor:
        raise refuse("is for groups", f"{field}.member")
    if len(given) > 1 or (not given and (kind == "Agent" or "member" not in actor)):
        raise refuse(f"must have exactly one of {', '.join(IDENTIFIERS)}", field)
    if "member" in actor:
        for index, member in enumerate(_list(actor["member"], f"{field}.member", _MEMBERS_MAX)):
            if isinstance(member, dict) and member.get("objectType") == "Group":
                raise refuse("must be an Agent", f"{field}.member[{index}]")
            check_actor(member, f"{field}.member[{index}]")
    if given:
        _IDENTIFIER_CHECKS[given[0]](actor[given[0]], f"{field}.{given[0]}")


def _check_mbox(value: Any, field: str) -> None:
    if not _MAILTO.fullmatch(_text(value, field)):
        raise refuse("must be mailto: and an e-mail address", field, value)


def _check_sha1(value: Any, field: str) -> None:
    if not _SHA1.fullmatch(_text(value, field)):
        raise refuse("must be 40 hex digits", field, value)


def _check_account(value: Any, field: str) -> None:
    account = _object(value, field, {"homePage", "name"})
    iri_at(account.get("homePage"), f"{field}.homePage")
    if not _text(account.get("name"), f"{field}.name"):
        raise refuse("must not be empty", f"{field}.name")


def iri_at(value: Any, field: str) -> str:
    """An absolute IRI."""
    text = check_length(_text(value, field), URL_LENGTH_MAX, field)
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        scheme = ""
    if not scheme or any(character.isspace() or ord(character) < ord(" ") for character in text):
        raise refuse("must be an absolute IRI", field, value)
    return text


_IDENTIFIER_CHECKS: Mapping[str, Callable[[Any, str], Any]] = {
    "mbox": _check_mbox,
    "mbox_sha1sum": _check_sha1,
    "openid": iri_at,
    "account": _check_account,
}


def uuid_at(value: Any, field: str) -> str:
    """A UUID in its usual spelling, in lower case."""
    text = _text(value, field)
    try:
        known = str(UUID(text))
    except ValueError:
        known = ""
    if known != text.lower():
        raise refuse("must be a UUID", field, value)
    return known


def time_at(value: Any, field: str) -> datetime:
    """An ISO 8601 instant; without a zone it is UTC."""
    text = _text(value, field)
    if _TIMESTAMP.fullmatch(text) and not text.endswith(("-00:00", "-0000", "-00")):
        try:
            instant = datetime.fromisoformat(text.upper().replace(",", ".").replace(" ", "T", 1).replace(" ", ""))
            return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
        except (ValueError, OverflowError):
            raise refuse("must be an ISO 8601 timestamp", field, value) from None
    raise refuse("must be an ISO 8601 timestamp", field, value)


def _check_target(target: Any, field: str, *, inside: bool) -> str:
    """The object of a statement; its type. inside: of a sub-statement, which holds no further one."""
    if not isinstance(target, dict):
        raise refuse("must be an object", field)
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        _check_activity(target, field)
    elif kind in {"Agent", "Group"}:
        check_actor(target, field)
    elif kind == "StatementRef":
        _object(target, field, {"objectType", "id"})
        uuid_at(target.get("id"), f"{field}.id")
    elif kind == "SubStatement" and not inside:
        _object(target, field, _SUBSTATEMENT)
        _check_body(target, field)
    else:
        raise refuse("is not a type that is known here", f"{field}.objectType", kind)
    return str(kind)


def _check_activity(activity: Any, field: str) -> None:
    _object(activity, field, {"objectType", "id", "definition"})
    if activity.get("objectType", "Activity") != "Activity":
        raise refuse("must be Activity", f"{field}.objectType", activity["objectType"])
    iri_at(activity.get("id"), f"{field}.id")
    if "definition" not in activity:
        return
    definition = _object(activity["definition"], f"{field}.definition", _DEFINITION)
    for name in ("name", "description"):
        if name in definition:
            _language_map(definition[name], f"{field}.definition.{name}")
    for name in ("type", "moreInfo"):
        if name in definition:
            iri_at(definition[name], f"{field}.definition.{name}")
    if "extensions" in definition:
        _extensions(definition["extensions"], f"{field}.definition.extensions")


def _check_result(result: Any, field: str) -> None:
    _object(result, field, _RESULT)
    for name in ("success", "completion"):
        if name in result and not isinstance(result[name], bool):
            raise refuse("must be true or false", f"{field}.{name}", result[name])
    if "response" in result:
        _text(result["response"], f"{field}.response")
    if "duration" in result and not _DURATION.fullmatch(_text(result["duration"], f"{field}.duration")):
        raise refuse("must be an ISO 8601 duration", f"{field}.duration", result["duration"])
    if "extensions" in result:
        _extensions(result["extensions"], f"{field}.extensions")
    if "score" in result:
        score = _object(result["score"], f"{field}.score", _SCORE)
        for name, value in score.items():
            if isinstance(value, bool) or not isinstance(value, int | Decimal):
                raise refuse("must be a number", f"{field}.score.{name}", value)
        if "scaled" in score and not -1 <= score["scaled"] <= 1:
            raise refuse("must be from -1 to 1", f"{field}.score.scaled")
        ordered = [score[name] for name in ("min", "raw", "max") if name in score]
        if ordered != sorted(ordered):
            raise refuse("must have min, raw and max in this order", f"{field}.score")


def _check_context(context: Any, field: str, *, of_activity: bool) -> None:
    _object(context, field, _CONTEXT)
    if "registration" in context:
        uuid_at(context["registration"], f"{field}.registration")
    for name in ("instructor", "team"):
        if name in context:
            check_actor(context[name], f"{field}.{name}")
    if "team" in context and context["team"].get("objectType") != "Group":
        raise refuse("must be a Group", f"{field}.team")
    for name in ("revision", "platform"):
        if name in context:
            _text(context[name], f"{field}.{name}")
            if not of_activity:
                raise refuse("is only for statements about an Activity", f"{field}.{name}")
    if "language" in context and not _LANGUAGE.fullmatch(_text(context["language"], f"{field}.language")):
        raise refuse("must be a language tag", f"{field}.language", context["language"])
    if "statement" in context:
        reference = _object(context["statement"], f"{field}.statement", {"objectType", "id"})
        if reference.get("objectType") != "StatementRef":
            raise refuse("must be StatementRef", f"{field}.statement.objectType")
        uuid_at(reference.get("id"), f"{field}.statement.id")
    if "extensions" in context:
        _extensions(context["extensions"], f"{field}.extensions")
    around = context.get("contextActivities")
    if "contextActivities" in context:
        for name, given in _object(around, f"{field}.contextActivities", _AROUND).items():
            place = f"{field}.contextActivities.{name}"
            activities = [given] if isinstance(given, dict) else _list(given, place, _AROUND_MAX)
            for index, activity in enumerate(activities):
                _check_activity(activity, f"{place}[{index}]")


def _check_attachments(attachments: Any, field: str) -> None:
    for index, attachment in enumerate(_list(attachments, field, _ATTACHMENTS_MAX)):
        place = f"{field}[{index}]"
        known = {"usageType", "display", "description", "contentType", "length", "sha2", "fileUrl"}
        _object(attachment, place, known)
        iri_at(attachment.get("usageType"), f"{place}.usageType")
        _language_map(attachment.get("display"), f"{place}.display")
        _text(attachment.get("contentType"), f"{place}.contentType")
        _text(attachment.get("sha2"), f"{place}.sha2")
        if not isinstance(attachment.get("length"), int) or isinstance(attachment.get("length"), bool):
            raise refuse("must be a whole number", f"{place}.length")
        if "fileUrl" not in attachment:
            raise refuse("is missing: attached contents are not taken here, only links to them", f"{place}.fileUrl")
        iri_at(attachment["fileUrl"], f"{place}.fileUrl")


def _object(value: Any, field: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refuse("must be an object", field)
    for name, member in value.items():
        if name not in known:
            raise refuse("is not a property that is known here", f"{field}.{name[:50]}")
        if member is None:
            raise refuse("must not be null", f"{field}.{name}")
    return value


def _list(value: Any, field: str, limit: int) -> list[Any]:
    if not isinstance(value, list):
        raise refuse("must be a list", field)
    check_count(len(value), limit, field)
    return value


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise refuse("is missing" if value is None else "must be text", field, value)
    if "\x00" in value:
        raise refuse("has a NUL character, which cannot be stored", field)
    return check_length(value, _TEXT_MAX, field)


def _language_map(value: Any, field: str) -> None:
    if not isinstance(value, dict):
        raise refuse("must be a map of languages", field)
    for language, text in value.items():
        if not _LANGUAGE.fullmatch(language):
            raise refuse("has a key that is no language tag", field, language)
        _text(text, f"{field}.{language}")


def _extensions(value: Any, field: str) -> None:
    if not isinstance(value, dict):
        raise refuse("must be an object", field)
    for name in value:
        iri_at(name, field)
