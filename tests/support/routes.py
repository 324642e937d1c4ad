"""Every route of the server with its methods, as the assembled application knows them: for tests that walk all of them."""

from typing import Any, NamedTuple

import httpx
from litestar import Litestar


class KnownRoute(NamedTuple):
    """One method of one path; parameters stand in the path as {name}."""

    method: str
    path: str
    parameters: tuple[str, ...]


def application_of(transport: httpx.ASGITransport) -> Litestar:
    """The Litestar application under the layers."""
    layer: Any = transport.app
    while not isinstance(layer, Litestar):
        layer = layer._app
    return layer


def every_route(transport: httpx.ASGITransport) -> list[KnownRoute]:
    """All of them, reading ones first, deleting ones last, and after those what erases the person that a key acts for."""
    order = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    found = {
        KnownRoute(
            method,
            "/".join(f"{{{part.name}}}" if hasattr(part, "name") else part for part in ["", *route.path_components]),
            tuple(route.path_parameters),
        )
        for route in application_of(transport).routes
        for method in getattr(route, "methods", ())
        if method in order
    }
    return sorted(found, key=lambda route: (route.path.endswith("/erasure"), order.index(route.method), route.path))
