"""What would have been right where a body is wrong, read from the type that it was to become. Never guesses values."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

from laurel.base.json_text import value_at

CHOICES_SHOWN_MAX = 30
NAME_COMPARED_MAX = 60


def hint(type_: Any, field: str, whole: Any) -> str:
    """What may be added to a complaint about `field` of `whole`: the choices there are, or the name that was meant."""
    choices = list(dict.fromkeys(choice for node in _at(type_, field, whole) for choice in _choices(node)))
    if 1 < len(choices) <= CHOICES_SHOWN_MAX:
        return f"; it is one of {', '.join(choices)}"
    holder, _, name = field.rpartition(".")
    if len(name) > NAME_COMPARED_MAX:
        return ""
    known = {known for node in _at(type_, holder, whole) for known in _names(node)}
    close = get_close_matches(name, sorted(known), n=1) if name not in known else []
    return f"; did you mean {close[0]}?" if close else ""


def _at(type_: Any, field: str, whole: Any) -> list[Any]:
    """The types that may stand at "items[0].count" of `whole`, unions taken apart."""
    nodes = list(_alternatives(inspect.type_info(type_)))
    value = whole
    for step in field.replace("[", ".[").split(".") if field else ():
        meant = [node for node in nodes if step == getattr(node, "tag_field", None) or _is_tagged_so(node, value)]
        nodes = [inner for node in meant for child in _children(node, step) for inner in _alternatives(child)]
        value = value_at(value, step)
    return [node for node in nodes if _is_tagged_so(node, value)]


def _is_tagged_so(node: Any, value: Any) -> bool:
    tag = getattr(node, "tag", None)
    return tag is None or not isinstance(value, dict) or value.get(node.tag_field) == tag


def _alternatives(node: Any) -> Iterator[Any]:
    if isinstance(node, inspect.Metadata):
        yield from _alternatives(node.type)
    elif isinstance(node, inspect.UnionType):
        for member in node.types:
            yield from _alternatives(member)
    else:
        yield node


def _children(node: Any, step: str) -> Iterator[Any]:
    if isinstance(node, inspect.StructType):
        if step == node.tag_field and node.tag is not None:
            yield inspect.LiteralType((node.tag,))
        for field in node.fields:
            if field.encode_name == step:
                yield field.type
    elif isinstance(node, inspect.CollectionType):
        yield node.item_type
    elif isinstance(node, inspect.DictType):
        yield node.value_type


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, inspect.StructType):
        for field in node.fields:
            yield field.encode_name


def _choices(node: Any) -> Iterator[str]:
    if isinstance(node, inspect.LiteralType):
        yield from (str(value) for value in node.values)
    elif isinstance(node, inspect.EnumType):
        yield from (str(member.value) for member in node.cls)
