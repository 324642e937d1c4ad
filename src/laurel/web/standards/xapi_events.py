"""From a statement to an event of the spine: who, what, when, and which details rules may ask for. Pure."""

import hashlib
from datetime import datetime
from typing import Any

from laurel.base import json_text
from laurel.base.ids import PersonKey
from laurel.base.limits import EVENT_NAME_LENGTH_MAX, EVENT_SOURCE_LENGTH_MAX, check_length
from laurel.base.text import clean_email
from laurel.base.times import render_time
from laurel.domain.events.model import NewEvent, check_event
from laurel.domain.people.model import EXTERNAL
from laurel.domain.statements.model import NewStatement
from laurel.web.standards.xapi_check import VOIDED, refuse, time_at

CATEGORY = "xapi"
VERSION = "1.0.3"
_CMI5 = "https://w3id.org/xapi/cmi5/context/categories/"
_SET_BY_SERVER = frozenset({"id", "stored", "authority", "version", "timestamp"})
_ADL = "http://adlnet.gov/expapi/verbs/"
_VERBS = {
    **{
        f"{_ADL}{name}": name
        for name in (
            "completed", "passed", "failed", "launched", "initialized", "terminated", "attempted", "answered",
            "progressed", "registered", "interacted", "experienced", "mastered", "scored", "attended",
        )
    },
    **{f"https://w3id.org/xapi/adl/verbs/{name}": name for name in ("satisfied", "waived", "abandoned")},
    "https://w3id.org/xapi/tla/verbs/achieved": "achieved",
    "http://id.tincanapi.com/verb/earned": "earned",
    "https://openbadgespec.org/xapi/verbs/earned": "earned",
}  # fmt: skip
"""Verbs with a short event name; any other verb is an event named by its IRI."""


def event_name(verb: str) -> str:
    """The name of the event that a statement with this verb is."""
    return _VERBS.get(verb, verb)


def new_statement(
    statement: dict[str, Any], statement_id: str, *, now: datetime, field: str, home_page: str, authority: str
) -> NewStatement:
    """A checked statement with what the server sets. home_page: our own address, whose accounts are uids."""
    said = {name: value for name, value in statement.items() if name not in _SET_BY_SERVER}
    if "timestamp" in statement:
        said["timestamp"] = render_time(time_at(statement["timestamp"], f"{field}.timestamp"))
    document = {
        **statement,
        "id": statement_id,
        "timestamp": statement.get("timestamp", render_time(now)),
        "stored": render_time(now),
        "authority": {"objectType": "Agent", "account": {"homePage": home_page, "name": authority}},
        "version": VERSION,
    }
    target, context = statement["object"], statement.get("context", {})
    verb = statement["verb"]["id"]
    return NewStatement(
        id=statement_id,
        document=document,
        said=hashlib.sha256(json_text.encode_sorted(said)).digest(),
        verb=verb,
        activity=target["id"] if target.get("objectType", "Activity") == "Activity" else None,
        registration=context.get("registration"),
        event=None if verb == VOIDED else _event(statement, statement_id, now=now, field=field, home_page=home_page),
        voids=target["id"].lower() if verb == VOIDED else None,
    )


def person_key(actor: dict[str, Any], field: str, home_page: str) -> PersonKey | None:
    """By which name the spine knows an agent; None for a group, who is nobody in particular.

    An account is the organisation's own id of a person, unless its home page is ours: then it is our id.
    """
    if actor.get("objectType") == "Group":
        return None
    if "mbox" in actor:
        address = clean_email(actor["mbox"].partition(":")[2])
        if address is None:
            raise refuse("must be mailto: and an e-mail address", f"{field}.mbox", actor["mbox"])
        return "email", address
    if "account" in actor:
        ours = actor["account"]["homePage"].rstrip("/") == home_page.rstrip("/")
        return ("uid" if ours else EXTERNAL), check_length(actor["account"]["name"], 200, f"{field}.account.name")
    kind = "mbox_sha1sum" if "mbox_sha1sum" in actor else "openid"
    value = actor[kind].lower() if kind == "mbox_sha1sum" else actor[kind]
    return kind, check_length(value, 200, f"{field}.{kind}")


def _event(
    statement: dict[str, Any], statement_id: str, *, now: datetime, field: str, home_page: str
) -> NewEvent | None:
    person = person_key(statement["actor"], f"{field}.actor", home_page)
    if person is None:
        return None
    verb, target = statement["verb"]["id"], statement["object"]
    activity = target["id"] if target.get("objectType", "Activity") == "Activity" else ""
    at = time_at(statement["timestamp"], f"{field}.timestamp") if "timestamp" in statement else None
    return check_event(
        person=person,
        name=check_length(event_name(verb), EVENT_NAME_LENGTH_MAX, f"{field}.verb.id"),
        now=now,
        field=field,
        key=statement_id,
        category=CATEGORY,
        source_id=activity if len(activity) <= EVENT_SOURCE_LENGTH_MAX else "",
        occurred_at=at,
        payload=_payload(statement, verb, activity),
    )


def _payload(statement: dict[str, Any], verb: str, activity: str) -> dict[str, Any]:
    """What rules may ask for: result.score.scaled, result.success, parent, grouping, registration, platform, cmi5."""
    target, context = statement["object"], statement.get("context", {})
    around = context.get("contextActivities", {})
    lists = {name: _ids(around.get(name)) for name in ("parent", "grouping", "category")}
    found: dict[str, Any] = {
        "verb": verb,
        "activity": activity,
        "type": target.get("definition", {}).get("type") if isinstance(target.get("definition"), dict) else None,
        "result": {name: value for name, value in statement.get("result", {}).items() if name in _RESULT_KEPT},
        "registration": context.get("registration"),
        "platform": context.get("platform"),
        **lists,
        "cmi5": next(
            (name for name in ("moveon", "cmi5") if f"{_CMI5}{name}" in lists["category"]),
            None,
        ),
    }
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}


_RESULT_KEPT = frozenset({"score", "success", "completion", "duration"})


def _ids(given: Any) -> list[str]:
    activities = [given] if isinstance(given, dict) else given or []
    return [activity["id"] for activity in activities][:20]
