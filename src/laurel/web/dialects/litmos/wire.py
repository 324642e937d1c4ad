"""Litmos's two spellings of an answer: XML with i:nil, and JSON with dates as /Date(ms+0000)/.

A resource is a mapping of field names to text, numbers, booleans, instants or None, in the order of the wire.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response
from lxml import etree

from laurel.base.times import EPOCH, render_time

Value = str | int | bool | Decimal | datetime | None
Resource = Mapping[str, Value]
JsonDate = Literal["wcf+0000", "wcf-0000", "wcf", "iso"]

INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
XML = "application/xml; charset=utf-8"
JSON = "application/json; charset=utf-8"
_NIL = f"{{{INSTANCE}}}nil"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FIELDS_MAX = 200
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode
_SUFFIX: Mapping[JsonDate, bytes] = {"wcf+0000": b"+0000", "wcf-0000": b"-0000", "wcf": b""}


def query_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The query with names in lower case; empty values count as absent, the first of several wins."""
    query: dict[str, str] = {}
    text = request.scope.get("query_string", b"").decode("latin-1")
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX, errors="replace"):
        if value.strip():
            query.setdefault(name.lower(), value.strip())
    return query


def wants_json(request: Request[Any, Any, Any]) -> bool:
    """`format` before Accept before Content-Type; XML when none of them says."""
    wanted = query_of(request).get("format", "").lower()
    if wanted:
        return wanted == "json"
    for header in ("accept", "content-type"):
        text = request.headers.get(header, "").lower()
        json_at, xml_at = text.find("json"), text.find("xml")
        if json_at >= 0 and (xml_at < 0 or json_at < xml_at):
            return True
        if xml_at >= 0:
            return False
    return False


def answer_list(
    request: Request[Any, Any, Any], names: tuple[str, str], resources: Iterable[Resource], json_date: JsonDate
) -> Response[bytes]:
    """A list: a bare array in JSON; in XML the items below a root. names: of the root and of an item."""
    if wants_json(request):
        return Response(json_text([_for_json(one, json_date) for one in resources]), media_type=JSON)
    return _xml_list(names, resources)


def answer_lines(
    request: Request[Any, Any, Any],
    names: tuple[str, str],
    render: Callable[[Callable[[datetime | None], Any]], Iterable[Mapping[str, Any]]],
    json_date: JsonDate,
) -> Response[bytes]:
    """As `answer_list`, for long lists: `render` is given what becomes of an instant, and makes lines ready to be written."""
    if wants_json(request):
        lines = render(lambda value: None if value is None else json_date_of(value, json_date))
        return Response(json_text(list(lines)), media_type=JSON)
    return _xml_list(names, render(lambda value: value))


def _xml_list(names: tuple[str, str], resources: Iterable[Resource]) -> Response[bytes]:
    root = etree.Element(names[0], nsmap={"i": INSTANCE})
    for one in resources:
        _fill(etree.SubElement(root, names[1]), one)
    return Response(xml_text(root), media_type=XML)


def answer_one(request: Request[Any, Any, Any], name: str, resource: Resource, json_date: JsonDate) -> Response[bytes]:
    """One resource."""
    if wants_json(request):
        return Response(json_text(_for_json(resource, json_date)), media_type=JSON)
    root = etree.Element(name, nsmap={"i": INSTANCE})
    _fill(root, resource)
    return Response(xml_text(root), media_type=XML)


def answer_collection(
    request: Request[Any, Any, Any], paging: Resource, names: tuple[str, str], resources: list[Resource]
) -> Response[bytes]:
    """A page with its Pagination, as /users/paginated answers."""
    if wants_json(request):
        items = [_for_json(one, "iso") for one in resources]
        return Response(json_text({"Pagination": paging, "Items": items}), media_type=JSON)
    root = etree.Element(names[0], nsmap={"i": INSTANCE})
    _fill(etree.SubElement(root, "Pagination"), paging)
    listed = etree.SubElement(root, "Items")
    for one in resources:
        _fill(etree.SubElement(listed, names[1]), one)
    return Response(xml_text(root), media_type=XML)


def _for_json(resource: Resource, json_date: JsonDate) -> dict[str, Any]:
    return {
        name: json_date_of(value, json_date) if isinstance(value, datetime) else value
        for name, value in resource.items()
    }


def json_text(value: Any) -> bytes:
    """JSON with `&` and `<` escaped, because some clients unescape HTML before they parse."""
    text: bytes = _ENCODE(value)
    for character, escaped in ((b"&", b"\\u0026"), (b"<", b"\\u003c")):
        if character in text:
            text = text.replace(character, escaped)
    return text


def json_date_of(value: datetime, style: JsonDate) -> msgspec.Raw | str:
    r"""As .NET writes an instant, "\/Date(milliseconds since 1970+0000)\/" ready to be put into JSON, or ISO 8601."""
    if style == "iso":
        return render_time(value)
    return msgspec.Raw(b'"\\/Date(%d%s)\\/"' % ((value - EPOCH) // _MILLISECOND, _SUFFIX[style]))


_MILLISECOND = timedelta(milliseconds=1)


def _fill(element: "etree._Element", resource: Resource) -> None:
    for name, value in resource.items():
        child = etree.SubElement(element, name)
        if value is None:
            child.set(_NIL, "true")
        elif value is True or value is False:
            child.text = "true" if value else "false"
        elif isinstance(value, datetime):
            child.text = render_time(value)
        else:
            child.text = xml_safe(str(value))


def xml_text(root: "etree._Element") -> bytes:
    """Without a declaration, as the original."""
    text: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=False)
    return text


def xml_safe(text: str) -> str:
    """Without the characters that XML 1.0 forbids."""
    return _FORBIDDEN.sub("", text)


def render_detail(text: str, *, as_json: bool) -> bytes:
    """The body of a refusal."""
    if as_json:
        return json_text({"Detail": text, "Message": text})
    root = etree.Element("Error", nsmap={"i": INSTANCE})
    etree.SubElement(root, "Detail").text = xml_safe(text)
    return xml_text(root)
