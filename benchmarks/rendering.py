"""How fast credentials are drawn: a badge as PNG and a certificate as PDF, against the same renderer on one bare line.

Run as `python -m benchmarks.rendering`. Prints the ratio of the rates (1 would be as fast as the bare line) for the slowest
and the median built-in design. Every round has another name, achievement and address, so that nothing is drawn twice.
Processor time is measured, the best of several runs, for the machine may have other things to do.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import resvg_py
import typst

from laurel.rendering import Design, Fields, builtin_designs, bundled_fonts, parse_design, render_pdf, render_png
from laurel.rendering.fonts import DIRECTORY

GOAL = 0.5
PNG_RATIO_MIN = 0.12
PDF_RATIO_MIN = 0.12
ROUNDS = 12
RUNS = 5
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


def rate(draw: Callable[[Fields], bytes]) -> float:
    """Pictures a second of processor time."""
    draw(fields(0))
    best = 0.0
    for run in range(RUNS):
        before = time.process_time()
        for number in range(ROUNDS):
            draw(fields(1 + run * ROUNDS + number))
        best = max(best, ROUNDS / (time.process_time() - before))
    return best


def png(design: Design) -> Callable[[Fields], bytes]:
    """Draws a design as PNG in its own size."""
    return lambda filled: render_png(design, filled)


def pdf(design: Design) -> Callable[[Fields], bytes]:
    """Draws a design as PDF."""
    return lambda filled: render_pdf(design, filled, created_at=CREATED_AT)


def alone(kind: str) -> Callable[[Fields], bytes]:
    """The engine by itself, given one line of text: resvg for badges, typst for certificates."""
    font = str(DIRECTORY / "NotoSans-Regular.ttf")
    if kind == "badge":
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600">'
            '<text x="40" y="300" font-family="Noto Sans" font-size="24">{}</text></svg>'
        )
        return lambda filled: resvg_py.svg_to_bytes(
            svg_string=svg.format(filled.values["recipient.name"]), skip_system_fonts=True, font_files=[font]
        )
    compiler = typst.Compiler(font_paths=bundled_fonts().typst_fonts, ignore_system_fonts=True)
    page = '#set page("a4", flipped: true)\n#set document(title: "Bare")\n#set text(font: "Noto Sans")\n{}'
    return lambda filled: compiler.compile(
        input=page.format(filled.values["recipient.name"]).encode(), format="pdf", pdf_standards=["ua-1"]
    )


def measure(
    kind: str, drawer: Callable[[Design], Callable[[Fields], bytes]], canvas: tuple[float, float]
) -> list[float]:
    """The ratio of every built-in design of a kind to the bare line, smallest first."""
    ground = rate(drawer(bare(kind, *canvas)))
    rates = {key: rate(drawer(design)) for key, design in builtin_designs().items() if design.kind == kind}
    engine = rate(alone(kind))
    print(f"{kind}: bare line {ground:.0f}/s, in the engine alone {engine:.0f}/s")
    for key, value in rates.items():
        print(f"  {key}: {value:.0f}/s, ratio {value / ground:.2f}, to the engine alone {value / engine:.2f}")
    return sorted(value / ground for value in rates.values())


def main() -> int:
    """Measure both; 1 when a ratio is under its limit."""
    failed = 0
    for kind, drawer, canvas, limit in (
        ("badge", png, (600.0, 600.0), PNG_RATIO_MIN),
        ("certificate", pdf, (841.89, 595.28), PDF_RATIO_MIN),
    ):
        ratios = measure(kind, drawer, canvas)
        print(f"{kind}: worst {ratios[0]:.2f} (limit {limit}), median {statistics.median(ratios):.2f} (goal {GOAL})")
        failed |= ratios[0] < limit
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
