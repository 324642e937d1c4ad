import json
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from laurel.base import limits
from laurel.openbadges import baking
from laurel.openbadges.faults import ImageRefused

TEXT = json.dumps({"name": "Ärger ]]> & <b> \U0001f600"}, ensure_ascii=False)
SVG = b'<?xml version="1.0"?>\n<!-- > --><svg xmlns="http://www.w3.org/2000/svg" a="x>y" width="1"><g id="1"/></svg>\n'


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def a_png(*extra):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" + b"\x10\x20\x30" * 2 + b"\0" + b"\x40\x50\x60" * 2))
    return baking.PNG_SIGNATURE + header + b"".join(extra) + pixels + chunk(b"IEND", b"")


def test_a_png_carries_its_credential_and_keeps_its_pixels(tmp_path):
    baked = baking.bake(a_png(), TEXT)
    assert baking.extract(baked) == baking.Baked(text=TEXT, picture="png", standard="openbadges3")
    (tmp_path / "a.png").write_bytes(a_png())
    (tmp_path / "b.png").write_bytes(baked)
    with Pillow.open(tmp_path / "a.png") as before, Pillow.open(tmp_path / "b.png") as after:
        assert before.tobytes() == after.tobytes()
        assert after.text["openbadgecredential"] == TEXT


def test_baking_a_png_again_replaces_the_credential():
    baked = baking.bake(baking.bake(a_png(), "old"), TEXT)
    assert baked == baking.bake(a_png(), TEXT)


def test_a_png_may_carry_old_and_new_kinds_and_the_newest_is_read():
    both = baking.bake(baking.bake(a_png(), "https://old.example/1", standard="openbadges2"), TEXT)
    assert baking.extract(both).standard == "openbadges3"


def test_old_text_chunks_and_compressed_ones_are_read():
    assert baking.extract(a_png(chunk(b"tEXt", b"openbadges\0https://a.example/1"))).text == "https://a.example/1"
    packed = chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0" + zlib.compress(TEXT.encode()))
    assert baking.extract(a_png(packed)).text == TEXT


def test_pictures_without_a_credential_give_none():
    assert baking.extract(a_png()) is None
    assert baking.extract(SVG) is None


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"GIF89a",
        baking.PNG_SIGNATURE,
        a_png()[:-5],
        a_png()[:40],
        a_png().replace(b"IDAT", b"IDAX"),
        baking.PNG_SIGNATURE + chunk(b"IEND", b""),
        baking.PNG_SIGNATURE + b"\xff\xff\xff\xffIHDR",
        a_png(chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0" + zlib.compress(b"{" * 50_000_000))),
        a_png(chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0nonsense")),
        a_png(chunk(b"iTXt", b"openbadgecredential\0\0")),
        a_png(chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0\xff")),
        a_png(*[chunk(b"tEXt", b"a\0b")] * (limits.IMAGE_CHUNKS_MAX + 1)),
        b"<svg>",
        b"<html/>",
        b"<svg/>",
        b'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg">' + b"<g>" * 10_000 + b"</g>" * 10_000 + b"</svg>",
        '<svg xmlns="http://www.w3.org/2000/svg"/>'.encode("utf-16"),
        SVG + b" " * (limits.IMAGE_BYTES_MAX + 1),
    ],
)
def test_files_that_are_no_sane_picture_are_refused(picture):
    with pytest.raises(ImageRefused):
        baking.extract(picture)


@pytest.mark.parametrize(
    "svg",
    [
        SVG,
        b"<svg xmlns='http://www.w3.org/2000/svg' b='>' />",
        b'<s:svg xmlns:s="http://www.w3.org/2000/svg"/>',
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x.dtd"><svg xmlns="http://www.w3.org/2000/svg"/>',
        b'<?xml version="1.0" encoding="ISO-8859-1"?><svg xmlns="http://www.w3.org/2000/svg" a="\xe4"><g/></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org"><g/></svg>',
    ],
)
@pytest.mark.parametrize("text", [TEXT, "eyJh.eyJi.c2ln"])
def test_an_svg_carries_its_credential(svg, text):
    baked = baking.bake(svg, text)
    found = baking.extract(baked)
    assert (found.standard, found.picture) == ("openbadges3", "svg")
    assert found.text == text or json.loads(found.text) == json.loads(text)
    again = baking.bake(baked, "a.b.c")
    assert baking.extract(again).text == "a.b.c"
    assert again.count(b"credential") == baking.bake(svg, "a.b.c").count(b"credential")


def test_an_old_svg_assertion_is_read():
    svg = b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org">
    <openbadges:assertion verify="https://old.example/1"/></svg>"""
    assert baking.extract(svg) == baking.Baked(text="https://old.example/1", picture="svg", standard="openbadges2")


@settings(max_examples=200)
@given(st.binary(max_size=300), st.integers(0, 120))
def test_any_damage_is_refused_or_harmless(noise, position):
    baked = baking.bake(a_png(), TEXT)
    damaged = baked[:position] + noise + baked[position + len(noise) :]
    try:
        found = baking.extract(damaged)
    except ImageRefused:
        return
    assert found is None or found.text == TEXT or found.text
