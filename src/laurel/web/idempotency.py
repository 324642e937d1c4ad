"""`Idempotency-Key` on every POST of every surface: the effect and the answer commit together, once.

Same key and same request: the stored answer. Same key, other request: conflict. Still in work: conflict. Refusals undo
everything and are not kept, so the same key may be tried again. Keys belong to the caller and are kept for a day.
"""

import hashlib
from datetime import timedelta
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from laurel.base.errors import IdempotencyKeyReused, Invalid, RequestInFlight, TooLarge, Unauthenticated
from laurel.base.limits import IDEMPOTENCY_KEPT_SECONDS, IDEMPOTENCY_KEY_LENGTH_MAX
from laurel.database import answers
from laurel.database.answers import StoredAnswer
from laurel.database.pool import RequestTransaction, Transaction, one_transaction_per_request
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.web.bodies import read_body, replayed
from laurel.web.callers import caller_of
from laurel.web.surfaces import Surfaces

HEADER = b"idempotency-key"
REPLAYED = (b"idempotency-replayed", b"true")


class Idempotency:
    """The middleware; passes everything but a POST with the header and a known caller straight on."""

    def __init__(self, app: ASGIApp, surfaces: Surfaces, parts: Parts) -> None:
        self._app = app
        self._surfaces = surfaces
        self._parts = parts

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request."""
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        try:
            _check_key(key)
            caller = await caller_of(scope)
        except Unauthenticated:
            await self._app(scope, receive, send)
            return
        except Exception as refused:  # noqa: BLE001 - whatever it is, the surface renders it
            await self._surfaces.send_refusal(refused, scope, receive, send)
            return
        started = False

        async def noting_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._answer_once(key, caller, scope, receive, noting_send)
        except Exception as failure:
            if started:
                raise
            await self._surfaces.send_refusal(failure, scope, receive, send)

    async def _answer_once(self, key: str, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        request_hash = _request_hash(scope, body)
        stored: StoredAnswer | None = None

        async def on_open(tx: Transaction) -> None:
            nonlocal stored
            if not await answers.lock_idempotency_key(tx, caller.identity, key):
                raise RequestInFlight("a request with this Idempotency-Key is still in work", retry_after_seconds=1)
            since = self._parts.clock.now() - timedelta(seconds=IDEMPOTENCY_KEPT_SECONDS)
            stored = await answers.stored_answer(tx, caller.identity, key, since=since)

        request_transaction = RequestTransaction(on_open)
        messages: list[Message] = []
        commit = False
        try:
            tx = await request_transaction.join(self._parts.database, caller.organisation_id)
            if stored is None:
                messages = await self._run(request_transaction, scope, replayed(body, receive))
                answer = _answer(request_hash, messages)
                if answer.status < 400:
                    await answers.store_answer(tx, caller.identity, key, answer, self._parts.clock.now())
                    commit = True
        finally:
            await request_transaction.finish(commit=commit)
        if stored is not None:
            if stored.request_hash != request_hash:
                raise IdempotencyKeyReused("this Idempotency-Key came with another request", field="Idempotency-Key")
            messages = _messages(stored)
        for message in messages:
            await send(message)

    async def _run(self, request_transaction: RequestTransaction, scope: Scope, receive: Receive) -> list[Message]:
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        async with one_transaction_per_request(request_transaction):
            await self._app(scope, receive, collect)
        return messages


def _key(scope: Any) -> str | None:
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == HEADER), None)


def _check_key(key: str) -> None:
    if not key.strip():
        raise Invalid("Idempotency-Key must not be empty", field="Idempotency-Key", value=key)
    if len(key) > IDEMPOTENCY_KEY_LENGTH_MAX:
        raise TooLarge(
            f"Idempotency-Key has {len(key)} characters, the limit is {IDEMPOTENCY_KEY_LENGTH_MAX}",
            field="Idempotency-Key",
            limit=IDEMPOTENCY_KEY_LENGTH_MAX,
            value=len(key),
        )


def _request_hash(scope: Scope, body: bytes) -> bytes:
    content_type = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    parts = (scope["path"].encode(), scope.get("query_string", b""), content_type, body)
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()


def _answer(request_hash: bytes, messages: list[Message]) -> StoredAnswer:
    start: Any = next((message for message in messages if message["type"] == "http.response.start"), None)
    if start is None:
        raise AssertionError("a handler ended without an answer")
    bodies = [message.get("body", b"") for message in messages if message["type"] == "http.response.body"]
    return StoredAnswer(
        request_hash=request_hash,
        status=start["status"],
        headers=[(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in start["headers"]],
        body=b"".join(bytes(part) for part in bodies),
    )


def _messages(stored: StoredAnswer) -> list[Message]:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in stored.headers]
    return [
        {"type": "http.response.start", "status": stored.status, "headers": [*headers, REPLAYED]},
        {"type": "http.response.body", "body": stored.body, "more_body": False},
    ]
