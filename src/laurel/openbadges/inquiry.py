"""One verification under way: its time, its contexts, and what it has asked for so far. It fetches nothing itself."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

from laurel.base import limits
from laurel.openbadges.faults import DocumentRefused, KeyRefused
from laurel.openbadges.jsonld import ContextLoader
from laurel.openbadges.rdfc import Work
from laurel.openbadges.reading import read_json
from laurel.openbadges.verdict import Fetched, Need, Reply, Unavailable


class Inquiry:
    """One verification under way: its time, its contexts, and how much it has asked for."""

    def __init__(self, *, now: datetime, loader: ContextLoader, own: str = "") -> None:
        self.now = now
        self._own = own
        self.loader = loader
        self.key: str | None = None
        self.work = Work(limits.VERIFICATION_WORK_MAX)
        self._bytes_left = limits.VERIFICATION_FETCHED_BYTES_MAX
        self._asked: dict[str, Reply] = {}

    def ask(self, url: str, what: str) -> Generator[Need, Reply, Reply]:
        """The reply for a URL, asked for once. Raises KeyRefused for too many look-ups, and for other schemes than https
        unless the URL lies under the caller's own address.
        """
        plainly_own = bool(self._own) and url.startswith(f"{self._own}/")
        if not (url.startswith("https://") or plainly_own) or len(url) > limits.URL_LENGTH_MAX:
            raise KeyRefused("only https addresses are looked up", field=what, value=url[:200])
        if url not in self._asked:
            if len(self._asked) >= limits.VERIFICATION_LOOKUPS_MAX:
                raise KeyRefused("the credential asks for too many look-ups", limit=limits.VERIFICATION_LOOKUPS_MAX)
            reply = yield Need(url=url, what=what)
            if isinstance(reply, Fetched):
                self._bytes_left -= len(reply.body)
                if self._bytes_left < 0:
                    reply = Unavailable("too much would have to be read")
            self._asked[url] = reply
        return self._asked[url]

    def ask_json(self, url: str, what: str) -> Generator[Need, Reply, dict[str, Any]]:
        """The JSON object at a URL. Raises NotAnswered, DocumentRefused, KeyRefused."""
        reply = yield from self.ask(url, what)
        return read_json(body_of(reply, url))


class NotAnswered(Exception):
    """What had to be looked up did not come; nothing is known, so nothing is claimed."""


def body_of(reply: Reply, url: str) -> bytes:
    """The body of a good answer. Raises NotAnswered."""
    if isinstance(reply, Fetched) and reply.status == 200 and len(reply.body) <= limits.DOCUMENT_BYTES_MAX:
        return reply.body
    reason = f"status {reply.status}" if isinstance(reply, Fetched) else reply.reason
    raise NotAnswered(f"{url} gave no document: {reason}")


def parse_instant(value: Any) -> datetime:
    """An RFC 3339 timestamp of a foreign document. Raises DocumentRefused."""
    instant = None
    if isinstance(value, str) and len(value) <= limits.LANGUAGE_LENGTH_MAX:
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            instant = None
    if instant is None or instant.tzinfo is None:
        raise DocumentRefused("a date is missing or no RFC 3339 timestamp with a zone", value=str(value)[:100])
    return instant
