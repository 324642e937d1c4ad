"""Progress as it is shown: the criteria tree with values beside targets. Pure."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from laurel.domain.achievements.model import Criteria, Logical
from laurel.domain.achievements.rules import COMPARE, DONE, CompiledLeaf, Entry, Rule, number_of


class ProgressNode(msgspec.Struct, frozen=True):
    """A node of the progress tree.

    Leaves: the value and its target. Logical: how many conditions hold and how many must (and: all, or: 1, not: 1, which
    it has when none of its conditions holds). Values are never clamped to targets. With levels, the target is that of the
    next one, and complete is who has reached the last.
    """

    type: str
    is_complete: bool
    current_value: int | Decimal
    target_value: int | Decimal
    operator: str
    query: str | None = None
    attribute: str | None = None
    conditions: list["ProgressNode"] = []


def progress_tree(rule: Rule, entry: Entry | None) -> ProgressNode:
    """Where an entry stands, node by node; None is the state before anything counted."""
    if rule.achievement.criteria is None:
        return ProgressNode("count", entry is not None, 0, 0, ">=")
    root = _node(rule.achievement.criteria, iter(rule.leaves), entry)
    if not rule.targets:
        return root
    done = 0 if entry is None else entry[DONE]
    return msgspec.structs.replace(
        root, is_complete=done >= rule.top, target_value=rule.targets[min(done, rule.top - 1)]
    )


def _node(node: Criteria, compiled: Iterator[CompiledLeaf], entry: Entry | None) -> ProgressNode:
    if isinstance(node, Logical):
        conditions = [_node(condition, compiled, entry) for condition in node.conditions]
        holding = sum(condition.is_complete for condition in conditions)
        needed = len(conditions) if node.operator == "and" else 1
        current = holding if node.operator != "not" else int(holding == 0)
        return ProgressNode("logical", current >= needed, current, needed, node.operator, conditions=conditions)
    leaf = next(compiled)
    value = 0 if entry is None else number_of(leaf, entry[leaf.position])
    whole = int(node.value)
    return ProgressNode(
        leaf.kind,
        COMPARE[node.operator](value, node.value),
        value,
        whole if whole == node.value else node.value,
        node.operator,
        node.query,
        ".".join(leaf.attribute) or None,
    )
