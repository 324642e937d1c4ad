"""Checking queries and criteria trees when they are written. Pure; every refusal names the node.

Source of the rules: contracts of the rules engine, sections 2 and 3 (sum, count, logical; aliases; depth limit).
"""

from collections.abc import Iterator
from decimal import Decimal

from laurel.base import limits
from laurel.base.errors import Invalid, TooLarge
from laurel.base.limits import check_count, check_length
from laurel.domain.achievements.model import Count, Criteria, Leaf, Logical, Query, Streak, Sum


class UnknownAlias(Invalid):
    """A criteria node names a query that is not there."""

    code = "unknown_alias"


def check_criteria(queries: list[Query], criteria: Criteria | None, *, field: str = "criteria") -> None:
    """Raise Invalid or TooLarge naming the node when queries and criteria do not fit together."""
    aliases = check_queries(queries)
    if criteria is None:
        return
    for nodes, (node, path, depth) in enumerate(walk(criteria, field), start=1):
        if depth > limits.CRITERIA_DEPTH_MAX:
            limit = limits.CRITERIA_DEPTH_MAX
            raise TooLarge(f"{path} is deeper than {limit} levels", field=path, limit=limit, value=depth)
        if nodes > limits.CRITERIA_NODES_MAX:
            limit = limits.CRITERIA_NODES_MAX
            raise TooLarge(f"{field} has more than {limit} nodes", field=field, limit=limit, value=nodes)
        _check_node(node, path, aliases)


def check_queries(queries: list[Query], *, field: str = "queries") -> set[str]:
    """The aliases; raises Invalid for a duplicate or a query that is over a limit."""
    check_count(len(queries), limits.QUERIES_MAX, field)
    aliases: set[str] = set()
    for index, query in enumerate(queries):
        path = f"{field}[{index}]"
        if not query.alias:
            raise Invalid(f"{path}.alias must not be empty", field=f"{path}.alias")
        check_length(query.alias, limits.ALIAS_LENGTH_MAX, f"{path}.alias")
        if query.alias in aliases:
            raise Invalid(f"{path}.alias is used twice", field=f"{path}.alias", value=query.alias)
        aliases.add(query.alias)
        check_count(len(query.tags), limits.EVENT_TAGS_MAX, f"{path}.tags")
        check_count(len(query.where), limits.QUERIES_MAX, f"{path}.where")
        for number, condition in enumerate(query.where):
            check_attribute(condition.attribute, f"{path}.where[{number}].attribute")
            if isinstance(condition.value, int | float) and not isinstance(condition.value, bool):
                check_number(Decimal(str(condition.value)), f"{path}.where[{number}].value")
        if query.cap is not None and query.cap.count < 1:
            raise Invalid(f"{path}.cap.count must be at least 1", field=f"{path}.cap.count", value=query.cap.count)
    return aliases


def walk(node: Criteria, path: str, depth: int = 1) -> Iterator[tuple[Criteria, str, int]]:
    """The node and all below it, each with its path and depth."""
    yield node, path, depth
    if isinstance(node, Logical) and depth <= limits.CRITERIA_DEPTH_MAX:
        for index, condition in enumerate(node.conditions):
            yield from walk(condition, f"{path}.conditions[{index}]", depth + 1)


def leaves(criteria: Criteria | None) -> list[Leaf]:
    """The leaves in document order: their positions are the positions of the stored values."""
    if criteria is None:
        return []
    return [node for node, _, _ in walk(criteria, "") if not isinstance(node, Logical)]


def _check_node(node: Criteria, path: str, aliases: set[str]) -> None:
    if isinstance(node, Logical):
        if not node.conditions:
            raise Invalid(f"{path}.conditions must not be empty", field=f"{path}.conditions")
        return
    if node.query not in aliases:
        raise UnknownAlias(
            f"{path}.query names no query; there are {', '.join(sorted(aliases)) or 'none'}",
            field=f"{path}.query",
            value=node.query,
        )
    check_number(node.value, f"{path}.value")
    if isinstance(node, Sum):
        check_attribute(node.attribute, f"{path}.attribute")
    if isinstance(node, Count | Streak) and node.value != node.value.to_integral_value():
        raise Invalid(f"{path}.value must be a whole number", field=f"{path}.value", value=str(node.value))


def check_attribute(attribute: str, field: str) -> None:
    """Raise Invalid when a dotted payload path is empty, too long or too deep."""
    check_length(attribute, limits.ATTRIBUTE_PATH_LENGTH_MAX, field)
    parts = attribute.split(".")
    if not all(parts):
        raise Invalid(f"{field} must be a dotted path such as order.total", field=field, value=attribute)
    check_count(len(parts), limits.ATTRIBUTE_PATH_DEPTH_MAX, field)


def check_number(value: Decimal, field: str) -> None:
    """Raise when a number is not finite or cannot be kept exactly."""
    if not value.is_finite():
        raise Invalid(f"{field} is not a finite number", field=field, value=str(value))
    _, digits, exponent = value.normalize().as_tuple()
    whole, places = len(digits) + int(exponent), -int(exponent)
    if whole > limits.NUMBER_INTEGER_DIGITS_MAX or places > limits.NUMBER_DECIMAL_DIGITS_MAX:
        limit = f"{limits.NUMBER_INTEGER_DIGITS_MAX} digits before, {limits.NUMBER_DECIMAL_DIGITS_MAX} after the point"
        raise TooLarge(
            f"{field} cannot be kept exactly; the limit is {limit}", field=field, limit=limit, value=str(value)
        )
