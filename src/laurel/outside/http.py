"""Outgoing HTTP to addresses that others name: guarded against private networks, bounded in time and size.

A name is resolved, every address it has is checked, and the connection goes to a checked address: what the name
resolves to a moment later does not matter. https only, no redirects, no proxies of the environment.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import msgspec

from laurel.base.limits import OUTGOING_ANSWER_BYTES_MAX, OUTGOING_SECONDS_MAX

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_NAT64 = ip_network("64:ff9b::/96")
_NAT64_LOCAL = ip_network("64:ff9b:1::/48")
_COMPATIBLE = ip_network("::/96")
_SITE_LOCAL = ip_network("fec0::/10")


class Unreachable(Exception):
    """Nothing was answered; the message says why, in words for the owner of the address."""


class Blocked(Unreachable):
    """The address may not be reached from here, and nothing was connected to."""


class HttpAnswer(msgspec.Struct, frozen=True):
    """What came back. Header names are lower case; `body` is whole."""

    status: int
    headers: dict[str, str]
    body: bytes
    milliseconds: int


class Http(Protocol):
    """Sends one request to an address that somebody else chose."""

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpAnswer:
        """The answer, whatever its status. Raises Unreachable, Blocked."""
        ...

    def check(self, url: str) -> None:
        """Raise Blocked when `url` can be seen not to be allowed without asking anybody."""
        ...


class GuardedHttp:
    """The real one. `allowed` are networks that may be reached although they are not public, there also by plain http."""

    def __init__(self, allowed: Sequence[str] = (), *, resolve: Resolve | None = None) -> None:
        self._allowed = [ip_network(network, strict=False) for network in allowed]
        self._resolve = resolve or _resolve
        self._client: httpx.AsyncClient | None = None

    def check(self, url: str) -> None:
        """Refuse what is not https, has a user in it, or names a private address literally."""
        host, _ = _host_and_port(url)
        literal = _literal(host)
        if urlsplit(url).scheme == "http" and not self._allowed:
            raise Blocked("the address must begin with https://")
        if literal is not None:
            self._check_address(literal, plain=urlsplit(url).scheme == "http")

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpAnswer:
        """One request, at most OUTGOING_SECONDS_MAX seconds and OUTGOING_ANSWER_BYTES_MAX bytes of answer."""
        started_at = time.perf_counter()
        try:
            async with asyncio.timeout(OUTGOING_SECONDS_MAX):
                status, answered, content = await self._send(method, url, dict(headers or {}), body)
        except TimeoutError:
            raise Unreachable(f"no answer within {OUTGOING_SECONDS_MAX} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as failure:
            raise Unreachable(f"{type(failure).__name__}: {failure}"[:300]) from None
        return HttpAnswer(status, answered, content, round((time.perf_counter() - started_at) * 1000))

    async def close(self) -> None:
        """Close kept connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _send(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        host, port = _host_and_port(url)
        address = await self._checked_address(host, port, plain=parts.scheme == "http")
        target = httpx.URL(url).copy_with(host=str(address))
        request = self._opened().build_request(
            method,
            target,
            headers={**headers, "Host": parts.netloc, "Accept-Encoding": "identity"},
            content=body,
            extensions={"sni_hostname": host, "timeout": dict.fromkeys(_PHASES, OUTGOING_SECONDS_MAX)},
        )
        answer = await self._opened().send(request, stream=True)
        try:
            content = bytearray()
            async for chunk in answer.aiter_raw():
                content += chunk
                if len(content) > OUTGOING_ANSWER_BYTES_MAX:
                    raise Unreachable(f"the answer is over {OUTGOING_ANSWER_BYTES_MAX} bytes")
            return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, bytes(content)
        finally:
            await answer.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            # Connections are not kept: a kept one could serve another name that resolves to the same address.
            limits = httpx.Limits(max_connections=100, max_keepalive_connections=0)
            self._client = httpx.AsyncClient(follow_redirects=False, trust_env=False, limits=limits)
        return self._client

    async def _checked_address(self, host: str, port: int, *, plain: bool) -> Address:
        literal = _literal(host)
        texts = [str(literal)] if literal is not None else await self._resolve(host, port)
        addresses = [ip_address(text.partition("%")[0]) for text in texts]
        if not addresses:
            raise Unreachable("the name of the host has no address")
        for address in addresses:
            self._check_address(address, plain=plain)
        return addresses[0]

    def _check_address(self, address: Address, *, plain: bool) -> None:
        """Raise Blocked unless `address`, and every address hidden in it, is public or allowed."""
        if _within(address, self._allowed):
            return
        if plain:
            raise Blocked("the address must begin with https://")
        if not all(_public(one) for one in (address, *_hidden(address))):
            raise Blocked("the address is not a public one")


_PHASES = ("connect", "read", "write", "pool")


def _host_and_port(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Blocked("the address cannot be read") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise Blocked("the address must begin with https:// and have a host")
    if parts.username is not None or parts.password is not None:
        raise Blocked("the address must not have a user name or password in it")
    if any(character.isspace() or ord(character) < ord(" ") or character == "\\" for character in url):
        raise Blocked("the address has spaces or control characters")
    return host, port or (443 if parts.scheme == "https" else 80)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _within(address: Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _public(address: Address) -> bool:
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or _within(address, [_SITE_LOCAL])
    )


def _hidden(address: Address) -> list[Address]:
    """IPv4 addresses that an IPv6 one carries: mapped, compatible, 6to4, Teredo, NAT64."""
    if isinstance(address, IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if _within(address, [_NAT64, _NAT64_LOCAL, _COMPATIBLE]):
        found.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return [one for one in found if one is not None]


async def _resolve(host: str, port: int) -> Sequence[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise Unreachable("the name of the host cannot be resolved") from None
    return [str(entry[4][0]) for entry in found]


class SentRequest(msgspec.Struct, frozen=True):
    """What the offline double was asked to send."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class OfflineHttp:
    """The double: reaches nobody, keeps what would have been sent, answers as `answers` says (200 without)."""

    def __init__(self, answers: Callable[[SentRequest], HttpAnswer | Exception] | None = None) -> None:
        self.sent: list[SentRequest] = []
        self.answers = answers
        self._guard = GuardedHttp()

    def check(self, url: str) -> None:
        """As the real one."""
        self._guard.check(url)

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpAnswer:
        """Keep the request and answer it."""
        request = SentRequest(method, url, dict(headers or {}), body)
        self.sent.append(request)
        answer = self.answers(request) if self.answers else HttpAnswer(200, {}, b"", 1)
        if isinstance(answer, Exception):
            raise answer
        return answer
