"""/wallet/binding/{credential}: a learner hands a credential to the wallet app on their telephone, which proves its key, and
takes it back again. What is asked of the app is the exchange of `web.standards`; here it is offered and its outcome shown.
"""

from typing import Final, Literal
from urllib.parse import quote

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.base.ids import is_uid
from laurel.domain.credentials.bindings import store as bindings
from laurel.domain.credentials.model import Credential
from laurel.domain.organisations.model import Organisation
from laurel.domain.people.model import Person
from laurel.domain.record_events import bind_holder
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.rendering.qr import qr_path
from laurel.web.pages.visits import Visit, page
from laurel.web.pages.wallet_owner import email_of, own_credential
from laurel.web.standards.exchanges import binding_url, wallet_link

_QUIET_ZONE: Final = 4
_GONE: Final = frozenset({"revoked"})
Offer = Literal["waiting", "done", "over"]


@page("/wallet/binding/{credential:str}", door="open")
async def show_binding(visit: Visit) -> Response[bytes]:
    """Which app holds a credential. With `offer`, and asked by a script, only what has become of that offer."""
    email = email_of(visit.request, visit.parts)
    if email is None:
        return visit.show_in_public("public/wallet_door.html", sent=False)
    organisation, _, credential = await own_credential(visit.parts, email, visit.path("credential"))
    offer = visit.asked("offer")
    if offer and visit.request.headers.get("x-part") == "1":
        state = await _state_of(visit, credential, offer)
        return visit.show_in_public("public/binding_state.html", state=state, address=_address(visit, credential))
    return _show(visit, organisation, credential)


@page("/wallet/binding/{credential:str}", door="open", post=True)
async def change_binding(visit: Visit) -> Response[bytes]:
    """Offer the credential to an app, or set it free of one."""
    email = email_of(visit.request, visit.parts)
    if email is None:
        return visit.show_in_public("public/wallet_door.html", sent=False)
    organisation, person, credential = await own_credential(visit.parts, email, visit.path("credential"))
    change = visit.form.get("change")
    try:
        match change:
            case "offer":
                return await _offer(visit, organisation, person, credential)
            case "free":
                await _set_free(visit, person, credential)
                return visit.to(_address(visit, credential), visit.words["binding_said_free"])
            case _:
                raise Invalid("there is no such change", field="change", value=change[:50])
    except LaurelError as refused:
        return _show(visit, organisation, credential, error=refused)


async def _offer(visit: Visit, organisation: Organisation, person: Person, credential: Credential) -> Response[bytes]:
    """The page with the code for the telephone: the only place where this exchange is ever named."""
    parts = visit.parts
    async with parts.database.transaction(organisation.id) as tx:
        binding, name = await bind_holder.start(
            tx,
            credential,
            by=f"person:{person.uid}",
            now=parts.clock.now(),
            lives=bind_holder.LIVES_IN_HAND,
        )
    link = wallet_link(parts.public_url, name)
    return _show(
        visit,
        organisation,
        credential,
        offer={
            "uid": binding.uid,
            "link": link,
            "exchange": binding_url(parts.public_url, name),
            "qr": qr_path(link, "L", _QUIET_ZONE),
        },
    )


async def _set_free(visit: Visit, person: Person, credential: Credential) -> None:
    async def work(run: Run) -> None:
        await bind_holder.set_free(run, credential, by=f"person:{person.uid}")

    await in_run(visit.parts.spine, credential.organisation_id, work, quiet=True)


async def _state_of(visit: Visit, credential: Credential, offer: str) -> Offer:
    """What has become of an offer that this person made."""
    async with visit.parts.database.transaction(credential.organisation_id) as tx:
        found = await bindings.find_own(tx, credential.id, offer) if is_uid(offer) else None
    if found is not None and found.bound_at is not None:
        return "done"
    return "over" if found is None or found.expires_at <= visit.parts.clock.now() else "waiting"


def _address(visit: Visit, credential: Credential) -> str:
    return visit.localised(f"/wallet/binding/{credential.uid}")


def _show(
    visit: Visit,
    organisation: Organisation,
    credential: Credential,
    *,
    offer: dict[str, object] | None = None,
    error: LaurelError | None = None,
) -> Response[bytes]:
    key = f"&key={quote(credential.access_key or '')}" if credential.private else ""
    state = credential.state_at(visit.parts.clock.now())
    return visit.show_in_public(
        "public/wallet_binding.html",
        error=error,
        organisation=organisation,
        credential=credential,
        key=key,
        state=state,
        ended=state in _GONE,
        offer=offer,
        address=_address(visit, credential),
    )


HANDLERS = (show_binding, change_binding)
