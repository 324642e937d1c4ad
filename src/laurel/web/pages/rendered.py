"""Templates to answers: the jinja environment, its filters, and the headers that every page carries.

Nothing in a template is trusted: everything is escaped, scripts and styles come from /static only.
"""

import gzip
import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup, escape

from laurel.base import json_text
from laurel.base.written_dates import dated
from laurel.domain.logos.showing import address_of
from laurel.domain.organisations.model import Organisation

HERE = Path(__file__).parent
STATIC = HERE / "static"
HTML = "text/html"
"""The framework adds the character set to text."""
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


def security_headers(*, images: str | None = None, framed: bool = False) -> dict[str, str]:
    """The headers of a page. images: an address elsewhere whose origin may be shown; framed: other sites may embed it."""
    sources = "'self' data:"
    if images is not None:
        parts = urlsplit(images)
        if parts.scheme in {"http", "https"} and parts.netloc and not set(parts.netloc) & set(" ;,'\""):
            sources += f" {parts.scheme}://{parts.netloc}"
    headers = {
        "Content-Security-Policy": "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                f"img-src {sources}",
                "font-src 'self'",
                "connect-src 'self'",
                "form-action 'self'",
                "base-uri 'none'",
                f"frame-ancestors {'*' if framed else chr(39) + 'none' + chr(39)}",
            )
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if not framed:
        headers["X-Frame-Options"] = "DENY"
    return headers


@cache
def static_file(name: str) -> tuple[bytes, str, str] | None:
    """A file of static/ with its media type and the hash that is its version; None when there is none."""
    if name not in {path.name for path in STATIC.iterdir()} or Path(name).suffix not in MEDIA_TYPES:
        return None
    data = (STATIC / name).read_bytes()
    return data, MEDIA_TYPES[Path(name).suffix], hashlib.sha256(data).hexdigest()[:16]


@cache
def packed_file(name: str) -> bytes | None:
    """A static file packed with gzip; None where that saves nothing (fonts are packed already)."""
    found = static_file(name)
    return gzip.compress(found[0], mtime=0) if found is not None and not name.endswith(".woff2") else None


def static_url(name: str) -> str:
    """The address of a static file; it changes with the contents, so that it may be kept for ever."""
    found = static_file(name)
    if found is None:
        raise LookupError(name)
    return f"/static/{name}?v={found[2]}"


def render(template: str, **context: Any) -> str:
    """The text of a template."""
    return _environment().get_template(template).render(**context)


def show(
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    images: str | None = None,
    framed: bool = False,
    keep: bool = False,
    context: Mapping[str, Any] | None = None,
    **shown: Any,
) -> Response[bytes]:
    """A page of what is in `context` and `shown`. Browsers keep none unless `keep`: it may be taken back at any time."""
    body = render(template, **{**shown, **(context or {})}).encode("utf-8", "replace")
    own = security_headers(images=images, framed=framed)
    own["Cache-Control"] = "no-cache" if keep else "no-store"
    return Response(body, status_code=status, media_type=HTML, headers={**own, **(headers or {})})


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"static": static_url, "icon": icon}
    environment.filters |= {
        "when": when,
        "day": day,
        "dated": dated,
        "number": number,
        "lines": lines,
        "json": _json,
        "structured": structured,
        "safe_url": safe_url,
        "logo_url": logo_url,
        "host": lambda value: urlsplit(str(value)).netloc,
        "initials": initials,
        "queried": lambda value: quote(str(value), safe=""),
    }
    return environment


def when(value: datetime | None) -> Markup | str:
    """An instant, in UTC, marked up so that a script can write it in the reader's own zone."""
    if value is None:
        return "–"
    utc = value.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%d %b %Y, %H:%M} UTC")


def day(value: date | None) -> str:
    """A date as 14 March 2026."""
    return "–" if value is None else f"{value.day} {value:%B %Y}"


def number(value: Decimal | float | None) -> str:
    """A number with thin spaces between thousands."""
    if value is None:
        return "–"
    text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(",", "\u202f")


def lines(text: str) -> Markup:
    """Plain text with its line breaks."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def safe_url(value: str | None) -> str:
    """A web address as it may stand in href; anything else becomes nothing."""
    return value if value and urlsplit(value).scheme in {"http", "https"} else ""


def logo_url(organisation: Organisation) -> str:
    """What pages show as an organisation's picture: its logo, small, under an address that changes with it; else the
    picture elsewhere that it names; "" when there is neither.
    """
    if organisation.logo is None:
        return safe_url(organisation.image)
    return f"{address_of(organisation)}?size=small&v={organisation.logo[:12]}"


def initials(name: str) -> str:
    """Up to two letters to stand for a name."""
    words = [word for word in name.partition("@")[0].split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


def _json(value: Any) -> str:
    return json_text.encode(value).decode()


def structured(value: Any) -> Markup:
    """JSON as it may stand inside a script element: nothing in it can end the element."""
    text = _json(value)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - what could be markup was just written as escapes


_ICONS = {
    "home": "M3 11.5 12 4l9 7.5M5.5 10v9.5h13V10",
    "award": "M12 3a6 6 0 1 1 0 12 6 6 0 0 1 0-12ZM8.5 14 7 21l5-2.8L17 21l-1.500-7",
    "send": "M21 3 10.500 13.500M21 3l-6.500 18-4-7.500L3 9.500 21 3Z",
    "card": "M3 6h18v13H3zM7 15h5M7 11h10",
    "people": "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20c.4-3.500 3-5.500 6.500-5.500s6.100 2 6.500 5.500"
    "M16 4.300a3.500 3.500 0 0 1 0 6.400M18 15c2 .8 3.200 2.500 3.500 5",
    "pulse": "M3 12h4l3-8 4 16 3-8h4",
    "gift": "M4 11h16v9.500H4zM3 7h18v4H3zM12 7v13.500M12 7S10.500 3 8 3.500 7 7 12 7Zm0 0s1.500-4 4-3.500S17 7 12 7Z",
    "bars": "M5 20v-6h3.500v6M10.300 20V8h3.500v12M15.500 20V4H19v16M3 20h18",
    "flag": "M6 21V4M6 4.500h11.500L15 8.500l2.500 4H6",
    "flame": "M12 3c.5 3.500 5.500 5.500 5.500 11a5.500 5.500 0 0 1-11 0c0-2.200 1-3.600 2-4.700.3 1.500 1 2.200 1.800 2.500C10 8.500 10.500 5.500 12 3Z",
    "inbox": "M3 13l3-8h12l3 8v6.500H3zM3 13h5.500l1.500 3h4l1.500-3H21",
    "key": "M14.500 3.500a5 5 0 1 0 2.500 9.300M11 11l-7 7v3h3l1-1v-2h2v-2h2l1.500-1.500",
    "hook": "M9.500 8.500a3.500 3.500 0 1 1 5 3.100L17 16M7 11a3.500 3.500 0 1 0 3.500 5H16M14 18a3 3 0 1 0 3-4",
    "list": "M8 6h13M8 12h13M8 18h13M3.500 6h.01M3.500 12h.01M3.500 18h.01",
    "gear": "M12 8.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7ZM12 2.500v3M12 18.500v3M2.500 12h3M18.500 12h3M5.300 5.300l2.100 2.100"
    "M16.600 16.600l2.100 2.100M18.700 5.300l-2.100 2.100M7.400 16.600l-2.100 2.100",
    "team": "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.500 21c.5-4 3.500-6.500 7.500-6.500s7 2.500 7.500 6.500",
    "menu": "M4 6h16M4 12h16M4 18h16",
    "plus": "M12 5v14M5 12h14",
    "check": "M4.500 12.500 10 18 19.500 7",
    "cross": "M6 6l12 12M18 6 6 18",
    "question": "M9 9.200a3.100 3.100 0 1 1 4.600 2.700c-1 .6-1.600 1.200-1.600 2.300M12 17.500h.01",
    "info": "M12 11v6M12 7.500h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
    "warning": "M12 4 2.500 20h19L12 4ZM12 10v5M12 17.500h.01",
    "shield": "M12 3 4.500 6v5.500c0 4.800 3.200 8 7.500 9.500 4.300-1.500 7.500-4.700 7.500-9.500V6L12 3ZM8.500 12l2.500 2.500 4.500-5",
    "down": "M12 4v11M7 11l5 5 5-5M4.500 20h15",
    "share": "M8.200 10.800l7.600-4.400M8.200 13.200l7.600 4.400M6 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM18 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z"
    "M18 22a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
    "out": "M10 4H5v16h5M15 8l4 4-4 4M19 12H9.500",
    "raise": "M12 19V5M6 11l6-6 6 6",
    "lower": "M12 5v14M6 13l6 6 6-6",
    "copy": "M9 9h11v11H9zM5 15H4V4h11v1",
    "words": "M5 6.500V4h14v2.500M12 4v16M9 20h6",
    "picture": "M3 5h18v14H3zM3 16l5-5 4 4 3-3 6 6M8.500 9.500h.01",
    "squares": "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2M20 14v2M14 20h2M18 18h2v2",
    "shape": "M12 3l8 4.500v9L12 21l-8-4.500v-9z",
    "frame": "M4 4h16v16H4z",
    "undo": "M9 5 5 9l4 4M5 9h9a5.500 5.500 0 0 1 0 11h-4",
    "redo": "m15 5 4 4-4 4M19 9h-9a5.500 5.500 0 0 0 0 11h4",
    "palette": "M12 3a9 9 0 1 0 0 18c1.500 0 2-1 1.500-2.200-.6-1.500.3-2.800 2-2.800H18a3 3 0 0 0 3-3c0-5.500-4-10-9-10Z"
    "M7.500 11h.01M10 7.500h.01M14.500 7.500h.01",
}


def icon(name: str) -> Markup:
    """A line drawing beside words; it says nothing to screen readers."""
    return Markup(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>'
    ).format(_ICONS[name])
