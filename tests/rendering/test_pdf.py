import ctypes
import re
import zlib
from datetime import UTC, datetime

import pypdfium2 as pdfium
import pytest
from PIL import Image

from laurel.rendering import Fields, builtin_designs, render_pdf, render_png
from tests.rendering.pictures import difference, opened
from tests.rendering.samples import CREATED_AT, LONG_NAME, SCRIPTS, a_design, a_shape, a_text, fields


def pdf_of(design, filled=None):
    return render_pdf(design, filled or fields(), created_at=CREATED_AT)


def text_of(pdf):
    return pdfium.PdfDocument(pdf)[0].get_textpage().get_text_range().replace("\r\n", "\n")


def apart(design, filled):
    """How far the page is from the PNG, both drawn large and made small, for thin lines are drawn differently."""
    size = (400, round(400 * design.canvas.height / design.canvas.width))
    page = pdfium.PdfDocument(pdf_of(design, filled))[0].render(scale=1200 / design.canvas.width).to_pil()
    png = opened(render_png(design, filled, width_pixels=1200)).convert("RGBA")
    page = page.crop((0, 0, *png.size))  # a reader rounds the page up
    return difference(page.resize(size, Image.Resampling.BOX), png.resize(size, Image.Resampling.BOX))


def objects_of(pdf):
    """The file with its compressed streams opened, to look for names in."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    opened_streams = []
    for stream in streams:
        try:
            opened_streams.append(zlib.decompress(stream))
        except zlib.error:
            opened_streams.append(stream)
    return pdf + b"\n".join(opened_streams)


@pytest.mark.parametrize(
    "script", ["latin", "greek", "cyrillic", "devanagari", "thai", "japanese", "chinese", "korean"]
)
def test_words_can_be_selected_in_any_script(script):
    pdf = pdf_of(builtin_designs()["certificate-sterling-a4-landscape"], fields(SCRIPTS[script]))
    assert SCRIPTS[script] in text_of(pdf)


def test_arabic_letters_come_out_once_and_in_order():
    # Readers take the letters in visual order; what matters is that each stands there once.
    text = text_of(pdf_of(a_design(a_text()), fields("بنت حسين")))
    assert sorted(text.strip()) == sorted("بنت حسين")


def test_a_wrapped_name_is_one_heading_with_spaces_between_its_lines():
    text = text_of(pdf_of(builtin_designs()["certificate-chancery-us-letter-portrait"], fields(LONG_NAME)))
    assert "Maximiliana Alexandrovna" in text
    assert "Villanueva" in text


def test_the_page_is_tagged_titled_and_in_its_language():
    pdf = pdf_of(builtin_designs()["certificate-horizon-us-letter-landscape"], fields(language="de"))
    objects = objects_of(pdf)
    for wanted in (
        b"/StructTreeRoot",
        b"/Marked true",
        b"/Lang",
        b"pdfuaid:part",
        b"/H1",
        b"/H2",
        b"/Figure",
        b"/Artifact",
    ):
        assert wanted in objects, wanted
    document = pdfium.PdfDocument(pdf)
    assert document.get_metadata_value("Title") == "Leistungszertifikat"
    assert document.get_metadata_value("Author") == "Northwind Academy"
    length = pdfium.raw.FPDF_StructTree_CountChildren(pdfium.raw.FPDF_StructTree_GetForPage(document[0]))
    assert length >= 1
    assert ctypes.sizeof(ctypes.c_void_p) > 0


def test_every_font_is_embedded():
    objects = objects_of(pdf_of(builtin_designs()["certificate-conservatory-a4-landscape"], fields(SCRIPTS["arabic"])))
    described = len(re.findall(rb"/Type\s*/FontDescriptor", objects))
    assert described >= 4
    assert described == len(re.findall(rb"/FontFile[23]", objects))


def test_greek_words_are_set_in_one_typeface():
    greek, latin = ({"recipient.name": name} for name in ("Ελένη Παπαδοπούλου", "Ada"))
    design = a_design(a_text(font="serif"))
    fonts = [
        set(re.findall(rb"/FontName\s*/\w+\+([\w-]+)", objects_of(pdf_of(design, Fields(values=values)))))
        for values in (greek, latin)
    ]
    assert not any(name.startswith(b"Cormorant") for name in fonts[0])
    assert any(name.startswith(b"Cormorant") for name in fonts[1])


def test_the_date_is_the_one_that_was_given():
    pdf = render_pdf(a_design(a_text()), fields(), created_at=datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC))
    assert pdfium.PdfDocument(pdf).get_metadata_value("CreationDate").startswith("D:20200203040506")


def test_the_same_input_gives_the_same_bytes():
    design = builtin_designs()["certificate-atelier-a4-portrait"]
    first = pdf_of(design)
    pdf_of(builtin_designs()["badge-orbit"], fields("Somebody else"))
    assert pdf_of(design) == first


@pytest.mark.parametrize(
    "name", ['#read("/etc/passwd")', "$ x^2 $", "*bold* _it_ <label> @ref", '"; #panic()', "\\u{41}", "// x"]
)
def test_what_a_person_typed_is_words_and_never_program(name):
    assert name in text_of(pdf_of(a_design(a_text(width=380, size_min=4)), fields(name)))


@pytest.mark.parametrize("key", sorted(builtin_designs()))
@pytest.mark.parametrize("name", [LONG_NAME, SCRIPTS["arabic"]])
def test_the_pdf_looks_like_the_png(key, name):
    design, filled = builtin_designs()[key], fields(name)
    assert apart(design, filled).mean < 3


def test_rotated_and_transparent_texts_are_drawn_where_the_png_has_them():
    design = a_design(
        a_shape(),
        a_text("Turned", rotation=90, align="left"),
        a_text("Faint", opacity=0.4),
        a_text("Up", y=200, rotation=-30),
    )
    assert apart(design, fields()).mean < 1


@pytest.mark.parametrize(
    "odd",
    [
        "\ue000",
        "\uf8ff",
        "\ufeff",
        "\ufffc",
        "\ufdd0",
        "\u0378",
        "\x80",
        "\U0010ffff",
        "မြန်မာ",
        "ខ្មែរ",
        "𒀀",
        "𠀀",
        "ᏣᎳᎩ",
    ],
)
def test_a_text_with_what_no_typeface_has_is_drawn_as_in_the_png(odd):
    design, filled = builtin_designs()["certificate-atelier-a4-portrait"], fields(f"Ada {odd} Lovelace")
    assert "Lovelace" not in text_of(pdf_of(design, filled))
    assert apart(design, filled).mean < 3


@pytest.mark.parametrize("mark", ["\u00ad", "\u200b", "\u200e", "\u2060", "\u2066", "\ufe0f", "\U000e0041"])
def test_marks_that_show_nothing_leave_words_as_words(mark):
    assert "Lovelace" in text_of(pdf_of(a_design(a_text(width=380)), fields(f"Ada{mark} Lovelace")))
