import io
import subprocess
import sys

import pytest
import resvg_py
from PIL import Image

from laurel.rendering import builtin_designs, render_png, render_svg
from tests.rendering.pictures import difference, opened
from tests.rendering.samples import SCRIPTS, a_design, a_shape, a_text, fields

ONE_PICTURE = """
import hashlib, sys
from laurel.rendering import builtin_designs, render_png
from tests.rendering.samples import fields
for name in sys.argv[1:]:
    drawn = render_png(builtin_designs()["badge-orbit"], fields(achievement__name=name))
print(hashlib.sha256(drawn).hexdigest())
"""


def digest_after(*names: str) -> str:
    """The hash of the last picture, drawn by a process that drew the others before."""
    command = [sys.executable, "-c", ONE_PICTURE, *names]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def as_drawn_by_resvg(design, filled) -> Image.Image:
    svg = render_svg(design, filled).decode()
    return opened(bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)))


def test_a_picture_is_the_same_whatever_was_drawn_before_it():
    alone = digest_after("Statistics")
    assert digest_after("Data Analysis", "Statistics") == alone
    assert digest_after("Statistics", "Data Analysis", "Statistics") == alone


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_letters_are_where_the_svg_has_them(script):
    filled = fields(achievement__name=SCRIPTS[script], issuer__name=SCRIPTS[script])
    for key in ("badge-orbit", "badge-olympia"):
        design = builtin_designs()[key]
        apart = difference(opened(render_png(design, filled)), as_drawn_by_resvg(design, filled))
        assert apart.mean < 0.5, key
        assert apart.clear < 0.002, key


def test_turned_and_faint_letters_are_where_the_svg_has_them():
    design = a_design(
        a_text("Turned", rotation=30, colour="#aa2200"),
        a_text("Faint", y=140, opacity=0.5, colour="#0044aa80"),
        a_text("around", x=100, y=100, width=200, height=200, curve={"radius": 80, "side": "bottom"}, rotation=90),
        a_shape(x=150, y=60, opacity=0.7),
        a_text("Over it", x=100, y=80, colour="#ffffff"),
        background="#eeeeee",
        kind="badge",
    )
    apart = difference(opened(render_png(design, fields())), as_drawn_by_resvg(design, fields()))
    assert apart.mean < 0.5
    assert apart.clear < 0.002


def test_what_is_painted_later_lies_over_what_was_drawn_before():
    """Layers that were drawn before are laid down first, but never under what is to lie beneath them."""
    wide = {"x": 0, "y": 0, "width": 400, "height": 300, "size": 120}
    below, above = a_text("MMMM", colour="#ff0000", **wide), a_text("WWWW", colour="#0000ff", **wide)
    render_png(a_design(above, background="#ffffff", kind="badge"), fields())
    design = a_design(below, above, background="#ffffff", kind="badge")
    apart = difference(opened(render_png(design, fields())), as_drawn_by_resvg(design, fields()))
    assert apart.clear < 0.002


@pytest.mark.parametrize("width", [1, 15, 16, 17, 300])
def test_a_picture_of_any_size_is_whole(width):
    png = render_png(builtin_designs()["badge-bastion"], fields(), width_pixels=width)
    picture = Image.open(io.BytesIO(png))
    picture.verify()  # checksums
    assert opened(png).convert("RGBA").size == (width, width)


def test_letters_outside_the_canvas_are_left_out():
    design = a_design(a_text("Away", x=-2_000), a_text("Here"), kind="badge")
    assert opened(render_png(design, fields())).getbbox() is not None
