"""From Litmos's words to ours and back: parameters, achievements, users, courses."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args

from laurel.base.errors import Invalid, TooLarge
from laurel.domain.achievements.model import Achievement
from laurel.domain.feeds.model import FeedFilter, FeedRow, Order, Title
from laurel.domain.people.model import Person
from laurel.web.dialects.litmos.errors import BAD_RANGE, BAD_SINCE, DatesNotAcceptable
from laurel.web.dialects.litmos.wire import JsonDate, Resource, xml_safe

LIMIT_DEFAULT = 100
LIMIT_MAX = 1_000
START_MAX = 2**31 - 1
SEARCH_LENGTH_MAX = 50
DELTA_MAX = timedelta(days=7)
ID_LENGTH_MAX = 50
COURSE_COMPLETED = "Course Completed"
COMPLETED = "Completed"
DETAILS = "litmos"
"""The key of what this dialect stores besides: achievement.details["litmos"]["type"] and ["code"]."""

_SORTS: Mapping[str, Order] = {
    "achievementdate": "awarded_at",
    "achievementid": "id",
    "title": "title",
    "firstname": "first_name",
    "lastname": "last_name",
    "userid": "person",
    "courseid": "achievement",
    "score": "score",
    "complianttilldate": "expires_at",
}
_DATE = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(:\d{2})?(\.\d{1,7})?\s?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII | re.IGNORECASE
)


class SiteSettings(NamedTuple):
    """What an organisation chose for this dialect: organisation.settings["litmos"]."""

    json_date: JsonDate
    requests_per_minute: int


def site_settings(settings: Mapping[str, Any]) -> SiteSettings:
    """With defaults; what cannot be used counts as absent."""
    chosen = settings.get(DETAILS)
    chosen = chosen if isinstance(chosen, dict) else {}
    per_minute = chosen.get("requests_per_minute")
    json_date: JsonDate = next((style for style in get_args(JsonDate) if style == chosen.get("json_date")), "wcf+0000")
    return SiteSettings(
        json_date,
        per_minute if isinstance(per_minute, int) and not isinstance(per_minute, bool) and per_minute > 0 else 0,
    )


class Window(NamedTuple):
    """limit and start as they are applied."""

    limit: int
    start: int


def window_of(query: Mapping[str, str]) -> Window:
    """Limit (100 unless given, clamped to 1000) and start. Raises Invalid naming the parameter."""
    limit = _whole_number(query, "limit", LIMIT_DEFAULT, at_least=1)
    start = _whole_number(query, "start", 0, at_least=0)
    if start > START_MAX:
        raise TooLarge(f"start must be at most {START_MAX}", field="start", limit=START_MAX, value=query["start"])
    return Window(min(limit, LIMIT_MAX), start)


def _whole_number(query: Mapping[str, str], name: str, default: int, *, at_least: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) < at_least:
        raise Invalid(f"{name} must be a whole number of at least {at_least}", field=name, limit=at_least, value=text)
    return int(text)


def parse_date(text: str) -> datetime | None:
    """An instant in one of the accepted spellings, in UTC unless it says otherwise; None when it is none."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    day, minute, second, fraction, zone = found.groups()
    spelled = f"{day}T{minute or '00:00'}{second or ':00'}{(fraction or '.0')[:7]}"
    zone = "+00:00" if zone is None or zone in "zZ" else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    try:
        return datetime.fromisoformat(spelled + zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def date_in(query: Mapping[str, str], name: str) -> datetime | None:
    """An optional date parameter; raises DatesNotAcceptable with the documented words."""
    text = query.get(name)
    if text is None:
        return None
    value = parse_date(text)
    if value is None:
        raise DatesNotAcceptable(BAD_SINCE, field=name, value=text)
    return value


def range_in(query: Mapping[str, str]) -> tuple[datetime, datetime]:
    """Since and to, both demanded, at most a week apart."""
    since, to = parse_date(query.get("since", "")), parse_date(query.get("to", ""))
    if since is None or to is None:
        raise DatesNotAcceptable(BAD_RANGE, field="since" if since is None else "to")
    if to - since > DELTA_MAX:
        raise DatesNotAcceptable(f"{BAD_RANGE}: at most {DELTA_MAX.days} days apart", field="to", limit=DELTA_MAX.days)
    return since, to


def search_in(query: Mapping[str, str]) -> str | None:
    """The text to search for."""
    text = query.get("search")
    if text is not None and len(text) > SEARCH_LENGTH_MAX:
        raise TooLarge(
            f"search has {len(text)} characters, the limit is {SEARCH_LENGTH_MAX}",
            field="search",
            limit=SEARCH_LENGTH_MAX,
            value=len(text),
        )
    return None if text is None else text.replace("\x00", "")


def direction_in(query: Mapping[str, str]) -> Literal["asc", "desc"] | None:
    """ASC or DESC in any case; anything else is ignored."""
    text = query.get("dir", "").lower()
    return "asc" if text == "asc" else "desc" if text == "desc" else None


def feed_filter(query: Mapping[str, str]) -> FeedFilter:
    """What /achievements asks for, but for the user. Unknown fields to sort by are ignored."""
    order = _SORTS.get(query.get("sort", "").lower(), "awarded_at")
    return FeedFilter(
        order=order,
        descending=direction_in(query) != "asc",
        since=date_in(query, "since"),
        until=date_in(query, "to"),
        search=search_in(query),
    )


class Line(NamedTuple):
    """What the lines of one course have in common, as the feed shows it."""

    title: str
    description: str
    course: str
    kind: str


def line_of(title: Title, kind: str) -> Line:
    """Cut to what the fields hold."""
    return Line(cut(title.name, 512), xml_safe(title.description), title.uid, kind)


def achievement(row: FeedRow, line: Line, date: Callable[[datetime | None], Any]) -> dict[str, Any]:
    """A line of the feed in the order of the wire; `date` spells instants."""
    first = row.first_name
    return {
        "UserId": row.person_uid,
        "Title": line.title,
        "Description": line.description,
        "AchievementDate": date(row.awarded_at),
        "CourseId": line.course,
        "CompliantTillDate": date(row.expires_at),
        "Score": "" if row.score is None else row.score[:50],
        "Result": COMPLETED,
        "Type": line.kind,
        "FirstName": (first or _first(row.display_name))[:50],
        "LastName": (row.last_name or _last(row.display_name, first))[:50],
        "AchievementId": row.id,
        "CertificateId": row.credential_id,
    }


def changed_achievement(row: FeedRow, title: Title, kind: str) -> Resource:
    """A line of the delta route."""
    return {
        "Id": row.uid,
        "UserId": row.person_uid,
        "CourseId": title.uid,
        "LearningPathId": None,
        "OriginalAchievementId": row.id,
        "OriginalUserId": row.person_id,
        "OriginalCourseId": row.achievement_id,
        "OriginalLearningPathId": None,
        "Title": cut(title.name, 512),
        "AchievementDate": row.awarded_at,
        "CompliantTillDate": row.expires_at,
        "CertificateId": row.credential_id,
        "Type": kind,
        "CreatedDate": row.recorded_at,
        "UpdatedDate": row.updated_at,
        "CreatedBy": None,
        "UpdatedBy": None,
    }


def kind_of(achievement_type: str) -> str:
    """The Type of an achievement: what its definition says, unless it says nothing in particular."""
    return COURSE_COMPLETED if achievement_type in {"", "Achievement"} else cut(achievement_type, 255)


def cut(text: str, length: int) -> str:
    """Shortened to what the field may hold, without what XML cannot carry."""
    return xml_safe(text)[:length]


def _first(display_name: str) -> str:
    return display_name.split(" ", 1)[0]


def _last(display_name: str, first_name: str) -> str:
    return "" if first_name else display_name.partition(" ")[2]


def user_name(person: Person, identifiers: Mapping[str, str]) -> str:
    """By what a user signs in: the e-mail address, else the organisation's own id, else our id."""
    return person.email or identifiers.get("external") or person.uid


def names_of(person: Person) -> tuple[str, str]:
    """First and last name; a display name is split when that is all there is."""
    first = person.first_name or _first(person.display_name)
    return cut(first, 50), cut(person.last_name or _last(person.display_name, person.first_name), 50)


def user(person: Person, identifiers: Mapping[str, str]) -> Resource:
    """A line of /users."""
    first, last = names_of(person)
    return {
        "Id": person.uid,
        "UserName": xml_safe(user_name(person, identifiers)),
        "FirstName": first,
        "LastName": last,
        "Active": person.archived_at is None,
        "Email": person.email or "",
        "AccessLevel": "Learner",
        "Brand": "Default",
    }


_EMPTY_FIELDS = (
    "Skype", "PhoneWork", "PhoneMobile", "LastLogin", "LoginKey", "Password", "TimeZone", "SalesforceId", "Street1",
    "Street2", "City", "State", "PostalCode", "Country", "CompanyName", "JobTitle",
    *(f"CustomField{number}" for number in range(1, 11)),
    "Culture", "SalesforceContactId", "SalesforceAccountId",
)  # fmt: skip


def full_user(person: Person, identifiers: Mapping[str, str], points: int) -> Resource:
    """One user with every documented field; what Laurel does not keep is empty."""
    stored = person.attributes.get(DETAILS)
    extras = stored if isinstance(stored, dict) else {}
    short = dict(user(person, identifiers))
    fields: dict[str, Any] = {
        **{name: short[name] for name in ("Id", "UserName", "FirstName", "LastName")},
        "FullName": xml_safe(person.full_name),
        **{name: short[name] for name in ("Email", "AccessLevel")},
        "DisableMessages": False,
        "Active": short["Active"],
        **{name: xml_safe(str(extras.get(name) or "")) for name in _EMPTY_FIELDS},
        "IsCustomUsername": person.email is None,
        "SkipFirstLogin": True,
        "OriginalId": person.id,
        "CreatedDate": f"{person.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Points": points,
        "Brand": short["Brand"],
        "ManagerId": None,
        "ManagerName": "",
    }
    fields["TimeZone"] = person.time_zone or ""
    fields["Culture"] = person.language or ""
    return fields


def course(definition: Achievement, language: str, now: datetime) -> Resource:
    """A course as /courses shows it."""
    return {
        "Id": definition.uid,
        "Code": cut(course_code(definition), 255),
        "Name": cut(definition.name_in(language, language), 512),
        "Active": definition.status_at(now) == "live",
        "ForSale": False,
        "OriginalId": definition.id,
        "Description": xml_safe(definition.description_in(language, language)),
        "EcommerceShortDescription": "",
        "EcommerceLongDescription": "",
        "CourseCodeForBulkImport": cut(course_code(definition), 255),
        "Price": 0,
        "AccessTillDate": definition.expires_at,
        "AccessTillDays": None,
        "CourseTeamLibrary": False,
        "CreatedBy": xml_safe(definition.created_by),
    }


def course_code(definition: Achievement) -> str:
    """The code of a course: what this dialect stored, else the definition's own."""
    stored = definition.details.get(DETAILS)
    code = stored.get("code") if isinstance(stored, dict) else None
    return str(code or definition.human_code or "")
