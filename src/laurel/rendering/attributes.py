"""Attributes in square brackets: which a design names, and what they become. Knows no credential, only names."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from laurel.base import limits
from laurel.base.text import clean
from laurel.rendering.model import Design, Fields, Image, Qr, Text
from laurel.rendering.refusals import DesignTooLarge

_ATTRIBUTE = re.compile(r"\[((?:recipient|achievement|group|credential|issuer|custom)\.[^\[\]\n]{1,100})\]")
_ALIASES = (("group.", "achievement."), ("achievement.", "group."))


def names_in(content: str) -> list[str]:
    """The attributes that a content names, in order."""
    return _ATTRIBUTE.findall(content)


def attributes_of(design: Design) -> tuple[str, ...]:
    """Every attribute that the design names (texts, QR codes, images, needs), each once, in order of first use."""
    return tuple(dict.fromkeys(name for content in _contents(design) for name in names_in(content)))


def value_of(name: str, fields: Fields) -> str:
    """The value of an attribute; `group.x` and `achievement.x` are two names of one thing; "" when there is none."""
    value = fields.values.get(name, "")
    for prefix, other in _ALIASES:
        if not value and name.startswith(prefix):
            value = fields.values.get(other + name.removeprefix(prefix), "")
    if len(value) > limits.DESIGN_TEXT_LENGTH_MAX:
        raise DesignTooLarge(
            f"[{name}] has {len(value)} characters, the limit is {limits.DESIGN_TEXT_LENGTH_MAX}",
            field=name,
            limit=limits.DESIGN_TEXT_LENGTH_MAX,
            value=len(value),
        )
    return clean(value).strip()


def fill(content: str, fields: Fields) -> str:
    """The content with its attributes replaced; "" when it names attributes and all of them are empty."""
    names = names_in(content)
    if names and not any(value_of(name, fields) for name in names):
        return ""
    return _ATTRIBUTE.sub(lambda found: value_of(found[1], fields), clean(content))


def with_what_is_needed(design: Design, fields: Fields) -> Design:
    """The design without the nodes that need attributes of which there is none."""
    if not any(node.needs for node in design.nodes):
        return design
    nodes = tuple(node for node in design.nodes if not node.needs or fill(node.needs, fields))
    return replace(design, nodes=nodes)


def translated(content: str | dict[str, str], language: str) -> str:
    """The wording in the language asked for, else in its base language, else English, else the first there is."""
    if isinstance(content, str):
        return content
    by_tag = {tag.lower(): text for tag, text in content.items()}
    for tag in (language.lower(), language.lower().split("-")[0], "en"):
        if tag in by_tag:
            return by_tag[tag]
    return next(iter(by_tag.values()))


def _contents(design: Design) -> Iterator[str]:
    for node in design.nodes:
        yield node.needs
        match node:
            case Text(content=str(content)) | Qr(content=content) | Image(source=content):
                yield content
            case Text(content=dict(contents)):
                yield from contents.values()
            case _:
                pass
