import asyncio

import pytest

from laurel.base.ids import OrganisationId
from laurel.domain.record_events.issue_rounds import Rounds

OWN, OTHER = OrganisationId(1), OrganisationId(2)


async def test_all_who_wait_share_one_round_that_began_after_they_came():
    started, gate = [], asyncio.Event()

    async def work(organisation_id):
        started.append(organisation_id)
        await gate.wait()

    rounds = Rounds(work)
    first = asyncio.create_task(rounds.join(OWN))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    later = [asyncio.create_task(rounds.join(OWN)) for _ in range(20)]
    await asyncio.sleep(0)
    assert started == [OWN]
    gate.set()
    await asyncio.gather(first, *later)
    assert started == [OWN, OWN]


async def test_organisations_do_not_wait_for_each_other():
    gate = asyncio.Event()

    async def work(organisation_id):
        if organisation_id == OWN:
            await gate.wait()

    rounds = Rounds(work)
    slow = asyncio.create_task(rounds.join(OWN))
    await rounds.join(OTHER)
    assert not slow.done()
    gate.set()
    await slow


async def test_a_failed_round_is_told_to_its_waiters_and_the_next_one_runs():
    outcomes = [ValueError("once"), None]

    async def work(_):
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome

    rounds = Rounds(work)
    with pytest.raises(ValueError, match="once"):
        await rounds.join(OWN)
    await rounds.join(OWN)
    assert outcomes == []


async def test_a_round_goes_on_when_the_one_who_waits_gives_up():
    done, gate = [], asyncio.Event()

    async def work(organisation_id):
        await gate.wait()
        done.append(organisation_id)

    rounds = Rounds(work)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await rounds.join(OWN)
    gate.set()
    await rounds.join(OWN)
    assert done == [OWN, OWN]
