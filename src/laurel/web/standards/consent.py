"""/oauth/authorize: a person says who they are and whether an application may act for them.

No cookies: who it is rests in a link that works once (sent by mail, or made for somebody who showed a key), so nothing can
be forged across sites. What is wrong with the application or its address is never answered by sending the browser there.
"""

from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from litestar import Request, Response, get, post
from litestar.response import Redirect

from laurel.base.errors import LaurelError
from laurel.base.limits import (
    AUTHORIZATION_REQUEST_LENGTH_MAX,
    CONSENT_LINKS_PER_HOUR_MAX,
    ORGANISATIONS_PER_ADDRESS_MAX,
)
from laurel.base.text import clean_email
from laurel.domain.grants import clients, flow
from laurel.domain.grants.model import SCOPES, Client, GrantRefused
from laurel.domain.organisations import store as organisations
from laurel.domain.parts import Parts
from laurel.domain.people import one_time_links
from laurel.domain.people import store as people
from laurel.domain.people.links import store as link_store
from laurel.domain.people.model import Person
from laurel.domain.people.one_time_links import LinkSpent, OneTimeLink
from laurel.outside.mail import Mail
from laurel.web.http_errors import status_of
from laurel.web.injected import InjectedCallers, InjectedParts
from laurel.web.standards import consent_page, oauth
from laurel.web.standards.oauth import fields_of, read_form
from laurel.web.surfaces import Surface


class _Wish(NamedTuple):
    """An authorization request that was found good."""

    client_id: str
    client: Client
    redirect_uri: str
    scopes: list[str]
    challenge: str
    state: str | None
    query: str


class _SentBack(Exception):
    """The application is known and its address is right: it is told what is wrong."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def _understood(parts: Parts, query: str) -> _Wish:
    """Raises GrantRefused for what a person must be told, _SentBack for what the application must be told."""
    if len(query) > AUTHORIZATION_REQUEST_LENGTH_MAX:
        raise GrantRefused("invalid_request", "the request of the application is too long")
    asked = fields_of(query.encode("utf-8", "surrogatepass"))
    client_id = asked.get("client_id", "")
    client = clients.find(parts.pepper, client_id)
    if client is None:
        raise GrantRefused("invalid_request", "the application is not registered here")
    redirect_uri = asked.get("redirect_uri", client.redirect_uris[0] if len(client.redirect_uris) == 1 else "")
    if redirect_uri not in client.redirect_uris:
        raise GrantRefused("invalid_request", "the application's address is not one that it registered")
    try:
        scopes = flow.check_request(
            client,
            response_type=asked.get("response_type", ""),
            scope=asked.get("scope", ""),
            challenge=asked.get("code_challenge", ""),
            method=asked.get("code_challenge_method", ""),
        )
    except GrantRefused as refusal:
        told = {"error": refusal.error, "error_description": refusal.message}
        raise _SentBack(_answer(redirect_uri, asked.get("state"), told)) from None
    return _Wish(client_id, client, redirect_uri, scopes, asked["code_challenge"], asked.get("state"), query)


def _understood_again(parts: Parts, query: str) -> _Wish:
    """A request that one of our own forms carried along. Raises GrantRefused."""
    try:
        return _understood(parts, query)
    except _SentBack:
        raise GrantRefused("invalid_request", "the request of the application is not valid any more") from None


def _answer(redirect_uri: str, state: str | None, told: dict[str, str]) -> str:
    from authlib.common.urls import add_params_to_uri

    answered = {**told, **({} if state is None else {"state": state})}
    return str(add_params_to_uri(redirect_uri, list(answered.items())))


@get("/oauth/authorize", include_in_schema=False)
async def ask(request: Request[Any, Any, Any], parts: InjectedParts) -> Response[Any]:
    """Where an application sends a person to."""
    try:
        wish = _understood(parts, request.scope["query_string"].decode("latin-1"))
    except _SentBack as back:
        return Redirect(back.address, status_code=303)
    return consent_page.sign_in(wish.client.client_name, wish.client.client_uri, wish.query)


@post("/oauth/sign-in", status_code=200, include_in_schema=False)
async def send_links(request: Request[Any, Any, Any], parts: InjectedParts) -> Response[bytes]:
    """Send a link for every organisation in which somebody has the address; tells nobody whether there is one."""
    form = await read_form(request)
    wish = _understood_again(parts, form.get("request", ""))
    address = clean_email(form.get("email", ""))
    if address is not None:
        links = [
            f"{name}:\n{parts.public_url}/oauth/continue?{urlencode({'link': link})}"
            for name, link in await _links(parts, address, wish)
        ]
        if links:
            text = (
                f"{wish.client.client_name} ({urlsplit(wish.client.client_uri).hostname}) asks for access to what you earned.\n"
                "If that was you, go on here; a link works once, within an hour:\n\n"
                + "\n\n".join(links)
                + "\n\nIf not, do nothing.\n"
            )
            await parts.mailer.send(Mail(address, f"{wish.client.client_name} asks for access", text))
    return consent_page.link_sent()


async def _links(parts: Parts, address: str, wish: _Wish) -> list[tuple[str, str]]:
    async with parts.database.every_organisation() as tx:
        found = await people.everywhere_by_email(tx, address, ORGANISATIONS_PER_ADDRESS_MAX)
    links = []
    for person in found:
        async with parts.database.transaction(person.organisation_id) as tx:
            if (
                await link_store.count_since(tx, person.id, parts.clock.now() - one_time_links.LIVES)
                < CONSENT_LINKS_PER_HOUR_MAX
            ):
                organisation = await organisations.organisation(tx)
                uid, secret, _ = await one_time_links.create(tx, person.id, None, wish.query, "", parts.clock.now())
                links.append((organisation.name, f"{uid}.{secret}"))
    return links


@post("/oauth/key", status_code=200, include_in_schema=False)
async def take_key(request: Request[Any, Any, Any], parts: InjectedParts, callers: InjectedCallers) -> Response[bytes]:
    """Go on as the person that an API key acts for."""
    form = await read_form(request)
    wish = _understood_again(parts, form.get("request", ""))
    caller = await callers.by_key(form.get("key", ""), (request.scope.get("client") or ("unknown", 0))[0])
    if caller.person_id is None:
        raise GrantRefused("access_denied", "this key acts for nobody: make one with an acting person", field="key")
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await people.find_by_id(tx, caller.person_id)
        if person is None or person.deleted_at is not None:
            raise GrantRefused("access_denied", "the person that this key acts for is not here any more", field="key")
        organisation = await organisations.organisation(tx)
        uid, secret, _ = await one_time_links.create(tx, person.id, None, wish.query, "", parts.clock.now())
    return _consent_page(wish, person, organisation.name, f"{uid}.{secret}")


@get("/oauth/continue", status_code=200, include_in_schema=False)
async def show_wishes(request: Request[Any, Any, Any], parts: InjectedParts) -> Response[bytes]:
    """What the link in a mail leads to. Looking at it does not use it up: scanners of mail look too."""
    text = fields_of(request.scope["query_string"]).get("link", "")
    link, wish = await _opened(parts, text)
    async with parts.database.transaction(link.organisation_id) as tx:
        person = await people.find_by_id(tx, link.person_id)
        organisation = await organisations.organisation(tx)
    if person is None or person.deleted_at is not None:
        raise LinkSpent("this link was used before, or is too old")
    return _consent_page(wish, person, organisation.name, text)


@post("/oauth/decide", include_in_schema=False)
async def decide(request: Request[Any, Any, Any], parts: InjectedParts) -> Redirect:
    """Yes or no; the application hears it."""
    form = await read_form(request)
    text = form.get("link", "")
    link, wish = await _opened(parts, text)
    if form.get("decision") not in {"allow", "deny"}:
        raise GrantRefused("invalid_request", "decision must be allow or deny", field="decision")
    now = parts.clock.now()
    async with parts.database.transaction(link.organisation_id) as tx:
        await one_time_links.use(tx, link, text.partition(".")[2], now)
        if form["decision"] == "allow":
            code = await flow.consent(
                tx, link.person_id, wish.client_id, wish.client, wish.scopes, wish.redirect_uri, wish.challenge, now
            )
            told = {"code": code}
        else:
            told = {"error": "access_denied", "error_description": "the person does not allow it"}
    return Redirect(_answer(wish.redirect_uri, wish.state, told), status_code=303)


async def _opened(parts: Parts, text: str) -> tuple[OneTimeLink, _Wish]:
    uid, _, secret = text.partition(".")
    link = await one_time_links.find(parts.database, uid[:50])
    if link is None or "client_id=" not in link.destination:
        raise LinkSpent("this link was used before, or is too old")
    one_time_links.check(link, secret, parts.clock.now())
    return link, _understood_again(parts, link.destination)


def _consent_page(wish: _Wish, person: Person, organisation: str, link: str) -> Response[bytes]:
    wishes = [SCOPES[scope] for scope in wish.scopes]
    client = wish.client
    return consent_page.consent(
        client.client_name, client.client_uri, wish.redirect_uri, wishes, person.full_name, organisation, link
    )


_PAGES = frozenset({"/oauth/authorize", "/oauth/sign-in", "/oauth/key", "/oauth/continue", "/oauth/decide"})


def render_error(request: Request[Any, Any, Any], error: LaurelError) -> Response[Any]:
    """A page for people, JSON for applications."""
    if request.scope["path"] not in _PAGES:
        return oauth.render_error(request, error)
    return consent_page.refused(error.message, 400 if isinstance(error, GrantRefused) else status_of(error))


OAUTH = Surface(
    name="oauth",
    prefixes=("/oauth",),
    handlers=[*oauth.HANDLERS, ask, send_links, take_key, show_wishes, decide],
    render_error=render_error,
    authenticate=oauth.nobody,
    body_bytes_max=oauth.BODY_BYTES_MAX,
)
