"""/terms and /privacy: the operator's own texts, or what can be said truly where there are none."""

from litestar import Response

from laurel.web.pages.visits import Visit, page


@page("/terms", door="open")
async def show_terms(visit: Visit) -> Response[bytes]:
    """On to the operator's terms; without them, that there are none."""
    return _text(visit, "terms", visit.parts.terms_url)


@page("/privacy", door="open")
async def show_privacy(visit: Visit) -> Response[bytes]:
    """On to the operator's policy; without one, what this server keeps and shows."""
    return _text(visit, "privacy", visit.parts.privacy_url)


def _text(visit: Visit, name: str, address: str | None) -> Response[bytes]:
    if address is not None:
        return visit.to(address)
    return visit.show_in_public("public/own_text.html", name=name)


HANDLERS = (show_terms, show_privacy)
