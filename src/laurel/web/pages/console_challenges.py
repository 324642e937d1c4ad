"""/console/challenges: things to do on purpose, step by step: made, changed, archived; how many started and completed."""

from typing import Any

import msgspec
from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.base.ids import new_uid
from laurel.base.limits import ACTIONS_PER_CHALLENGE_MAX
from laurel.database.pool import Transaction
from laurel.database.slices import Slice
from laurel.domain.achievements.periods import zone
from laurel.domain.challenges import author, store
from laurel.domain.challenges.model import Action, Challenge
from laurel.domain.organisations import audit
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.model import RewardPlan
from laurel.web.pages import plan_form
from laurel.web.pages.form_values import amount_of, amount_text, instant, instant_text, page_number, whole
from laurel.web.pages.plan_form import TypedPlan
from laurel.web.pages.reward_choices import reward_choices
from laurel.web.pages.visits import Form, Visit, page

_PAGE = 30
_GROUPS_MAX = 100
STATUSES = ("draft", "live", "archived")
_FIELDS = ("name", "kind", "points", "kept")


class ActionRow(msgspec.Struct, frozen=True):
    """One step, as typed. `kept`: the id of the stored action that it is."""

    name: str = ""
    kind: str = ""
    points: str = ""
    kept: str = ""


@page("/console/challenges", needs="rewards:read")
async def show_challenges(visit: Visit) -> Response[bytes]:
    """Every challenge, newest first, and the groups that offer them in turn."""
    number = page_number(visit, _PAGE)
    async with visit.transaction() as tx:
        wanted = Slice(_PAGE, (number - 1) * _PAGE)
        total, found = await store.page_challenges(tx, statuses=STATUSES, wanted=wanted)
        counts = await store.counts(tx, [one.id for one in found])
        _, groups = await store.page_groups(tx, statuses=STATUSES, wanted=Slice(_GROUPS_MAX))
    return visit.show(
        "console/challenges.html",
        challenges=found,
        counts=counts,
        groups=groups,
        now=visit.parts.clock.now(),
        number=number,
        more=number * _PAGE < total,
    )


# ------------------------------------------------------------------------------------------------------------ the form
_EMPTY = {
    "name": "", "description": "", "status": "draft", "starts_at": "", "expires_at": "", "unlock_keys": "",
    "repeatable": "", "tags": "",
}  # fmt: skip


def _values_of(visit: Visit, challenge: Challenge) -> dict[str, str]:
    where, language = zone(visit.organisation.time_zone), visit.organisation.language
    return {
        "name": name_of(challenge.names, language),
        "description": name_of(challenge.descriptions, language),
        "status": challenge.status,
        "starts_at": instant_text(challenge.starts_at, where),
        "expires_at": instant_text(challenge.expires_at, where),
        "unlock_keys": str(challenge.unlock_keys or ""),
        "repeatable": "on" if challenge.repeatable else "",
        "tags": ", ".join(challenge.tags),
    }


def name_of(texts: dict[str, str], language: str) -> str:
    """The text in this language, else in any."""
    return texts.get(language) or next(iter(texts.values()), "")


def _rows_of(challenge: Challenge, language: str) -> list[ActionRow]:
    return [
        ActionRow(name_of(one.names, language), one.kind, amount_text(one.rewards.points), one.id)
        for one in challenge.actions
    ]


def typed_rows(form: Form) -> list[ActionRow]:
    """The steps as they were sent, with one more or less when a button asked for that."""
    columns = [form.all(f"action_{name}") for name in _FIELDS]
    count = min(max(map(len, columns)), ACTIONS_PER_CHALLENGE_MAX)
    rows = [ActionRow(*(column[index] if index < len(column) else "" for column in columns)) for index in range(count)]
    change = form.get("change")
    if change == "add-action":
        rows = [*rows, ActionRow()][:ACTIONS_PER_CHALLENGE_MAX]
    elif change.startswith("remove-action-"):
        rows = [row for index, row in enumerate(rows) if str(index) != change.removeprefix("remove-action-")]
    return rows


def _actions(rows: list[ActionRow], old: Challenge | None, language: str) -> list[Action]:
    known = {one.id: one for one in old.actions} if old else {}
    actions = []
    for index, row in enumerate(rows):
        if not (row.name or row.kind or row.points):
            continue
        if not row.name:
            raise Invalid("say what is to be done", field=f"action_name_{index}")
        points = amount_of(row.points, f"action_points_{index}") or RewardPlan().points
        before = known.get(row.kept) or Action(new_uid(), new_uid(), "", {})
        actions.append(
            msgspec.structs.replace(
                before,
                kind=row.kind or before.kind or "action",
                names={**before.names, language: row.name},
                rewards=msgspec.structs.replace(before.rewards, points=points),
            )
        )
    return actions


async def _values(tx: Transaction, visit: Visit, old: Challenge | None, plan: TypedPlan) -> dict[str, Any]:
    """The columns that the form says. Raises Invalid naming the form's field."""
    form, language, where = visit.form, visit.organisation.language, zone(visit.organisation.time_zone)
    if not form.get("name"):
        raise Invalid("give it a name", field="name")
    if form.get("status") not in STATUSES:
        raise Invalid("there is no such status", field="status", value=form.get("status")[:50])
    paid = plan_form.parsed(plan, old.rewards if old else None)
    return {
        "names": {**(old.names if old else {}), language: form.get("name")},
        "descriptions": {**(old.descriptions if old else {}), language: form.get("description")},
        "status": form.get("status"),
        "starts_at": instant(form, "starts_at", where),
        "expires_at": instant(form, "expires_at", where),
        "unlock_keys": whole(form, "unlock_keys", least=1),
        "repeatable": form.ticked("repeatable"),
        "tags": [tag for part in form.get("tags").split(",") if (tag := part.strip())],
        "actions": _actions(typed_rows(form), old, language),
        "rewards": paid,
    }


async def _show_form(
    visit: Visit,
    challenge: Challenge | None,
    values: dict[str, str],
    rows: list[ActionRow],
    plan: TypedPlan,
    error: LaurelError | None = None,
) -> Response[bytes]:
    async with visit.transaction() as tx:
        choices = await reward_choices(tx, visit, tuple(line.reward for line in plan.lines))
    return visit.show(
        "console/challenge_form.html",
        error=error,
        challenge=challenge,
        values={**_EMPTY, **values},
        actions=rows,
        plan=plan,
        plan_choices=choices,
        zone_name=visit.organisation.time_zone,
        once=visit.form.get("once") or visit.new_once(),
    )


async def _take(visit: Visit, old: Challenge | None) -> Response[bytes]:
    """Save what the form says; or show it again with a step more, or with its mistake."""
    form, now, caller = visit.form, visit.parts.clock.now(), visit.caller
    plan, error = plan_form.typed(form), None
    if not form.get("change"):
        try:
            async with visit.transaction() as tx:
                before = await visit.led_to(tx) if old is None else None
                if before is not None:
                    return visit.to(before, "Saved.")
                values = await _values(tx, visit, old, plan)
                saved = await author.put_challenge(tx, old, values, actor=caller.actor, now=now)
                address = f"/console/challenges/{saved.uid}"
                if old is None:
                    await visit.note_sent(tx, address)
                action = "challenge.change" if old is not None else "challenge.create"
                await audit.record(tx, at=now, by=caller, action=action, subject=("challenge", saved.uid))
            return visit.to(address, "Saved.")
        except LaurelError as refused:
            error = plan_form.at_form(refused, plan)
            error.field = {"names": "name", "descriptions": "description"}.get(error.field or "", error.field)
    return await _show_form(visit, old, {name: form.get(name) for name in _EMPTY}, typed_rows(form), plan, error)


@page("/console/challenges/new", needs="rewards:write")
async def show_new_challenge(visit: Visit) -> Response[bytes]:
    """An empty form."""
    return await _show_form(visit, None, {}, [ActionRow()], TypedPlan())


@page("/console/challenges/new", needs="rewards:write", post=True)
async def make_challenge(visit: Visit) -> Response[bytes]:
    """Define it."""
    return await _take(visit, None)


@page("/console/challenges/actions", needs="rewards:read", post=True)
async def show_actions(visit: Visit) -> Response[bytes]:
    """The steps of the form, with one more or less."""
    return visit.show("console/actions.html", actions=typed_rows(visit.form))


@page("/console/challenges/{challenge:str}/edit", needs="rewards:write")
async def show_challenge_form(visit: Visit) -> Response[bytes]:
    """The form as it stands."""
    async with visit.transaction() as tx:
        challenge = await author.require_challenge(tx, visit.path("challenge"))
    rows = _rows_of(challenge, visit.organisation.language)
    return await _show_form(visit, challenge, _values_of(visit, challenge), rows, plan_form.shown(challenge.rewards))


@page("/console/challenges/{challenge:str}/edit", needs="rewards:write", post=True)
async def change_challenge_page(visit: Visit) -> Response[bytes]:
    """Change it."""
    async with visit.transaction() as tx:
        challenge = await author.require_challenge(tx, visit.path("challenge"))
    return await _take(visit, challenge)


# ------------------------------------------------------------------------------------------------------------ one page
@page("/console/challenges/{challenge:str}", needs="rewards:read")
async def show_challenge(visit: Visit) -> Response[bytes]:
    """One challenge: its steps, what it pays, how many began and finished."""
    async with visit.transaction() as tx:
        challenge = await author.require_challenge(tx, visit.path("challenge"))
        counts = await store.counts(tx, [challenge.id])
        paid = await rewards.find_by_uids(tx, [item.reward for item in challenge.rewards.items])
    return visit.show(
        "console/challenge.html",
        challenge=challenge,
        name=name_of(challenge.names, visit.organisation.language),
        description=name_of(challenge.descriptions, visit.organisation.language),
        steps=_rows_of(challenge, visit.organisation.language),
        status=challenge.status_at(visit.parts.clock.now()),
        counts=counts.get(challenge.id, (0, 0)),
        paid=paid,
        xp=plan_form.total_of(challenge.rewards.xp),
    )


@page("/console/challenges/{challenge:str}", needs="rewards:write", post=True)
async def change_challenge_status(visit: Visit) -> Response[bytes]:
    """Make it live, archive it, or delete it."""
    change, now = visit.form.get("change"), visit.parts.clock.now()
    said = {"live": "It is live.", "archived": "It is archived: nobody can begin it any more."}
    async with visit.transaction() as tx:
        challenge = await author.require_challenge(tx, visit.path("challenge"))
        if change not in (*said, "delete"):
            raise Invalid("there is no such change", field="change", value=change[:50])
        values = {"deleted_at": now} if change == "delete" else {"status": change}
        await author.put_challenge(tx, challenge, values, actor=visit.caller.actor, now=now)
        action = "challenge.delete" if change == "delete" else "challenge.change"
        await audit.record(tx, at=now, by=visit.caller, action=action, subject=("challenge", challenge.uid))
    if change == "delete":
        return visit.to("/console/challenges", "The challenge is deleted.")
    return visit.to(f"/console/challenges/{challenge.uid}", said[change])


HANDLERS = (
    show_challenges,
    show_new_challenge,
    make_challenge,
    show_actions,
    show_challenge_form,
    change_challenge_page,
    show_challenge,
    change_challenge_status,
)
