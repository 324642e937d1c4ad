"""POST /verify: anything that claims to be a credential, for everybody; and how a verdict looks as JSON."""

import re
from typing import Any

import msgspec
from litestar import Request, post
from litestar.datastructures import UploadFile
from litestar.params import FromQuery

from laurel.base.errors import Invalid
from laurel.base.limits import EMAIL_LENGTH_MAX, URL_LENGTH_MAX, VERIFICATION_RECIPIENTS_MAX, check_count, check_length
from laurel.openbadges.verdict import Verdict
from laurel.web.injected import InjectedParts

_URL_ENCODED = "application/x-www-form-urlencoded"
_FORMS = frozenset({"multipart/form-data", _URL_ENCODED})
_NAMED = re.compile(rb"[\w.-]+=")
"""How a form that was meant as one begins."""
_ADDRESS_BODY_BYTES_MAX = URL_LENGTH_MAX + 100


class _Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str


def checked_recipients(recipients: list[str] | None) -> tuple[str, ...]:
    """Names that a credential may be about. Raises TooLarge."""
    named = recipients or []
    check_count(len(named), VERIFICATION_RECIPIENTS_MAX, "recipient")
    return tuple(check_length(name, EMAIL_LENGTH_MAX, "recipient") for name in named)


def address_in(data: bytes) -> str | None:
    """The address that was offered in place of a credential: as text, or as {"url": …}."""
    if len(data) > _ADDRESS_BODY_BYTES_MAX:
        return None
    try:
        return msgspec.json.decode(data, type=_Address).url
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = data.decode("ascii", "replace").strip()
    return text if text.startswith(("https://", "http://")) and not text.split()[1:] else None


@post("/verify", status_code=200, tags=["verification"])
async def verify_anything(
    request: Request[Any, Any, Any], parts: InjectedParts, recipient: FromQuery[list[str] | None] = None
) -> Verdict:
    """Say whether a credential is genuine: Open Badges 2.0 and 3.0, CLR, VC 1.1 and 2.0, ours or another issuer's.

    The body is the credential as JSON, as JWT, as baked PNG or SVG, or its address (as text or as {"url": …}); or a form
    with `file`, `text` or `url`. `recipient` (an e-mail address, repeatable) also asks whether it is about them.
    """
    recipients = checked_recipients(recipient)
    offered = await _offered(request)
    address = address_in(offered)
    if address is not None:
        return await parts.verifier.verify_url(address, recipients=recipients)
    return await parts.verifier.verify(offered, recipients=recipients)


async def _offered(request: Request[Any, Any, Any]) -> bytes:
    """What is to be looked at. Programs that send a file as it is often call it a form: that is no obstacle."""
    kind = request.content_type[0]
    if kind not in _FORMS:
        return await request.body()
    if kind == _URL_ENCODED and (body := await request.body()).strip() and not _NAMED.match(body):
        return body
    form = await request.form()
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        return await file.read()
    for name in ("text", "url"):
        value = form.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip().encode("utf-8", "surrogatepass")
    raise Invalid("the form has neither file nor text nor url", field="file")


HANDLERS = (verify_anything,)
