"""The group that a draft means, and whether what is in it may be published."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from laurel.base.errors import AlreadyHeld, Invalid
from laurel.base.ids import AchievementId, PersonId
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Achievement
from laurel.domain.catalogue import store as catalogue
from laurel.domain.register import allowance
from laurel.web.dialects.accredible.calls import Desk
from laurel.web.dialects.accredible.credential_input import CredentialDraft
from laurel.web.dialects.accredible.errors import invalid_fields
from laurel.web.dialects.accredible.group_view import is_publishable

SANDBOX = "the account is in sandbox mode: nothing is published"
NO_DESIGN = "the group has no design"
NO_CREDITS = "no credits are left for this year"
TAKEN = "has already been taken. Your group settings do not allow duplicates of this credential to be sent to the same email."


def duplicate(held: AlreadyHeld) -> Invalid:
    """The refusal of a second credential for one address, naming the first."""
    existing = held.details.get("credential_id")
    refusal = invalid_fields({"recipient.email": [TAKEN], "credential": [TAKEN]}, "recipient.email")
    refusal.details |= {"index": held.details.get("index", 0), "existing_credential_id": existing}
    if "credential" in held.details:
        refusal.details["existing_credential_uuid"] = held.details["credential"]
    return refusal


async def groups_of(desk: Desk, drafts: Sequence[CredentialDraft]) -> list[Achievement]:
    """The group of each draft. Raises Invalid in the words that clients know."""
    ids = sorted({draft.group_id for draft in drafts if not isinstance(draft.group_id, UnsetType)})
    known = await achievements.find_many(desk.tx, [AchievementId(one) for one in ids if 0 < one < 2**63])
    found = []
    by_name: dict[str, Achievement | None] = {}
    for index, draft in enumerate(drafts):
        group = None
        if not isinstance(draft.group_id, UnsetType):
            group = known.get(AchievementId(draft.group_id))
        elif not isinstance(draft.group_name, UnsetType):
            if draft.group_name not in by_name:
                by_name[draft.group_name] = await catalogue.find_by_title(desk.tx, draft.group_name)
            group = by_name[draft.group_name]
        if group is None or group.deleted_at is not None or not await desk.sees(group.department_id):
            value = draft.group_id if draft.group_id is not UNSET else draft.group_name
            details = {"errors": "Invalid Group", "index": index}
            shown = None if value is UNSET else value
            raise Invalid("Invalid Group", field="group_id", value=shown, details=details)
        found.append(group)
    return found


def refused_to_publish(desk: Desk, group: Achievement) -> str | None:
    """Why nothing of the group is published; None where it may be."""
    if desk.settings.get("sandbox_mode"):
        return SANDBOX
    return None if is_publishable(group) else NO_DESIGN


async def take_credits(desk: Desk, people_ids: Sequence[PersonId]) -> set[PersonId]:
    """The people for whom a credit of this year was left, or is not needed."""
    limit = desk.settings.get("credits")
    if not isinstance(limit, int) or isinstance(limit, bool):
        return set(people_ids)
    return await allowance.take(desk.tx, desk.call.now.year, people_ids, limit)
