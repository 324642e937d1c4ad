import re
import subprocess
import sys

import msgspec
import pytest
from lxml import etree
from PIL import Image

from laurel.base import limits
from laurel.rendering import (
    DesignTooLarge,
    Fields,
    builtin_designs,
    content_hash,
    normalise_image,
    render_pdf,
    render_png,
    render_svg,
)
from laurel.rendering.svg import title_of
from tests.rendering.pictures import REFERENCES, cases, difference, opened
from tests.rendering.samples import CREATED_AT, LONG_NAME, a_design, a_shape, a_text, fields
from tests.rendering.uploads import a_png

HASH_OF_EVERYTHING = """
import hashlib
from laurel.rendering import builtin_designs, render_pdf, render_png, render_svg
from tests.rendering.samples import CREATED_AT, fields
design, filled = builtin_designs()["certificate-sterling-a4-landscape"], fields("محمد 山田")
drawn = (render_svg(design, filled), render_png(design, filled), render_pdf(design, filled, created_at=CREATED_AT))
print(hashlib.sha256(b"".join(drawn)).hexdigest())
"""


def test_every_picture_is_as_it_was_approved():
    drawn = cases()
    assert {path.stem for path in REFERENCES.glob("*.png")} == set(drawn)
    for name, png in drawn.items():
        apart = difference(opened(png), Image.open(REFERENCES / f"{name}.png"))
        assert apart.mean < 4, name  # references have 256 colours
        assert apart.clear < 0.004, name


def test_a_reference_notices_another_name():
    other = render_png(builtin_designs()["certificate-sterling-a4-landscape"], fields("Bob"), width_pixels=300)
    reference = Image.open(REFERENCES / "certificate-sterling-a4-landscape.png")
    assert difference(opened(other), reference).clear > 0.004


def test_another_process_draws_the_same_bytes():
    digests = {
        subprocess.run([sys.executable, "-c", HASH_OF_EVERYTHING], capture_output=True, check=True, text=True).stdout
        for _ in range(2)
    }
    assert len(digests) == 1


@pytest.mark.parametrize("key", sorted(builtin_designs()))
def test_the_svg_is_well_formed_and_reaches_out_to_nothing(key):
    svg = render_svg(builtin_designs()[key], fields('<script>alert("1")</script> & \'"'))
    root = etree.fromstring(svg)
    assert {etree.QName(element).localname for element in root.iter()} <= {
        "svg", "title", "defs", "linearGradient", "radialGradient", "stop", "clipPath", "g", "path", "image",
    }  # fmt: skip
    assert not re.search(rb'href="(?!data:|#)|<script|url\((?!#)| on\w+=', svg)


def test_the_svg_says_its_words_to_a_screen_reader():
    svg = render_svg(builtin_designs()["badge-olympia"], fields())
    root = etree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Data Analysis"
    assert b'aria-label="NORTHWIND ACADEMY"' in svg


def test_the_title_is_that_of_the_title_text_or_of_the_design():
    assert title_of(builtin_designs()["certificate-sterling-a4-landscape"], fields()) == "Certificate of Achievement"
    assert title_of(a_design(a_shape()), fields()) == "Sample"


def test_the_hash_follows_what_is_drawn_and_nothing_else():
    design = builtin_designs()["badge-orbit"]
    base = content_hash(design, fields(), "png@600")
    assert base == content_hash(design, fields("Somebody else"), "png@600")  # a badge names no recipient
    assert base != content_hash(design, fields(achievement__name="Other"), "png@600")
    assert base != content_hash(design, fields(), "svg")
    assert base != content_hash(design, fields(language="de"), "png@600")
    assert base != content_hash(msgspec.structs.replace(design, background="#ffffff"), fields(), "png@600")
    logo = a_design({"type": "image", "x": 0, "y": 0, "width": 9, "height": 9, "source": "[issuer.logo]"})
    assert content_hash(logo, Fields(), "svg") != content_hash(logo, Fields(images={"issuer.logo": a_png()}), "svg")


def test_a_png_is_as_wide_as_asked():
    design = builtin_designs()["certificate-horizon-us-letter-landscape"]
    assert opened(render_png(design, fields(), width_pixels=396)).size == (396, 306)
    assert opened(render_png(design, fields())).size == (1584, 1224)
    assert opened(render_png(builtin_designs()["badge-prism"], fields())).size == (600, 600)


@pytest.mark.parametrize(("width", "canvas"), [(0, (400, 300)), (5000, (400, 300)), (4096, (16, 5000))])
def test_a_picture_over_the_limit_is_refused(width, canvas):
    design = a_design(a_shape(), canvas={"width": canvas[0], "height": canvas[1]})
    with pytest.raises(DesignTooLarge) as refused:
        render_png(design, fields(), width_pixels=width)
    assert refused.value.limit == limits.PICTURE_WIDTH_MAX


def test_a_qr_code_with_too_much_in_it_is_refused():
    design = a_design({"type": "qr", "x": 0, "y": 0, "width": 50, "height": 50, "content": "[credential.url]"})
    with pytest.raises(DesignTooLarge):
        render_svg(design, fields(credential__url="https://example.org/" + "x" * 1000))


def test_pictures_of_the_credential_are_drawn_into_their_boxes():
    logo = normalise_image(a_png(colour="#ff0000")).data
    design = a_design(
        {"type": "image", "x": 0, "y": 0, "width": 100, "height": 100, "source": "[issuer.logo]", "fit": "cover"},
        {"type": "image", "x": 200, "y": 0, "width": 100, "height": 100, "source": "[issuer.logo]", "clip": "ellipse"},
        {"type": "image", "x": 0, "y": 200, "width": 90, "height": 90, "source": "[issuer.seal]"},
        background="#ffffff",
    )
    filled = Fields(images={"issuer.logo": logo})
    picture = opened(render_png(design, filled, width_pixels=400)).convert("RGB")
    assert picture.getpixel((50, 50)) == (255, 0, 0)
    assert picture.getpixel((250, 50)) == (255, 0, 0)
    assert picture.getpixel((202, 2)) == (255, 255, 255)
    assert picture.getpixel((45, 245)) == (255, 255, 255)
    assert render_pdf(design, filled, created_at=CREATED_AT).startswith(b"%PDF")


def test_the_logo_of_the_issuer_is_on_the_certificates_that_have_room_for_it():
    logo = normalise_image(a_png(colour="#ff0000")).data
    with_logo = msgspec.structs.replace(fields(), images={"issuer.logo": logo})
    shown = [
        key
        for key, design in builtin_designs().items()
        if render_svg(design, with_logo) != render_svg(design, fields())
    ]
    assert [key.split("-")[1] for key in shown] == ["atelier", "horizon", "sterling"]


def test_a_credential_with_nothing_filled_in_is_drawn_too():
    for design in builtin_designs().values():
        assert render_png(design, Fields(), width_pixels=100).startswith(b"\x89PNG")
        assert render_pdf(design, Fields(), created_at=CREATED_AT).startswith(b"%PDF")


def test_a_design_with_everything_at_its_limit_is_drawn_soon_enough():
    shapes = [a_shape(outline="guilloche", points=180, stroke={"colour": "#000000"}) for _ in range(60)]
    texts = [a_text("word " * 399, lines_max=40, size_min=3, height=300) for _ in range(20)]
    assert len(render_svg(a_design(*shapes, *texts), fields(LONG_NAME))) < 20_000_000


def test_a_node_is_left_out_without_what_it_needs():
    line = {"type": "shape", "outline": "rectangle", "x": 40, "y": 200, "width": 320, "height": 4, "fill": "#aa0000"}
    always, signed = a_design(line), a_design(line | {"needs": "[issuer.signatory][custom.rank]"})
    whole, nothing = Fields(values={"issuer.signatory": "Grace"}), Fields()
    assert render_svg(signed, whole) == render_svg(always, whole)
    assert render_png(signed, whole) == render_png(always, whole)
    for drawn in (render_svg, render_png):
        assert drawn(signed, nothing) == drawn(a_design(), nothing)
    assert render_pdf(signed, nothing, created_at=CREATED_AT) == render_pdf(a_design(), nothing, created_at=CREATED_AT)
    assert content_hash(signed, whole, "svg") != content_hash(signed, nothing, "svg")


def test_a_certificate_that_nobody_signs_has_no_line_for_a_signature():
    unsigned = fields(issuer__signatory="", issuer__signatory_title="")
    for key in ("certificate-sterling-a4-landscape", "certificate-chancery-us-letter-portrait"):
        signed, bare = (render_svg(builtin_designs()[key], filled).count(b"<path") for filled in (fields(), unsigned))
        lines_and_words = 3
        assert signed - bare == lines_and_words, key
