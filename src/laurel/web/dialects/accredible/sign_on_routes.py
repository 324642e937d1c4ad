"""Links that let a recipient in once: made for the issuer's own pages, opened by the recipient."""

from typing import Any

import jwt
from litestar.response import Redirect

from laurel.base.errors import Invalid, NotFound
from laurel.base.ids import is_uid
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.model import Credential
from laurel.domain.people import one_time_links
from laurel.domain.people.one_time_links import LinkSpent
from laurel.domain.register import activity
from laurel.domain.register import search as register
from laurel.domain.register.model import Condition, Search, facet
from laurel.web.dialects.accredible.calls import Answer, Call, Desk, operation
from laurel.web.dialects.accredible.credential_routes import WRITE, resolve
from laurel.web.dialects.accredible.credential_view import approved, page_address
from laurel.web.dialects.accredible.spelling import web_address

_NOTHING = "No Published Credential with this attribute"
_ATTRIBUTES = ("credential_id", "recipient_id", "recipient_email", "group_id")


@operation("POST", "/v1/sso/generate_link", scope=WRITE)
async def generate_link(call: Call) -> Answer:
    """A link to the newest published credential that fits; it works once, within the hour."""
    given = call.parameters
    if all(given.raw(name) is None for name in _ATTRIBUTES):
        raise Invalid(f"one of {', '.join(_ATTRIBUTES)} is needed", field="credential_id")
    back = web_address(given.text("redirect_to"), "redirect_to")
    async with call.transaction() as desk:
        credential = await _newest(desk)
        fallback = back or desk.organisation.url or call.public_url
        destination = page_address(call.public_url, credential)
        uid, secret, ends_at = await one_time_links.create(
            desk.tx, credential.person_id, credential.id, destination, fallback, call.now
        )
    token = jwt.encode({"sub": uid, "jti": secret, "exp": ends_at}, call.parts.pepper, algorithm="HS256")
    return {"link": f"{call.public_url}/v1/sso/{uid}?code={secret}&jwt={token}"}


async def _newest(desk: Desk) -> Credential:
    given = desk.call.parameters
    reference = given.text("credential_id")
    if reference is not None:
        try:
            found = (await resolve(desk, reference)).credential
        except NotFound:
            raise _nothing(reference) from None
        if not approved(found):
            raise _nothing(reference)
        return found
    conditions = [Condition("published", "eq", value=True)]
    facets: list[str] = []
    email, group_id, recipient_id = given.text("recipient_email"), given.integer("group_id"), given.text("recipient_id")
    if email is not None:
        conditions.append(Condition("recipient_email", "eq", email.strip().lower()))
    if group_id is not None:
        conditions.append(Condition("achievement_id", "eq", group_id))
    if recipient_id is not None:
        facets.append(facet(desk.organisation.id, "r", recipient_id))
    if email is None and recipient_id is None:
        raise Invalid("recipient_email or recipient_id is needed with group_id", field="recipient_email")
    wanted = Search(
        conditions=tuple(conditions), facets=tuple(facets), department=await desk.scope(), descending=True, limit=1
    )
    credentials_found = (await register.find(desk.tx, wanted)).credentials
    if not credentials_found:
        raise _nothing(email or recipient_id)
    return credentials_found[0]


def _nothing(value: Any) -> NotFound:
    return NotFound(_NOTHING, field="credential_id", value=value, details={"error": _NOTHING, "errors": _NOTHING})


@operation("GET", "/v1/sso/{uid}", scope=None)
async def open_link(call: Call) -> Answer:
    """Spend a link: to the credential; a spent or wrong one leads back to where the issuer said."""
    uid = call.path["uid"]
    link = await one_time_links.find(call.parts.database, uid) if is_uid(uid) else None
    if link is None:
        raise LinkSpent("this link was used before, or is too old", field="code")
    try:
        async with call.parts.database.transaction(link.organisation_id) as tx:
            await one_time_links.use(tx, link, _secret(call, uid), call.now)
            if link.credential_id is not None:
                credential = await credentials.find_by_id(tx, link.credential_id)
                await activity.note(tx, [credential] if credential else [], activity.OPENED_BY_RECIPIENT, call.now)
    except LinkSpent:
        return Redirect(link.fallback, status_code=302)
    return Redirect(link.destination, status_code=302)


def _secret(call: Call, uid: str) -> str:
    """What opens the link: its code, or the one inside its token."""
    code = call.parameters.text("code")
    if code is not None:
        return code
    try:
        claims = jwt.decode(
            call.parameters.text("jwt") or "",
            call.parts.pepper,
            algorithms=["HS256"],
            options={"require": ["sub", "jti"], "verify_exp": False},
        )
    except jwt.PyJWTError:
        return ""
    return str(claims["jti"]) if claims["sub"] == uid else ""
