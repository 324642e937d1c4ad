"""PDF through typst: drawings as vector images, words as real text with embedded fonts, tagged as PDF/UA-1 asks.

The typst program never changes: what is drawn comes in as data, so nothing that a person typed is ever program text.
"""

from collections import Counter
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, assert_never

import msgspec

from laurel.rendering.attributes import fill, with_what_is_needed
from laurel.rendering.extent import is_clear_of
from laurel.rendering.fonts import JOINED_FAMILIES, FontLibrary, bundled_fonts
from laurel.rendering.mirror import in_reading_direction
from laurel.rendering.model import Design, Fields, Image, Node, Qr, Text
from laurel.rendering.svg import SvgWriter, baselines, colour_of, image_bytes, line_start, title_of, words_of
from laurel.rendering.typeset import Setting, set_text

if TYPE_CHECKING:
    import typst

_PROGRAM: Final = rb"""
#let doc = json(bytes(sys.inputs.document))
#let not-greek = regex("[^\\u{370}-\\u{3ff}\\u{1f00}-\\u{1fff}]")
#set document(title: doc.title, author: doc.author)
#set page(width: doc.width * 1pt, height: doc.height * 1pt, margin: 0pt)
#set text(lang: doc.lang, fallback: false, hyphenate: false, top-edge: "baseline", bottom-edge: "baseline",
  number-type: "lining")
#set par(spacing: 0pt)
#show heading: it => it.body
#let spared(fonts, greek) = fonts.map(font => if font in greek { font } else { (name: font, covers: not-greek) })
#let words(part) = {
  set text(font: if part.greek == () { part.fonts } else { spared(part.fonts, part.greek) }, size: part.size * 1pt,
    weight: part.weight, style: part.style, lang: part.lang, region: part.region, dir: if part.rtl { rtl } else { ltr }, tracking: part.tracking * 1pt,
    fill: rgb(part.fill).transparentize(part.transparency * 100%))
  part.lines.map(line => text(line)).join({ text(size: 0.01pt, " "); linebreak() })
}
#let placed(part) = {
  let body = words(part)
  set par(leading: part.leading * 1pt)
  let tagged = if part.level > 0 { heading(level: part.level, body) } else { par(body) }
  let side = if part.align == "left" { left } else if part.align == "right" { right } else { center }
  let line = place(top + left, dx: part.x * 1pt, dy: part.y * 1pt, block(width: part.width * 1pt, align(side, tagged)))
  if part.rotation == 0 { line } else {
    place(top + left, dx: part.middle-x * 1pt, dy: part.middle-y * 1pt, rotate(part.rotation * 1deg,
      origin: top + left, box(width: 0pt, height: 0pt, move(dx: -part.middle-x * 1pt, dy: -part.middle-y * 1pt, line))))
  }
}
#for part in doc.parts {
  if part.kind == "text" { placed(part) } else {
    let drawing = image(bytes(part.svg), format: "svg", width: doc.width * 1pt,
      ..if part.alt != "" { (alt: part.alt) })
    place(top + left, if part.alt == "" { pdf.artifact(drawing) } else { drawing })
  }
}
"""
_BYTE_ORDER_MARK = "\ufeff"
_HEADINGS = {"title": 1, "heading": 2}
_ROOM = 0.25  # of the width, beyond the box: typst must never break a line that fits it already
_lock = Lock()


def render_pdf(design: Design, fields: Fields, *, created_at: datetime, fonts: FontLibrary | None = None) -> bytes:
    """One page as tagged PDF 1.7 (PDF/UA-1) with selectable text; the same input gives the same bytes.

    `created_at` must be aware; it is the only date in the file. Lengths of the canvas are points.
    """
    fonts = fonts or bundled_fonts()
    design = in_reading_direction(with_what_is_needed(design, fields), fields.language)
    document = {
        "title": title_of(design, fields),
        "author": [name] if (name := fields.values.get("issuer.name", "")) else [],
        "lang": _language(fields.language)[0],
        "width": design.canvas.width,
        "height": design.canvas.height,
        "parts": _parts(design, fields, fonts),
    }
    with _lock:  # a compiler keeps the last world it compiled
        pdf = _compiler(fonts).compile(
            input=_PROGRAM,
            format="pdf",
            sys_inputs={"document": msgspec.json.encode(document).decode()},
            pdf_standards=["ua-1"],
            timestamp=created_at,
        )
    assert isinstance(pdf, bytes)  # noqa: S101  one page, no output path
    return pdf


@lru_cache(maxsize=4)
def _compiler(fonts: FontLibrary) -> "typst.Compiler":
    import typst  # by far the largest library: a server that has drawn no PDF yet does without

    known = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(each) for each in fonts.directories]
    )
    return typst.Compiler(_PROGRAM, font_paths=known, ignore_system_fonts=True)


def _parts(design: Design, fields: Fields, fonts: FontLibrary) -> list[dict[str, Any]]:
    """Texts one by one, drawings in as few layers as the order of painting allows.

    A drawing that touches nothing above the open layer still goes into it; pictures that have something to
    say are layers of their own.
    """
    parts: list[dict[str, Any]] = []
    drawing = SvgWriter(design, fields, fonts)
    drawing.background()
    over: list[Node] = []  # what stands above the open drawing
    place = 0  # where in the parts the open drawing belongs
    for node in design.nodes:
        if isinstance(node, Text) and not (words := words_of(node, fields)):
            continue
        if isinstance(node, Text) and (setting := _as_words(node, words, fields, fonts)):
            parts.append(_text(design, node, setting, fonts))
            over.append(node)
        elif alternative := _alternative(node, fields):
            alone = SvgWriter(design, fields, fonts)
            alone.node(node)
            parts.append({"kind": "drawing", "svg": alone.document(), "alt": alternative})
            over.append(node)
        else:
            if not is_clear_of(node, over):
                _insert(parts, place, drawing)
                drawing, over, place = SvgWriter(design, fields, fonts), [], len(parts)
            drawing.node(node)
    _insert(parts, place, drawing)
    return parts


def _as_words(node: Text, words: str, fields: Fields, fonts: FontLibrary) -> Setting | None:
    """How a text stands on the page; None for what has to be drawn like a picture, which says it to those who listen.

    That is what PDF cannot curve or fade, and what PDF/UA-1 does not allow as words: a character that no typeface here has,
    or a byte order mark.
    """
    if node.curve or node.opacity < 1 or _BYTE_ORDER_MARK in words:
        return None
    setting = set_text(words, node, fields.language, fonts)
    return setting if all(glyph.index for line in setting.lines for glyph in line.glyphs) else None


def _insert(parts: list[dict[str, Any]], place: int, drawing: SvgWriter) -> None:
    if not drawing.empty:
        parts.insert(place, {"kind": "drawing", "svg": drawing.document(), "alt": ""})


def _alternative(node: Node, fields: Fields) -> str:
    match node:
        case Text():
            return " ".join(words_of(node, fields).split())
        case Image() if image_bytes(node, fields):
            return fill(node.alternative, fields)
        case Qr() if fill(node.content, fields):
            return fill(node.alternative, fields)
        case _:
            return ""


def _text(design: Design, node: Text, setting: Setting, fonts: FontLibrary) -> dict[str, Any]:
    colour, alpha = colour_of(design, node.colour)
    used = Counter(glyph.face.family for line in setting.lines for glyph in line.glyphs)
    greek = any("\u0370" <= character <= "\u03ff" for line in setting.lines for character in line.text)
    joined = not JOINED_FAMILIES.isdisjoint(used)
    families = fonts.families(node.font)
    if families[0] not in used:  # spaces then come from the font of the letters, as in the other formats
        families = tuple(dict.fromkeys((*(name for name, _ in used.most_common(1)), *families)))
    tracking = 0.0 if joined else node.letter_spacing * setting.size
    room = node.width * _ROOM
    left, width = _frame(node, setting, room)
    top = node.y + baselines(node, setting)[0]
    language, region = _language(setting.language)
    return {
        "kind": "text",
        "lines": [line.text for line in setting.lines],
        "fonts": families,
        "greek": [family for family in families if family not in fonts.without_greek] if greek else [],
        "size": round(setting.size, 4),
        "weight": 700 if node.weight == "bold" else 400,
        "style": "italic" if node.italic else "normal",
        "lang": language,
        "region": region,
        "rtl": setting.right_to_left,
        "tracking": round(tracking, 4),
        "fill": colour,
        "transparency": round(1 - alpha, 4),
        "leading": round(setting.leading, 4),
        "level": _HEADINGS.get(node.role, 0),
        "align": node.align,
        "x": round(left, 4),
        "y": round(top, 4),
        "rotation": node.rotation,
        "middle-x": node.x + node.width / 2,
        "middle-y": node.y + node.height / 2,
        "width": round(width, 4),
    }


def _frame(node: Text, setting: Setting, room: float) -> tuple[float, float]:
    """Left edge and width of the block that typst aligns the lines in."""
    match node.align:
        case "left":
            hang = max((line_start(node, line, setting.size) for line in setting.lines), default=0)
            return node.x + hang, node.width + room
        case "right":
            return node.x - room, node.width + room
        case "center":
            return node.x - room, node.width + 2 * room
        case never:
            assert_never(never)


def _language(tag: str) -> tuple[str, str | None]:
    """Language and region as typst wants them: two or three letters, and two or none."""
    language, *rest = tag.split("-")
    region = next((part.upper() for part in rest if len(part) == 2 and part.isalpha()), None)
    if "hant" in (part.lower() for part in rest) and not region:
        region = "TW"
    return (language.lower() if 2 <= len(language) <= 3 else "en"), region
