"""The web application: every surface's routes under one roof, and the layers in front of them.

A surface is registered by adding it to the list that `create_web` is given; nothing else knows which there are.
"""

from collections.abc import Sequence
from typing import Any

from litestar import Litestar, MediaType, Request, Response, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from laurel.base import json_text
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.web import openapi
from laurel.web.bodies import BodyLimit, LaurelRequest
from laurel.web.callers import Callers, caller_of
from laurel.web.edge import Edge
from laurel.web.heads import Heads
from laurel.web.hot_routes import HotRoutes
from laurel.web.idempotency import Idempotency
from laurel.web.own_pages import own_pages
from laurel.web.prompt_issuing import PromptIssuing
from laurel.web.surfaces import Surface, Surfaces


class ExactResponse(Response[Any]):
    """JSON answers with decimals as the numbers they are."""

    def render(self, content: Any, media_type: str, enc_hook: Any = None) -> bytes:
        """`content` as bytes."""
        if media_type.startswith(MediaType.JSON) and not isinstance(content, bytes):
            try:
                return json_text.encode(content)
            except TypeError:
                return super().render(content, media_type, enc_hook)
        return super().render(content, media_type, enc_hook)


class _AllRoutes(Router):
    """Every route, told to the application at once: told one by one, each makes it look at all the others again."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "_AllRoutes":
        """Itself: one application has it, so that nothing is gained by a copy."""
        return self


async def _provide_caller(request: Request[Any, Any, Any]) -> Caller:
    return await caller_of(request.scope)


def create_web(parts: Parts, surfaces: Sequence[Surface], *, trusted_proxies: Sequence[str] = ()) -> ASGIApp:
    """The ASGI application over opened parts. It does not open or close them."""
    known = Surfaces(surfaces)
    callers = Callers(parts)
    spine = parts.spine
    application = Litestar(
        route_handlers=[_AllRoutes("/", route_handlers=[each for surface in surfaces for each in surface.handlers])],
        dependencies={
            "parts": Provide(lambda: parts, sync_to_thread=False),
            "callers": Provide(lambda: callers, sync_to_thread=False),
            "caller": Provide(_provide_caller),
            "spine": Provide(lambda: spine, sync_to_thread=False),
        },
        exception_handlers={Exception: known.refuse},
        request_class=LaurelRequest,
        response_class=ExactResponse,
        request_max_body_size=None,
        openapi_config=openapi.CONFIGURATION,
        state=State({"parts": parts, "surfaces": known}),
        signature_namespace={"Parts": Parts, "Caller": Caller},
        logging_config=None,
        debug=False,
    )
    layered: ASGIApp = HotRoutes(application, [surface.hot for surface in surfaces])
    layered = Idempotency(layered, known, parts)
    layered = PromptIssuing(layered, parts)
    layered = BodyLimit(layered, known)
    layered = Heads(layered)
    edge = Edge(layered, surfaces=known, parts=parts, callers=callers, spine=spine, trusted_proxies=trusted_proxies)
    parts.verifier.answers_own(own_pages(edge))
    return edge
