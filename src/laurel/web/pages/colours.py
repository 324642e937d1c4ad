"""An organisation's colour, darkened or lightened until its words can be read (WCAG 2.2 AA). Pure."""

import colorsys

from laurel.domain.organisations.branding import colour_of
from laurel.domain.organisations.model import Organisation

_READABLE = 4.6
_LIGHT_GROUND, _DARK_GROUND = "#ffffff", "#1a1e1b"


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2 between two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, ground: str) -> str:
    """The nearest lightness of `colour` at which words in it can be read on `ground`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    towards = 1.0 if _luminance(ground) < 0.5 else 0.0
    for step in range(21):
        tried = _hex(colorsys.hls_to_rgb(hue, lightness + (towards - lightness) * step / 20, saturation))
        if contrast(tried, ground) >= _READABLE:
            return tried
    return "#ffffff" if towards else "#000000"


def brand_css(organisation: Organisation) -> str:
    """Custom properties for light and dark; empty when the organisation has no colour of its own."""
    colour = colour_of(organisation)
    if colour is None:
        return ""
    light, dark = readable(colour, _LIGHT_GROUND), readable(colour, _DARK_GROUND)
    return f":root{{{_properties(light, _LIGHT_GROUND)}}}@media (prefers-color-scheme:dark){{:root{{{_properties(dark, _DARK_GROUND)}}}}}"


def _properties(accent: str, ground: str) -> str:
    soft = _mixed(accent, ground, 0.12)
    strong = readable(accent, soft)
    ink = "#ffffff" if contrast("#ffffff", accent) >= contrast("#10140f", accent) else "#10140f"
    return f"--accent:{accent};--accent-strong:{strong};--accent-soft:{soft};--accent-ink:{ink}"


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _hex(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * min(max(value, 0), 1)):02x}" for value in channels)


def _mixed(colour: str, ground: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    red, green, blue = (one * share + other * (1 - share) for one, other in pairs)
    return _hex((red, green, blue))


def _luminance(colour: str) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
