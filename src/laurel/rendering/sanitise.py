"""Uploaded SVG rebuilt from an allow-list: shapes, gradients, clips, groups; nothing that runs or reaches out.

What is not on the list is dropped; what is a bomb is refused.
"""

import re
from collections.abc import Iterator

from lxml import etree

from laurel.base import limits
from laurel.rendering.refusals import ImageInvalid, ImageTooLarge

_SVG = "http://www.w3.org/2000/svg"
_NAMESPACES: dict[str, str] = {None: _SVG}  # type: ignore[dict-item]  # lxml takes None for the default namespace
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "defs",
        "symbol",
        "use",
        "title",
        "desc",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
    ]
)
_PROPERTIES = frozenset(
    [
        "fill",
        "fill-opacity",
        "fill-rule",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "opacity",
        "color",
        "display",
        "visibility",
        "clip-path",
        "clip-rule",
        "stop-color",
        "stop-opacity",
        "font-family",
        "font-size",
        "font-weight",
        "font-style",
        "text-anchor",
        "letter-spacing",
    ]
)
_ATTRIBUTES = _PROPERTIES | frozenset(
    [
        "id",
        "class",
        "d",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "fx",
        "fy",
        "dx",
        "dy",
        "width",
        "height",
        "points",
        "transform",
        "viewBox",
        "preserveAspectRatio",
        "offset",
        "gradientUnits",
        "gradientTransform",
        "spreadMethod",
        "clipPathUnits",
        "role",
        "aria-label",
        "href",
        "version",
    ]
)
_SAFE_VALUE = re.compile(r"^(?:(?!url|expression|javascript|data:|import|\\|@)[^<>{}\x00-\x08])*$", re.IGNORECASE)
_LOCAL_URL = re.compile(r"""^\s*url\(\s*['"]?#[A-Za-z_][\w.\-]*['"]?\s*\)\s*(?:none|#[0-9a-fA-F]{3,8})?\s*$""")
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
_SELECTOR = re.compile(r"^[.#]?[A-Za-z_][\w\-]*$")
_NUMBER = re.compile(r"^\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*(px|pt|mm|cm|in)?\s*$")
_NUMBERS = re.compile(r"[\s,]+")
_SIDES_RATIO_MAX = 50


def looks_like_svg(data: bytes) -> bool:
    """True when the bytes begin as an XML document with an svg element would."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith((b"<?xml", b"<svg", b"<!--", b"<!DOCTYPE", b"<!doctype")) or b"<svg" in head[:1024]


def sanitise_svg(data: bytes, *, field: str = "image") -> bytes:
    """The same picture with only what the allow-list has, with a viewBox; same input, same bytes.

    Raises ImageTooLarge over SVG_BYTES_MAX, SVG_NODES_MAX (`use` counted as often as it multiplies) or SVG_DEPTH_MAX;
    ImageInvalid for what is not well-formed, declares entities, or has no size.
    """
    _limit(len(data), limits.SVG_BYTES_MAX, "bytes", field)
    if re.search(rb"<!\s*(ENTITY|DOCTYPE[^>]*\[)", data, re.IGNORECASE):
        raise ImageInvalid(f"{field} declares XML entities, which are not taken", field=field)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ImageInvalid(f"{field} is not well-formed XML: {error}", field=field) from error
    if root.tag != f"{{{_SVG}}}svg":
        raise ImageInvalid(f"{field} is XML, but not an SVG document", field=field, value=str(root.tag)[:100])
    _limit(sum(1 for _ in root.iter()), limits.SVG_NODES_MAX, "elements", field)
    _limit(_depth(root), limits.SVG_DEPTH_MAX, "levels", field)
    styles = "".join(_rules(element.text or "") for element in root.iter(f"{{{_SVG}}}style"))
    clean = _rebuilt(root)
    width, height = _size(root, field)
    clean.set("viewBox", root.get("viewBox") or f"0 0 {width:g} {height:g}")
    clean.set("width", f"{width:g}")
    clean.set("height", f"{height:g}")
    if styles:
        style = etree.Element(f"{{{_SVG}}}style")
        style.text = styles
        clean.insert(0, style)
    _refuse_multiplying(clean, field)
    return etree.tostring(clean, encoding="utf-8")


def size_of_sanitised(svg: bytes) -> tuple[float, float]:
    """Width and height that a sanitised document gives itself."""
    root = etree.fromstring(svg)
    return float(root.get("width", "1")), float(root.get("height", "1"))


def _rebuilt(element: etree._Element) -> etree._Element:
    clean = etree.Element(element.tag, nsmap=_NAMESPACES)
    for name, value in sorted(element.attrib.items()):
        key = "href" if name == _XLINK_HREF else str(name)
        if key in _ATTRIBUTES and _is_safe(key, str(value)):
            clean.set(key, str(value))
        elif key == "style" and (declarations := _declarations(str(value))):
            clean.set("style", declarations)
    clean.text = element.text
    for child in element:
        if _name(child) in _ELEMENTS:
            kept = _rebuilt(child)
            kept.tail = child.tail
            clean.append(kept)
    return clean


def _name(element: etree._Element) -> str:
    tag = str(element.tag)
    return tag.removeprefix(f"{{{_SVG}}}") if tag.startswith(f"{{{_SVG}}}") else ""


def _is_safe(key: str, value: str) -> bool:
    if key == "href":
        return bool(re.fullmatch(r"#[A-Za-z_][\w.\-]*", value.strip()))
    return bool(_SAFE_VALUE.match(value) or _LOCAL_URL.match(value))


def _declarations(style: str) -> str:
    kept = []
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        if name.strip() in _PROPERTIES and value.strip() and _is_safe(name.strip(), value):
            kept.append(f"{name.strip()}:{value.strip()}")
    return ";".join(kept)


def _rules(sheet: str) -> str:
    """Class, id and element rules with allowed declarations; at-rules and comments go."""
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    kept = []
    for selectors, style in _RULE.findall(sheet):
        names = [name.strip() for name in selectors.split(",") if _SELECTOR.match(name.strip())]
        if names and (declarations := _declarations(style)):
            kept.append(f"{','.join(names)}{{{declarations}}}")
    return "".join(kept)


def _size(root: etree._Element, field: str) -> tuple[float, float]:
    sides: list[float] = []
    box = [part for part in _NUMBERS.split((root.get("viewBox") or "").strip()) if part]
    for name, index in (("width", 2), ("height", 3)):
        found = _NUMBER.match(root.get(name) or "")
        text = found[1] if found else (box[index] if len(box) == 4 else "")
        try:
            sides.append(float(text))
        except ValueError as error:
            raise ImageInvalid(f"{field} has neither width and height nor a viewBox", field=field) from error
    width, height = sides
    if not (0 < width < 1e6 and 0 < height < 1e6 and max(sides) <= min(sides) * _SIDES_RATIO_MAX):
        raise ImageInvalid(
            f"{field} is {width:g} by {height:g}; one side may be at most {_SIDES_RATIO_MAX} times the other",
            field=field,
            limit=_SIDES_RATIO_MAX,
            value=f"{width:g}x{height:g}",
        )
    return width, height


def _depth(root: etree._Element) -> int:
    deepest = 0
    pending = [(root, 1)]
    while pending:
        element, depth = pending.pop()
        deepest = max(deepest, depth)
        pending.extend((child, depth + 1) for child in element)
    return deepest


def _refuse_multiplying(root: etree._Element, field: str) -> None:
    """References inside references multiply; count what would be drawn, and refuse circles."""
    by_id = {str(element.get("id")): element for element in root.iter() if element.get("id")}
    weights: dict[etree._Element, int] = {}
    open_elements: set[etree._Element] = set()

    def weight(element: etree._Element) -> int:
        if element in weights:
            return weights[element]
        if element in open_elements or len(open_elements) > limits.SVG_DEPTH_MAX * 4:
            raise ImageInvalid(f"{field} refers to itself in a circle or through too many steps", field=field)
        open_elements.add(element)
        total = 1 + sum(weight(child) for child in element) + sum(weight(by_id[i]) for i in _targets(element, by_id))
        open_elements.discard(element)
        weights[element] = min(total, 10**9)
        return weights[element]

    _limit(weight(root), limits.SVG_NODES_MAX, "elements, with every reference drawn", field)


def _targets(element: etree._Element, by_id: dict[str, etree._Element]) -> Iterator[str]:
    values = [str(element.get("href") or ""), str(element.get("clip-path") or ""), str(element.get("style") or "")]
    for value in values:
        for target in re.findall(r"#([A-Za-z_][\w.\-]*)", value):
            if target in by_id and _name(by_id[target]) not in {"linearGradient", "radialGradient"}:
                yield target


def _limit(value: int, limit: int, what: str, field: str) -> None:
    if value > limit:
        raise ImageTooLarge(f"{field} has {value} {what}, the limit is {limit}", field=field, limit=limit, value=value)
