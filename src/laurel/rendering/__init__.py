"""Credentials as pictures: a design and what fills it in, SVG, PNG or PDF out.

A library: values in, bytes out. It knows no database, no network and no clock; the same input gives the same bytes.
"""

from laurel.rendering.attributes import attributes_of
from laurel.rendering.builtin import builtin_designs, with_colours
from laurel.rendering.content_hash import content_hash
from laurel.rendering.design_json import check_design, encode_design, parse_design, with_normalised_images
from laurel.rendering.fonts import FontLibrary, bundled_fonts
from laurel.rendering.marks import crossed_out
from laurel.rendering.model import Design, Fields
from laurel.rendering.normalise import Picture, normalise_image
from laurel.rendering.pdf import render_pdf
from laurel.rendering.png import render_png
from laurel.rendering.refusals import DesignInvalid, DesignTooLarge, ImageInvalid, ImageTooLarge
from laurel.rendering.sanitise import sanitise_svg
from laurel.rendering.svg import render_svg

__all__ = [
    "Design",
    "DesignInvalid",
    "DesignTooLarge",
    "Fields",
    "FontLibrary",
    "ImageInvalid",
    "ImageTooLarge",
    "Picture",
    "attributes_of",
    "builtin_designs",
    "bundled_fonts",
    "check_design",
    "content_hash",
    "crossed_out",
    "encode_design",
    "normalise_image",
    "parse_design",
    "render_pdf",
    "render_png",
    "render_svg",
    "sanitise_svg",
    "with_colours",
    "with_normalised_images",
]
