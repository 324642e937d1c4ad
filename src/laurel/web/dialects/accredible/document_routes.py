"""What is made of a credential: PDFs, pictures, archives, the redirect to its page, and its chain data."""

import hmac
import io
import zipfile
from collections.abc import Sequence
from typing import Any

from litestar import Response
from litestar.response import Redirect, Stream

from laurel.base.errors import Forbidden, Invalid, NotFound
from laurel.base.ids import OrganisationId, is_uid
from laurel.base.limits import DIALECT_PDFS_MAX, check_count
from laurel.base.times import render_time
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.model import Credential
from laurel.domain.credentials.pictures import drawn_at, picture_of
from laurel.domain.designs import drawing
from laurel.domain.designs.model import DesignKind
from laurel.domain.files import deposit
from laurel.domain.organisations import store as organisations
from laurel.domain.register import activity
from laurel.domain.register import store as register
from laurel.domain.register.activities import store as activities
from laurel.web.dialects.accredible.calls import Answer, Call, operation
from laurel.web.dialects.accredible.chain_data import CHAIN, show_chain_data
from laurel.web.dialects.accredible.credential_routes import READ, resolve
from laurel.web.dialects.accredible.credential_view import approved, page_address
from laurel.web.dialects.accredible.errors import credential_unknown

_PRIVATE = "Private Certificate, use key"
_SEO_WIDTH = 1_200
_EMBED_WIDTH = 900
_BADGE_WIDTH = 480
_SECURE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


# ------------------------------------------------------------------------------------------------------------ documents
@operation("POST", "/v1/credentials/generate_single_pdf/{id}", scope=READ)
async def generate_single_pdf(call: Call) -> Answer:
    """Where the PDF of a published credential is; the address changes with what it shows."""
    async with call.transaction() as desk:
        credential = (await resolve(desk, call.path["id"])).credential
        _check_published(credential)
        design, fields = await picture_of(desk.tx, credential, "certificate", call.public_url)
    _, version = await drawing.pdf(design, fields, drawn_at(credential))
    key = f"&key={credential.access_key}" if credential.private else ""
    return {"file": f"{call.public_url}/v1/frontend/credential_pdf/{credential.uid}?v={version[:16]}{key}"}


@operation("POST", "/v1/credentials/generate_pdf", scope=READ)
async def generate_pdf(call: Call) -> Answer:
    """Where an archive with the PDFs of some published credentials is, for a week."""
    references = call.parameters.texts("credential_ids") or call.parameters.texts("credentials")
    if not references:
        raise Invalid("credential_ids must name credentials", field="credential_ids")
    check_count(len(references), DIALECT_PDFS_MAX, "credential_ids")
    async with call.transaction() as desk:
        wanted = []
        for reference in dict.fromkeys(references):
            credential = (await resolve(desk, reference)).credential
            _check_published(credential)
            drawn = await picture_of(desk.tx, credential, "certificate", call.public_url, for_issuer=True)
            wanted.append((credential, drawn))
    pdfs = [
        (f"{credential.id}-{credential.uid}.pdf", (await drawing.pdf(design, fields, drawn_at(credential)))[0])
        for credential, (design, fields) in wanted
    ]
    async with call.transaction() as desk:
        stored = await deposit.deposit(
            desk.tx, [_zipped(pdfs)], name="credentials.zip", media_type="application/zip", now=call.now
        )
        await activity.note(desk.tx, [credential for credential, _ in wanted], activity.DOWNLOADED, call.now)
    return {"file": f"{call.public_url}/v1/files/{stored}/credentials.zip"}


def _zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, data in files:
            writer.writestr(name, data)
    return archive.getvalue()


def _check_published(credential: Credential) -> None:
    if not approved(credential):
        raise Invalid(
            "Only published credentials have a PDF",
            field="id",
            value=credential.id,
            details={"credential": credential.id},
        )


@operation("GET", "/v1/files/{uid}/{secret}/{name}", scope=None)
async def fetch_file(call: Call) -> Answer:
    """A file that was made for somebody who has its address."""
    uid = call.path["uid"]
    if not is_uid(uid):
        raise NotFound("there is no such file", field="file", value=uid)
    file = await deposit.open_file(call.parts.database, uid, call.path["secret"], call.now)
    headers = {
        **_SECURE,
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Content-Length": str(file.size),
        "Cache-Control": "private, no-store",
    }
    return Stream(deposit.read(call.parts.database, uid), media_type=file.media_type, headers=headers)


# ------------------------------------------------------------------------------------------------------------- pictures
async def _public(call: Call, reference: str) -> Credential:
    """A published credential for a stranger: by uuid. Raises NotFound, Forbidden for a private one without its key."""
    credential = None
    if is_uid(reference):
        async with call.parts.database.public_lookup(reference) as tx:
            credential = await credentials.find_public(tx, reference)
    if credential is None or not approved(credential):
        raise NotFound("Not found", field="id", value=reference, details={"errors": "Doesn't exist"})
    given = (call.parameters.text("key") or "").encode()
    if credential.private and not (given and hmac.compare_digest(given, (credential.access_key or "").encode())):
        raise Forbidden(_PRIVATE, field="key")
    return credential


async def _png(call: Call, kind: DesignKind, width: int) -> Response[bytes]:
    credential = await _public(call, call.path["id"])
    async with call.parts.database.transaction(credential.organisation_id) as tx:
        design, fields = await picture_of(tx, credential, kind, call.public_url)
    png, version = await drawing.png(design, fields, width_pixels=width)
    return Response(png, media_type="image/png", headers=_cached(version, credential))


def _cached(version: str, credential: Credential) -> dict[str, str]:
    scope = "private" if credential.private else "public"
    return {**_SECURE, "ETag": f'"{version[:32]}"', "Cache-Control": f"{scope}, max-age=300"}


@operation("GET", "/v1/frontend/credential_seo_image/{id}", scope=None)
async def seo_image(call: Call) -> Answer:
    """The picture that is shown where a credential is shared."""
    return await _png(call, "certificate", _SEO_WIDTH)


@operation("GET", "/v1/frontend/credential_website_embed_image/{kind}/{id}", scope=None)
async def embed_image(call: Call) -> Answer:
    """The picture that people paste into their pages."""
    kind = call.path["kind"]
    if kind == "badge":
        return await _png(call, "badge", _BADGE_WIDTH)
    if kind == "certificate":
        return await _png(call, "certificate", _EMBED_WIDTH)
    raise NotFound("Not found", field="kind", value=kind)


@operation("GET", "/v1/frontend/credential_badge_image/{id}", scope=None)
async def badge_image(call: Call) -> Answer:
    """The picture of the badge."""
    return await _png(call, "badge", _BADGE_WIDTH)


@operation("GET", "/v1/frontend/credential_pdf/{id}", scope=None)
async def credential_pdf(call: Call) -> Answer:
    """The certificate as PDF; noted as a download."""
    credential = await _public(call, call.path["id"])
    async with call.parts.database.transaction(credential.organisation_id) as tx:
        design, fields = await picture_of(tx, credential, "certificate", call.public_url)
        await activity.note(tx, [credential], activity.DOWNLOADED, call.now)
    pdf, version = await drawing.pdf(design, fields, drawn_at(credential))
    headers = {**_cached(version, credential), "Content-Disposition": f'inline; filename="{credential.uid}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


# -------------------------------------------------------------------------------------------------- redirect, chain data
@operation("GET", "/v1/issuer/credential_redirect", scope=None)
async def credential_redirect(call: Call) -> Answer:
    """From the issuer's own id to the public page of a published credential."""
    issuer_id, own_id = call.parameters.integer("issuer_id"), call.parameters.text("id")
    if issuer_id is None or own_id is None:
        missing = "issuer_id" if issuer_id is None else "id"
        raise Invalid(f"{missing} can't be blank", field=missing)
    credential = None
    if 0 < issuer_id < 2**63:
        async with call.parts.database.transaction(OrganisationId(issuer_id)) as tx:
            credential = await register.find_by_license(tx, own_id)
            if credential is not None and not credential.private and approved(credential):
                await activity.note(tx, [credential], activity.VIEWED, call.now)
    if credential is None or credential.private or not approved(credential):
        raise credential_unknown(own_id)
    return Redirect(page_address(call.public_url, credential), status_code=302)


@operation("GET", "/v1/credentials/blockchain_data/{id}", scope=None)
async def blockchain_data(call: Call) -> Answer:
    """The proof that a credential stands in the log; before it does there is none, and the answer says so."""
    return {"data": await _chain_data(call)}


@operation("GET", "/v2/credentials/{id}/blockchain_data", scope=None)
async def blockchain_data_with_chain(call: Call) -> Answer:
    """As the older one, naming what the proof hangs on."""
    return {"data": {"chain": CHAIN, **await _chain_data(call)}}


async def _chain_data(call: Call) -> dict[str, Any]:
    credential = await _public(call, call.path["id"])
    async with call.parts.database.transaction(credential.organisation_id) as tx:
        found = await call.parts.issuer.proof_of_issue(tx, credential)
        organisation = await organisations.organisation(tx)
    if found is None:
        reason = "No blockchain data: the credential is not in the transparency log yet"
        raise NotFound(reason, field="id", value=credential.uid, details={"errors": reason, "error": "Not found"})
    return show_chain_data(call.public_url, organisation, credential, found)


# ------------------------------------------------------------------------------------------------------------- activity
@operation("POST", "/v1/credentials/analytics/{id}", scope=READ)
async def credential_analytics(call: Call) -> Answer:
    """What happened to one credential."""
    async with call.transaction() as desk:
        credential = (await resolve(desk, call.path["id"])).credential
        seen = await activities.activities_of(desk.tx, credential.id, activity.ACTIVITIES_OF_ONE_MAX)
        return {"analytics": [show_activity(one) for one in seen]}


def show_activity(one: Any) -> dict[str, Any]:
    """One event of a credential."""
    return {"credential_id": one.credential_id, "event": one.event, "created_at": render_time(one.at)}
