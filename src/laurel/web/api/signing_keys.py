"""/api/v1/signing-keys: the keys that sign credentials; listed, rotated, declared compromised. Private halves never leave."""

from datetime import datetime

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from laurel.domain.credentials import organisation_keys
from laurel.domain.credentials.keys.store import KeyRow
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts


class SigningKeyOut(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key. retired: signs nothing more, what it signed stays good. compromised: nothing of it is good."""

    id: str
    algorithm: str
    state: str
    name: str
    created_at: datetime
    retired_at: datetime | None
    compromised_at: datetime | None


def _render(row: KeyRow) -> SigningKeyOut:
    return SigningKeyOut(
        id=row.key.uid,
        algorithm=row.key.algorithm,
        state=row.key.state,
        name=organisation_keys.public_name(row),
        created_at=row.key.created_at,
        retired_at=row.retired_at,
        compromised_at=row.compromised_at,
    )


@get("/api/v1/signing-keys", guards=[requires("keys:read")], tags=["signing keys"])
async def list_signing_keys(parts: InjectedParts, caller: InjectedCaller) -> list[SigningKeyOut]:
    """All signing keys, the newest first."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return [_render(row) for row in await organisation_keys.listed(tx, parts.issuer.keyring, parts.clock.now())]


@post("/api/v1/signing-keys/rotate", guards=[requires("keys:write")], tags=["signing keys"], status_code=200)
async def rotate_signing_keys(parts: InjectedParts, caller: InjectedCaller) -> list[SigningKeyOut]:
    """Put new keys in the place of the active ones, which stay published. The new keys."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await organisation_keys.rotate(tx, parts.issuer.keyring, parts.clock.now(), by=caller)
    return [_render(row) for row in rows]


class CompromiseIn(Body, frozen=True, kw_only=True):
    """Whether everything that it signed and that stands is signed again with another key."""

    reissue: bool


class EndorsementGone(msgspec.Struct, frozen=True, kw_only=True):
    """An endorsement that the key had signed: what it was of, and what it said. It is not made again by itself."""

    of: str
    subject: str
    comment: str


class CompromiseOut(msgspec.Struct, frozen=True, kw_only=True):
    """The key, the credentials and endorsements that it had signed (the first thousand of each), and how many credentials
    are issued again.
    """

    key: SigningKeyOut
    credentials: list[str]
    endorsements: list[EndorsementGone]
    reissued: int


@post(
    "/api/v1/signing-keys/{key:str}/compromise", guards=[requires("keys:write")], tags=["signing keys"], status_code=200
)
async def compromise_signing_key(
    parts: InjectedParts, caller: InjectedCaller, key: FromPath[str], data: JSONBody[CompromiseIn]
) -> CompromiseOut:
    """Take a key out of what is published: nothing that it signed verifies any more."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        done = await organisation_keys.compromise(
            tx, parts.issuer.keyring, key, parts.clock.now(), by=caller, reissue=data.reissue
        )
    gone = [EndorsementGone(of=one.kind, subject=one.subject, comment=one.comment) for one in done.endorsements]
    return CompromiseOut(key=_render(done.key), credentials=done.dependants, endorsements=gone, reissued=done.reissued)


HANDLERS = (list_signing_keys, rotate_signing_keys, compromise_signing_key)
