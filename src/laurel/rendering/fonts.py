"""The font files that texts are measured, drawn and embedded with; never the fonts of the machine, unless asked to.

Every design face is followed by the same fallbacks, so that any script a bundled font covers can be written with it.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import uharfbuzz as hb

DIRECTORY = Path(__file__).parent / "typefaces"
FontName = Literal["sans", "serif", "script", "text"]
FAMILIES: dict[FontName, str] = {
    "sans": "Montserrat",
    "serif": "Cormorant Garamond",
    "script": "Great Vibes",
    "text": "Noto Sans",
}
FALLBACKS = (
    "Noto Sans", "Vazirmatn", "Noto Sans Devanagari", "Noto Sans Hebrew", "Noto Sans Thai", "Noto Sans Bengali",
    "Noto Sans Tamil", "Noto Sans CJK JP", "Noto Emoji",
)  # fmt: skip
JOINED_FAMILIES = frozenset({"Vazirmatn", "Noto Sans Devanagari", "Noto Sans Bengali"})
FEATURES = {"lnum": True}
_BOLD_FROM = 600
_REMEMBERED_MAX = 5_000  # characters of a chain whose face is known
_GREEK = frozenset((*range(0x370, 0x400), *range(0x1F00, 0x2000)))
_GREEK_LETTERS = frozenset(map(ord, "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώ"))


class Extent(NamedTuple):
    """Left, bottom, right and top of the ink of a glyph, in ems."""

    left: float
    bottom: float
    right: float
    top: float


class Face:
    """One font file: what it covers, its metrics in ems, its glyphs as path data in font units."""

    def __init__(self, path: Path) -> None:
        face = hb.Face(hb.Blob.from_file_path(str(path)))
        self.font = hb.Font(face)
        self.path = path
        self.units_per_em: int = face.upem
        self.family = face.get_name(hb.OTNameIdPredefined.TYPOGRAPHIC_FAMILY) or face.get_name(
            hb.OTNameIdPredefined.FONT_FAMILY
        )
        self.bold = self.font.get_style_value(hb.StyleTag.WEIGHT) >= _BOLD_FROM
        self.italic = self.font.get_style_value(hb.StyleTag.ITALIC) > 0 or "Italic" in path.stem
        self.coverage = _whole_alphabets(frozenset(face.unicodes))
        capital = self.font.get_glyph_extents(self.font.get_nominal_glyph(ord("H")) or 0)
        self.cap_height: float = (capital.y_bearing if capital else 0.7 * self.units_per_em) / self.units_per_em
        self._outlines: dict[int, tuple[tuple[int, int, str], ...]] = {}
        self._extents: dict[int, Extent | None] = {}

    def outline(self, glyph: int) -> tuple[tuple[int, int, str], ...]:
        """The contours of a glyph: where each starts and its relative path data, y upwards."""
        if glyph not in self._outlines:
            pen = _ContourPen()
            self.font.draw_glyph_with_pen(glyph, pen)
            self._outlines[glyph] = tuple(pen.contours)
        return self._outlines[glyph]

    def extent(self, glyph: int) -> Extent | None:
        """Where the ink of a glyph is, or None for a blank."""
        if glyph not in self._extents:
            box = self.font.get_glyph_extents(glyph)
            scale = 1 / self.units_per_em
            self._extents[glyph] = (
                Extent(
                    box.x_bearing * scale,
                    (box.y_bearing + box.height) * scale,
                    (box.x_bearing + box.width) * scale,
                    box.y_bearing * scale,
                )
                if box and box.width
                else None
            )
        return self._extents[glyph]


class Chain:
    """One face for each of the families that a design's font falls back to, in the order in which they are asked."""

    def __init__(self, faces: Iterable[Face]) -> None:
        self.faces = tuple(faces)
        self._found: dict[str, Face] = {}

    def face_for(self, character: str) -> Face:
        """The first face that has the character, else the first of all."""
        found = self._found.get(character)
        if found is None:
            found = next((face for face in self.faces if ord(character) in face.coverage), self.faces[0])
            if len(self._found) < _REMEMBERED_MAX:
                self._found[character] = found
        return found


class FontLibrary:
    """The faces of some directories; the bundled one is always among them."""

    def __init__(self, extra_directories: Iterable[Path] = ()) -> None:
        directories = [DIRECTORY, *extra_directories]
        paths = [p for d in directories for p in sorted(d.rglob("*")) if p.suffix.lower() in {".ttf", ".otf"}]
        self.faces = tuple(Face(path) for path in paths)
        bundled = {*FAMILIES.values(), *FALLBACKS}
        extra = dict.fromkeys(face.family for face in self.faces if face.family not in bundled)
        self._fallbacks = (*FALLBACKS, *extra)
        self.without_greek = frozenset(face.family for face in self.faces if face.coverage.isdisjoint(_GREEK))
        self._chains: dict[tuple[FontName, bool, bool], Chain] = {}
        self.directories = tuple(directories)

    def families(self, name: FontName) -> tuple[str, ...]:
        """The family of a design's font and the families to fall back to, in the order in which they are asked."""
        return tuple(dict.fromkeys((FAMILIES[name], *self._fallbacks)))

    def chain(self, name: FontName, *, bold: bool, italic: bool) -> Chain:
        """The faces of the families, each the one nearest in weight and slant."""
        key = (name, bold, italic)
        if key not in self._chains:
            self._chains[key] = Chain(self._nearest(family, bold, italic) for family in self.families(name))
        return self._chains[key]

    def missing_characters(self, text: str) -> str:
        """The characters of a text that no font here has, each once."""
        covered = frozenset().union(*(face.coverage for face in self.faces))
        return "".join(dict.fromkeys(c for c in text if ord(c) not in covered and c.isprintable() and not c.isspace()))

    def _nearest(self, family: str, bold: bool, italic: bool) -> Face:
        faces = [face for face in self.faces if face.family == family]
        return min(faces, key=lambda face: (face.italic != italic, face.bold != bold, face.path.name))


def _whole_alphabets(characters: frozenset[int]) -> frozenset[int]:
    """What a font can write words with: a few Greek letters for formulas are not an alphabet."""
    return characters if characters >= _GREEK_LETTERS else characters - _GREEK


@cache
def bundled_fonts() -> FontLibrary:
    """The fonts that are part of the package."""
    return FontLibrary()


class _ContourPen:
    """Collects contours as a start and relative SVG commands, which a whole-glyph shift leaves unchanged."""

    def __init__(self) -> None:
        self.contours: list[tuple[int, int, str]] = []
        self._start = self._last = (0, 0)
        self._commands: list[str] = []

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802  the pen protocol's own names
        self._start = self._last = (round(point[0]), round(point[1]))
        self._commands = []

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802  as moveTo
        self._add("l", (point,))

    def qCurveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802  as moveTo
        self._add("q", points)

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802  as moveTo
        self._add("c", points)

    def closePath(self) -> None:  # noqa: N802  as moveTo
        self.contours.append((*self._start, "".join(self._commands) + "z"))

    def _add(self, letter: str, points: tuple[tuple[float, float], ...]) -> None:
        x, y = self._last
        numbers = [n for point in points for n in (round(point[0]) - x, round(point[1]) - y)]
        self._commands.append(letter + " ".join(map(str, numbers)))
        self._last = (round(points[-1][0]), round(points[-1][1]))
