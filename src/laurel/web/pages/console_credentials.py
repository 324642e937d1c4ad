"""/console/credentials: what was issued: searched, looked at, revoked, suspended, reinstated."""

from datetime import UTC, datetime

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.base.text import clean_email
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.model import Credential, CredentialNotFound
from laurel.domain.organisations import audit
from laurel.domain.people import store as people
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.revoke import reinstate, revoke
from laurel.domain.record_events.run import Run
from laurel.domain.record_events.suspend import suspend
from laurel.domain.register.activities.store import activities_of
from laurel.domain.register.model import Condition, Search
from laurel.domain.register.search import find
from laurel.web.pages.visits import Visit, page
from laurel.web.paging import write_cursor

_PAGE = 30


@page("/console/credentials", needs="credentials:read")
async def list_credentials(visit: Visit) -> Response[bytes]:
    """What was issued, newest first; by address, achievement or number."""
    asked = visit.asked("q")
    conditions: list[Condition] = []
    if address := clean_email(asked):
        conditions.append(Condition("recipient_email", "eq", address))
    elif asked:
        conditions.append(Condition("uid" if len(asked) == 24 else "recipient_name", "eq", asked))
    after = visit.cursor()
    async with visit.transaction() as tx:
        if visit.asked("achievement"):
            ids = await achievements.ids_by_uid(tx, [visit.asked("achievement")])
            conditions.append(Condition("achievement_id", "in", list(ids.values())))
        search = Search(conditions=tuple(conditions), descending=True, after=(after,) if after else None, limit=_PAGE)
        found = await find(tx, search)
    return visit.show(
        "console/credentials.html",
        credentials=found.credentials,
        next=write_cursor(*found.last) if found.last else None,
        q=asked,
        now=visit.parts.clock.now(),
    )


async def _require(tx: Transaction, uid: str) -> Credential:
    credential = await credentials.find_by_uid(tx, uid)
    if credential is None:
        raise CredentialNotFound("there is no such credential", field="credential", value=uid[:50])
    return credential


async def _show(visit: Visit, error: LaurelError | None = None, doing: str = "") -> Response[bytes]:
    async with visit.transaction() as tx:
        credential = await _require(tx, visit.path("credential"))
        person = await people.find_by_id(tx, credential.person_id)
        achievement = (await achievements.find_many(tx, [credential.achievement_id])).get(credential.achievement_id)
        activities = await activities_of(tx, credential.id, 50)
    key = f"?key={credential.access_key}" if credential.private else ""
    return visit.show(
        "console/credential.html",
        error=error,
        doing=doing,
        credential=credential,
        person=person,
        achievement=achievement,
        activities=activities,
        state=credential.state_at(visit.parts.clock.now()),
        key=key,
    )


@page("/console/credentials/{credential:str}", needs="credentials:read")
async def show_credential_page(visit: Visit) -> Response[bytes]:
    """One credential: how it looks, what was done with it, and what can be."""
    return await _show(visit)


@page("/console/credentials/{credential:str}/revoke", needs="credentials:write", post=True)
async def revoke_credential(visit: Visit) -> Response[bytes]:
    """Take it back with a reason, which is shown to whoever looks."""
    return await _change(visit, "revoke", "The credential is revoked.")


@page("/console/credentials/{credential:str}/suspend", needs="credentials:write", post=True)
async def suspend_credential(visit: Visit) -> Response[bytes]:
    """Have it count no longer for a while."""
    return await _change(visit, "suspend", "The credential is suspended.")


@page("/console/credentials/{credential:str}/reinstate", needs="credentials:write", post=True)
async def reinstate_credential(visit: Visit) -> Response[bytes]:
    """Let it count again."""
    return await _change(visit, "reinstate", "The credential counts again.")


async def _change(visit: Visit, verb: str, said: str) -> Response[bytes]:
    uid = visit.path("credential")

    async def work(run: Run) -> None:
        credential = await _require(run.tx, uid)
        award = (await awarded.find_many(run.tx, [credential.award_id]))[credential.award_id]
        match verb:
            case "revoke":
                if not visit.form.get("reason"):
                    raise Invalid("say why: whoever looks at the credential will read it", field="reason")
                await revoke(run, award, visit.form.get("reason"))
            case "suspend":
                await suspend(run, credential, visit.form.get("reason"), _end(visit.form.get("until")))
            case _:
                await reinstate(run, award)
        await audit.record(
            run.tx, at=run.now, by=visit.caller, action=f"credential.{verb}", subject=("credential", uid)
        )

    try:
        await in_run(visit.parts.spine, visit.organisation_id, work)
    except LaurelError as refused:
        return await _show(visit, refused, verb)
    return visit.to(f"/console/credentials/{uid}", said)


def _end(day: str) -> datetime | None:
    """The beginning (UTC) of the day on which a suspension ends; None for no day."""
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) if day else None
    except ValueError:
        raise Invalid("say a day as year-month-day, or nothing", field="until", value=day[:50]) from None


HANDLERS = (list_credentials, show_credential_page, revoke_credential, suspend_credential, reinstate_credential)
