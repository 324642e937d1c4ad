"""What the fields of a plan offer: the rewards of the organisation that can be paid."""

from typing import Any

from laurel.database.pool import Transaction
from laurel.domain.rewards import store
from laurel.web.pages import plan_form
from laurel.web.pages.visits import Visit

_OFFERED_MAX = 300


async def reward_choices(tx: Transaction, visit: Visit, used: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the fields of a plan offer."""
    found = await store.list_newest(tx, None, _OFFERED_MAX)
    missing = [uid for uid in used if all(one.uid != uid for one in found)]
    found += (await store.find_by_uids(tx, missing, shown=True)).values() if missing else []
    return {
        "rewards": plan_form.offered(found, visit.organisation.language, used),
        "kinds": plan_form.KINDS,
        "selections": plan_form.SELECTIONS,
        "claims": plan_form.CLAIMS,
    }
