"""What an organisation sets for this dialect; not part of the imitated API."""

from typing import Any

from laurel.base.errors import Invalid
from laurel.base.limits import NAME_LENGTH_MAX
from laurel.domain.organisations import tenancy
from laurel.web.dialects.accredible.calls import DIALECT, Answer, Call, operation
from laurel.web.dialects.accredible.spelling import one_line

_SWITCHES = ("sandbox_mode", "documented_bulk_answer", "spiderable")
_TEXTS = ("whitelisted_domain", "linkedin_company_id", "linkedin_school_id")
_CREDITS_MAX = 1_000_000_000


@operation("GET", "/v1/issuer/settings", scope="organisation:read")
async def view_settings(call: Call) -> Answer:
    """What is set."""
    async with call.transaction() as desk:
        return {"settings": desk.settings}


@operation("PUT", "/v1/issuer/settings", scope="organisation:write")
async def change_settings(call: Call) -> Answer:
    """Set what is given; null takes a setting back."""
    given = call.parameters.resource("settings")
    changes: dict[str, Any] = {name: given.flag(name) for name in _SWITCHES if name in given}
    changes |= {name: one_line(given.text(name), name, NAME_LENGTH_MAX) for name in _TEXTS if name in given}
    if "credits" in given:
        limit = given.integer("credits")
        if limit is not None and not 0 <= limit <= _CREDITS_MAX:
            raise Invalid(f"credits must be from 0 to {_CREDITS_MAX}", field="credits", limit=_CREDITS_MAX, value=limit)
        changes["credits"] = limit
    async with call.transaction() as desk:
        settings = {name: value for name, value in {**desk.settings, **changes}.items() if value is not None}
        whole = {**desk.organisation.settings, DIALECT: settings}
        await tenancy.change_organisation(desk.tx, {"settings": whole}, by=call.caller, now=call.now)
        return {"settings": settings}
