"""Collections: made, changed and filled, with the checks of what may be in them."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType

from laurel.base import limits
from laurel.base.errors import Invalid
from laurel.base.ids import AchievementId
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import AchievementNotFound
from laurel.domain.catalogue import store
from laurel.domain.catalogue.model import Collection, CollectionNotFound


async def create(tx: Transaction, *, name: str, description: str | None, public: bool, now: datetime) -> Collection:
    """A new, empty collection. Raises Invalid, TooLarge."""
    return await store.insert_collection(
        tx, name=_name(name), description=_description(description), public=public, now=now
    )


async def change(
    tx: Transaction,
    uuid: str,
    now: datetime,
    *,
    name: str | UnsetType = UNSET,
    description: str | UnsetType | None = UNSET,
    public: bool | UnsetType = UNSET,
    achievement_ids: Sequence[int] | UnsetType = UNSET,
) -> Collection:
    """Change what is given; `achievement_ids` become the only members. Raises CollectionNotFound, AchievementNotFound."""
    await require(tx, uuid)
    values: dict[str, object] = {}
    if not isinstance(name, UnsetType):
        values["name"] = _name(name)
    if not isinstance(description, UnsetType):
        values["description"] = _description(description)
    if not isinstance(public, UnsetType):
        values["public"] = public
    if not isinstance(achievement_ids, UnsetType):
        check_count(len(achievement_ids), limits.COLLECTION_MEMBERS_MAX, "groups")
        known = await achievements.find_many(tx, [AchievementId(one) for one in achievement_ids])
        for index, one in enumerate(achievement_ids):
            found = known.get(AchievementId(one))
            if found is None or found.deleted_at is not None:
                raise AchievementNotFound("there is no such achievement", field=f"groups[{index}].id", value=one)
        await store.fill_collection(tx, uuid, achievement_ids)
    await store.update_collection(tx, uuid, values, now)
    return await require(tx, uuid)


async def require(tx: Transaction, uuid: str) -> Collection:
    """The collection; raises CollectionNotFound."""
    found = (await store.collections(tx, [uuid])).get(uuid)
    if found is None:
        raise CollectionNotFound("there is no such collection", field="id", value=uuid)
    return found


async def place(tx: Transaction, achievement_id: AchievementId, uuids: Sequence[str]) -> None:
    """Make these the collections of an achievement. Raises CollectionNotFound naming the one that is not there."""
    check_count(len(uuids), limits.COLLECTIONS_PER_ACHIEVEMENT_MAX, "collections")
    known = await store.collections(tx, uuids)
    for index, uuid in enumerate(uuids):
        if uuid not in known:
            raise CollectionNotFound("there is no such collection", field=f"collections[{index}].id", value=uuid)
    await store.place_achievement(tx, achievement_id, uuids)


def _name(name: str) -> str:
    cleaned = check_length(clean(name).strip(), limits.NAME_LENGTH_MAX, "name")
    if not cleaned:
        raise Invalid("name can't be blank", field="name", value=name)
    return cleaned


def _description(description: str | None) -> str | None:
    return description and check_length(clean(description), limits.DESCRIPTION_LENGTH_MAX, "description")
