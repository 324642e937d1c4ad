"""The visual criteria builder: rows of a form to queries and criteria, and back. Pure.

A row says: at least so many events (or so much of an attribute, or so many days in a row) of a name, perhaps only those with
an attribute of some value. Rows are joined by "all" or "any". Criteria that no rows can say stay as JSON.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from laurel.base.errors import Invalid
from laurel.base.limits import QUERIES_MAX
from laurel.domain.achievements.model import Achievement, Count, Criteria, Filter, Logical, Query, Streak, Sum
from laurel.web.pages.visits import Form

MEASURES = (
    ("count", "times"),
    ("sum", "in total of"),
    ("day", "days in a row"),
    ("week", "weeks in a row"),
)
OPERATORS = (
    ("==", "is"),
    ("!=", "is not"),
    (">=", "is at least"),
    ("<=", "is at most"),
    (">", "is over"),
    ("<", "is under"),
)
_FIELDS = ("event", "measure", "attribute", "value", "where", "operator", "wanted")


class RuleRow(msgspec.Struct, frozen=True):
    """One row of the builder, as typed."""

    event: str = ""
    measure: str = "count"
    attribute: str = ""
    value: str = "1"
    where: str = ""
    operator: str = "=="
    wanted: str = ""


class Typed(msgspec.Struct, frozen=True):
    """What the form says about rules; `advanced` is JSON that takes the rows' place."""

    rows: list[RuleRow]
    join: str
    advanced: str = ""


def typed(form: Form) -> Typed:
    """The rows as they were sent, with a row more or less when a button asked for that."""
    columns = [form.all(f"rule_{name}") for name in _FIELDS]
    count = min(max((len(column) for column in columns), default=0), QUERIES_MAX)
    rows = [RuleRow(*(column[index] if index < len(column) else "" for column in columns)) for index in range(count)]
    change = form.get("change")
    if change == "add":
        rows = [*rows, RuleRow()][:QUERIES_MAX]
    elif change.startswith("remove-") and change.removeprefix("remove-").isascii():
        number = change.removeprefix("remove-")
        rows = [row for index, row in enumerate(rows) if str(index) != number]
    return Typed(rows, "or" if form.get("join") == "or" else "and", form.get("advanced"))


def parsed(what: Typed) -> tuple[list[Query], Criteria | None]:
    """Queries and criteria of the rows. Raises Invalid naming the row's field."""
    if what.advanced:
        return _from_json(what.advanced)
    queries: list[Query] = []
    nodes: list[Criteria] = []
    for index, row in enumerate(what.rows):
        if not (row.event or row.where or row.attribute):
            continue
        queries.append(_query(index, row))
        nodes.append(_node(index, row))
    if not nodes:
        return [], None
    return queries, nodes[0] if len(nodes) == 1 else Logical(
        operator="or" if what.join == "or" else "and", conditions=nodes
    )


def _query(index: int, row: RuleRow) -> Query:
    if not row.event:
        raise Invalid("say which event counts", field=f"rule_event_{index}")
    where = []
    if row.where:
        operator = next((known for known, _ in OPERATORS if known == row.operator), "==")
        where = [msgspec.convert({"attribute": row.where, "operator": operator, "value": _plain(row.wanted)}, Filter)]
    return Query(alias=_alias(index), event_name=row.event, where=where)


def _node(index: int, row: RuleRow) -> Criteria:
    try:
        value = Decimal(row.value.replace(",", "."))
    except InvalidOperation:
        raise Invalid("this must be a number", field=f"rule_value_{index}", value=row.value[:50]) from None
    if not value.is_finite() or value <= 0:
        raise Invalid("this must be over 0", field=f"rule_value_{index}", value=row.value[:50])
    alias = _alias(index)
    match row.measure:
        case "sum":
            if not row.attribute:
                raise Invalid("say which attribute is added up", field=f"rule_attribute_{index}")
            return Sum(query=alias, attribute=row.attribute, value=value)
        case "day" | "week" as unit:
            return Streak(query=alias, value=value, unit="week" if unit == "week" else "day")
        case _:
            return Count(query=alias, value=value)


def _alias(index: int) -> str:
    return f"rule{index + 1}"


def _plain(text: str) -> str | int | float | bool:
    """A value as JSON would mean it: true, 12 and 1.5 are no texts."""
    if text in {"true", "false"}:
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    return number if abs(number) < 1e15 else text


class _Rules(msgspec.Struct, forbid_unknown_fields=True):
    queries: list[Query]
    criteria: Criteria | None = None


def _from_json(text: str) -> tuple[list[Query], Criteria | None]:
    try:
        rules = msgspec.json.decode(text.encode(), type=_Rules)
    except (msgspec.MsgspecError, RecursionError, ArithmeticError) as wrong:
        raise Invalid(f"the rules are not valid: {wrong}", field="advanced") from None
    return rules.queries, rules.criteria


def shown(achievement: Achievement) -> Typed:
    """A definition's rules as rows, or as JSON when rows cannot say them."""
    criteria = achievement.criteria
    if criteria is None:
        return Typed([RuleRow()], "and")
    join = "and"
    nodes: list[Criteria] = [criteria]
    if isinstance(criteria, Logical) and criteria.operator != "not":
        join, nodes = criteria.operator, criteria.conditions
    queries = {query.alias: query for query in achievement.queries}
    rows = [_row(node, queries) for node in nodes]
    aliases = [node.query for node in nodes if not isinstance(node, Logical)]
    if None in rows or len(set(aliases)) != len(aliases) or set(aliases) != set(queries):
        rules = {"queries": msgspec.to_builtins(achievement.queries), "criteria": msgspec.to_builtins(criteria)}
        return Typed([], "and", msgspec.json.format(msgspec.json.encode(rules)).decode())
    return Typed([row for row in rows if row is not None], join)


def _row(node: Criteria, queries: dict[str, Query]) -> RuleRow | None:
    if isinstance(node, Logical) or node.operator != ">=":
        return None
    query = queries[node.query]
    plain = Query(alias=query.alias, event_name=query.event_name, where=query.where)
    if query != plain or query.event_name is None or len(query.where) > 1:
        return None
    values: dict[str, Any] = {"event": query.event_name, "value": f"{node.value:f}"}
    if isinstance(node, Sum):
        values |= {"measure": "sum", "attribute": node.attribute}
    elif isinstance(node, Streak):
        values["measure"] = node.unit
    if query.where:
        condition = query.where[0]
        if _plain(_text(condition.value)) != condition.value:
            return None
        values |= {"where": condition.attribute, "operator": condition.operator, "wanted": _text(condition.value)}
    return RuleRow(**values)


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
