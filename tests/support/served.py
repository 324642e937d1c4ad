"""The whole application on a port of this machine, within the test's own process and loop, so that a browser can visit it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

_PATIENCE_SECONDS = 60


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def served(application: Any, *, port: int | None = None) -> AsyncIterator[str]:
    """The address at which `application` answers inside the block."""
    port = port or free_port()
    server = Server(
        application,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_level=LogLevels.error,
    )
    running = asyncio.create_task(server.serve())
    address = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(_PATIENCE_SECONDS), httpx.AsyncClient() as client:
        while True:
            try:
                await client.get(f"{address}/healthz")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.02)
    yield address
    server.stop()
    await asyncio.wait_for(running, _PATIENCE_SECONDS)
