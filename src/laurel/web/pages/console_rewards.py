"""/console/rewards: what awards pay besides points: made, changed, counted out, given by hand, drawn, taken back."""

from typing import Any

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.base.limits import DRAW_WINNERS_MAX, SEARCH_LENGTH_MAX, check_length
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.periods import zone
from laurel.domain.give_rewards import distribute
from laurel.domain.give_rewards.draw import Draw, draw_winners
from laurel.domain.organisations import audit
from laurel.domain.people import store as people
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import catalogue, store
from laurel.domain.rewards.catalogue import RewardWish
from laurel.domain.rewards.model import GrantKind, Reward
from laurel.web.pages import plan_form
from laurel.web.pages.console_people import person_asked_for
from laurel.web.pages.form_values import amount, amount_text, instant, instant_text, whole
from laurel.web.pages.reward_choices import reward_choices
from laurel.web.pages.visits import Visit, page

_PAGE = 30
_PAYING_MAX = 50
STATUSES = ("draft", "live", "archived")
STATES = ("queued", "granted", "claimed", "redeemed", "drawn", "void")
REDEEM_BY = "redeemByDate"


@page("/console/rewards", needs="rewards:read")
async def show_rewards(visit: Visit) -> Response[bytes]:
    """What awards pay out, and how much of it is left."""
    async with visit.transaction() as tx:
        found = await store.list_newest(tx, visit.cursor(), _PAGE + 1)
        supplies = await store.supplies(tx, [one.id for one in found])
        waiting = await store.count_queued(tx, [one.id for one in found])
    return visit.show(
        "console/rewards.html",
        rewards=found[:_PAGE],
        supplies={one.id: [supply for supply in supplies if supply.reward_id == one.id] for one in found},
        waiting=waiting,
        now=visit.parts.clock.now(),
        next=visit.next_after(found, _PAGE),
    )


@page("/console/rewards/lines", needs="rewards:read", post=True)
async def show_lines(visit: Visit) -> Response[bytes]:
    """The part of a form that says what is paid, with a line more or less."""
    async with visit.transaction() as tx:
        choices = await reward_choices(tx, visit)
    return visit.show("console/pays.html", plan=plan_form.typed(visit.form), plan_choices=choices)


# ------------------------------------------------------------------------------------------------------------ the form
_EMPTY = {
    "name": "", "description": "", "status": "draft", "starts_at": "", "expires_at": "", "redeem_by": "", "draws_at": "",
    "assets_supply": "", "assets_per_person_max": "", "asset_price": "",
    "entries_supply": "", "entries_per_person_max": "", "entry_price": "", "auto_redeem": "", "featured": "", "tags": "",
}  # fmt: skip


def _values_of(visit: Visit, reward: Reward) -> dict[str, str]:
    where, language = zone(visit.organisation.time_zone), visit.organisation.language
    return {
        "name": reward.name_in(language),
        "description": reward.descriptions.get(language) or next(iter(reward.descriptions.values()), ""),
        "status": reward.status,
        "starts_at": instant_text(reward.starts_at, where),
        "expires_at": instant_text(reward.expires_at, where),
        "redeem_by": str(reward.redemption.get(REDEEM_BY) or "")[:10],
        "draws_at": instant_text(reward.draws_at, where),
        "assets_per_person_max": str(reward.assets_per_person_max or ""),
        "asset_price": amount_text(reward.asset_price),
        "entries_per_person_max": str(reward.entries_per_person_max or ""),
        "entry_price": amount_text(reward.entry_price),
        "auto_redeem": "on" if reward.auto_redeem else "",
        "featured": "on" if reward.featured else "",
        "tags": ", ".join(reward.tags),
    }


def _wish(visit: Visit, old: Reward | None) -> RewardWish:
    """What the form says, as the domain takes it. Raises Invalid naming the form's field."""
    form, language, where = visit.form, visit.organisation.language, zone(visit.organisation.time_zone)
    if not form.get("name"):
        raise Invalid("give it a name", field="name")
    status: Any = form.get("status") or "draft"
    if status not in STATUSES:
        raise Invalid("there is no such status", field="status", value=status[:50])
    wish = RewardWish(
        names={**(old.names if old else {}), language: form.get("name")},
        descriptions={**(old.descriptions if old else {}), language: form.get("description")},
        status=status,
        starts_at=instant(form, "starts_at", where),
        expires_at=instant(form, "expires_at", where),
        draws_at=instant(form, "draws_at", where),
        assets_per_person_max=whole(form, "assets_per_person_max", least=1),
        entries_per_person_max=whole(form, "entries_per_person_max", least=1),
        asset_price=amount(form, "asset_price") or None,
        entry_price=amount(form, "entry_price") or None,
        auto_redeem=form.ticked("auto_redeem"),
        featured=form.ticked("featured"),
        tags=[tag for part in form.get("tags").split(",") if (tag := part.strip())],
        redemption=_redemption(visit, old),
    )
    if old is None:
        wish.assets_supply = whole(form, "assets_supply")
        wish.entries_supply = whole(form, "entries_supply")
    return wish


def _redemption(visit: Visit, old: Reward | None) -> dict[str, Any]:
    """How an item is used: until the end of the day that the form says, and what else was stored."""
    others = {name: value for name, value in (old.redemption if old else {}).items() if name != REDEEM_BY}
    by = visit.form.get("redeem_by")
    if old is not None and by == str(old.redemption.get(REDEEM_BY) or "")[:10]:
        return old.redemption
    visit.form.values.append(("redeem_by_end", f"{by}T23:59" if by else ""))
    try:
        end = instant(visit.form, "redeem_by_end", zone(visit.organisation.time_zone))
    except Invalid:
        raise Invalid("say a day, such as 2026-12-31", field="redeem_by", value=by[:50]) from None
    return {**others, REDEEM_BY: end.isoformat()} if end is not None else others


_AT_FORM = {"names": "name", "descriptions": "description", "redemption": "redeem_by"}


def _show_form(
    visit: Visit, reward: Reward | None, values: dict[str, str], error: LaurelError | None = None
) -> Response[bytes]:
    if error is not None:
        error.field = _AT_FORM.get(error.field or "", "tags" if (error.field or "").startswith("tags") else error.field)
    return visit.show(
        "console/reward_form.html",
        error=error,
        reward=reward,
        values={**_EMPTY, **values},
        zone_name=visit.organisation.time_zone,
        once=visit.form.get("once") or visit.new_once(),
    )


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.form.get(name) for name in _EMPTY}


@page("/console/rewards/new", needs="rewards:write")
async def show_new_reward(visit: Visit) -> Response[bytes]:
    """An empty form."""
    return _show_form(visit, None, {})


@page("/console/rewards/new", needs="rewards:write", post=True)
async def make_reward(visit: Visit) -> Response[bytes]:
    """Define it."""
    now = visit.parts.clock.now()
    try:
        uid, wish = visit.once(), _wish(visit, None)
        async with visit.transaction() as tx:
            if not await store.find_by_uids(tx, [uid]):
                await catalogue.create(tx, wish, actor=visit.caller.actor, now=now, uid=uid)
                await audit.record(tx, at=now, by=visit.caller, action="reward.create", subject=("reward", uid))
    except LaurelError as refused:
        return _show_form(visit, None, _typed(visit), refused)
    return visit.to(f"/console/rewards/{uid}", "Saved.")


@page("/console/rewards/{reward:str}/edit", needs="rewards:write")
async def show_reward_form(visit: Visit) -> Response[bytes]:
    """The form as it stands."""
    async with visit.transaction() as tx:
        reward = await catalogue.require(tx, visit.path("reward"))
    return _show_form(visit, reward, _values_of(visit, reward))


@page("/console/rewards/{reward:str}/edit", needs="rewards:write", post=True)
async def change_reward_page(visit: Visit) -> Response[bytes]:
    """Change it; what waited for it to go live is given then."""
    async with visit.transaction() as tx:
        reward = await catalogue.require(tx, visit.path("reward"))
    try:
        await _change(visit, _wish(visit, reward))
    except LaurelError as refused:
        return _show_form(visit, reward, _typed(visit), refused)
    return visit.to(f"/console/rewards/{reward.uid}", "Saved.")


async def _change(visit: Visit, wish: RewardWish) -> int:
    """Change the reward of the address; how much of what waited was given."""

    async def work(run: Run) -> int:
        reward = await catalogue.require(run.tx, visit.path("reward"))
        written = await distribute.change_reward(run, reward, wish, actor=visit.caller.actor)
        await audit.record(run.tx, at=run.now, by=visit.caller, action="reward.change", subject=("reward", reward.uid))
        return len(written.released)

    return await in_run(visit.parts.spine, visit.organisation_id, work)


# ------------------------------------------------------------------------------------------------------------ one page
@page("/console/rewards/{reward:str}", needs="rewards:read")
async def show_reward(visit: Visit) -> Response[bytes]:
    """One reward: what is left, who got it, what pays it."""
    return await _show_reward(visit)


async def _show_reward(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    state = visit.asked("state")
    async with visit.transaction() as tx:
        reward = await catalogue.require(tx, visit.path("reward"))
        grants = await store.grants_of_reward(
            tx, reward.id, before_id=visit.cursor(), limit=_PAGE + 1, state=state if state in STATES else None
        )
        drawn = await store.find_draw(tx, reward.id)
        known = await people.find_many(tx, sorted({grant.person_id for grant in grants}))
        winners = await people.ids_by_uid(tx, [one["person"] for one in drawn["winners"]]) if drawn else {}
        context: dict[str, Any] = {
            "supplies": await store.supplies(tx, [reward.id]),
            "waiting": (await store.count_queued(tx, [reward.id])).get(reward.id, 0),
            "paying": await achievements.paying(tx, reward.uid, _PAYING_MAX),
            "drawn": Draw.from_row(drawn) if drawn else None,
            "winners": await people.find_many(tx, sorted(winners.values())),
        }
    return visit.show(
        "console/reward.html",
        error=error,
        reward=reward,
        status=reward.status_at(visit.parts.clock.now()),
        grants=grants[:_PAGE],
        known=known,
        next=visit.next_after(grants, _PAGE),
        state=state,
        states=STATES,
        kinds=dict(plan_form.KINDS),
        winners_max=DRAW_WINNERS_MAX,
        once=visit.form.get("once") or visit.new_once(),
        **context,
    )


@page("/console/rewards/{reward:str}/supply", needs="rewards:read")
async def show_supply(visit: Visit) -> Response[bytes]:
    """The live part of the page: what is given and left at this moment."""
    async with visit.transaction() as tx:
        reward = await catalogue.require(tx, visit.path("reward"))
        supplies = await store.supplies(tx, [reward.id])
        waiting = (await store.count_queued(tx, [reward.id])).get(reward.id, 0)
    return visit.show(
        "console/supply.html", supplies=supplies, waiting=waiting, reward=reward, kinds=dict(plan_form.KINDS)
    )


@page("/console/rewards/{reward:str}/supply", needs="rewards:write", post=True)
async def change_supply(visit: Visit) -> Response[bytes]:
    """Raise or lower how much there is; nothing means without end."""
    now, kind = visit.parts.clock.now(), _kind(visit)
    try:
        total = whole(visit.form, "total")
        async with visit.transaction() as tx:
            reward = await catalogue.require(tx, visit.path("reward"))
            await catalogue.set_supply(tx, reward, kind, visit.form.get("allocation"), total)
            details = {"kind": kind, "total": total}
            await audit.record(
                tx, at=now, by=visit.caller, action="reward.supply", subject=("reward", reward.uid), details=details
            )
    except LaurelError as refused:
        refused.field = f"total_{kind}_{visit.form.get('allocation')}"
        return await _show_reward(visit, refused)
    return visit.to(f"/console/rewards/{reward.uid}", "The supply is changed.")


def _kind(visit: Visit) -> GrantKind:
    return "entries" if visit.form.get("kind") == "entries" else "assets"


@page("/console/rewards/{reward:str}/give", needs="rewards:write", post=True)
async def give_reward(visit: Visit) -> Response[bytes]:
    """Give some of it to somebody; twice the same form gives once."""
    form = visit.form

    async def work(run: Run) -> str:
        reference = visit.once()
        reward = await catalogue.require(run.tx, visit.path("reward"))
        asked = check_length(form.get("person"), SEARCH_LENGTH_MAX, "person")
        person = await person_asked_for(run.tx, asked) if asked else None
        if person is None:
            raise Invalid("nobody has this address, name or id", field="person", value=asked)
        units = whole(form, "amount", least=1) or 1
        if await distribute.give_by_hand(run, person.id, reward, _kind(visit), units, reference=reference):
            details = {"person": person.uid, "kind": _kind(visit), "amount": units}
            await audit.record(
                run.tx,
                at=run.now,
                by=visit.caller,
                action="reward.give",
                subject=("reward", reward.uid),
                details=details,
            )
        waits = " when the reward goes live" if reward.status == "draft" else ""
        return f"{person.full_name} gets it{waits}."

    try:
        said = await in_run(visit.parts.spine, visit.organisation_id, work)
    except LaurelError as refused:
        return await _show_reward(visit, refused)
    return visit.to(f"/console/rewards/{visit.path('reward')}", said)


@page("/console/rewards/{reward:str}/draw", needs="rewards:write", post=True)
async def draw_reward(visit: Visit) -> Response[bytes]:
    """Draw the winners among the tickets."""

    async def work(run: Run) -> int:
        reward = await catalogue.require(run.tx, visit.path("reward"))
        count, quantity = whole(visit.form, "winners", least=1) or 1, whole(visit.form, "quantity", least=1) or 1
        drawn = await draw_winners(run, reward, count, quantity=quantity, seed=None, by=visit.caller)
        return len(drawn.winners)

    try:
        count = await in_run(visit.parts.spine, visit.organisation_id, work)
    except LaurelError as refused:
        refused.field = {"numberOfWinners": "winners"}.get(refused.field or "", refused.field)
        return await _show_reward(visit, refused)
    words = "One winner is drawn." if count == 1 else f"{count} winners are drawn."
    return visit.to(f"/console/rewards/{visit.path('reward')}", words)


@page("/console/rewards/{reward:str}", needs="rewards:write", post=True)
async def change_standing(visit: Visit) -> Response[bytes]:
    """Make it live, archive it, delete it, or take back what somebody got."""
    change, uid, now = visit.form.get("change"), visit.path("reward"), visit.parts.clock.now()
    try:
        match change:
            case "live":
                released = await _change(visit, RewardWish(status="live"))
                said = f"It is live; {released} that waited are given." if released else "It is live."
            case "archived":
                await _change(visit, RewardWish(status="archived"))
                said = "It is archived: nothing of it is given any more."
            case "back":
                await _take_back(visit, visit.form.get("grant"))
                said = "It is taken back, and counts as left again."
            case "delete":
                async with visit.transaction() as tx:
                    reward = await catalogue.require(tx, uid)
                    await catalogue.delete(tx, reward, actor=visit.caller.actor, now=now)
                    await audit.record(tx, at=now, by=visit.caller, action="reward.delete", subject=("reward", uid))
                return visit.to("/console/rewards", "The reward is deleted; what people own of it they keep.")
            case _:
                raise Invalid("there is no such change", field="change", value=change[:50])
    except LaurelError as refused:
        return await _show_reward(visit, refused)
    return visit.to(f"/console/rewards/{uid}", said)


async def _take_back(visit: Visit, grant_uid: str) -> None:
    now = visit.parts.clock.now()
    async with visit.transaction() as tx:
        reward = await catalogue.require(tx, visit.path("reward"))
        grant = await catalogue.take_back(tx, reward, grant_uid, now=now)
        await audit.record(
            tx,
            at=now,
            by=visit.caller,
            action="reward.take_back",
            subject=("reward", reward.uid),
            details={"grant": grant.uid, "amount": grant.amount},
        )


HANDLERS = (
    show_rewards,
    show_lines,
    show_new_reward,
    make_reward,
    show_reward_form,
    change_reward_page,
    show_reward,
    change_standing,
    show_supply,
    change_supply,
    give_reward,
    draw_reward,
)
