import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.base import limits
from laurel.rendering import (
    DesignInvalid,
    DesignTooLarge,
    Fields,
    attributes_of,
    builtin_designs,
    encode_design,
    parse_design,
    render_svg,
    with_colours,
)
from laurel.rendering.model import Shape
from laurel.rendering.shapes import _OUTLINES
from tests.rendering.samples import a_design, a_shape, a_text, design_json, fields

PAGES = {"a4": {595.28, 841.89}, "us-letter": {612, 792}}
DOCUMENT = (Path(__file__).parents[2] / "docs" / "reference" / "design-format.md").read_text(encoding="utf-8")


def test_ten_designs_come_with_laurel_in_the_sizes_that_people_print():
    designs = builtin_designs()
    kinds = [design.kind for design in designs.values()]
    assert (kinds.count("badge"), kinds.count("certificate")) == (5, 5)
    sizes = set()
    for key, design in designs.items():
        if design.kind == "certificate":
            page = next(name for name in PAGES if name in key)
            assert {design.canvas.width, design.canvas.height} == PAGES[page]
            landscape = design.canvas.width > design.canvas.height
            assert key.endswith("landscape" if landscape else "portrait")
            sizes.add((page, landscape))
    assert sizes == {("a4", True), ("a4", False), ("us-letter", True), ("us-letter", False)}


def test_every_built_in_certificate_names_recipient_achievement_issuer_and_date():
    wanted = {"recipient.name", "achievement.name", "issuer.name", "credential.issued_on", "credential.url"}
    for design in builtin_designs().values():
        missing = wanted - set(attributes_of(design))
        assert missing <= ({"recipient.name", "credential.url"} if design.kind == "badge" else set())


def test_what_is_encoded_reads_back_as_the_same_design():
    for design in builtin_designs().values():
        assert parse_design(encode_design(design)) == design
        assert encode_design(parse_design(encode_design(design))) == encode_design(design)


def test_the_example_of_the_reference_is_a_design_and_names_every_outline_and_built_in_design():
    example = re.search(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert example is not None
    assert attributes_of(parse_design(example[1].encode())) == ("recipient.name", "credential.url")
    for name in (*_OUTLINES, *builtin_designs()):
        assert f"`{name}`" in DOCUMENT


def test_attributes_are_listed_once_in_order_of_first_use():
    design = a_design(
        a_text("[custom.grade] and [recipient.name]"),
        a_text({"en": "[recipient.name]", "de": "[issuer.name]"}),
        {"type": "qr", "x": 0, "y": 0, "width": 50, "height": 50},
        {"type": "image", "x": 0, "y": 0, "width": 50, "height": 50, "source": "[issuer.logo]"},
        a_text("[not.an attribute] [recipient.name"),
    )
    assert attributes_of(design) == (
        "custom.grade", "recipient.name", "issuer.name", "credential.url", "issuer.logo",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("node", "field", "limit"),
    [
        (a_text(size=2), "nodes[0].size", "3.0"),
        (a_text(size=2000), "nodes[0].size", "1000.0"),
        (a_text(size=10, size_min=20), "nodes[0].size_min", "10.0"),
        (a_text(lines_max=0), "nodes[0].lines_max", "1"),
        (a_text("x" * 2001), "nodes[0].content", "2000"),
        (a_text(font="comic"), "nodes[0].font", None),
        (a_text(colour="red"), "nodes[0].colour", None),
        (a_text(colour="@brand"), "nodes[0].colour", None),
        (a_text(width=0), "nodes[0]", None),
        (a_text(blink=True), "nodes[0]", None),
        (a_shape(x=1e9), "nodes[0].x", "5000.0"),
        (a_shape(points=181), "nodes[0].points", "180"),
        (a_shape(outline="cloud"), "nodes[0].outline", None),
        (a_shape(fill={"type": "linear", "stops": []}), "nodes[0].fill.stops", "2"),
        (
            a_shape(
                fill={"type": "radial", "stops": [{"offset": 0, "colour": "#fff000"}, {"offset": 1, "colour": "@x"}]}
            ),
            "nodes[0].fill.stops[1].colour",
            None,
        ),
        (a_shape(type="video"), "nodes[0].type", None),
        ({"type": "path", "x": 0, "y": 0, "width": 1, "height": 1, "data": "M0 0<script>"}, "nodes[0].data", None),
        ({"type": "path", "x": 0, "y": 0, "width": 1, "height": 1, "data": "L1 1"}, "nodes[0].data", None),
        (
            {"type": "image", "x": 0, "y": 0, "width": 9, "height": 9, "source": "https://example.org/a.png"},
            "nodes[0].source",
            None,
        ),
        (
            {"type": "image", "x": 0, "y": 0, "width": 9, "height": 9, "source": "file:///etc/passwd"},
            "nodes[0].source",
            None,
        ),
    ],
)
def test_a_node_that_breaks_the_format_is_refused_by_its_path(node, field, limit):
    with pytest.raises((DesignInvalid, DesignTooLarge)) as refused:
        parse_design(design_json(node))
    assert refused.value.field == field
    assert field.split(".")[-1] in str(refused.value)
    if limit is not None:
        assert str(refused.value.limit) == limit


def test_the_refusal_says_what_stood_there():
    with pytest.raises(DesignInvalid) as refused:
        parse_design(design_json(a_shape(), a_shape(x=123456)))
    assert (refused.value.field, refused.value.value) == ("nodes[1].x", 123456)
    assert "5000" in str(refused.value)


def test_too_many_nodes_images_or_bytes_are_refused_with_the_limit():
    image = {"type": "image", "x": 0, "y": 0, "width": 9, "height": 9, "source": "[issuer.logo]"}
    for document, limit in (
        (design_json(*[a_shape()] * (limits.DESIGN_NODES_MAX + 1)), limits.DESIGN_NODES_MAX),
        (design_json(*[image] * (limits.DESIGN_IMAGES_MAX + 1)), limits.DESIGN_IMAGES_MAX),
        (b" " * (limits.DESIGN_BYTES_MAX + 1), limits.DESIGN_BYTES_MAX),
    ):
        with pytest.raises(DesignTooLarge) as refused:
            parse_design(document)
        assert str(refused.value.limit) == str(limit)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"null", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"format": "laurel-design/2"}']
)
def test_what_is_no_design_is_refused(data):
    with pytest.raises(DesignInvalid):
        parse_design(data)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["name", "kind", "canvas", "nodes", "background", "colours", "format"]),
)
def test_any_json_in_any_member_is_a_design_or_a_refusal(value, member):
    try:
        parse_design(json.dumps(json.loads(design_json(a_text())) | {member: value}).encode())
    except (DesignInvalid, DesignTooLarge) as refused:
        assert refused.field  # noqa: PT017  either outcome is right; a refusal must name the place
    else:
        assert member in {"name", "nodes", "background", "colours", "kind", "canvas"}


def test_a_brand_changes_named_colours_only():
    design = a_design(a_shape(fill="@primary"), colours={"primary": "#000000"})
    branded = with_colours(design, {"primary": "#ff8800", "unknown": "#ffffff"})
    assert branded.colours == {"primary": "#ff8800"}
    assert b"#ff8800" in render_svg(branded, Fields())
    assert isinstance(branded.nodes[0], Shape)


def test_a_text_whose_attributes_are_all_empty_is_left_out():
    design = a_design(a_text("Valid until [credential.expired_on]"))
    assert b"Valid" not in render_svg(design, fields())
    assert b"Valid until 2030" in render_svg(design, fields(credential__expired_on="2030"))


def test_group_and_achievement_are_two_names_of_one_thing():
    design = a_design(a_text("[group.name]"))
    assert b"Data Analysis" in render_svg(design, fields())


def test_wording_follows_the_language_then_its_base_then_english():
    design = a_design(a_text({"en": "Awarded to", "de": "Verliehen an"}))
    for language, wanted in (("de-AT", "Verliehen an"), ("en-GB", "Awarded to"), ("pt", "Awarded to")):
        assert wanted.encode() in render_svg(design, fields(language=language))


def test_an_overlong_value_is_refused_by_the_name_of_its_attribute():
    with pytest.raises(DesignTooLarge) as refused:
        render_svg(a_design(a_text()), fields("x" * 2001))
    assert (refused.value.field, refused.value.limit) == ("recipient.name", 2000)
