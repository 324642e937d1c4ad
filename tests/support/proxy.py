"""A proxy between a server and its database that behaves as bad networks do: it stalls, resets, and falls silent.

It runs in a thread of its own; a fault strikes the connections that are open at that moment, newer ones are well again.
"""

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from typing import Self

_CHUNK = 1 << 16


class Line:
    """One connection through the proxy."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near, self.far = near, far
        self.flows = asyncio.Event()
        self.flows.set()
        self.answers_lost = False
        self.silent = False

    def reset(self) -> None:
        """End both sides at once, with what is still under way lost."""
        for writer in (self.near, self.far):
            plain = writer.get_extra_info("socket")
            if plain is not None and plain.family == socket.AF_INET:
                with suppress(OSError):
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class BadNetwork:
    """Listens on a port of loopback and passes on to PostgreSQL: `there` is its local socket, or "host:port"."""

    def __init__(self, there: str) -> None:
        self._there = there
        self._loop = asyncio.new_event_loop()
        self._lines: set[Line] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self.port = 0
        self.refusing = False
        self.carried = 0

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def stall(self, seconds: float) -> None:
        """Nothing passes on any open connection for a while, then everything that was sent."""
        self._loop.call_soon_threadsafe(self._stall, seconds)

    def reset(self) -> None:
        """Every open connection ends with a reset."""
        self._loop.call_soon_threadsafe(lambda: [line.reset() for line in list(self._lines)])

    def lose_answers(self) -> None:
        """What the server sent still arrives; instead of the database's next answer comes a reset."""
        self._loop.call_soon_threadsafe(lambda: [setattr(line, "answers_lost", True) for line in self._lines])

    def half_open(self) -> int:
        """The database's side ends, the server's side stays open and is never answered; how many connections that were."""

        async def strike() -> int:
            for line in self._lines:
                line.silent = True
                line.far.transport.abort()
            return len(self._lines)

        return asyncio.run_coroutine_threadsafe(strike(), self._loop).result(10)

    def lead_to(self, there: str) -> None:
        """Where new connections end from now on."""
        self._there = there

    def refuse(self, refusing: bool) -> None:
        """Whether new connections are turned away."""
        self.refusing = refusing

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        assert self._server is not None
        self.refusing = True
        for line in list(self._lines):
            line.reset()
        await asyncio.sleep(0.1)  # what is being accepted while the server closes would stay open for ever
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)  # aborted transports close their sockets in the next rounds of the loop

    def _stall(self, seconds: float) -> None:
        for line in self._lines:
            line.flows.clear()
            self._loop.call_later(seconds, line.flows.set)

    async def _accept(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        try:
            if not self.refusing:
                await self._carry(reader, near)
        finally:
            near.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._there.startswith("/"):
            return await asyncio.open_unix_connection(self._there)
        host, _, port = self._there.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def _carry(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        try:
            far_reader, far = await self._connect()
        except OSError:
            return
        line = Line(near, far)
        self._lines.add(line)
        try:
            await asyncio.gather(
                self._pass(reader, far, line, answers=False), self._pass(far_reader, near, line, answers=True)
            )
        finally:
            self._lines.discard(line)
            far.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line, *, answers: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await line.flows.wait()
                if line.silent:
                    continue
                if answers and line.answers_lost:
                    line.reset()
                    return
                writer.write(data)
                await writer.drain()
                self.carried += len(data)
        if line.silent and answers:
            return
        if not line.silent:
            for end in (line.near, line.far):
                if end.can_write_eof():
                    with suppress(OSError):
                        end.write_eof()
