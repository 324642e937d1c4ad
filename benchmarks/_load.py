"""Sends prepared HTTP requests over kept connections and counts answers; run as a process of its own by http.py.

Arguments: port, connections, seconds; on standard input a JSON list of [method, path, headers, body]. A body or path may hold {n}, which
becomes a number that no other request has. Prints answers a second and how many were not 2xx.
"""

import asyncio
import itertools
import json
import sys
import time


class Client(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the last is complete."""

    def __init__(self, requests: "itertools.cycle[tuple[bytes, bytes]]", numbers: "itertools.count[int]") -> None:
        self._requests = requests
        self._numbers = numbers
        self._received = bytearray()
        self.answers = self.bad = 0
        self.stopped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        self._send()

    def _send(self) -> None:
        head, body = next(self._requests)
        if b"{n}" in head or b"{n}" in body:
            number = b"%d" % next(self._numbers)
            head, body = head.replace(b"{n}", number), body.replace(b"{n}", number)
        self._transport.write(b"%b\r\ncontent-length: %d\r\n\r\n%b" % (head, len(body), body))  # type: ignore[attr-defined] # a TCP transport

    def data_received(self, data: bytes) -> None:
        """Count whole answers."""
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._received) < end + 4 + length:
            return
        self.answers += 1
        self.bad += head[9:10] != b"2"
        self._received.clear()
        if not self.stopped:
            self._send()


async def load(port: int, connections: int, seconds: float, wanted: list[list[str]]) -> tuple[float, int]:
    """(answers a second, how many were not 2xx)."""
    requests = itertools.cycle(
        [
            (f"{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}".rstrip().encode(), body.encode())
            for method, path, headers, body in wanted
        ]
    )
    numbers = itertools.count(time.time_ns())
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Client(requests, numbers), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(0.5)
    before, started = sum(client.answers for client in clients), time.perf_counter()
    await asyncio.sleep(seconds)
    done, passed = sum(client.answers for client in clients) - before, time.perf_counter() - started
    for client in clients:
        client.stopped = True
    return done / passed, sum(client.bad for client in clients)


def main() -> None:
    """Run as the arguments say."""
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    rate, bad = asyncio.run(load(port, connections, seconds, json.load(sys.stdin)))
    print(json.dumps([rate, bad]))


if __name__ == "__main__":
    main()
