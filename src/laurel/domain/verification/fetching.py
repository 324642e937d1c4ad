"""What a verification asks of others: fetched under guard, remembered for a while, our own pages answered here."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from laurel.base import limits
from laurel.openbadges.verdict import Fetched, Need, Reply, Unavailable
from laurel.outside.clock import Clock
from laurel.outside.http import Http, HttpAnswer, Unreachable

OwnPages = Callable[[str, str], Awaitable[Fetched]]
"""(path, Accept) to what a stranger would get there."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT = {"key": timedelta(minutes=5)}
_KEPT_USUALLY = timedelta(minutes=1)
_KEPT_FAILURE = timedelta(seconds=10)
_answering_own = ContextVar("answering_own", default=False)


class _Kept(NamedTuple):
    reply: Reply
    until: datetime


class Lookups:
    """Answers what verifications need to know; one per process."""

    def __init__(self, http: Http, clock: Clock, public_url: str) -> None:
        self._http = http
        self._clock = clock
        self._own_host = _host(public_url)
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._bytes = 0
        self.own_pages: OwnPages | None = None

    async def answer(self, need: Need, deadline: float) -> Reply:
        """The reply to `need`, at the latest at `deadline` (a time of the running loop). Raises nothing."""
        if _answering_own.get():
            return Unavailable("a page of this server looks nothing up")
        if _host(need.url) == self._own_host and self.own_pages is not None:
            return await self._own(self.own_pages, need)
        name = (need.url, need.what)
        kept = self._kept.get(name)
        if kept is not None and self._clock.now() < kept.until:
            self._kept.move_to_end(name)
            return kept.reply
        remaining = deadline - asyncio.get_running_loop().time()
        if remaining <= 0:
            return Unavailable("the time that a verification may take was over")
        try:
            async with asyncio.timeout(remaining):
                reply = await self._fetch(need)
        except TimeoutError:
            reply = Unavailable("no answer in the time that a verification may take")
        self._keep(name, reply)
        return reply

    def forget(self) -> None:
        """Remember nothing of what was answered."""
        self._kept.clear()
        self._bytes = 0

    async def _own(self, pages: OwnPages, need: Need) -> Reply:
        parts = urlsplit(need.url)
        if parts.query:
            return Unavailable("addresses of this server with a query are not looked up")
        token = _answering_own.set(True)
        try:
            return await pages(parts.path or "/", need.accept)
        finally:
            _answering_own.reset(token)

    async def _fetch(self, need: Need) -> Reply:
        url = need.url
        try:
            for _ in range(limits.LOOKUP_REDIRECTS_MAX + 1):
                answer = await self._http.send("GET", url, headers={"Accept": need.accept})
                further = _redirected(url, answer)
                if further is None:
                    return Fetched(status=answer.status, body=answer.body)
                if need.what == "key" or _host(further) != _host(url) or not further.startswith("https://"):
                    return Unavailable("it leads elsewhere, and such redirects are not followed")
                url = further
        except Unreachable as failure:
            return Unavailable(str(failure))
        return Unavailable("it leads on and on")

    def _keep(self, name: tuple[str, str], reply: Reply) -> None:
        good = isinstance(reply, Fetched) and reply.status == 200
        kept_for = _KEPT.get(name[1], _KEPT_USUALLY) if good else _KEPT_FAILURE
        before = self._kept.pop(name, None)
        self._kept[name] = _Kept(reply, self._clock.now() + kept_for)
        self._bytes += _size(reply) - (0 if before is None else _size(before.reply))
        while len(self._kept) > limits.LOOKUPS_KEPT_MAX or self._bytes > limits.LOOKUPS_KEPT_BYTES_MAX:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= _size(dropped.reply)


def _size(reply: Reply) -> int:
    return len(reply.body) if isinstance(reply, Fetched) else 0


def _redirected(url: str, answer: HttpAnswer) -> str | None:
    place = answer.headers.get("location")
    if answer.status not in _REDIRECTS or not place:
        return None
    try:
        return urljoin(url, place)
    except ValueError:
        return ""


def _host(url: str) -> str | None:
    """Host and port as compared; None when the address cannot be read."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.hostname is None:
        return None
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.hostname if port in {None, usual} else f"{parts.hostname}:{port}"
