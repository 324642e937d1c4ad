"""Giveaways: a seeded draw that anybody can repeat, or winners named by hand. Once per reward."""

import hashlib
import hmac
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, Literal, Self

import msgspec

from laurel.base.errors import Conflict, Invalid
from laurel.base.ids import PersonId, new_secret
from laurel.base.limits import DRAW_SEED_LENGTH_MAX, DRAW_WINNERS_MAX, check_count, check_length
from laurel.database.pool import Row
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller
from laurel.domain.people import store as people
from laurel.domain.people.model import PersonNotFound
from laurel.domain.record_events.consequences import settle
from laurel.domain.record_events.happenings import pay_out
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import store
from laurel.domain.rewards.model import Payment, Reward, RewardItem, RewardPlan

GIVEAWAY = "giveaway"
_DIGEST_BITS = 256
_DRAWN = "the winners of this reward have been drawn already"


class AlreadyDrawn(Conflict):
    """The winners of this reward were drawn before."""

    code = "already_drawn"


class NotEnoughPrizes(Conflict):
    """There is not enough of the reward for all winners."""

    code = "not_enough_prizes"


class Winner(msgspec.Struct, frozen=True):
    """Somebody (a uid) who won, and how many units."""

    person: str
    quantity: int = 1


class Draw(msgspec.Struct, frozen=True):
    """What is kept of a draw: enough to repeat it. `commitment` is the SHA-256 of the seed."""

    uid: str
    method: Literal["seeded", "manual"]
    seed: str
    commitment: str
    entries_digest: str
    entries: int
    winners: list[Winner]
    drawn_by: str
    drawn_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `reward_draw`."""
        return msgspec.convert({name: row[name] for name in cls.__struct_fields__}, cls)


def digest_of(tickets: Sequence[tuple[str, int]]) -> str:
    """The digest of the list of (uid, tickets): lines of "uid:tickets", in the order of uids. Pure."""
    lines = "".join(f"{uid}:{count}\n" for uid, count in sorted(tickets))
    return hashlib.sha256(lines.encode()).hexdigest()


def pick_winners(tickets: Sequence[tuple[str, int]], count: int, seed: str) -> list[str]:
    """The uids of up to `count` different winners; each ticket has the same chance. Pure: the same input, the same winners."""
    digest = digest_of(tickets)
    drum = sorted(tickets)
    winners: list[str] = []
    while drum and len(winners) < count:
        bounds = list(accumulate(number for _, number in drum))
        ticket = _ticket(seed, digest, len(winners), bounds[-1])
        index = bisect_right(bounds, ticket)
        winners.append(drum.pop(index)[0])
    return winners


def _ticket(seed: str, digest: str, winner: int, total: int) -> int:
    """A number below `total`, without the bias of a bare remainder."""
    fair = (1 << _DIGEST_BITS) - (1 << _DIGEST_BITS) % total
    attempt = 0
    while True:
        drawn = hmac.new(seed.encode(), f"{digest}:{winner}:{attempt}".encode(), hashlib.sha256).digest()
        number = int.from_bytes(drawn)
        if number < fair:
            return number % total
        attempt += 1


async def draw_winners(
    run: Run, reward: Reward, count: int, *, quantity: int, seed: str | None, by: Caller | str
) -> Draw:
    """Draw `count` winners of `quantity` units each among all entries. Raises AlreadyDrawn, Invalid, NotEnoughPrizes."""
    if not 1 <= count <= DRAW_WINNERS_MAX:
        raise Invalid(
            f"numberOfWinners must be from 1 to {DRAW_WINNERS_MAX}",
            field="numberOfWinners",
            limit=DRAW_WINNERS_MAX,
            value=count,
        )
    if reward.draws_at is not None and run.now < reward.draws_at:
        raise Invalid("the draw is not due yet", field="drawsAt", value=reward.draws_at.isoformat())
    seed = check_length(seed, DRAW_SEED_LENGTH_MAX, "seed") if seed else new_secret()
    tickets = await store.tickets(run.tx, reward.id)
    if not tickets:
        if await store.find_draw(run.tx, reward.id) is not None:
            raise AlreadyDrawn(_DRAWN, value=reward.uid)
        raise Invalid("nobody has an entry")
    picked = pick_winners([(uid, number) for _, uid, number in tickets], count, seed)
    ids = {uid: person_id for person_id, uid, _ in tickets}
    winners = [Winner(uid, quantity) for uid in picked]
    return await _finish(run, reward, "seeded", seed, tickets, [(ids[one.person], one) for one in winners], by)


async def name_winners(run: Run, reward: Reward, winners: Sequence[tuple[PersonId, int]], *, by: Caller | str) -> Draw:
    """Take winners named by hand: (person, quantity). Raises AlreadyDrawn, NotEnoughPrizes, PersonNotFound."""
    check_count(len(winners), DRAW_WINNERS_MAX, "winners")
    known = await people.find_many(run.tx, [person_id for person_id, _ in winners])
    named = []
    for person_id, quantity in winners:
        if person_id not in known or known[person_id].deleted_at is not None:
            raise PersonNotFound("there is no such person", field="winners", value=person_id)
        named.append((person_id, Winner(known[person_id].uid, quantity)))
    tickets = await store.tickets(run.tx, reward.id)
    return await _finish(run, reward, "manual", "", tickets, named, by)


async def _finish(
    run: Run,
    reward: Reward,
    method: str,
    seed: str,
    tickets: Sequence[tuple[PersonId, str, int]],
    winners: Sequence[tuple[PersonId, Winner]],
    by: Caller | str,
) -> Draw:
    """Record the draw (its constraint says whether it is the first), pay the winners, close the entries."""
    values: dict[str, Any] = {
        "method": method,
        "seed": seed,
        "commitment": hashlib.sha256(seed.encode()).hexdigest(),
        "entries_digest": digest_of([(uid, number) for _, uid, number in tickets]),
        "entries": sum(number for _, _, number in tickets),
        "winners": [winner for _, winner in winners],
        "drawn_by": by if isinstance(by, str) else by.actor,
        "drawn_at": run.now,
    }
    row = await store.insert_draw(run.tx, reward.id, values)
    if row is None:
        raise AlreadyDrawn(_DRAWN, value=reward.uid)
    drawn = Draw.from_row(row)
    await run.load({person_id for person_id, _ in winners})
    payments = [
        Payment(
            person_id,
            None,
            RewardPlan(items=[RewardItem(reward.uid, "assets", winner.quantity)]),
            GIVEAWAY,
            reward.uid,
            reward.department_id,
        )
        for person_id, winner in winners
    ]
    paid = await pay_out(run, payments, [(f"draw:{drawn.uid}:{index}", "") for index in range(len(payments))])
    short = next((one for one in paid if one.shortages), None)
    if short is not None:
        raise NotEnoughPrizes(f"not enough for all winners: {short.shortages[0][1]}", field="winners")
    await store.close_entries(run.tx, reward.id, run.now)
    await audit.record(
        run.tx, at=run.now, by=by, action="reward.draw", subject=("reward", reward.uid), details={"draw": drawn.uid}
    )
    await settle(run, [])
    return drawn
