"""Parameters of a request: query, form and JSON are one, nested names are one, and what is empty is absent."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from laurel.base.errors import Invalid, TooLarge
from laurel.base.limits import DIALECT_PARAMETERS_MAX
from laurel.web.bodies import decode_json
from laurel.web.http_errors import MalformedBody

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_STEP = re.compile(r"\[([^\[\]]*)\]")
_STEPS_MAX = 10


class Parameters:
    """What was sent, by name. Every reader names the field it reads when it refuses."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self.values = values
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def field(self, name: str) -> str:
        """The full name of a parameter, as errors give it."""
        return f"{self._path}{name}"

    def raw(self, name: str) -> Any:
        """The value; None when absent or empty text."""
        value = self.values.get(name)
        return None if value == "" else value

    def resource(self, name: str) -> "Parameters":
        """What is wrapped in the singular name; all parameters where the wrapper was left out."""
        wrapped = self.values.get(name)
        if wrapped is None:
            return Parameters(self.values)
        if not isinstance(wrapped, dict):
            raise Invalid(f"{name} must be an object", field=name, value=wrapped)
        return Parameters(wrapped)

    def nested(self, name: str) -> "Parameters | None":
        """An object; None when absent. PHP's empty array counts as an empty object."""
        value = self.raw(name)
        if value is None:
            return None
        if value == []:
            value = {}
        if not isinstance(value, dict):
            raise Invalid(f"{self.field(name)} must be an object", field=self.field(name), value=value)
        return Parameters(value, self.field(name) + ".")

    def mapping(self, name: str) -> dict[str, Any] | None:
        """An object as it was sent; None when absent."""
        found = self.nested(name)
        return None if found is None else dict(found.values)

    def items(self, name: str) -> "list[Parameters]":
        """A list of objects; empty when absent. Rails' numbered form (`0`, `1`) is a list too."""
        value = self.raw(name)
        if isinstance(value, dict) and value and all(key.isdigit() for key in value):
            value = [value[key] for key in sorted(value, key=int)]
        if value is None:
            return []
        if not isinstance(value, list):
            raise Invalid(f"{self.field(name)} must be a list", field=self.field(name), value=value)
        found = []
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                field = self.field(f"{name}[{index}]")
                raise Invalid(f"{field} must be an object", field=field, value=item)
            found.append(Parameters(item, self.field(f"{name}[{index}].")))
        return found

    def texts(self, name: str) -> list[str] | None:
        """A list of scalars as texts; None when absent. One scalar is a list of one."""
        value = self.raw(name)
        if value is None:
            return None
        if isinstance(value, dict) and all(key.isdigit() for key in value):
            value = [value[key] for key in sorted(value, key=int)]
        if not isinstance(value, list):
            value = [value]
        if any(isinstance(item, dict | list) for item in value):
            raise Invalid(f"{self.field(name)} must be a list of values", field=self.field(name), value=value)
        return [str(item) for item in value if item not in ("", None)]

    def text(self, name: str) -> str | None:
        """A scalar as text; None when absent or empty."""
        value = self.raw(name)
        if value is None:
            return None
        if isinstance(value, dict | list):
            raise Invalid(f"{self.field(name)} must be a text", field=self.field(name), value=value)
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def flag(self, name: str) -> bool | None:
        """A switch in the spellings of Rails; None when absent or anything else."""
        value = self.raw(name)
        if isinstance(value, bool) or value is None:
            return value
        word = str(value).strip().lower()
        if word in {"true", "1", "t", "yes", "on"}:
            return True
        return False if word in {"false", "0", "f", "no", "off"} else None

    def integer(self, name: str) -> int | None:
        """A whole number, also as text; None when absent. Raises Invalid for anything else."""
        text = self.text(name)
        if text is None:
            return None
        if not re.fullmatch(r"-?[0-9]{1,18}(\.0+)?", text.strip()):
            raise Invalid(f"{self.field(name)} must be a number", field=self.field(name), value=text)
        return int(text.strip().split(".")[0])

    def count(self, name: str, default: int) -> int:
        """A whole number over 0, or the default for what is none: unfilled placeholders come as they are."""
        text = (self.text(name) or "").strip()
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) and int(text) > 0 else default

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)


async def read_parameters(request: Request[Any, Any, Any]) -> Parameters:
    """The parameters of a request. Raises MalformedBody, TooLarge."""
    values = nest(read_pairs(request.scope.get("query_string", b"").decode("latin-1")))
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == _MULTIPART:
        form = await request.form()
        return Parameters(
            merged(values, nest((key, value) for key, value in form.multi_items() if isinstance(value, str)))
        )
    body = await request.body()
    if not body.strip():
        return Parameters(values)
    if media_type == _FORM and not body.lstrip().startswith(b"{"):
        try:
            return Parameters(merged(values, nest(read_pairs(body.decode()))))
        except UnicodeDecodeError:
            raise MalformedBody("the form is not UTF-8", field="body") from None
    decoded = decode_json(body)
    if isinstance(decoded, dict):
        return Parameters(merged(values, decoded))
    if decoded is None:
        return Parameters(values)
    raise MalformedBody("the body must be an object", field="body", value=decoded)


def read_pairs(text: str) -> list[tuple[str, str]]:
    """The pairs of a query or a form. Raises TooLarge."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=DIALECT_PARAMETERS_MAX)
    except ValueError:
        raise TooLarge(
            f"there are more than {DIALECT_PARAMETERS_MAX} parameters", field="body", limit=DIALECT_PARAMETERS_MAX
        ) from None


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Names in brackets as objects and lists: `credential[recipient][name]=…`, `ids[]=…`."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        found = _BRACKETS.fullmatch(name)
        if found is None:
            values[name] = value
        else:
            _put(values, found[1], _STEP.findall(found[2])[:_STEPS_MAX], value)
    return values


def _put(values: dict[str, Any], head: str, steps: list[str], value: str) -> None:
    if not steps:
        values[head] = value
    elif steps[0] == "":
        known = values.setdefault(head, [])
        if isinstance(known, list):
            known.append(value)
    else:
        inner = values.setdefault(head, {})
        if isinstance(inner, dict):
            _put(inner, steps[0], steps[1:], value)


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Both, the second over the first."""
    return {**first, **second}
