"""How fast credentials are drawn: badges as PNG and certificates as PDF, against the same renderer on one bare line.

Every call has another name, achievement and address, so that no credential is drawn twice.
"""

import itertools
import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import resvg_py
import typst

from benchmarks.measuring import Ratio, side_by_side
from laurel.rendering import Design, Fields, builtin_designs, bundled_fonts, parse_design, render_pdf, render_png
from laurel.rendering.fonts import DIRECTORY

GOAL = 0.5
PNG_LIMIT = 0.15
PDF_LIMIT = 0.08
ENGINE_LIMIT = {"badge": 2, "certificate": 0.02}
CREATED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def fields(number: int) -> Fields:
    """What fills the designs in round `number`."""
    return Fields(
        values={
            "recipient.name": f"Ada Lovelace {number}",
            "achievement.name": f"Data Analysis {number}",
            "achievement.description": "For designing, running and explaining reproducible analyses on real data.",
            "achievement.level": "Gold",
            "credential.issued_on": "21 November 2026",
            "credential.url": f"https://achievements.northwind.example/c/65f1c2a9b3d4e5f6{number:08d}",
            "issuer.name": "Northwind Academy",
            "issuer.signatory": "Grace Hopper",
            "issuer.signatory_title": "Head of Programmes",
        }
    )


def bare(kind: str, width: float, height: float) -> Design:
    """One line of text on an empty canvas."""
    return parse_design(
        f"""{{"format": "laurel-design/1", "name": "Bare", "kind": "{kind}",
        "canvas": {{"width": {width}, "height": {height}}},
        "nodes": [{{"type": "text", "x": 20, "y": 20, "width": {width - 40}, "height": 60, "size": 24,
                  "content": "[recipient.name]"}}]}}""".encode()
    )


def drawer(kind: str, design: Design) -> Callable[[int], bytes]:
    """Draws a design in its own format and size, filled anew for each number."""
    if kind == "badge":
        return lambda number: render_png(design, fields(number))
    return lambda number: render_pdf(design, fields(number), created_at=CREATED_AT)


def alone(kind: str) -> Callable[[int], Any]:
    """The engine by itself, given one line of text: resvg for badges, typst for certificates."""
    font = str(DIRECTORY / "NotoSans-Regular.ttf")
    if kind == "badge":
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600">'
            '<text x="40" y="300" font-family="Noto Sans" font-size="24">{}</text></svg>'
        )
        return lambda number: resvg_py.svg_to_bytes(
            svg_string=svg.format(f"Ada Lovelace {number}"), skip_system_fonts=True, font_files=[font]
        )
    directories = [str(each) for each in bundled_fonts().directories]
    known = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=directories)
    compiler = typst.Compiler(font_paths=known, ignore_system_fonts=True)
    page = '#set page("a4", flipped: true)\n#set document(title: "Bare")\n#set text(font: "Noto Sans")\n{}'
    return lambda number: compiler.compile(
        input=page.format(f"Ada Lovelace {number}").encode(), format="pdf", pdf_standards=["ua-1"]
    )


def ratios() -> Iterator[Ratio]:
    """Every built-in design against the bare line; the median of a kind also against the engine by itself."""
    for kind, canvas, limit in (("badge", (600.0, 600.0), PNG_LIMIT), ("certificate", (841.89, 595.28), PDF_LIMIT)):
        designs = {key: design for key, design in builtin_designs().items() if design.kind == kind}
        numbers = itertools.count()
        actions = [alone(kind), drawer(kind, bare(kind, *canvas)), *(drawer(kind, d) for d in designs.values())]
        engine, line, *drawn = side_by_side(
            *(lambda action=action, numbers=numbers: action(next(numbers)) for action in actions), budget=4, rounds=6
        )
        for key, seconds in zip(designs, drawn, strict=True):
            yield Ratio(f"{key} / one bare line", line / seconds, limit, GOAL, f"{1 / seconds:,.0f} per second")
        middle = statistics.median(drawn)
        name = "resvg" if kind == "badge" else "typst"
        yield Ratio(f"median {kind} / one line in {name} alone", engine / middle, ENGINE_LIMIT[kind], GOAL)
