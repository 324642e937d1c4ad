"""/c/{uid} for people: the credential in their language, its pictures, its verification in view, and what can be embedded.

The same address answers programs with JSON (`web.public.credentials`); HTML is what a browser asks for.
"""

import time
from collections import OrderedDict
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from laurel.base.errors import Gone, LaurelError, NotFound
from laurel.base.written_dates import dated
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Achievement
from laurel.domain.achievements.rarity import rarities
from laurel.domain.credentials import store
from laurel.domain.credentials.model import Credential, Signed
from laurel.domain.credentials.pictures import drawn_at, picture_of, unheld_picture
from laurel.domain.designs import drawing
from laurel.domain.designs.model import DesignKind
from laurel.domain.endorsements import store as endorsements
from laurel.domain.endorsements.model import Endorsement
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.transparency.model import commit
from laurel.openbadges.log import check_inclusion
from laurel.openbadges.verdict import Check, Outcome
from laurel.rendering import crossed_out
from laurel.rendering.qr import qr_path
from laurel.web.hot_routes import HotTable, send_answer
from laurel.web.injected import InjectedParts
from laurel.web.pages import baked
from laurel.web.pages.colours import brand_css
from laurel.web.pages.languages import LANGUAGES, direction_of, preferred, words_in
from laurel.web.pages.page_refusals import refuse
from laurel.web.pages.rendered import HTML, render, security_headers
from laurel.web.pages.wallet_owner import email_of, is_own
from laurel.web.public import credentials as programs
from laurel.web.public import issuers
from laurel.web.public.negotiation import wants_page

_KEPT_SECONDS = 1.0
_KEPT_MAX = 512
_BADGE_WIDTH, _CERTIFICATE_WIDTH = 600, 1_200
_WIDTHS = (128, 256, 600)
_MARKS = {"revoked": "#a1211b", "suspended": "#8a5a00", "expired": "#8a5a00"}
"""The colour of the band on the picture of a credential that does not count."""
_OFF = frozenset({"revoked", "suspended"})
"""States in which the issuer's register speaks against a credential."""
AnyRequest = Request[Any, Any, Any]
RawHeaders = list[tuple[bytes, bytes]]


class Shown(NamedTuple):
    """A credential with what belongs to it, and how its reader wants it."""

    credential: Credential
    organisation: Organisation
    achievement: Achievement
    language: str
    key: str
    endorsements: tuple[Endorsement, ...]


_kept: OrderedDict[tuple[str, str, str], tuple[float, bytes, RawHeaders]] = OrderedDict()


def _asked(scope: Scope) -> tuple[str, str, str]:
    """What the query asks: key, language (or ""), width (or "")."""
    if not scope.get("query_string"):
        return "", "", ""
    given = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=20)
    first = {name: values[0] for name, values in given.items()}
    language = first.get("lang", "")
    return first.get("key", ""), language if language in LANGUAGES else "", first.get("width", "")


def _header(scope: Scope, name: bytes) -> str:
    return next((value for key, value in scope["headers"] if key == name), b"").decode("latin-1")


async def load(parts: Parts, uid: str, scope: Scope) -> Shown:
    """The credential that a stranger may see. Raises CredentialNotFound, also for a private one without its key."""
    key, language, _ = _asked(scope)
    credential = await programs.find_shown(parts, uid, key)
    async with parts.database.transaction(credential.organisation_id) as tx:
        organisation = await organisations.organisation(tx)
        achievement = (await achievements.find_many(tx, [credential.achievement_id]))[credential.achievement_id]
        given = await endorsements.of(tx, (achievement.id,), (credential.id,), parts.clock.now())
    language = language or preferred(_header(scope, b"accept-language"), organisation.language)
    return Shown(credential, organisation, achievement, language, key if credential.private else "", tuple(given))


def address_of(shown: Shown, what: str = "", **more: str) -> str:
    """The address of a part of the page, with the key that a private credential needs."""
    query = urlencode({name: value for name, value in {"key": shown.key, **more}.items() if value})
    return f"/c/{shown.credential.uid}{what}" + (f"?{query}" if query else "")


def linkedin_url(shown: Shown, public_url: str) -> str:
    """LinkedIn's form to add a certification, filled in."""
    credential = shown.credential
    query = {
        "startTask": "CERTIFICATION_NAME",
        "name": credential.fields["name"],
        "organizationName": shown.organisation.name,
        "issueYear": credential.issued_on.year,
        "issueMonth": credential.issued_on.month,
        "certUrl": f"{public_url}{address_of(shown)}",
        "certId": credential.uid,
    }
    if credential.expires_at is not None:
        query |= {"expirationYear": credential.expires_at.year, "expirationMonth": credential.expires_at.month}
    return "https://www.linkedin.com/profile/add?" + urlencode(query)


def context_of(parts: Parts, shown: Shown) -> dict[str, Any]:
    """What the templates of a credential are given."""
    credential, language = shown.credential, shown.language
    url = f"{parts.public_url}{address_of(shown)}"
    path, side = qr_path(url, "M", 2)
    state = credential.state_at(parts.clock.now())
    return {
        "w": words_in(language),
        "language": language,
        "direction": direction_of(language),
        "languages": LANGUAGES,
        "shown": shown,
        "endorsements": shown.endorsements,
        "credential": credential,
        "said": "",
        "fields": credential.fields,
        "organisation": shown.organisation,
        "achievement": shown.achievement,
        "state": state,
        "url": url,
        "public_url": parts.public_url,
        "link": lambda what="", **more: address_of(shown, what, **more),
        "linkedin": linkedin_url(shown, parts.public_url),
        "issued_on": dated(credential.issued_on, language),
        "expires_on": dated(credential.expires_at.date(), language) if credential.expires_at else "",
        "suspended_until": dated(credential.suspended_until.date(), language) if credential.suspended_until else "",
        "qr": (path, side),
        "structured": _structured(shown, url, parts.public_url),
    }


def _structured(shown: Shown, url: str, public_url: str) -> dict[str, Any]:
    """The credential in the words of schema.org, for search engines."""
    credential, organisation = shown.credential, shown.organisation
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "EducationalOccupationalCredential",
        "name": credential.fields["name"],
        "description": credential.fields["description"],
        "url": url,
        "image": f"{public_url}{address_of(shown, '/badge.png')}",
        "credentialCategory": shown.achievement.type,
        "dateCreated": credential.issued_on.isoformat(),
        "recognizedBy": {"@type": "Organization", "name": organisation.name, "url": organisation.url or public_url},
        "about": {"@type": "Person", "name": credential.fields["recipient_name"]},
    }
    if shown.achievement.tags:
        facts["competencyRequired"] = shown.achievement.tags
    if credential.expires_at is not None:
        facts["expires"] = credential.expires_at.date().isoformat()
    return facts


# ------------------------------------------------------------------------------------------------------------ the page
async def read_hot(scope: Any, receive: Receive, send: Send) -> None:
    """GET /c/{uid}: the page for a browser, JSON for everything else."""
    last: str = scope["laurel.last"]
    if last.endswith((".png", ".svg")):
        await baked.read_hot(scope, receive, send)
        return
    if "." in last or not wants_page(_header(scope, b"accept")):
        await programs.read_hot(scope, receive, send)
        return
    try:
        body, headers = await _page(scope["laurel.parts"], last, scope)
    except LaurelError as refused:
        scope["state"]["error_code"] = refused.code
        request: AnyRequest = Request(scope, receive, send)
        await refuse(request, refused).to_asgi_response(None, request)(scope, receive, send)
        return
    media_type = f"{HTML}; charset=utf-8"  # no framework adds it here
    await send_answer(send, 200, body, media_type=media_type, headers=headers)


async def _page(parts: Parts, uid: str, scope: Scope) -> tuple[bytes, RawHeaders]:
    """The page and its headers; the same reader's page is kept for a second."""
    key, language, _ = _asked(scope)
    name = (uid, key, language or _header(scope, b"accept-language"))
    found = _kept.get(name)
    request: AnyRequest = Request(scope)
    stranger = email_of(request, parts) is None
    if stranger and found is not None and time.monotonic() < found[0]:
        return found[1], found[2]
    shown = await load(parts, uid, scope)
    own = not stranger and await is_own(request, parts, shown.credential)
    body = render("public/credential.html", **context_of(parts, shown), own=own).encode()
    headers = {
        **security_headers(images=shown.organisation.image),
        "Cache-Control": "no-cache",
        "Vary": "Accept, Accept-Language",
    }
    if shown.credential.private:
        headers |= {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
    if own:
        headers["Cache-Control"] = "no-store"
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    if not own:
        _kept[name] = (time.monotonic() + _KEPT_SECONDS, body, raw)
    if len(_kept) > _KEPT_MAX:
        _kept.popitem(last=False)
    return body, raw


def _answer(request: AnyRequest, template: str, context: dict[str, Any], *, framed: bool = False) -> Response[bytes]:
    headers = security_headers(images=context["organisation"].image, framed=framed)
    headers |= {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Language"}
    return Response(render(template, **context).encode(), media_type=HTML, headers=headers)


@get("/c/{credential:str}/verification", include_in_schema=False)
async def show_verification(request: AnyRequest, parts: InjectedParts, credential: FromPath[str]) -> Response[bytes]:
    """Every check of this credential; a whole page, or a part of one when a script asks for it."""
    shown = await load(parts, credential, request.scope)
    context = context_of(parts, shown) | {"checks": await checks_of(parts, shown)}
    outcomes = {check.outcome for check in context["checks"]}
    context["verdict"] = "bad" if Outcome.FAILED in outcomes else "open" if Outcome.UNKNOWN in outcomes else "good"
    part = request.headers.get("x-part") == "1"
    return _answer(request, "public/checks.html" if part else "public/verification.html", context)


async def checks_of(parts: Parts, shown: Shown) -> list[Check]:
    """What is looked at: our own register first, then the signed document as any verifier would."""
    credential = shown.credential
    state = credential.state_at(parts.clock.now())
    checks = [Check("record", Outcome.PASSED, f"{credential.uid}: {shown.organisation.name}")]
    async with parts.database.transaction(credential.organisation_id) as tx:
        signed = (await store.find_signed(tx, [credential.id])).get(credential.id)
    if signed is None or signed.document is None:
        checks.append(Check("proof", Outcome.UNKNOWN, words_in(shown.language)["state_intended"]))
        expired = state == "expired"
        checks.append(Check("validity", Outcome.FAILED if expired else Outcome.PASSED, _until(shown)))
        checks.append(Check("status", Outcome.FAILED if state in _OFF else Outcome.PASSED, _why_not(shown, state)))
        return checks
    verdict = await parts.verifier.verify(signed.document.encode())
    checks += verdict.checks
    if state in _OFF and all(check.name != "status" or check.outcome is Outcome.PASSED for check in checks):
        checks = [check for check in checks if check.name != "status"]
        checks.append(Check("status", Outcome.FAILED, _why_not(shown, state)))
    return [*checks, *await _log_checks(parts, signed)]


def _why_not(shown: Shown, state: str) -> str:
    """What the issuer's own register says about a credential that does not count."""
    if state == "suspended":
        return f"{words_in(shown.language)['state_suspended']}: {shown.credential.suspend_reason or '–'}"
    return shown.credential.revoke_reason or ""


async def _log_checks(parts: Parts, signed: Signed) -> list[Check]:
    """That the document is in the issuer's public log, by its audit path to the signed checkpoint."""
    async with parts.database.transaction(signed.organisation_id) as tx:
        found = await parts.issuer.proof_of_issue(tx, signed)
    if found is None:
        return []
    proof = found.proof
    try:
        check_inclusion(proof.entry.hash(), proof.number, proof.size, proof.path, proof.root)
    except LaurelError as refused:
        return [Check("log", Outcome.FAILED, refused.message)]
    if commit(proof.entry.salt, (signed.document or "").encode()) != proof.entry.commitment:
        return [Check("log", Outcome.FAILED, "the entry is about another document")]
    return [Check("log", Outcome.PASSED, f"{proof.number + 1} / {proof.size}, {found.origin}")]


def _until(shown: Shown) -> str:
    issued = dated(shown.credential.issued_on, shown.language)
    expires = shown.credential.expires_at
    return f"{issued} – {dated(expires.date(), shown.language)}" if expires else issued


@get("/c/{credential:str}/embed", include_in_schema=False)
async def show_widget(request: AnyRequest, parts: InjectedParts, credential: FromPath[str]) -> Response[bytes]:
    """A small card that other sites may frame."""
    shown = await load(parts, credential, request.scope)
    return _answer(request, "public/widget.html", context_of(parts, shown), framed=True)


# ------------------------------------------------------------------------------------------------------------ pictures
@get(
    [
        "/c/{credential:str}/badge.png",
        "/c/{credential:str}/certificate.png",
        "/c/{credential:str}/certificate.pdf",
    ],
    include_in_schema=False,
)
async def show_picture(request: AnyRequest, parts: InjectedParts, credential: FromPath[str]) -> Response[bytes]:
    """The badge or the certificate. A revoked credential has no certificate any more, a suspended one for now.

    A picture says so when the credential does not count: pages elsewhere may show it without knowing.
    """
    shown = await load(parts, credential, request.scope)
    what = request.scope["path"].rpartition("/")[2]
    kind: DesignKind = "badge" if what == "badge.png" else "certificate"
    state = shown.credential.state_at(parts.clock.now())
    if kind == "certificate" and state in _OFF:
        raise Gone(f"this credential is {state}, so there is no certificate")
    async with parts.database.transaction(shown.organisation.id) as tx:
        design, fields = await picture_of(tx, shown.credential, kind, parts.public_url, language=shown.language)
    if what.endswith(".pdf"):
        data, name = await drawing.pdf(design, fields, drawn_at(shown.credential))
        return _picture(request, data, name, "application/pdf", private=shown.credential.private)
    if state in _MARKS:
        design = crossed_out(design, words_in(shown.language)[f"state_{state}"], _MARKS[state])
    asked = _asked(request.scope)[2]
    width = next((one for one in _WIDTHS if str(one) == asked), _BADGE_WIDTH if kind == "badge" else _CERTIFICATE_WIDTH)
    data, name = await drawing.png(design, fields, width_pixels=width)
    return _picture(request, data, name, "image/png", private=shown.credential.private)


def _picture(request: AnyRequest, data: bytes, name: str, media_type: str, *, private: bool) -> Response[bytes]:
    headers = {
        "ETag": f'"{name}"',
        "Cache-Control": "private, no-store" if private else "public, max-age=300",
        "Vary": "Accept-Language",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(data, media_type=media_type, headers=headers)


# ---------------------------------------------------------------------------------------- the issuer, the achievement
@get("/i/{organisation:str}", include_in_schema=False)
async def show_issuer(request: AnyRequest, parts: InjectedParts, organisation: FromPath[str]) -> Response[bytes]:
    """Who issues, and what can be earned there; the issuer's profile for programs."""
    if not wants_page(request.headers.get("accept", "")):
        return await issuers.issuer_document(request, parts, organisation)
    async with parts.database.public_lookup(organisation) as tx:
        found = await organisations.organisation_by_slug_or_uid(tx, organisation)
    if found is None:
        raise NotFound("there is no such issuer", field="issuer", value=organisation[:50])
    async with parts.database.transaction(found.id) as tx:
        offered = [
            one
            for one in await achievements.list_newest(tx, before_id=None, limit=200, status="live")
            if not (one.hidden or one.secret)
        ]
        held = await awarded.count_active(tx, [one.id for one in offered])
        given = await endorsements.of(tx, (), (), parts.clock.now())
    return _open_page(request, parts, "public/issuer.html", found, offered=offered, held=held, endorsements=given)


@get("/i/{organisation:str}/brand.css", include_in_schema=False)
async def show_public_brand(parts: InjectedParts, organisation: FromPath[str]) -> Response[bytes]:
    """The issuer's colour as a stylesheet."""
    async with parts.database.public_lookup(organisation) as tx:
        found = await organisations.organisation_by_slug_or_uid(tx, organisation)
    css = brand_css(found) if found is not None else ""
    headers = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
    return Response(css.encode(), media_type="text/css; charset=utf-8", headers=headers)


@get("/a/{achievement:str}", include_in_schema=False)
async def show_achievement_in_public(
    request: AnyRequest, parts: InjectedParts, achievement: FromPath[str]
) -> Response[bytes]:
    """What it takes, and how many hold it; the achievement as its credentials name it for programs."""
    if not wants_page(request.headers.get("accept", "")):
        return await issuers.achievement_document(request, parts, achievement)
    organisation, found = await issuers.find_published(parts, achievement)
    async with parts.database.transaction(organisation.id) as tx:
        rarity = (await rarities(tx, [found.id]))[found.id]
        given = await endorsements.of(tx, (found.id,), (), parts.clock.now())
    return _open_page(
        request,
        parts,
        "public/achievement.html",
        organisation,
        achievement=found,
        rarity=rarity,
        endorsements=given,
    )


@get("/a/{achievement:str}/badge.png", include_in_schema=False)
async def show_achievement_picture(
    request: AnyRequest, parts: InjectedParts, achievement: FromPath[str]
) -> Response[bytes]:
    """Its badge with nobody's name on it."""
    organisation, found = await issuers.find_published(parts, achievement)
    language = _asked(request.scope)[1] or preferred(request.headers.get("accept-language", ""), organisation.language)
    async with parts.database.transaction(organisation.id) as tx:
        design, fields = await unheld_picture(tx, found, organisation, parts.public_url, language)
    data, name = await drawing.png(design, fields, width_pixels=_WIDTHS[1])
    return _picture(request, data, name, "image/png", private=False)


def _open_page(
    request: AnyRequest, parts: Parts, template: str, organisation: Organisation, **more: Any
) -> Response[bytes]:
    language = _asked(request.scope)[1] or preferred(request.headers.get("accept-language", ""), organisation.language)
    context = {
        "w": words_in(language),
        "language": language,
        "direction": direction_of(language),
        "languages": LANGUAGES,
        "organisation": organisation,
        "public_url": parts.public_url,
        "here": request.scope["path"],
        "said": "",
        **more,
    }
    return _answer(request, template, context)


HANDLERS = (
    show_verification,
    show_widget,
    show_picture,
    show_issuer,
    show_public_brand,
    show_achievement_in_public,
    show_achievement_picture,
)
HOT: HotTable = {("GET", "/c/{last}"): read_hot}
