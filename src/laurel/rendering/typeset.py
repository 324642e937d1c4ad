"""Sets a text into a box: chooses fonts, shapes with HarfBuzz, breaks lines, and finds the size at which it fits.

Measures in ems of the font size, with the metrics of the very fonts that draw it. A text never leaves its box: it
wraps, shrinks to its smallest size, breaks inside words and at last ends in an ellipsis.
"""

import math
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

import msgspec
import uharfbuzz as hb
from msgspec import Struct

from laurel.rendering import bidi
from laurel.rendering.fonts import FEATURES, JOINED_FAMILIES, Face, FontLibrary
from laurel.rendering.model import Text

_ELLIPSIS = "…"
_SECOND_LINE_GAIN = 1.25  # a second line is taken when the letters become larger by this factor
_FURTHER_LINE_GAIN = 1.08  # and a third and so on by this
_SLACK = 0.995  # rounding in the output formats stays inside the box
_ROOM_PER_LINE = 1.1  # ems of height that a single line needs, accents included
_NOT_AT_LINE_START = frozenset(
    "、。，．・：；？！」』）］｝〉》】〕〗ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々ゝゞヽヾ,.;:!?)]}"
)
_NOT_AT_LINE_END = frozenset("「『（［｛〈《【〔〖([{")


class Glyph(Struct, frozen=True):
    """A glyph with its place on the line and its advance, in ems; y upwards."""

    face: Face
    index: int
    x: float
    y: float
    advance: float
    cluster: int


class Line(Struct, frozen=True):
    """A shaped line: its words, its glyphs from left to right, its advance and where its ink ends, in ems."""

    text: str
    glyphs: tuple[Glyph, ...]
    advance: float
    left: float
    right: float


class Setting(Struct, frozen=True):
    """The size at which a text fits and its lines; `complete` is False when it had to be cut."""

    size: float
    lines: tuple[Line, ...]
    leading: float
    cap_height: float
    right_to_left: bool
    language: str
    complete: bool


def set_text(text: str, node: Text, language: str, fonts: FontLibrary) -> Setting:
    """Set a text as the node asks for; the node's curve, if any, is the width it has.

    Remembered: the fixed words of a design are the same on every credential, and one credential is drawn several times.
    """
    return _set_text(text, msgspec.structs.replace(node, content="", x=0, y=0, colour="#000000"), language, fonts)


@lru_cache(maxsize=1024)
def _set_text(text: str, node: Text, language: str, fonts: FontLibrary) -> Setting:
    text = "\n".join(" ".join(part.split()) for part in (text.upper() if node.uppercase else text).split("\n")).strip()
    shaper = _Shaper(node, _language_of(text, language), fonts, bidi.base_level(text))
    width = _arc_length(node) if node.curve else node.width
    size, ranges, complete = _fit(shaper, text, node, width)
    lines = [shaper.line(text[start:end].strip()) for start, end in ranges]
    if not complete and lines:
        lines[-1] = _cut(shaper, text[ranges[-1][0] :].replace("\n", " "), width / size)
    widest = max((max(line.right, line.advance) - min(line.left, 0) for line in lines), default=0)
    if widest * size > width * _SLACK:
        size = width * _SLACK / widest
    return Setting(
        size=size,
        lines=tuple(lines),
        leading=node.line_height * size,
        cap_height=shaper.chain.faces[0].cap_height * size,
        right_to_left=shaper.base == 1,
        language=shaper.language,
        complete=complete,
    )


def _fit(shaper: "_Shaper", text: str, node: Text, width: float) -> tuple[float, list[tuple[int, int]], bool]:
    """The size, the range of each line, and whether everything is on them."""
    smallest = min(node.size_min or node.size / 2, node.size)
    sums = shaper.sums(text)
    lines_max = 1 if node.curve else node.lines_max
    stops = _word_stops(text)
    fewest = max(1, int(sums[-1] * smallest / max(width, 1e-6)))
    tries: list[tuple[float, list[tuple[int, int]]]] = []
    for count in range(min(fewest, lines_max), lines_max + 1):
        if tried := _narrowest(text, sums, stops, count):
            room = node.height / (_ROOM_PER_LINE + (count - 1) * node.line_height)
            tries.append((min(node.size, width / max(tried[0], 1e-6), room), tried[1]))
            if tries[-1][0] >= node.size:
                break
    largest = max((size for size, _ in tries), default=0.0)
    best, ranges = next(
        (
            (size, lines)
            for size, lines in tries
            if size * (_SECOND_LINE_GAIN if len(lines) == 1 else _FURTHER_LINE_GAIN) >= largest
        ),
        (0.0, [(0, len(text))]),
    )
    if best >= smallest:
        return best, ranges, True
    size = min(smallest, node.height / _ROOM_PER_LINE)
    room = min(lines_max, 1 + int((node.height / size - _ROOM_PER_LINE) / node.line_height + 1e-9))
    by_letters = _break(text, sums, stops | _letter_stops(text), width * _SLACK / size) or [(0, len(text))]
    if len(by_letters) <= room:
        return size, by_letters, True
    return size, (_break(text, sums, stops, width * _SLACK / size) or by_letters)[:room], False


def _narrowest(
    text: str, sums: Sequence[float], stops: dict[int, bool], count: int
) -> tuple[float, list[tuple[int, int]]] | None:
    """The smallest width at which greedy breaking needs no more than `count` lines, so that lines come out even."""
    low, high = 0.0, sums[-1] + 1e-6
    found = _break(text, sums, stops, high)
    if found is None or len(found) > count:
        return None
    if count == 1:
        return high, found
    for _ in range(20):
        middle = (low + high) / 2
        lines = _break(text, sums, stops, middle)
        if lines is None or len(lines) > count:
            low = middle
        else:
            high, found = middle, lines
    return high, found


def _break(text: str, sums: Sequence[float], stops: dict[int, bool], width: float) -> list[tuple[int, int]] | None:
    """Greedy lines no wider than `width`, or None when a piece without a stop is wider. A True stop is a forced one."""
    lines, start, last = [], 0, 0
    for stop in sorted(stops):
        if _width(text, sums, start, stop) > width:
            if last == start or _width(text, sums, last, stop) > width:
                return None
            lines.append((start, last))
            start = last
        last = stop
        if stops[stop]:
            lines.append((start, stop))
            start = stop
    return lines


def _width(text: str, sums: Sequence[float], start: int, end: int) -> float:
    while end > start and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return sums[end] - sums[start]


def _word_stops(text: str) -> dict[int, bool]:
    """Where a line may end: after spaces and hyphens, between ideographs; True where it must (newline, end)."""
    stops = {len(text): True}
    for index, (left, right) in enumerate(pairwise(text), start=1):
        if left == "\n":
            stops[index] = True
        elif not right.isspace() and _may_part(left, right):
            stops[index] = False
    return stops


def _may_part(left: str, right: str) -> bool:
    if left.isspace():
        return left != "\u00a0"
    if left in "-‐–—":
        return right.isalnum()
    return (
        (_is_ideographic(left) or _is_ideographic(right))
        and left not in _NOT_AT_LINE_END
        and right not in _NOT_AT_LINE_START
        and not _is_one_word(left, right)
    )


def _letter_stops(text: str) -> dict[int, bool]:
    """Every place between two letters, but not before a mark that belongs to the letter before it."""
    return {
        index: text[index - 1] == "\n"
        for index in range(1, len(text))
        if unicodedata.category(text[index])[0] != "M" and "\u200d" not in text[index - 1 : index + 1]
    } | {len(text): True}


def _is_ideographic(character: str) -> bool:
    return "\u2e80" <= character <= "\ud7ff" or "\uf900" <= character <= "\ufaff" or character >= "\U00020000"


def _is_one_word(left: str, right: str) -> bool:
    """Katakana words and Korean words stay whole; Korean is written with spaces."""
    return ("\u30a0" <= left <= "\u30ff" and "\u30a0" <= right <= "\u30ff") or (
        "\uac00" <= left <= "\ud7a3" and "\uac00" <= right <= "\ud7a3"
    )


def _language_of(text: str, language: str) -> str:
    """The language for shaping: CJK texts say by their letters what they are, whatever the document's language is."""
    if any("\u3040" <= c <= "\u30ff" for c in text):
        return "ja"
    if any("\uac00" <= c <= "\ud7a3" for c in text):
        return "ko"
    if any("\u4e00" <= c <= "\u9fff" for c in text) and language.split("-", maxsplit=1)[0].lower() not in {
        "ja",
        "ko",
        "zh",
    }:
        return "zh"
    return language


def _cut(shaper: "_Shaper", text: str, width: float) -> Line:
    """The longest beginning of the text that fits with an ellipsis behind it."""
    stops = sorted(_letter_stops(text))
    low, high = 0, len(stops)
    while low < high:
        middle = (low + high + 1) // 2
        line = shaper.line(text[: stops[middle - 1]].rstrip() + _ELLIPSIS)
        if line.advance <= width * _SLACK:
            low = middle
        else:
            high = middle - 1
    return shaper.line((text[: stops[low - 1]].rstrip() if low else "") + _ELLIPSIS)


def _arc_length(node: Text) -> float:
    curve = node.curve
    return curve.radius * math.radians(curve.sweep) if curve else node.width


class _Shaper:
    """Shapes strings in one style and one paragraph direction."""

    def __init__(self, node: Text, language: str, fonts: FontLibrary, base: int) -> None:
        self.chain = fonts.chain(node.font, bold=node.weight == "bold", italic=node.italic)
        self.letter_spacing = node.letter_spacing
        self.language = language
        self.base = base
        self._shaped: dict[str, tuple[list[Glyph], float]] = {}

    def sums(self, text: str) -> list[float]:
        """sums[i] is the advance of the first i characters, in ems."""
        advances = [0.0] * len(text)
        for glyph in self._shape(text)[0]:
            advances[glyph.cluster] += glyph.advance
        return [0.0, *accumulate(advances)]

    def line(self, text: str) -> Line:
        """One line, its glyphs in the order in which they stand."""
        glyphs, advance = self._shape(text)
        ink = [(glyph.x, extent) for glyph in glyphs if (extent := glyph.face.extent(glyph.index))]
        return Line(
            text=text,
            glyphs=tuple(glyphs),
            advance=advance,
            left=min((x + extent.left for x, extent in ink), default=0),
            right=max((x + extent.right for x, extent in ink), default=0),
        )

    def _shape(self, text: str) -> tuple[list[Glyph], float]:
        """The glyphs and their advance; remembered, for a text that stays on one line is asked for twice."""
        if text not in self._shaped:
            self._shaped[text] = self._shape_anew(text)
        return self._shaped[text]

    def _shape_anew(self, text: str) -> tuple[list[Glyph], float]:
        runs = self._runs(text)
        glyphs, pen = [], 0.0
        for index in bidi.visual_order([level for _, _, level, _ in runs]):
            start, end, level, face = runs[index]
            for glyph in self._shape_run(text[start:end], face, level):
                glyphs.append(Glyph(face, glyph.index, pen + glyph.x, glyph.y, glyph.advance, start + glyph.cluster))
                pen += glyph.advance
        spacing = self._spacing_of(glyphs[-1].face) if glyphs else 0
        return glyphs, pen - spacing

    def _shape_run(self, text: str, face: Face, level: int) -> list[Glyph]:
        buffer = hb.Buffer()
        buffer.add_codepoints([ord(" " if character == "\n" else character) for character in text])
        buffer.direction = "rtl" if level % 2 else "ltr"
        buffer.language = self.language
        buffer.guess_segment_properties()
        hb.shape(face.font, buffer, FEATURES)
        scale, spacing = 1 / face.units_per_em, self._spacing_of(face)
        infos, positions = buffer.glyph_infos, buffer.glyph_positions
        shaped = []
        for place, (info, position) in enumerate(zip(infos, positions, strict=True)):
            ends = place + 1 == len(infos) or infos[place + 1].cluster != info.cluster
            shaped.append(
                Glyph(
                    face,
                    info.codepoint,
                    position.x_offset * scale,
                    position.y_offset * scale,
                    position.x_advance * scale + (spacing if ends else 0),
                    info.cluster,
                )
            )
        return shaped

    def _spacing_of(self, face: Face) -> float:
        """Scripts whose letters join are never spaced out."""
        return 0.0 if face.family in JOINED_FAMILIES else self.letter_spacing

    def _runs(self, text: str) -> list[tuple[int, int, int, Face]]:
        """Stretches of one level and one face: start, end, level, face."""
        levels = bidi.levels(text, self.base)
        faces: list[Face] = []
        for character in text:
            faces.append(self._face_for(character, faces[-1] if faces else None))
        runs: list[tuple[int, int, int, Face]] = []
        for index, (level, face) in enumerate(zip(levels, faces, strict=True)):
            if runs and runs[-1][2] == level and runs[-1][3] is face:
                runs[-1] = (runs[-1][0], index + 1, level, face)
            else:
                runs.append((index, index + 1, level, face))
        return runs

    def _face_for(self, character: str, before: Face | None) -> Face:
        """Marks, joiners, spaces and punctuation stay with the letter before them when its font can write them."""
        if before:
            covered = ord(character) in before.coverage
            category = unicodedata.category(character)
            if category in {"Cf", "Me"} or (covered and category in {"Mn", "Mc", "Zs", "Po"}):
                return before
        return self.chain.face_for(character)
