import pytest

from laurel.rendering import builtin_designs, content_hash, crossed_out, render_png
from tests.rendering.pictures import opened
from tests.rendering.samples import a_design, a_shape, fields


@pytest.mark.parametrize("key", sorted(builtin_designs()))
def test_a_crossed_out_design_has_no_colour_but_the_band(key):
    drawn = opened(render_png(crossed_out(builtin_designs()[key], "Revoked", "#a1211b"), fields(), width_pixels=300))
    colours = {colour: count for count, colour in drawn.convert("RGB").getcolors(200_000)}
    assert colours.pop((0xA1, 0x21, 0x1B)) > 3_000
    assert all(max(colour) - min(colour) < 3 for colour, count in colours.items() if count > 100)


def test_the_word_stays_on_the_band_however_long_it_is():
    design = crossed_out(a_design(kind="badge"), "Revoked and not to be relied upon by anybody at all", "#a1211b")
    drawn = opened(render_png(design, fields())).convert("RGB")
    assert drawn.getpixel((3, round(300 * 0.75 + 30))) == (0xA1, 0x21, 0x1B)
    whites = [x for x in range(400) for y in range(300) if drawn.getpixel((x, y)) == (255, 255, 255)]
    assert 0.1 * 400 - 2 < min(whites) < max(whites) < 0.9 * 400 + 2


def test_transparent_colours_stay_transparent_and_the_hash_follows():
    design = a_design(a_shape(fill="#ff000080"), colours={"primary": "#00ff00"})
    grey = crossed_out(design, "Revoked", "#a1211b")
    shape = grey.nodes[0]
    assert isinstance(shape.fill, str)
    assert shape.fill.endswith("80")
    assert len({shape.fill[1:3], shape.fill[3:5], shape.fill[5:7]}) == 1
    assert grey.colours["primary"] != "#00ff00"
    assert content_hash(design, fields(), "svg") != content_hash(grey, fields(), "svg")
