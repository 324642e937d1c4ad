"""Verifications run to their end: bounded in time, in number, and out of the way of other requests."""

import asyncio
from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from laurel.base import limits
from laurel.base.errors import Limited
from laurel.domain.verification.fetching import Lookups, OwnPages
from laurel.openbadges.faults import DocumentRefused, ProofRejected
from laurel.openbadges.presentation import holder_of
from laurel.openbadges.reading import read_json
from laurel.openbadges.verdict import Check, Fetched, Need, Outcome, Reply, Steps, Unavailable, Verdict
from laurel.openbadges.verify import is_open_badges_2, verify
from laurel.outside.clock import Clock
from laurel.outside.http import Http

_Result = TypeVar("_Result")
_THREADS = 2
_COMPUTING_SECONDS = 1.0
"""What is left of the time for computing when the last look-up may still be under way."""


class Verifier:
    """Gives verdicts; one per process."""

    def __init__(
        self,
        http: Http,
        clock: Clock,
        public_url: str,
        *,
        seconds_max: float = limits.VERIFICATION_SECONDS_MAX,
        at_once_max: int = limits.VERIFICATIONS_AT_ONCE_MAX,
    ) -> None:
        self._clock = clock
        self._own = public_url
        self._lookups = Lookups(http, clock, public_url)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="verify")
        self._under_way = 0
        self._seconds_max = seconds_max
        self._at_once_max = at_once_max

    def answers_own(self, pages: OwnPages) -> None:
        """From now on addresses under the public address are answered by `pages`, not by HTTP."""
        self._lookups.own_pages = pages

    def forget(self) -> None:
        """Ask others again from now on."""
        self._lookups.forget()

    async def verify(self, data: bytes, *, recipients: tuple[str, ...] = ()) -> Verdict:
        """The verdict on offered bytes. `recipients` are names one of which the credential should be about.

        Raises Limited when too many are under way; nothing else, whatever `data` is.
        """
        async with self._counted() as ends_at:
            return await self._decide(
                verify(data, now=self._clock.now(), recipients=recipients, own=self._own), ends_at
            )

    async def verify_url(self, url: str, *, recipients: tuple[str, ...] = ()) -> Verdict:
        """The verdict on what lies at an address. Raises Limited."""
        if not url.startswith(("https://", f"{self._own}/")) or len(url) > limits.URL_LENGTH_MAX:
            return _nothing("only https addresses are looked up", Outcome.FAILED)
        async with self._counted() as ends_at:
            reply = await self._lookups.answer(Need(url=url, what="credential"), ends_at - _COMPUTING_SECONDS)
            if not isinstance(reply, Fetched) or reply.status not in {200, 410}:
                reason = reply.reason if isinstance(reply, Unavailable) else f"status {reply.status}"
                return _nothing(f"{url} gave no document: {reason}", Outcome.UNKNOWN)
            offered = url.encode() if _is_hosted(reply) else reply.body
            return await self._decide(
                verify(offered, now=self._clock.now(), recipients=recipients, own=self._own), ends_at
            )

    async def holder_of(self, presentation: dict[str, Any] | str, *, challenge: str, domain: str) -> str:
        """The DID that signed a presentation (or its token) for a challenge and a domain.

        Raises Limited when too many are under way, and what `presentation.holder_of` raises.
        """
        steps = holder_of(presentation, challenge=challenge, domain=domain, now=self._clock.now())
        async with self._counted() as ends_at:
            try:
                return await self._run(steps, ends_at)
            except TimeoutError:
                reason = f"it could not be verified within {self._seconds_max} seconds"
                raise ProofRejected(reason, field="proof", limit=self._seconds_max) from None

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[float]:
        """One of few at a time; gives the time of the loop at which it must have ended."""
        if self._under_way >= self._at_once_max:
            raise Limited(
                "too many verifications are under way",
                limit=self._at_once_max,
                retry_after_seconds=self._seconds_max,
            )
        self._under_way += 1
        try:
            yield asyncio.get_running_loop().time() + self._seconds_max
        finally:
            self._under_way -= 1

    async def _decide(self, steps: Steps, ends_at: float) -> Verdict:
        try:
            return await self._run(steps, ends_at)
        except TimeoutError:
            return _nothing(f"it could not be verified within {self._seconds_max} seconds", Outcome.UNKNOWN)

    async def _run(self, steps: Generator[Need, Reply, _Result], ends_at: float) -> _Result:
        """What `steps` come to, each in a thread of ours, their needs answered. Raises TimeoutError, and what they raise."""
        loop = asyncio.get_running_loop()
        reply: Reply | None = None
        async with asyncio.timeout_at(ends_at):
            while True:
                need, result = await loop.run_in_executor(self._threads, _advance, steps, reply)
                if need is None:
                    return cast("_Result", result)
                reply = await self._lookups.answer(need, ends_at - _COMPUTING_SECONDS)


def _advance(steps: Generator[Need, Reply, _Result], reply: Reply | None) -> tuple[Need, None] | tuple[None, _Result]:
    try:
        return (next(steps) if reply is None else steps.send(reply)), None
    except StopIteration as end:
        return None, end.value


def _is_hosted(reply: Fetched) -> bool:
    """Whether an answer is an Open Badges 2.0 assertion, which is as good as the address it lies at."""
    try:
        return reply.status == 410 or is_open_badges_2(read_json(reply.body))
    except DocumentRefused:
        return False


def _nothing(reason: str, outcome: Outcome) -> Verdict:
    check = Check("format", outcome, reason)
    return Verdict(verified=False, standard="", checks=(check,), trust="Nothing was found that could be trusted.")
