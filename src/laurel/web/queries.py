"""Query strings of handlers that read them by themselves."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from laurel.base.errors import Invalid

_FIELDS_MAX = 50
_TRUE, _FALSE = ("true", "1", "yes", ""), ("false", "0", "no")


def flags_of(query: bytes, names: Sequence[str]) -> dict[str, bool]:
    """The boolean parameters called `names`, absent ones False. Raises Invalid for unknown names and other values."""
    flags = dict.fromkeys(names, False)
    if not query:
        return flags
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise Invalid(f"more than {_FIELDS_MAX} query parameters", field="query", limit=_FIELDS_MAX) from None
    for name, value in pairs:
        if name not in flags:
            raise Invalid(f"there is no parameter {name[:50]}; there are {', '.join(names)}", field=name[:50])
        if value.lower() not in (*_TRUE, *_FALSE):
            raise Invalid(f"{name} must be true or false", field=name, value=value)
        flags[name] = value.lower() in _TRUE
    return flags
