import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageOps

from laurel.rendering import builtin_designs, content_hash, render_pdf, render_png, render_svg
from laurel.rendering.mirror import in_reading_direction
from tests.rendering.pictures import difference, opened
from tests.rendering.samples import CREATED_AT, a_design, a_shape, a_text, fields

ASYMMETRIC = (
    a_shape(x=10, y=20, outline="line", stroke={"colour": "#000000", "width": 4}, fill=None),
    a_shape(
        x=140, y=20, rotation=20, height=60,
        fill={"type": "linear", "stops": [{"offset": 0, "colour": "#ff0000"}, {"offset": 1, "colour": "#0000ff"}]},
    ),
    {"type": "path", "x": 20, "y": 160, "width": 0, "height": 0, "data": "M0 0L90 10A40 40 0 0 1 20 60Z", "fill": "#118833"},
)  # fmt: skip


def test_a_mirrored_layout_is_the_mirror_image():
    grounds = (
        {"type": "linear", "angle": 30, "stops": [{"offset": 0, "colour": "#fff0c0"}, {"offset": 1, "colour": "#80a0ff"}]},
        {"type": "radial", "x": 0.2, "radius": 0.6, "stops": [{"offset": 0, "colour": "#ffffff"}, {"offset": 1, "colour": "#80a0ff"}]},
    )  # fmt: skip
    for ground in grounds:
        design = a_design(*ASYMMETRIC, background=ground, right_to_left="mirror", kind="badge")
        left_to_right, mirrored = (opened(render_png(design, fields(language=tag))) for tag in ("en", "ar"))
        apart = difference(ImageOps.mirror(left_to_right), mirrored)
        assert apart.mean < 0.5
        assert apart.clear < 0.005
        assert difference(left_to_right, mirrored).clear > 0.05


def test_texts_change_sides_but_are_not_turned_over():
    design = a_design(a_text("Word", align="left", x=20, width=200), right_to_left="mirror", kind="badge")
    left, _, right, _ = opened(render_png(design, fields(language="en"))).getbbox()
    mirrored_left, _, mirrored_right, _ = opened(render_png(design, fields(language="he"))).getbbox()
    assert left < 24
    assert mirrored_right > 400 - 24
    ink = [
        opened(render_png(design, fields(language=tag))).getchannel("A").crop(box)
        for tag, box in (("en", (left, 0, right, 300)), ("he", (mirrored_left, 0, mirrored_right, 300)))
    ]
    assert difference(*(Image.merge("RGB", [one.resize((60, 40))] * 3) for one in ink)).mean < 12


@pytest.mark.parametrize("language", ["ar", "ar-EG", "he", "fa", "ur-PK"])
def test_a_language_written_right_to_left_mirrors_a_design_that_asks_for_it(language):
    asking, keeping = a_design(*ASYMMETRIC, right_to_left="mirror"), a_design(*ASYMMETRIC)
    assert in_reading_direction(asking, language).nodes != asking.nodes
    assert in_reading_direction(keeping, language) is keeping


def test_other_languages_leave_every_design_as_it_is():
    for design in builtin_designs().values():
        for language in ("en", "de", "ja", "hi", "arn"):
            assert in_reading_direction(design, language) is design


def test_mirroring_twice_is_the_design_again():
    for design in builtin_designs().values():
        if design.right_to_left == "mirror":
            once = in_reading_direction(design, "ar")
            assert once != design
            assert render_svg(in_reading_direction(once, "ar"), fields()) == render_svg(design, fields())


def test_the_pdf_is_mirrored_like_the_picture():
    design = a_design(a_text("Word", align="left", x=20, width=200), right_to_left="mirror")
    page = pdfium.PdfDocument(render_pdf(design, fields(language="ar"), created_at=CREATED_AT))[0]
    text = page.get_textpage()
    assert text.get_text_bounded().strip() == "Word"
    assert text.count_rects() == 1
    assert text.get_rect(0)[2] > 400 - 24


def test_the_hash_tells_mirrored_designs_apart():
    one, other = a_design(*ASYMMETRIC), a_design(*ASYMMETRIC, right_to_left="mirror")
    assert content_hash(one, fields(language="ar"), "svg") != content_hash(other, fields(language="ar"), "svg")
