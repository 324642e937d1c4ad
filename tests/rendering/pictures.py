"""Comparing pictures, and approving new references.

`python -m tests.rendering.pictures` draws every reference anew; look at them before committing.
"""

import io
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, ImageStat

from laurel.rendering import builtin_designs, render_png
from tests.rendering.samples import LONG_NAME, SCRIPTS, fields

REFERENCES = Path(__file__).parent / "references"
WIDTH = 300


class Difference(NamedTuple):
    """Mean difference of a channel (0 to 255), and the part of the pixels that differ clearly."""

    mean: float
    clear: float


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def difference(one: Image.Image, other: Image.Image) -> Difference:
    assert one.size == other.size
    grounds = [
        Image.alpha_composite(Image.new("RGBA", p.size, "white"), p.convert("RGBA")).convert("RGB")
        for p in (one, other)
    ]
    apart = ImageChops.difference(*grounds)
    clear = apart.convert("L").point(lambda value: 255 if value > 40 else 0)
    return Difference(sum(ImageStat.Stat(apart).mean) / 3, ImageStat.Stat(clear).mean[0] / 255)


def cases() -> dict[str, bytes]:
    """Every picture that has a reference, drawn now."""
    designs = builtin_designs()
    drawn = {key: render_png(design, fields(), width_pixels=WIDTH) for key, design in designs.items()}
    named = {"long": LONG_NAME} | {
        name: SCRIPTS[name] for name in ("arabic", "devanagari", "japanese", "cyrillic", "mixed")
    }
    for name, value in named.items():
        language = {"arabic": "ar", "japanese": "ja", "devanagari": "hi"}.get(name, "en")
        filled = fields(value, language, achievement__name=value)
        drawn[f"certificate-sterling-{name}"] = render_png(
            designs["certificate-sterling-a4-landscape"], filled, width_pixels=WIDTH
        )
        drawn[f"badge-meridian-{name}"] = render_png(designs["badge-meridian"], filled, width_pixels=WIDTH)
    drawn["certificate-atelier-arabic"] = render_png(
        designs["certificate-atelier-a4-portrait"], fields(SCRIPTS["arabic"], "ar"), width_pixels=WIDTH
    )
    drawn["certificate-horizon-hebrew"] = render_png(
        designs["certificate-horizon-us-letter-landscape"], fields(SCRIPTS["hebrew"], "he"), width_pixels=WIDTH
    )
    return drawn


def approve() -> None:
    """Make what is drawn now the reference."""
    for old in REFERENCES.glob("*.png"):
        old.unlink()
    for name, png in cases().items():
        opened(png).quantize(256).save(REFERENCES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    approve()
