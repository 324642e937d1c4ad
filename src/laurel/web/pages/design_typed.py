"""What was typed into the fields of a layer, as a layer again. Pure: the design format decides what it may say."""

import re
from typing import Any

from laurel.base.errors import Invalid
from laurel.web.pages.design_form import DEPTHS, POINTS, RADII, Layer
from laurel.web.pages.design_layers import ATTRIBUTES
from laurel.web.pages.visits import Form

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def typed_layer(form: Form, old: Layer) -> Layer:
    """The layer that the fields describe; what has no field stays. Raises Invalid naming the field."""
    match old.get("type"):
        case "text":
            return _typed_text(form, old)
        case "shape" | "path":
            return _typed_shape(form, old)
        case "image":
            return _typed_box(form, old) | _texts(form, "alternative", "fit", "clip")
        case "qr":
            layer = _typed_box(form, old) | _texts(form, "content", "colour", "error_correction", "alternative")
            return layer | {"background": form.get("background") or None, "quiet_zone": _number(form, "quiet_zone", 4)}
        case _:
            return _typed_canvas(form, old)


def _typed_box(form: Form, old: Layer) -> Layer:
    layer = dict(old)
    for name in ("x", "y", "width", "height"):
        layer[name] = _number(form, name)
    layer["rotation"], layer["opacity"] = _number(form, "rotation", 0), _number(form, "opacity", 1)
    layer["needs"] = form.get("needs")
    return layer


def _typed_text(form: Form, old: Layer) -> Layer:
    layer = _typed_box(form, old) | _texts(form, "font", "weight", "colour", "align", "vertical_align", "role")
    content = old.get("content", "")
    if isinstance(content, dict):
        words = {language: _words(form, f"content.{language}") for language in content}
        layer["content"] = {language: text for language, text in words.items() if text} or ""
    else:
        layer["content"] = _words(form, "content")
    if not layer["content"]:
        field = (
            next((f"content.{language}" for language in content), "content") if isinstance(content, dict) else "content"
        )
        raise Invalid("write some words, or remove this layer", field=field)
    for name, fallback in (("size", None), ("line_height", 1.25), ("letter_spacing", 0), ("lines_max", 1)):
        layer[name] = _number(form, name, fallback)
    layer["size_min"] = _number(form, "size_min", 0) or None
    layer["italic"], layer["uppercase"] = form.ticked("italic"), form.ticked("uppercase")
    layer.pop("curve", None)
    if side := form.get("curve_side"):
        radius = _number(form, "curve_radius", max(1, min(layer["width"], layer["height"]) / 2))
        layer["curve"] = {"side": side, "radius": radius, "sweep": _number(form, "curve_sweep", 160)}
    return layer


def _typed_shape(form: Form, old: Layer) -> Layer:
    layer = _typed_box(form, old)
    if layer["type"] == "path":
        layer["data"] = _words(form, "data")
    else:
        outline = layer["outline"] = form.get("outline")
        for name, used in (("points", POINTS), ("depth", DEPTHS), ("radius", RADII)):
            layer.pop(name, None)
            if outline in used and form.get(name):
                layer[name] = _number(form, name)
    layer["fill"] = _typed_paint(form, "fill", old.get("fill"))
    layer.pop("stroke", None)
    if form.get("stroke_width") and _number(form, "stroke_width"):
        dash = [_parsed(part, "stroke_dash") for part in form.get("stroke_dash").replace(",", " ").split()]
        colour = form.get("stroke_colour") or "#000000"
        layer["stroke"] = {"width": _number(form, "stroke_width"), "colour": colour, **({"dash": dash} if dash else {})}
    return layer


def _typed_canvas(form: Form, old: Layer) -> Layer:
    colours = {name: value for name in old.get("colours", {}) if (value := form.get(f"colours.{name}"))}
    if name := form.get("colour_name").removeprefix("@"):
        if not form.get("colour_value"):
            raise Invalid("say the colour of the new name", field="colour_value")
        colours[name] = form.get("colour_value")
    return {
        **old,
        "name": form.get("name"),
        "canvas": {"width": _number(form, "canvas_width"), "height": _number(form, "canvas_height")},
        "background": _typed_paint(form, "background", old.get("background")),
        "right_to_left": form.get("right_to_left") or "keep",
        "colours": colours,
    }


def _typed_paint(form: Form, name: str, old: Any) -> Any:
    """A paint; one of another kind than before begins with the colours that there were."""
    kind = form.get(f"{name}_kind") or "none"
    if kind == "none":
        return None
    before = [stop["colour"] for stop in old["stops"]] if isinstance(old, dict) else [form.get(name) or "#ffffff"]
    if kind == "colour":
        return form.get(name) or before[0]
    if form.get(f"{name}_stops"):
        stops = _typed_stops(form.get(f"{name}_stops"), f"{name}_stops")
    else:
        stops = [{"offset": 0, "colour": before[0]}, {"offset": 1, "colour": "#ffffff"}]
    if kind == "radial":
        members = {member: _number(form, f"{name}_{member}", 0.5) for member in ("x", "y", "radius")}
        return {"type": "radial", "stops": stops, **members}
    return {"type": "linear", "stops": stops, "angle": _number(form, f"{name}_angle", 0)}


def _typed_stops(text: str, field: str) -> list[Layer]:
    stops = []
    for number, line in enumerate((line for line in text.splitlines() if line.strip()), start=1):
        place, _, colour = line.strip().partition(" ")
        try:
            offset = float(place.removesuffix("%").replace(",", ".")) / 100
        except ValueError:
            offset = -1
        if not (0 <= offset <= 1 and colour.strip()):
            raise Invalid(
                f"line {number} must be a place from 0% to 100% and a colour: 50% #1b6b48", field=field, value=line[:50]
            )
        stops.append({"offset": offset, "colour": colour.strip()})
    return stops


def add_language(layer: Layer, language: str, own: str) -> Layer:
    """The text with one more language, which begins with the words there are; `own` is what it was written in. Raises Invalid."""
    if not _LANGUAGE.fullmatch(language):
        raise Invalid("a language is written as de or pt-BR", field="language", value=language[:50])
    content = layer["content"] if isinstance(layer.get("content"), dict) else {own: layer.get("content", "")}
    return {**layer, "content": {**content, language: content.get(language) or next(iter(content.values()))}}


def with_attribute(layer: Layer, name: str) -> Layer:
    """The text with an attribute after its words, in every language. Raises Invalid for one that no credential has."""
    if name not in dict(ATTRIBUTES):
        raise Invalid("choose what to insert", field="attribute", value=name[:50])
    content = layer.get("content", "")
    if isinstance(content, dict):
        return {**layer, "content": {language: f"{text} [{name}]".strip() for language, text in content.items()}}
    return {**layer, "content": f"{content} [{name}]".strip()}


def _words(form: Form, name: str) -> str:
    return form.raw(name).strip("\n")


def _texts(form: Form, *names: str) -> Layer:
    return {name: form.get(name) for name in names}


def _number(form: Form, name: str, default: float | None = None) -> float:
    text = form.get(name)
    if not text and default is not None:
        return default
    return _parsed(text, name)


def _parsed(text: str, field: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise Invalid(
            f"write a number, not {text[:30]}" if text else "write a number", field=field, value=text[:50]
        ) from None
    if not -1e9 < value < 1e9:
        raise Invalid("this number is too large", field=field, value=text[:50])
    return int(value) if value == int(value) else value
