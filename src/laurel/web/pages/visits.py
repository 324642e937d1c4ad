"""One request of a person: who it is, what their form says, and the answer in the console's frame.

A page is an async function of a Visit; `page` makes a route of it. Every POST must carry the token of its browser's cookie.
A form whose session has ended is kept and offered again after signing in.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any, Literal
from urllib.parse import quote

from litestar import Request, Response, route
from litestar.datastructures import Cookie, UploadFile
from litestar.handlers import HTTPRouteHandler

from laurel.base import json_text
from laurel.base.errors import Forbidden, Invalid, LaurelError, RequestInFlight, Unauthenticated
from laurel.base.ids import OrganisationId, is_uid, new_secret, new_uid
from laurel.base.limits import FORM_FIELDS_MAX, IDEMPOTENCY_KEPT_SECONDS
from laurel.base.text import clean
from laurel.database import answers
from laurel.database.answers import StoredAnswer
from laurel.database.pool import Transaction
from laurel.domain.access import sessions, signed_links
from laurel.domain.access.model import SignedIn
from laurel.domain.organisations.model import Account, Caller, Organisation
from laurel.domain.parts import Parts
from laurel.domain.single_sign_on import finding
from laurel.web.http_errors import status_of
from laurel.web.injected import InjectedParts
from laurel.web.pages.languages import LANGUAGES, direction_of, in_words, preferred, words_in
from laurel.web.pages.rendered import show
from laurel.web.paging import read_cursor, write_cursor

SESSION, VISITOR, WALLET, SAID = "laurel_session", "laurel_visitor", "laurel_wallet", "laurel_said"
OTHERS, SIGNING_IN = "laurel_others", "laurel_signing_in"
"""Sessions of other organisations that this browser may switch to; the secret of a sign-in through a provider."""
TOKEN = "token"  # noqa: S105 - the name of a form field
_SAID_SECONDS = 60
_FORMS = "console-form"
"""Whose idempotency keys the numbers of forms are."""

Door = Literal["open", "console"]
AnyRequest = Request[Any, Any, Any]


class Form:
    """What was sent: texts without control characters, and files."""

    def __init__(self, values: Sequence[tuple[str, str]] = (), files: dict[str, UploadFile] | None = None) -> None:
        self.values = list(values)
        self.files = files or {}

    def get(self, name: str, default: str = "") -> str:
        """The first value, trimmed; `default` when there is none."""
        return next((value.strip() for key, value in self.values if key == name), default)

    def raw(self, name: str) -> str:
        """The first value as it was typed: for passwords."""
        return next((value for key, value in self.values if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a name."""
        return [value.strip() for key, value in self.values if key == name]

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.get(name))

    def kept(self) -> list[tuple[str, str]]:
        """What a form must carry to be sent again; never a password."""
        return [(key, value) for key, value in self.values if key != TOKEN and "password" not in key]


async def read_form(request: AnyRequest) -> Form:
    """The form of a POST. Raises Invalid for too many fields."""
    data = await request.form()
    values: list[tuple[str, str]] = []
    files: dict[str, UploadFile] = {}
    for name, value in data.multi_items():
        if isinstance(value, UploadFile):
            files[name] = value
        else:
            values.append((clean(str(name)), clean(str(value).replace("\r\n", "\n"))))
    if len(values) > FORM_FIELDS_MAX:
        raise Invalid(f"the form has more than {FORM_FIELDS_MAX} fields", limit=FORM_FIELDS_MAX, value=len(values))
    return Form(values, files)


@dataclass(kw_only=True)
class Visit:
    """A request under way."""

    request: AnyRequest
    parts: Parts
    signed_in: SignedIn | None = None
    visitor: str = ""
    form: Form = field(default_factory=Form)
    cookies: list[Cookie] = field(default_factory=list)

    @property
    def caller(self) -> Caller:
        """Who asks; only behind the console's door."""
        return self._known.caller

    @property
    def organisation(self) -> Organisation:
        """Whose console it is."""
        return self._known.organisation

    @property
    def organisation_id(self) -> OrganisationId:
        """Whose console it is."""
        return self._known.organisation.id

    @property
    def account(self) -> Account:
        """Who is signed in."""
        return self._known.account

    @property
    def _known(self) -> SignedIn:
        if self.signed_in is None:
            raise AssertionError("a page behind the console's door was shown to a stranger")
        return self.signed_in

    @property
    def token(self) -> str:
        """What this browser's forms carry."""
        return sessions.form_token(self.parts.pepper, self.request.cookies.get(SESSION, "") or self.visitor)

    @property
    def htmx(self) -> bool:
        """Whether only a part of a page is wanted."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def switches(self) -> bool:
        """Whether this browser holds sessions of other organisations."""
        return bool(self.request.cookies.get(OTHERS))

    def may(self, scope: str) -> bool:
        """Whether the caller holds `scope`."""
        return self.signed_in is not None and self.signed_in.caller.may(scope)

    def path(self, name: str) -> str:
        """A part of the address."""
        return clean(str(self.request.path_params[name]))

    def asked(self, name: str, default: str = "") -> str:
        """A query parameter, trimmed."""
        value = self.request.query_params.get(name, default)
        return clean(str(value)).strip()

    def cursor(self) -> int | None:
        """Where the asked page begins."""
        before: int | None
        (before,) = read_cursor(self.asked("after") or None, int, default=(None,))
        return before

    def next_after(self, found: Sequence[Any], size: int) -> str | None:
        """The cursor of the page after `found`, of which one more than `size` was asked for."""
        return write_cursor(found[size - 1].id) if len(found) > size else None

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of the organisation."""
        return self.parts.database.transaction(self.organisation_id)

    # ------------------------------------------------------------------------------------------------ once-only forms
    def new_once(self) -> str:
        """A number for a form that makes something: it becomes the uid of what is made, so that twice makes one."""
        return signed_links.hidden(self.parts.pepper, f"once:{self.organisation_id}", new_uid())

    def once(self) -> str:
        """The number that the form carries. Raises Invalid."""
        uid = signed_links.revealed(self.parts.pepper, f"once:{self.organisation_id}", self.form.get("once"))
        if uid is None or not is_uid(uid):
            raise Invalid("this form is too old; open the page again", field="form")
        return uid

    async def led_to(self, tx: Transaction) -> str | None:
        """Where this form led when it was sent before; None the first time. Raises Invalid, RequestInFlight.

        To be asked in the transaction of the effect, before it; `note_sent` belongs to its end.
        """
        number = self.once()
        if not await answers.lock_idempotency_key(tx, _FORMS, number):
            raise RequestInFlight("this form is on its way already")
        since = self.parts.clock.now() - timedelta(seconds=IDEMPOTENCY_KEPT_SECONDS)
        before = await answers.stored_answer(tx, _FORMS, number, since=since)
        return None if before is None else before.body.decode()

    async def note_sent(self, tx: Transaction, address: str) -> None:
        """Keep where this form led, so that it has its effect once."""
        answer = StoredAnswer(request_hash=b"", status=303, headers=[], body=address.encode())
        await answers.store_answer(tx, _FORMS, self.once(), answer, self.parts.clock.now())

    # ----------------------------------------------------------------------------------------------------- the answer
    def show(
        self, template: str, *, http_status: int = 200, error: LaurelError | None = None, **context: Any
    ) -> Response[bytes]:
        """A page in this visit's frame; with `error` it says what is wrong, and the status follows from it."""
        said = ""
        if given := self.request.cookies.get(SAID):
            said = signed_links.revealed(self.parts.pepper, "said", given) or ""
            self.cookies.append(self._cookie(SAID, "", seconds=0))
        response = show(
            template,
            status=status_of(error) if error is not None else http_status,
            images=self.signed_in.organisation.image if self.signed_in else None,
            visit=self,
            token=self.token,
            signed_in=self.signed_in,
            public_url=self.parts.public_url,
            said=unescape(said),
            error=error,
            form=self.form,
            here=self.request.scope["path"],
            context=context,
        )
        return self.sealed(response)

    @property
    def language(self) -> str:
        """The language of a public page: the one that its address names, else the best that the browser asks for."""
        named = self.asked("lang")
        return named if named in LANGUAGES else preferred(self.request.headers.get("accept-language", ""), "en")

    @property
    def words(self) -> Mapping[str, str]:
        """The words of public pages in that language."""
        return words_in(self.language)

    def localised(self, address: str) -> str:
        """The address of another public page, with the language when it was chosen by the address of this one."""
        return f"{address}?lang={self.language}" if self.asked("lang") in LANGUAGES else address

    def show_in_public(
        self, template: str, *, error: LaurelError | None = None, here: str = "", **context: Any
    ) -> Response[bytes]:
        """A public page in the reader's language; `here` is where the switch of languages leads, this page unless given."""
        language = self.language
        response = self.show(
            template,
            error=None if error is None else in_words(error, language),
            w=words_in(language),
            language=language,
            direction=direction_of(language),
            languages=LANGUAGES,
            here=here or self.request.scope["path"],
            localised=self.localised,
            **context,
        )
        response.headers["Vary"] = "Accept-Language"
        return response

    def to(self, address: str, said: str = "") -> Response[bytes]:
        """Go on to another page (303), which says `said` once."""
        if said:
            value = signed_links.hidden(self.parts.pepper, "said", said.encode("ascii", "xmlcharrefreplace").decode())
            self.cookies.append(self._cookie(SAID, value, seconds=_SAID_SECONDS))
        headers = {"Location": address, "Cache-Control": "no-store"}
        if self.htmx:
            return self.sealed(Response(b"", status_code=200, headers={"HX-Redirect": address}, media_type="text/html"))
        return self.sealed(Response(b"", status_code=303, headers=headers, media_type="text/html"))

    def sealed(self, response: Response[bytes]) -> Response[bytes]:
        """The answer with this visit's cookies."""
        for cookie in self.cookies:
            response.set_cookie(cookie)
        return response

    def remember(self, name: str, value: str, *, seconds: int | None) -> None:
        """Set a cookie with the answer; `seconds` None: until the browser closes, 0: forget it."""
        self.cookies.append(self._cookie(name, value, seconds=seconds))

    def _cookie(self, name: str, value: str, *, seconds: int | None) -> Cookie:
        return Cookie(
            key=name,
            value=value,
            path="/",
            max_age=seconds,
            httponly=True,
            secure=self.parts.public_url.startswith("https://"),
            samesite="lax",
        )


Page = Callable[[Visit], Awaitable[Response[bytes]]]


def page(
    path: str, *, needs: str | None = None, door: Door = "console", post: bool = False, one_click: bool = False
) -> Callable[[Page], Any]:
    """Make a route of an async function of a Visit. needs: the scope that the account must hold; post: it takes a form;
    one_click: programs may send it without the token of a page, because what it carries is signed.
    """

    def wrap(function: Page) -> HTTPRouteHandler:
        async def handler(request: AnyRequest, parts: InjectedParts) -> Response[bytes]:
            visit = await _begin(request, parts)
            if post:
                visit.form = await read_form(request)
            if door == "console" and visit.signed_in is None:
                return await _ask_to_sign_in(visit)
            if visit.signed_in is not None:
                request.scope["laurel.caller"] = visit.caller  # type: ignore[typeddict-unknown-key] # our own key
            if needs is not None and not visit.may(needs):
                raise Forbidden("your role does not allow this", details={"scope": needs})
            if post and not one_click and not _is_ours(visit):
                return _ask_again(visit)
            return await function(visit)

        handler.__name__ = function.__name__
        handler.__doc__ = function.__doc__
        return route(
            path,
            http_method="POST" if post else "GET",
            include_in_schema=False,
            status_code=200,
            name=function.__name__,
        )(handler)

    return wrap


async def _begin(request: AnyRequest, parts: Parts) -> Visit:
    visit = Visit(request=request, parts=parts)
    if cookie := request.cookies.get(SESSION):
        visit.signed_in = await sessions.recognise(parts.database, cookie, pepper=parts.pepper, now=parts.clock.now())
    visit.visitor = request.cookies.get(VISITOR, "")
    if not visit.visitor and not request.cookies.get(SESSION):
        visit.visitor = new_secret()
        visit.remember(VISITOR, visit.visitor, seconds=None)
    return visit


def _is_ours(visit: Visit) -> bool:
    """Whether a POST comes from a form that this server gave to this browser."""
    given = visit.form.get(TOKEN) or visit.request.headers.get("x-form-token", "")
    return hmac.compare_digest(given.encode(), visit.token.encode())


async def _ask_to_sign_in(visit: Visit) -> Response[bytes]:
    """The way to the door. A part of a page that asks is only told: its page stays, with what was typed into it."""
    scope = visit.request.scope
    if visit.htmx:
        raise Unauthenticated("your session has ended")
    if visit.request.method == "GET":
        here = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        return visit.to("/console/sign-in" + (f"?next={quote(here, safe='/')}" if here != "/console" else ""))
    return await show_door(visit, http_status=401, kept=keep_form(visit), ended=True)


async def show_door(
    visit: Visit,
    error: LaurelError | None = None,
    *,
    http_status: int = 200,
    kept: str = "",
    next_address: str = "",
    ended: bool = False,
) -> Response[bytes]:
    """The form to sign in with; `ended` when a session ran out under the form that is `kept`."""
    any_provider, provider = await finding.at_the_door(visit.parts.database)
    return visit.show(
        "console/sign_in.html",
        http_status=http_status,
        error=error,
        kept=kept,
        next=next_address,
        ended=ended,
        any_provider=any_provider,
        provider=provider,
    )


def _ask_again(visit: Visit) -> Response[bytes]:
    """The form came with another token. From our own page (signed in anew in another tab) it may be sent again."""
    if visit.request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Forbidden("this form was not sent from a page of this server")
    return visit.show(
        "console/send_again.html",
        http_status=409,
        kept="",
        target=visit.request.scope["path"],
        fields=visit.form.kept(),
    )


def keep_form(visit: Visit) -> str:
    """The form and where it was going, as text for a hidden field."""
    kept = {"path": visit.request.scope["path"], "fields": visit.form.kept()}
    return json_text.encode(kept).decode()


def local(address: str, default: str = "/console") -> str:
    """`address` when it is a page of the console, else `default`: nobody is sent elsewhere by a link."""
    inside = address == "/console" or address.startswith(("/console/", "/console?"))
    return address if inside and "\\" not in address and "\n" not in address else default
