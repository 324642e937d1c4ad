"""The words of a verification: what was looked at, what was found, what has to be fetched on the way.

A verification is a generator. It yields a Need whenever it wants something from outside and gets a Reply back; it
returns a Verdict. Fetching, its guards and its cache are the caller's, which `decide` and `decide_later` drive.
"""

from collections.abc import Awaitable, Callable, Generator
from enum import StrEnum
from typing import Any

import msgspec


class Outcome(StrEnum):
    """How one check ended. A credential is verified when none failed and none stayed unknown."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It could not be found out: something that would have to answer did not."""
    NOTED = "noted"
    """Said for information; decides nothing."""


PASSED, FAILED, UNKNOWN, NOTED = Outcome


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at. Names: format, structure, proof, issuer, validity, status, refresh, recipient,
    embedded.
    """

    name: str
    outcome: Outcome
    detail: str
    path: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What is known about the bytes that were offered.

    `standard` says what they were: "Open Badges 3.0", "Open Badges 2.0", "CLR 2.0", "VC 2.0", "VC 1.1" or "".
    `trust` says in a sentence where knowledge ends and the reader's own judgement begins.
    """

    verified: bool
    standard: str
    checks: tuple[Check, ...]
    trust: str
    credential: dict[str, Any] | None = None
    issuer: str | None = None
    key: str | None = None
    carrier: str = "json"


class Need(msgspec.Struct, frozen=True):
    """Something that has to be fetched (https, GET). `what` is one of key, status, refresh, assertion, badge, issuer."""

    url: str
    what: str
    accept: str = "application/vc+jwt, application/vc+ld+json, application/ld+json, application/json"


class Fetched(msgspec.Struct, frozen=True):
    """An answer, whatever its status; redirects were followed or refused by the caller's rules."""

    status: int
    body: bytes


class Unavailable(msgspec.Struct, frozen=True):
    """No answer: refused by a guard, timed out, too large, look-ups switched off. `reason` is shown to people."""

    reason: str


Reply = Fetched | Unavailable
Steps = Generator[Need, Reply, Verdict]


def decide(steps: Steps, resolve: Callable[[Need], Reply]) -> Verdict:
    """Run a verification to its end with a resolver that answers at once."""
    try:
        need = next(steps)
        while True:
            need = steps.send(resolve(need))
    except StopIteration as end:
        verdict: Verdict = end.value
        return verdict


async def decide_later(steps: Steps, resolve: Callable[[Need], Awaitable[Reply]]) -> Verdict:
    """Run a verification to its end with an asynchronous resolver."""
    try:
        need = next(steps)
        while True:
            need = steps.send(await resolve(need))
    except StopIteration as end:
        verdict: Verdict = end.value
        return verdict


def offline(need: Need) -> Reply:
    """A resolver that fetches nothing: only what a credential carries itself (did:key) can be verified."""
    return Unavailable(f"look-ups are switched off, so {need.url} was not asked")
