"""The rules engine in its most naive form: everything is recomputed from the whole list of events, nothing is kept.

It shares no code with the product. Instants become local dates by plain conversion, amounts are fractions.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

COMPARE = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


@dataclass(frozen=True)
class Happening:
    person: str
    key: str
    name: str
    category: str
    source: str
    at: datetime
    payload: dict[str, Any] = field(default_factory=dict, hash=False)


def period_of(period: str, at: datetime, zone: ZoneInfo) -> str:
    day = at.astimezone(zone).date()
    if period == "open":
        return ""
    if period == "weekly":
        day -= timedelta(days=day.weekday())
    if period == "monthly":
        day = day.replace(day=1)
    if period == "yearly":
        day = day.replace(month=1, day=1)
    return f"{period[0]}:{day.isoformat()}"


def counts(query: dict[str, Any], event: Happening) -> bool:
    return all(
        query.get(field) is None or query[field] == value
        for field, value in (("event_name", event.name), ("category", event.category), ("source_id", event.source))
    )


def longest_run(days: set[date]) -> int:
    best = 0
    for day in days:
        length = 1
        while day + timedelta(days=length) in days:
            length += 1
        best = max(best, length)
    return best


class Oracle:
    def __init__(self, achievements: list[dict[str, Any]], zone: str) -> None:
        self.achievements = achievements
        self.zone = ZoneInfo(zone)
        self.past_zones: list[tuple[datetime, ZoneInfo]] = []
        self.ever: list[tuple[str, datetime]] = []
        self.events: list[Happening] = []
        self.awards: set[tuple[str, str, str]] = set()
        self.present: dict[str, ZoneInfo | None] = {}
        self.past: dict[str, list[tuple[datetime, ZoneInfo | None]]] = {}

    def move(self, person: str, at: datetime, zone: str | None) -> None:
        """From `at` on the person is in another zone; what was recorded by then stays in the day it was counted in."""
        left = self.present.get(person)
        if (left.key if left else None) == zone:
            return
        ends = [instant + timedelta(microseconds=1) for who, instant in self.ever if who == person]
        past = self.past.setdefault(person, [])
        end = max([at, *ends, *(known for known, _ in past)])
        if end not in [known for known, _ in past]:
            past.append((end, left))
        self.present[person] = ZoneInfo(zone) if zone else None

    def move_all(self, at: datetime, zone: str) -> None:
        """From `at` on the organisation is in another zone; what was recorded by then stays in the day it was counted in."""
        if self.zone.key == zone:
            return
        ends = [instant + timedelta(microseconds=1) for _, instant in self.ever]
        end = max([at, *ends, *(known for known, _ in self.past_zones)])
        if self.ever and end not in [known for known, _ in self.past_zones]:
            self.past_zones.append((end, self.zone))
        self.zone = ZoneInfo(zone)

    def common_zone(self, at: datetime) -> ZoneInfo:
        for end, zone in self.past_zones:
            if at < end:
                return zone
        return self.zone

    def zone_of(self, achievement: dict[str, Any], event: Happening) -> ZoneInfo:
        if achievement.get("calendar") != "person":
            return self.common_zone(event.at)
        for end, zone in self.past.get(event.person, []):
            if event.at < end:
                return zone or self.common_zone(event.at)
        return self.present.get(event.person) or self.common_zone(event.at)

    def period(self, achievement: dict[str, Any], event: Happening) -> str:
        return period_of(achievement["period"], event.at, self.zone_of(achievement, event))

    def record(self, event: Happening) -> None:
        if any((known.person, known.key) == (event.person, event.key) for known in self.events):
            return
        self._happen(event)

    def retract(self, person: str, key: str) -> None:
        """Everything happens again without the event; the awards of what keeps them stay as they are."""
        lasting = {one["id"]: one for one in self.achievements if not one.get("falls", True)}
        kept = [award for award in self.awards if award[1] in lasting]
        raised = [event for event in self.events if event.key in {f"{award}" for award in kept}]
        told = [
            event
            for event in self.events
            if event.category != "achievement" and (event.person, event.key) != (person, key)
        ]
        self.events, self.awards = list(raised), set(kept)
        for event in told:
            self.record(event)

    def _happen(self, event: Happening) -> None:
        self.events.append(event)
        self.ever.append((event.person, event.at))
        for achievement in self.achievements:
            touched = any(counts(query, event) for query in achievement["queries"])
            if not achievement["queries"]:
                touched = event.category == "achievement" and event.source in achievement["prerequisites"]
            elif event.category == "achievement" and event.source in achievement["prerequisites"]:
                touched = touched or self._has_progress(achievement, event)
            if touched:
                self._settle(achievement, event)

    def _has_progress(self, achievement: dict[str, Any], event: Happening) -> bool:
        period = self.period(achievement, event)
        return any(
            e.person == event.person
            and self.period(achievement, e) == period
            and any(counts(q, e) for q in achievement["queries"])
            for e in self.events
        )

    def _settle(self, achievement: dict[str, Any], event: Happening) -> None:
        for level, target in enumerate(achievement.get("levels") or [None], start=1):
            self._settle_level(achievement, event, level, target)

    def _settle_level(self, achievement: dict[str, Any], event: Happening, level: int, target: Any) -> None:
        period = self.period(achievement, event)
        award = (event.person, achievement["id"], period if level == 1 else f"{period}#{level}")
        criteria = achievement["criteria"]
        if target is not None:
            criteria = {**criteria, "value": target}
        held = {a for p, a, _ in self.awards if p == event.person}
        if award in self.awards or not set(achievement["prerequisites"]) <= held:
            return
        if criteria is not None and not self.holds(achievement, criteria, event.person, period):
            return
        self.awards.add(award)
        self._happen(
            Happening(event.person, f"{award}", "achievement-completion", "achievement", achievement["id"], event.at)
        )

    def holds(self, achievement: dict[str, Any], node: dict[str, Any], person: str, period: str) -> bool:
        if node["type"] == "logical":
            results = [self.holds(achievement, child, person, period) for child in node["conditions"]]
            return {"and": all(results), "or": any(results), "not": not any(results)}[node["operator"]]
        value = self.value(achievement, node, person, period)
        return COMPARE[node["operator"]](value, Fraction(str(node["value"])))

    def value(self, achievement: dict[str, Any], node: dict[str, Any], person: str, period: str) -> Fraction:
        (query,) = [query for query in achievement["queries"] if query["alias"] == node["query"]]
        matching = [
            event
            for event in self.events
            if event.person == person and counts(query, event) and self.period(achievement, event) == period
        ]
        if node["type"] == "count":
            return Fraction(len(matching))
        if node["type"] == "streak":
            return Fraction(longest_run({e.at.astimezone(self.zone_of(achievement, e)).date() for e in matching}))
        amounts = [event.payload.get(node["attribute"]) for event in matching]
        return sum(
            (Fraction(str(a)) for a in amounts if isinstance(a, int | float | Decimal) and not isinstance(a, bool)),
            Fraction(0),
        )
