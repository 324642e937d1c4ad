"""Definitions compiled for speed: which leaves an event advances, and whether a tree of values is complete. Pure.

The cost of an event is that of the queries that match it, not of all achievements: matches are found by name and by
category and remembered per (name, category, sub-category).
"""

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Context, Decimal
from typing import Any, NamedTuple

from laurel.base.ids import AchievementId, DepartmentId
from laurel.base.times import EPOCH
from laurel.domain.achievements.criteria import leaves
from laurel.domain.achievements.levels import targets_of
from laurel.domain.achievements.model import Achievement, Cap, Count, Criteria, Filter, Logical, Query, Streak, Sum
from laurel.domain.achievements.periods import Calendar
from laurel.domain.events.model import Event, NewEvent

Value = Any
"""A leaf's stored value: int or Decimal for count and sum; [first, last, first, last, …] days or weeks for a streak;
{window: value} pairs for a capped leaf."""

Entry = list[Any]
"""Where a person stands in one achievement and period: [revision, period, done, value, value, …]. done: 1 once it was
complete, or how many levels were reached."""

REVISION, PERIOD, DONE, VALUES = 0, 1, 2, 3
_MATCHES_REMEMBERED_MAX = 50_000
_EXACT = Context(prec=60)

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class CompiledLeaf(NamedTuple):
    """One leaf: where its value lies in the entry, and what an event adds to it."""

    position: int
    kind: str
    attribute: tuple[str, ...]
    cap: Cap | None
    unit: str
    query: str


_TOUCH = CompiledLeaf(-1, "touch", (), None, "", "")
"""Stands for a query that no leaf asks: it advances nothing, but its events make the tree be looked at."""


class Rule:
    """One achievement, compiled."""

    __slots__ = (
        "_collecting",
        "_template",
        "achievement",
        "complete",
        "expires",
        "id",
        "leaves",
        "period",
        "personal",
        "revision",
        "starts",
        "targets",
        "timed",
        "top",
        "uid",
    )

    def __init__(self, achievement: Achievement) -> None:
        self.achievement = achievement
        self.id: AchievementId = achievement.id
        self.uid = achievement.uid
        self.revision = achievement.revision
        self.period = achievement.period
        self.personal = achievement.calendar == "person"
        self.timed = achievement.starts_at is not None or achievement.expires_at is not None
        self.starts = achievement.starts_at or EPOCH.replace(year=1)
        self.expires = achievement.expires_at or EPOCH.replace(year=9999)
        self.targets = (
            [whole_or_exact(target) for target in targets_of(achievement.levels)] if achievement.levels else []
        )
        self.top = len(self.targets) or 1
        caps = {query.alias: query.cap for query in achievement.queries}
        self.leaves = [
            _compile_leaf(node, VALUES + index, caps[node.query])
            for index, node in enumerate(leaves(achievement.criteria))
        ]
        self._collecting = [leaf for leaf in self.leaves if leaf.cap is not None or leaf.kind == "streak"]
        self._template: Entry = [self.revision, 0, 0, *(0 for _ in self.leaves)]
        self.complete: Callable[[Entry], bool] = _compile_tree(achievement.criteria, iter(self.leaves))

    def level_of(self, entry: Entry) -> int:
        """How many levels the entry's value reaches; without levels 1, for an entry that is complete."""
        if not self.targets:
            return 1
        leaf = self.leaves[0]
        return bisect_right(self.targets, number_of(leaf, entry[leaf.position]))

    def new_entry(self, period: int) -> Entry:
        """A fresh entry of `period`."""
        entry = self._template.copy()
        entry[PERIOD] = period
        for leaf in self._collecting:
            entry[leaf.position] = _empty(leaf)
        return entry


class Match(NamedTuple):
    """An event of some (name, category, sub-category) advances this leaf, if the remaining conditions hold."""

    rule: Rule
    leaf: CompiledLeaf
    residual: Query | None
    department_id: DepartmentId | None


class RuleBook:
    """All live achievements of an organisation as of one rules_version."""

    def __init__(self, version: int, achievements: Iterable[Achievement], calendar: Calendar) -> None:
        self.version = version
        self.calendar = calendar
        self.rules: dict[AchievementId, Rule] = {
            achievement.id: Rule(achievement)
            for achievement in achievements
            if achievement.criteria is not None or achievement.prerequisites
        }
        self.personal = any(rule.personal for rule in self.rules.values())
        self.waiting_for: dict[AchievementId, list[Rule]] = {}
        self._by_name: dict[str, list[tuple[Rule, Query, list[CompiledLeaf]]]] = {}
        self._by_category: dict[str, list[tuple[Rule, Query, list[CompiledLeaf]]]] = {}
        self._by_nothing: list[tuple[Rule, Query, list[CompiledLeaf]]] = []
        self._remembered: dict[tuple[str, str, str], tuple[Match, ...]] = {}
        for rule in self.rules.values():
            for prerequisite in rule.achievement.prerequisites:
                self.waiting_for.setdefault(prerequisite, []).append(rule)
            self._index(rule)

    def _index(self, rule: Rule) -> None:
        nodes = leaves(rule.achievement.criteria)
        for query in rule.achievement.queries:
            asking = [leaf for node, leaf in zip(nodes, rule.leaves, strict=True) if node.query == query.alias]
            if query.event_name is not None:
                self._by_name.setdefault(query.event_name, []).append((rule, query, asking))
            elif query.category is not None:
                self._by_category.setdefault(query.category, []).append((rule, query, asking))
            else:
                self._by_nothing.append((rule, query, asking))

    def matches(self, name: str, category: str, sub_category: str) -> tuple[Match, ...]:
        """Every leaf that an event so named may advance."""
        key = (name, category, sub_category)
        found = self._remembered.get(key)
        if found is None:
            if len(self._remembered) >= _MATCHES_REMEMBERED_MAX:
                self._remembered.clear()
            found = tuple(self._find(name, category, sub_category))
            self._remembered[key] = found
        return found

    def _find(self, name: str, category: str, sub_category: str) -> Iterable[Match]:
        candidates = self._by_name.get(name, []) + self._by_category.get(category, []) + self._by_nothing
        for rule, query, asking in candidates:
            if query.category not in (None, category) or query.sub_category not in (None, sub_category):
                continue
            scoped = query.department_scoped and rule.achievement.department_id is not None
            residual = query if query.source_id is not None or query.tags or query.where or scoped else None
            for leaf in asking or (_TOUCH,):
                yield Match(rule, leaf, residual, rule.achievement.department_id if scoped else None)


def residual_reason(match: Match, event: NewEvent | Event) -> str | None:
    """Why the event does not count for this leaf although its name and category do; None when it counts."""
    query = match.residual
    if query is None:
        return None
    if query.source_id is not None and event.source_id != query.source_id:
        return f"its source is not {query.source_id}"
    if query.tags and not set(query.tags).intersection(event.tags):
        return f"it has none of the tags {', '.join(query.tags)}"
    if match.department_id is not None and event.department_id != match.department_id:
        return "it belongs to another department"
    for condition in query.where:
        if not _meets(condition, event.payload):
            return f"payload.{condition.attribute} {condition.operator} {condition.value} does not hold"
    return None


def _meets(condition: Filter, payload: dict[str, Any]) -> bool:
    value = attribute_of(payload, tuple(condition.attribute.split(".")))
    wanted = condition.value
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return condition.operator == "!="
        return COMPARE[condition.operator](Decimal(str(value)), Decimal(str(wanted)))
    if type(value) is not type(wanted):
        return condition.operator == "!="
    return COMPARE[condition.operator](value, wanted)


def attribute_of(payload: dict[str, Any], path: tuple[str, ...]) -> Any:
    """The value at a dotted path, None when there is none."""
    value: Any = payload
    for part in path:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def number_at(payload: dict[str, Any], path: tuple[str, ...]) -> int | Decimal:
    """The number at a path; 0 for anything that is not a number (numeric text and booleans are none)."""
    value: Any = payload.get(path[0]) if len(path) == 1 else attribute_of(payload, path)
    kind = type(value)
    if kind is int:
        return value  # type: ignore[no-any-return]  # the kind was just checked
    if kind is Decimal:
        whole = int(value)
        return whole if value == whole else value
    if kind is float:
        return number_at({"": Decimal(repr(value))}, ("",))
    return 0


def _compile_leaf(node: Count | Sum | Streak, position: int, cap: Cap | None) -> CompiledLeaf:
    if isinstance(node, Sum):
        return CompiledLeaf(position, "sum", tuple(node.attribute.split(".")), cap, "", node.query)
    if isinstance(node, Streak):
        return CompiledLeaf(position, "streak", (), None, node.unit, node.query)
    return CompiledLeaf(position, "count", (), cap, "", node.query)


def _empty(leaf: CompiledLeaf) -> Value:
    if leaf.kind == "streak":
        return []
    return 0 if leaf.cap is None else {}


def number_of(leaf: CompiledLeaf, stored: Value) -> int | Decimal:
    """What a stored value amounts to: the sum over windows of a capped leaf, the longest run of a streak."""
    if leaf.kind == "streak":
        return max((stored[index + 1] - stored[index] + 1 for index in range(0, len(stored), 2)), default=0)
    if leaf.cap is not None:
        total: int | Decimal = 0
        for _, amount in stored.values():
            total = add(total, amount)
        return total
    return stored  # type: ignore[no-any-return]  # int or Decimal by construction


def _compile_tree(node: Criteria | None, compiled: Any) -> Callable[[Entry], bool]:
    """A function from an entry to whether the tree holds. `compiled` yields the leaves in document order."""
    if node is None:
        return lambda _entry: True
    if isinstance(node, Logical):
        parts = [_compile_tree(condition, compiled) for condition in node.conditions]
        if node.operator == "and":
            return _all_of(parts)
        if node.operator == "or":
            return lambda entry: any(part(entry) for part in parts)
        return lambda entry: not any(part(entry) for part in parts)
    leaf: CompiledLeaf = next(compiled)
    compare, position = COMPARE[node.operator], leaf.position
    target = whole_or_exact(node.value)
    if leaf.kind == "streak" or leaf.cap is not None:
        return lambda entry: compare(number_of(leaf, entry[position]), target)
    if node.operator == ">=":
        return lambda entry: bool(entry[position] >= target)
    return lambda entry: compare(entry[position], target)


def _all_of(parts: list[Callable[[Entry], bool]]) -> Callable[[Entry], bool]:
    """As all() over the parts; spelled out because it runs for every event and a generator costs more than the parts."""

    def holds(entry: Entry) -> bool:
        for part in parts:  # noqa: SIM110 - see above
            if not part(entry):
                return False
        return True

    return holds


def whole_or_exact(value: Decimal) -> int | Decimal:
    """An int where there is no fraction."""
    whole = int(value)
    return whole if whole == value else value


def add(total: int | Decimal, amount: int | Decimal) -> int | Decimal:
    """The exact sum; whole results are ints."""
    if type(total) is int and type(amount) is int:
        return total + amount
    result = _EXACT.add(Decimal(total), Decimal(amount))
    whole = int(result)
    return whole if whole == result else result


def window_of(leaf: CompiledLeaf, calendar: Calendar, instant: datetime) -> int:
    """The window that an event of `instant` falls into: an hour, local day or local week, as an increasing number."""
    window = leaf.cap.window if leaf.cap is not None else leaf.unit
    if window == "hour":
        return int(instant.timestamp()) // 3600
    day = calendar.day(instant)
    return day if window == "day" else (day - 1) // 7
