"""What telling others needs from outside: formats of messages, and the parts of the running server that send them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from laurel.database.pool import Database
from laurel.outside.clock import Clock
from laurel.outside.http import Http
from laurel.outside.mail import Mailer


class MessageFormat(Protocol):
    """How subscribers of one kind want to be told. `render` is pure; what it answers is stored and sent as it is."""

    @property
    def topics(self) -> frozenset[str]:
        """The topics it can speak about."""
        ...

    @property
    def quiet_too(self) -> bool:
        """Whether its subscribers hear of quiet messages as well."""
        ...

    def render(self, told: Any) -> bytes | None:
        """The body for a `model.Told`, or None when there is nothing to say to such a subscriber."""
        ...


@runtime_checkable
class BatchFormat(MessageFormat, Protocol):
    """A format whose subscribers take several messages in one request, and know us by what is in its headers."""

    @property
    def batch(self) -> int:
        """How many messages at most go into one request."""
        ...

    def join(self, bodies: Sequence[bytes]) -> bytes:
        """The body of one request for several rendered messages."""
        ...

    def headers(self, secret: str) -> dict[str, str]:
        """What the request carries besides; `secret` is the endpoint's."""
        ...


@runtime_checkable
class HeadedFormat(MessageFormat, Protocol):
    """A format whose receivers expect headers of its own beside those of Standard Webhooks."""

    def headers_of(self, delivery: Any, secret: str) -> dict[str, str]:
        """The headers for a `model.Delivery`; `secret` is the endpoint's, as its owner knows it."""
        ...


class Outlets(Protocol):
    """The running parts that are needed here (domain/parts.py has them)."""

    @property
    def database(self) -> Database:
        """Where messages are recorded."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock."""
        ...

    @property
    def public_url(self) -> str:
        """The address of this server."""
        ...

    @property
    def pepper(self) -> bytes:
        """What secrets are sealed with."""
        ...

    @property
    def http(self) -> Http:
        """Sends requests."""
        ...

    @property
    def mailer(self) -> Mailer:
        """Sends mail."""
        ...

    @property
    def message_formats(self) -> Mapping[str, MessageFormat]:
        """By the name that endpoints choose."""
        ...
