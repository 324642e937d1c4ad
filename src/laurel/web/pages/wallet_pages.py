"""/wallet: a learner's credentials of every organisation here, opened by a link sent to their address; and their wishes.

A proved e-mail address is the only key. Every change is made as the person of that address in the organisation concerned.
"""

import io
import time
import zipfile
from typing import Any, NamedTuple
from urllib.parse import quote

from litestar import Response

from laurel.base.errors import Invalid, LaurelError, NotFound
from laurel.base.ids import OrganisationId, new_secret
from laurel.base.limits import WALLET_ORGANISATIONS_MAX, WALLET_SESSION_SECONDS
from laurel.database.pool import Transaction
from laurel.domain.access import signed_links
from laurel.domain.access import store as access
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.model import Credential
from laurel.domain.grants import overview
from laurel.domain.grants.model import (
    OFFLINE_ACCESS,
    READ_CREDENTIALS,
    READ_PROFILE,
    READ_RECORDS,
    WRITE_CREDENTIALS,
    WRITE_PROFILE,
    WRITE_RECORDS,
    Consent,
)
from laurel.domain.learner_requests import asking
from laurel.domain.learner_requests import store as requests
from laurel.domain.learner_requests.model import LearnerRequest
from laurel.domain.letters.sending import STOPPED, ask_for_link
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.domain.people.registry import Details
from laurel.domain.record_events.amend import amend
from laurel.domain.record_events.races import run_again_on_races
from laurel.domain.record_events.run import Run
from laurel.domain.wallet.learner_record import record_of
from laurel.web.pages.recipients import checked_email
from laurel.web.pages.visits import WALLET, Visit, page
from laurel.web.pages.wallet_owner import email_of

_AWARDS_MAX = 500
_CONSENTS_MAX = 100
SCOPE_WORDS = {
    READ_CREDENTIALS: "scope_read_credentials",
    WRITE_CREDENTIALS: "scope_write_credentials",
    READ_PROFILE: "scope_read_profile",
    WRITE_PROFILE: "scope_write_profile",
    READ_RECORDS: "scope_read_records",
    WRITE_RECORDS: "scope_write_records",
    OFFLINE_ACCESS: "scope_offline",
}
"""What each scope of an application means, by its key among the words of the pages."""
_BETWEEN_LINKS_SECONDS = 60.0
_ASKED_MAX = 10_000
_asked: dict[str, float] = {}


class Shelf(NamedTuple):
    """What one organisation has issued to the learner."""

    organisation: Organisation
    person: Person
    credentials: list[Credential]
    requests: list[LearnerRequest]
    consents: list[Consent]


async def _organisations_of(visit: Visit, email: str) -> list[OrganisationId]:
    async with visit.parts.database.every_organisation() as tx:
        return await access.organisations_of_person(tx, email, WALLET_ORGANISATIONS_MAX)


async def _shelf(tx: Transaction, email: str) -> Shelf | None:
    person_id = (await people.ids_by_email(tx, [email])).get(email)
    if person_id is None:
        return None
    person = (await people.find_many(tx, [person_id]))[person_id]
    awards = await awarded.of_person(tx, person_id, limit=_AWARDS_MAX)
    found = await credentials.of_awards(tx, [award.id for award in awards])
    shown = [one for one in found.values() if one.deleted_at is None and one.published_at is not None]
    return Shelf(
        await organisations.organisation(tx),
        person,
        sorted(shown, key=lambda one: one.id, reverse=True),
        await requests.of_person(tx, person_id),
        await overview.list_consents(tx, person_id=person_id, limit=_CONSENTS_MAX),
    )


async def _shelves(visit: Visit, email: str) -> list[Shelf]:
    shelves = []
    for organisation_id in await _organisations_of(visit, email):
        async with visit.parts.database.transaction(organisation_id) as tx:
            shelf = await _shelf(tx, email)
        if shelf is not None:
            shelves.append(shelf)
    return shelves


@page("/wallet", door="open")
async def show_wallet(visit: Visit) -> Response[bytes]:
    """The credentials; to a stranger the form that sends a link."""
    email = email_of(visit.request, visit.parts)
    if email is None:
        return visit.show_in_public("public/wallet_door.html", sent=False, here="/wallet")
    return await _show(visit, email)


async def _show(visit: Visit, email: str, error: LaurelError | None = None) -> Response[bytes]:
    return visit.show_in_public(
        "public/wallet.html",
        error=error,
        here="/wallet",
        email=email,
        shelves=await _shelves(visit, email),
        scope_words=SCOPE_WORDS,
        now=visit.parts.clock.now(),
    )


@page("/wallet/link", door="open", post=True)
async def send_wallet_link(visit: Visit) -> Response[bytes]:
    """Send the link; the answer is the same whether anybody here has the address."""
    try:
        email = checked_email(visit.form.get("email"))
    except LaurelError as refused:
        return visit.show_in_public("public/wallet_door.html", error=refused, sent=False, here="/wallet")
    if len(_asked) > _ASKED_MAX:
        _asked.clear()
    if time.monotonic() - _asked.get(email, float("-inf")) > _BETWEEN_LINKS_SECONDS:
        _asked[email] = time.monotonic()
        known = await _organisations_of(visit, email)
        if known:
            async with visit.parts.database.transaction(known[0]) as tx:
                await ask_for_link(tx, email, visit.language, alone=len(known) == 1)
    return visit.show_in_public("public/wallet_door.html", sent=True, here="/wallet")


@page("/wallet/open", door="open")
async def show_link(visit: Visit) -> Response[bytes]:
    """A button: programs that look at links in mail open no wallet."""
    link = visit.asked("link")
    return visit.show_in_public("public/wallet_open.html", link=link, here=f"/wallet/open?link={quote(link)}")


@page("/wallet/open", door="open", post=True)
async def open_wallet(visit: Visit) -> Response[bytes]:
    """Exchange the link for the wallet."""
    parts = visit.parts
    try:
        cookie = await signed_links.use(parts.database, parts.pepper, visit.form.get("link"), parts.clock.now())
    except LaurelError as refused:
        return visit.show_in_public("public/wallet_door.html", error=refused, sent=False, here="/wallet")
    visit.remember(WALLET, cookie, seconds=WALLET_SESSION_SECONDS)
    return visit.to(visit.localised("/wallet"))


@page("/wallet/close", door="open", post=True)
async def close_wallet(visit: Visit) -> Response[bytes]:
    """Forget the address in this browser."""
    visit.remember(WALLET, "", seconds=0)
    return visit.to(visit.localised("/wallet"), visit.words["wallet_said_closed"])


@page("/wallet/change", door="open", post=True)
async def change_in_wallet(visit: Visit) -> Response[bytes]:
    """Show or hide a credential, ask for another name or for erasure, stop or allow letters."""
    email, form = email_of(visit.request, visit.parts), visit.form
    if email is None:
        return visit.show_in_public("public/wallet_door.html", sent=False, here="/wallet")
    for organisation_id in await _organisations_of(visit, email):
        async with visit.parts.database.transaction(organisation_id) as tx:
            organisation = await organisations.organisation(tx)
        if organisation.uid == form.get("organisation"):
            try:
                said = await _change(visit, email, organisation)
            except LaurelError as refused:
                return await _show(visit, email, refused)
            return visit.to(visit.localised("/wallet"), said)
    raise NotFound("there is no such organisation in your wallet", field="organisation")


async def _change(visit: Visit, email: str, organisation: Organisation) -> str:
    form, parts, words = visit.form, visit.parts, visit.words
    change = form.get("change")

    async def work(tx: Transaction, _careful: bool) -> str:
        now = parts.clock.now()
        shelf = await _shelf(tx, email)
        if shelf is None:
            raise NotFound("there is nobody with this address any more")
        person = shelf.person
        match change:
            case "hide" | "show":
                wanted = next((one for one in shelf.credentials if one.uid == form.get("credential")), None)
                if wanted is None:
                    raise NotFound("there is no such credential in your wallet", field="credential")
                run = await Run.begin(tx, parts.spine, quiet=True, now=now)
                private: dict[str, Any] = {"private": change == "hide"}
                if change == "hide":
                    private["access_key"] = new_secret()
                await amend(run, wanted, private)
                await run.save()
                return words["wallet_said_private" if change == "hide" else "wallet_said_public"]
            case "name":
                await asking.ask(tx, person, "name", form.get("wanted"), now)
                return words["wallet_said_name"].format(name=organisation.name)
            case "erasure":
                await asking.ask(tx, person, "erasure", "", now)
                return words["wallet_said_erasure"].format(name=organisation.name)
            case "leave":
                wanted_grant = next((one for one in shelf.consents if one.uid == form.get("grant")), None)
                if wanted_grant is None:
                    raise NotFound("there is no such consent of yours", field="grant")
                await overview.revoke_consent(tx, wanted_grant.uid, by=f"person:{person.uid}", now=now)
                return words["wallet_said_app"]
            case "stop" | "allow":
                await _letters(tx, person, stop=change == "stop", at=now.isoformat())
                return words["wallet_said_saved"]
            case _:
                raise Invalid("there is no such change", field="change", value=change[:50])

    return await run_again_on_races(parts.spine, organisation.id, work)


async def _letters(tx: Transaction, person: Person, *, stop: bool, at: str) -> None:
    attributes = {name: value for name, value in person.attributes.items() if name != STOPPED}
    if stop:
        attributes[STOPPED] = at
    await registry.change(tx, person, Details(attributes=attributes), now=person.updated_at)


@page("/wallet/all.zip", door="open")
async def download_wallet(visit: Visit) -> Response[bytes]:
    """Every signed credential as JSON, in one archive."""
    email = email_of(visit.request, visit.parts)
    if email is None:
        return visit.to(visit.localised("/wallet"))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for shelf in await _shelves(visit, email):
            async with visit.parts.database.transaction(shelf.organisation.id) as tx:
                signed = await credentials.find_signed(tx, [one.id for one in shelf.credentials])
            for one in shelf.credentials:
                document = signed[one.id].document if one.id in signed else None
                if document is not None:
                    zipped.writestr(f"{shelf.organisation.slug}/{one.uid}.json", document)
    headers = {"Content-Disposition": 'attachment; filename="credentials.zip"', "Cache-Control": "no-store"}
    return Response(archive.getvalue(), media_type="application/zip", headers=headers)


@page("/wallet/record/{organisation:str}", door="open")
async def download_record(visit: Visit) -> Response[bytes]:
    """What one organisation issued to the learner as one document (CLR 2.0), signed by it now."""
    email = email_of(visit.request, visit.parts)
    if email is None:
        return visit.to(visit.localised("/wallet"))
    wanted = visit.path("organisation").removesuffix(".json")
    for shelf in await _shelves(visit, email):
        if shelf.organisation.uid == wanted:
            async with visit.parts.database.transaction(shelf.organisation.id) as tx:
                record = await record_of(visit.parts.issuer, tx, shelf.person, visit.parts.clock.now())
            headers = {
                "Content-Disposition": f'attachment; filename="record-{shelf.organisation.slug}.json"',
                "Cache-Control": "no-store",
            }
            return Response(record, media_type="application/json", headers=headers)
    raise NotFound("there is no such organisation in your wallet", field="organisation")


# -------------------------------------------------------------------------------------------------------------- letters
@page("/letters/stop", door="open")
async def show_stop(visit: Visit) -> Response[bytes]:
    """A button, for the same reason as above."""
    who = visit.asked("who")
    return visit.show_in_public("public/letters_stop.html", who=who, done=False, here=f"/letters/stop?who={quote(who)}")


@page("/letters/stop", door="open", post=True, one_click=True)
async def stop_letters(visit: Visit) -> Response[bytes]:
    """No more letters from this organisation; mail programs may send this by themselves (RFC 8058)."""
    who = visit.form.get("who") or visit.asked("who")
    organisation_uid, _, person_uid = (signed_links.revealed(visit.parts.pepper, "stop", who) or "").partition("-")
    async with visit.parts.database.public_lookup(organisation_uid) as tx:
        organisation = (
            await organisations.organisation_by_slug_or_uid(tx, organisation_uid) if organisation_uid else None
        )
    if organisation is None:
        raise NotFound("this link is not one of ours", field="who")
    async with visit.parts.database.transaction(organisation.id) as tx:
        person = await people.find_by_uid(tx, person_uid)
        if person is not None:
            await _letters(tx, person, stop=True, at=visit.parts.clock.now().isoformat())
    return visit.show_in_public("public/letters_stop.html", who=who, done=True, here=f"/letters/stop?who={quote(who)}")


HANDLERS = (
    show_wallet,
    send_wallet_link,
    show_link,
    open_wallet,
    close_wallet,
    change_in_wallet,
    download_wallet,
    download_record,
    show_stop,
    stop_letters,
)
