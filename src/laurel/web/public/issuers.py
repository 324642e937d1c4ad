"""/i/{uid}: an issuer as strangers see it: profile, DID document, keys, status lists, achievements, transparency log."""

import hashlib
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from laurel.base.ids import is_uid
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Achievement, AchievementNotFound
from laurel.domain.credentials import composition, status_lists
from laurel.domain.credentials.model import IssuerNotFound, SigningKeyNotFound
from laurel.domain.endorsements import store as endorsements
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.transparency import proving
from laurel.openbadges import did, documents
from laurel.openbadges.multikey import render_jwk
from laurel.web.injected import InjectedParts
from laurel.web.public.negotiation import JSON, JSON_LD, VC_JSON, published

_DID_JSON = "application/did+json"
_JWK_SET = "application/jwk-set+json"
_JWK = "application/jwk+json"
_TILE_SECONDS = 31_536_000

HttpRequest = Request[Any, Any, Any]


def _json(
    request: HttpRequest, document: dict[str, Any], media_type: str, *, negotiated: bool = False
) -> Response[Any]:
    body = msgspec.json.encode(document)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return published(body, media_type, etag=etag, scope=request.scope, negotiated=negotiated)


async def _only_organisation(parts: Parts) -> Organisation:
    """The organisation of a server that has one. Raises IssuerNotFound."""
    async with parts.database.every_organisation() as tx:
        known = await organisations.organisations(tx)
    if len(known) != 1:
        raise IssuerNotFound("this server speaks for several issuers: ask for one of them")
    return known[0]


# -------------------------------------------------------------------------------------------------------------- issuer
async def issuer_document(request: HttpRequest, parts: Parts, issuer: str) -> Response[Any]:
    """The issuer's profile at /i/{uid}, for programs."""
    organisation = await parts.issuer.find_organisation(issuer)
    async with parts.database.transaction(organisation.id) as tx:
        given = await endorsements.of(tx, (), (), parts.clock.now())
    profile = composition.issuer_profile(organisation, parts.issuer.addresses, endorsements=given)
    return _json(request, documents.profile_document(profile), JSON_LD, negotiated=True)


@get("/i/{issuer:str}/did.json", tags=["public"])
async def show_did(request: HttpRequest, parts: InjectedParts, issuer: FromPath[str]) -> Response[Any]:
    """The issuer's DID document with every key that may still verify something."""
    organisation = await parts.issuer.find_organisation(issuer)
    return _json(request, await _did_document(parts, organisation, None), _DID_JSON)


@get("/.well-known/did.json", tags=["public"])
async def show_root_did(request: HttpRequest, parts: InjectedParts) -> Response[Any]:
    """The DID document of the host, where it has one issuer."""
    organisation = await _only_organisation(parts)
    root = parts.issuer.addresses.root_did()
    if root is None:
        raise IssuerNotFound("Laurel is not served from the root of this host")
    return _json(request, await _did_document(parts, organisation, root), _DID_JSON)


async def _did_document(parts: Parts, organisation: Organisation, root: str | None) -> dict[str, Any]:
    own = parts.issuer.addresses.did(organisation.uid)
    keys = [row.key.public_key() for row in await parts.issuer.published_keys(organisation)]
    known_as = [parts.issuer.addresses.issuer(organisation.uid)] if root is None else [own]
    return did.did_document(root or own, keys, also_known_as=known_as)


@get("/i/{issuer:str}/jwks.json", tags=["public"])
async def show_jwks(request: HttpRequest, parts: InjectedParts, issuer: FromPath[str]) -> Response[Any]:
    """The issuer's keys as a JWK set."""
    return _json(request, await _jwks(parts, await parts.issuer.find_organisation(issuer)), _JWK_SET)


@get("/.well-known/jwks.json", tags=["public"])
async def show_root_jwks(request: HttpRequest, parts: InjectedParts) -> Response[Any]:
    """The keys of the host's issuer, where it has one."""
    return _json(request, await _jwks(parts, await _only_organisation(parts)), _JWK_SET)


async def _jwks(parts: Parts, organisation: Organisation) -> dict[str, Any]:
    addresses = parts.issuer.addresses
    keys = await parts.issuer.published_keys(organisation)
    named = [(addresses.key(organisation.uid, row.key.uid), row.key.public_key()) for row in keys]
    return did.jwks(addresses.did(organisation.uid), named)


@get("/i/{issuer:str}/keys/{key:str}", tags=["public"])
async def show_key(
    request: HttpRequest, parts: InjectedParts, issuer: FromPath[str], key: FromPath[str]
) -> Response[Any]:
    """One public key as a JWK: what the `kid` of a token leads to."""
    organisation = await parts.issuer.find_organisation(issuer)
    addresses = parts.issuer.addresses
    for row in await parts.issuer.published_keys(organisation):
        if row.key.uid == key:
            jwk = {
                **render_jwk(row.key.public_key()),
                "kid": addresses.key(organisation.uid, key),
                "use": "sig",
                "iss": addresses.did(organisation.uid),
            }
            return _json(request, jwk, _JWK)
    raise SigningKeyNotFound("there is no such key, or it is no longer to be trusted", field="key", value=key[:50])


# -------------------------------------------------------------------------------------------------------- achievements
async def find_published(parts: Parts, uid: str) -> tuple[Organisation, Achievement]:
    """An achievement that strangers may see and who defines it: not a draft, and a secret one only once somebody holds it,
    whose credential leads here. Raises AchievementNotFound.
    """
    found = None
    if is_uid(uid):
        async with parts.database.public_lookup(uid) as tx:
            found = await achievements.find_public(tx, uid)
    if found is None or found.status == "draft" or found.deleted_at is not None:
        raise AchievementNotFound("there is no such achievement", field="achievement", value=uid[:50])
    async with parts.database.transaction(found.organisation_id) as tx:
        if found.secret and not (await awarded.count_active(tx, [found.id])).get(found.id, (0, 0))[0]:
            raise AchievementNotFound("there is no such achievement", field="achievement", value=uid[:50])
        return await organisations.organisation(tx), found


async def achievement_document(request: HttpRequest, parts: Parts, achievement: str) -> Response[Any]:
    """An achievement at /a/{uid} as its credentials name it, for programs."""
    organisation, found = await find_published(parts, achievement)
    addresses = parts.issuer.addresses
    async with parts.database.transaction(organisation.id) as tx:
        given = await endorsements.of(tx, (found.id,), (), parts.clock.now())
    shown = composition.achievement_of(found, addresses, organisation.language, endorsements=given)
    creator = composition.issuer_profile(organisation, addresses, endorsements=given)
    document = documents.achievement_document(msgspec.structs.replace(shown, creator=creator))
    return _json(request, document, JSON_LD, negotiated=True)


# -------------------------------------------------------------------------------------------- status lists and the log
@get("/s/{status_list:str}", tags=["public"])
async def show_status_list(request: HttpRequest, parts: InjectedParts, status_list: FromPath[str]) -> Response[Any]:
    """A signed status list: which credentials are revoked."""
    return _list(request, await status_lists.revocations(parts.issuer, status_list))


@get("/s/{status_list:str}/suspensions", tags=["public"])
async def show_suspension_list(request: HttpRequest, parts: InjectedParts, status_list: FromPath[str]) -> Response[Any]:
    """A signed status list: which credentials are suspended, by the places of the list of revocations."""
    return _list(request, await status_lists.suspensions(parts.issuer, status_list))


def _list(request: HttpRequest, text: str) -> Response[Any]:
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    return published(text, VC_JSON, seconds=60, etag=etag, scope=request.scope)


@get("/i/{issuer:str}/log/checkpoint", tags=["public"])
async def show_checkpoint(parts: InjectedParts, issuer: FromPath[str]) -> Response[Any]:
    """How far the log has grown, signed (C2SP tlog-checkpoint)."""
    organisation = await parts.issuer.find_organisation(issuer)
    async with parts.database.transaction(organisation.id) as tx:
        note = await parts.issuer.checkpoint(tx)
    return published(note, "text/plain", seconds=5)


@get("/i/{issuer:str}/log/tile/{path:path}", tags=["public"])
async def show_tile(parts: InjectedParts, issuer: FromPath[str], path: FromPath[str]) -> Response[Any]:
    """A tile of the log, or a bundle of its entries (C2SP tlog-tiles)."""
    organisation = await parts.issuer.find_organisation(issuer)
    async with parts.database.transaction(organisation.id) as tx:
        data = await proving.tile(tx, f"tile/{str(path).lstrip('/')}")
    return published(data, "application/octet-stream", seconds=_TILE_SECONDS)


@get("/i/{issuer:str}/log/consistency/{first:int}/{second:int}", tags=["public"])
async def show_consistency(
    parts: InjectedParts, issuer: FromPath[str], first: FromPath[int], second: FromPath[int]
) -> Response[Any]:
    """That the log of `second` entries extends that of `first`: the hashes in hex."""
    organisation = await parts.issuer.find_organisation(issuer)
    async with parts.database.transaction(organisation.id) as tx:
        path = await proving.extend(tx, first, second)
    body = msgspec.json.encode({"first": first, "second": second, "path": [one.hex() for one in path]})
    return published(body, JSON)


HANDLERS = (
    show_did,
    show_root_did,
    show_jwks,
    show_root_jwks,
    show_key,
    show_status_list,
    show_suspension_list,
    show_checkpoint,
    show_tile,
    show_consistency,
)
