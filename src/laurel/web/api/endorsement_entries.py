"""/api/v1/endorsements: speaking for an issuer, an achievement or a credential, and keeping what others say."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from laurel.base.errors import Invalid
from laurel.base.limits import IDENTIFIER_LENGTH_MAX
from laurel.domain.credentials import endorsing
from laurel.domain.endorsements import store
from laurel.domain.endorsements.model import Endorsement, Kind, KindKept, State
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor


class EndorsementOut(msgspec.Struct, frozen=True, kw_only=True):
    """An endorsement that is kept. `document` is the signed credential, or its compact token; `subject` what it names as
    endorsed. `revocable` ones were signed here with a status.
    """

    id: str
    of: KindKept
    subject: str
    state: State
    endorser: str
    endorser_name: str
    comment: str
    own: bool
    valid_until: datetime | None
    created_at: datetime
    revocable: bool
    revoked_at: datetime | None
    revoke_reason: str | None
    document: dict[str, Any] | str


class NewEndorsement(Body, frozen=True, kw_only=True):
    """`of` and `subject` (an id; none for the issuer) say what is endorsed. With `document` it is somebody else's signed
    EndorsementCredential (JSON or compact token); without, one is signed here that says `comment`.
    """

    of: Kind
    subject: str | None = None
    document: dict[str, Any] | str | None = None
    comment: str | None = None
    name: str | None = None
    valid_until: datetime | None = None


class ToSign(Body, frozen=True, kw_only=True):
    """What to endorse elsewhere: the id (an address or DID) of an issuer, achievement or credential of anybody."""

    subject: str
    comment: str | None = None
    name: str | None = None
    valid_until: datetime | None = None


class SignedOut(msgspec.Struct, frozen=True, kw_only=True):
    """A signed EndorsementCredential, and the id by which it is kept here."""

    id: str
    document: dict[str, Any]


class RevokeIn(Body, frozen=True, kw_only=True):
    """Why it is taken back."""

    reason: str = ""


def _out(found: Endorsement, now: datetime) -> EndorsementOut:
    return EndorsementOut(
        id=found.uid,
        of=found.kind,
        subject=found.subject,
        state=found.state_at(now),
        endorser=found.endorser,
        endorser_name=found.endorser_name,
        comment=found.comment,
        own=found.own,
        valid_until=found.valid_until,
        created_at=found.created_at,
        revocable=found.status_list_id is not None,
        revoked_at=found.revoked_at,
        revoke_reason=found.revoke_reason,
        document=found.content if found.token else json.loads(found.content),
    )


@post("/api/v1/endorsements", guards=[requires("credentials:write")], tags=["endorsements"])
async def add_endorsement(
    parts: InjectedParts, caller: InjectedCaller, data: JSONBody[NewEndorsement]
) -> EndorsementOut:
    """Endorse, or keep an endorsement by somebody else once it was verified. A credential that is signed already is signed
    again with it; issuer and achievement show it, and everything that is signed from now on says it.
    """
    subject = data.subject or ""
    if data.of != "issuer" and not subject:
        raise Invalid("say which one is endorsed", field="subject")
    if data.document is None:
        async with parts.database.transaction(caller.organisation_id) as tx:
            of = await endorsing.endorsed(tx, parts.issuer, data.of, subject)
            now = parts.clock.now()
            return _out(
                await endorsing.endorse(
                    parts.issuer,
                    tx,
                    of,
                    comment=data.comment,
                    name=data.name,
                    valid_until=data.valid_until,
                    by=caller,
                    now=now,
                ),
                now,
            )
    for name in ("comment", "name", "valid_until"):
        if getattr(data, name) is not None:
            raise Invalid(f"{name} is said by the document", field=name)
    offered = (data.document if isinstance(data.document, str) else json.dumps(data.document)).encode()
    async with parts.database.transaction(caller.organisation_id, joins_request=False) as tx:
        await endorsing.endorsed(tx, parts.issuer, data.of, subject)
    verdict = await parts.verifier.verify(offered)
    async with parts.database.transaction(caller.organisation_id) as tx:
        of = await endorsing.endorsed(tx, parts.issuer, data.of, subject)
        now = parts.clock.now()
        return _out(await endorsing.accept(parts.issuer, tx, of, offered, verdict, by=caller, now=now), now)


@post("/api/v1/endorsements/sign", guards=[requires("credentials:write")], tags=["endorsements"])
async def sign_endorsement(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[ToSign]) -> SignedOut:
    """Sign an endorsement of something elsewhere, for its issuer to keep. Here it is kept to be revoked."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        kept = await endorsing.endorse(
            parts.issuer,
            tx,
            endorsing.elsewhere(tx, data.subject),
            comment=data.comment,
            name=data.name,
            valid_until=data.valid_until,
            by=caller,
            now=parts.clock.now(),
        )
    return SignedOut(id=kept.uid, document=await asyncio.to_thread(json.loads, kept.content))


Of = Annotated[Kind, QueryParameter(description="What is endorsed.")]
Subject = Annotated[
    str | None, QueryParameter(max_length=IDENTIFIER_LENGTH_MAX, description="Its id; none for the issuer.")
]


@get("/api/v1/endorsements", guards=[requires("credentials:read")], tags=["endorsements"])
async def list_endorsements(
    parts: InjectedParts, caller: InjectedCaller, of: Of, subject: Subject = None
) -> list[EndorsementOut]:
    """The endorsements of one thing, the oldest first; there are few."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await endorsing.endorsed(tx, parts.issuer, of, subject or "")
        now = parts.clock.now()
        return [_out(one, now) for one in await store.listed(tx, of, found.id)]


@get("/api/v1/endorsements/elsewhere", guards=[requires("credentials:read")], tags=["endorsements"])
async def list_endorsements_elsewhere(
    parts: InjectedParts, caller: InjectedCaller, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[EndorsementOut]:
    """What was signed here in favour of something elsewhere, the newest first."""
    before: int | None
    (before,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        endorsing.check_speaks_for_issuer(tx, "of")
        found = await store.signed_for_others(tx, before, limit + 1)
    now = parts.clock.now()
    return page_of(found, limit, lambda one: _out(one, now), lambda one: (one.id,))


@get("/api/v1/endorsements/{endorsement:str}", guards=[requires("credentials:read")], tags=["endorsements"])
async def show_endorsement(parts: InjectedParts, caller: InjectedCaller, endorsement: FromPath[str]) -> EndorsementOut:
    """One endorsement."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _out(await endorsing.find(tx, endorsement), parts.clock.now())


@post(
    "/api/v1/endorsements/{endorsement:str}/revoke",
    guards=[requires("credentials:write")],
    tags=["endorsements"],
    status_code=200,
)
async def revoke_endorsement(
    parts: InjectedParts, caller: InjectedCaller, endorsement: FromPath[str], data: JSONBody[RevokeIn]
) -> EndorsementOut:
    """Take back an endorsement of our own: its status list says so to verifiers, and a credential is signed again without it."""
    now = parts.clock.now()
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _out(await endorsing.revoke(tx, endorsement, data.reason, by=caller, now=now), now)


@delete("/api/v1/endorsements/{endorsement:str}", guards=[requires("credentials:write")], tags=["endorsements"])
async def remove_endorsement(parts: InjectedParts, caller: InjectedCaller, endorsement: FromPath[str]) -> None:
    """Put it into nothing new any more; a credential is signed again without it. It still verifies: revoke one of our own
    that shall not count.
    """
    async with parts.database.transaction(caller.organisation_id) as tx:
        await endorsing.remove(tx, endorsement, by=caller, now=parts.clock.now())


HANDLERS = (
    add_endorsement,
    sign_endorsement,
    list_endorsements,
    list_endorsements_elsewhere,
    show_endorsement,
    revoke_endorsement,
    remove_endorsement,
)
