"""The designs that come with Laurel: five badges and five certificates, as JSON beside this file."""

from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec

from laurel.rendering.design_json import parse_design
from laurel.rendering.model import Design

_DIRECTORY = Path(__file__).parent / "designs"


@cache
def builtin_designs() -> MappingProxyType[str, Design]:
    """Every built-in design by its key, which is its file name and never changes."""
    return MappingProxyType({path.stem: parse_design(path.read_bytes()) for path in sorted(_DIRECTORY.glob("*.json"))})


def with_colours(design: Design, colours: dict[str, str]) -> Design:
    """The design in a brand's colours: those of its named colours that are given are replaced, others are ignored."""
    known = {name: colours.get(name, value) for name, value in design.colours.items()}
    return msgspec.convert(msgspec.to_builtins(msgspec.structs.replace(design, colours=known)), Design)
