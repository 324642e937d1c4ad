"""Signs the few credentials that a request has intended before its answer leaves; more are left to the job."""

from typing import Any

from litestar.types import ASGIApp, Message, Receive, Send

from laurel.domain.credentials.issue import asking
from laurel.domain.parts import Parts
from laurel.domain.record_events.issue_waiting import issue_few, rounds_of

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class PromptIssuing:
    """The middleware; around whatever commits the request's transaction."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._rounds = rounds_of(parts.issuer)
        self._patience_seconds = parts.signing_patience_seconds

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] in _READING:
            await self._app(scope, receive, send)
            return
        with asking() as asked:

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start" and asked:
                    await issue_few(self._rounds, asked, patience_seconds=self._patience_seconds)
                await send(message)

            await self._app(scope, receive, sending)
