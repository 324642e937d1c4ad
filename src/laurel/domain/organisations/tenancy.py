"""Organisations and their departments: made, changed, found; and the first start of an empty database."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from laurel.base.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from laurel.base.ids import new_secret
from laurel.base.limits import (
    DESCRIPTION_LENGTH_MAX,
    LANGUAGE_LENGTH_MAX,
    NAME_LENGTH_MAX,
    SLUG_LENGTH_MAX,
    TIME_ZONE_CHANGES_MAX,
    URL_LENGTH_MAX,
    check_length,
)
from laurel.base.text import clean, clean_email
from laurel.base.times import check_time_zone
from laurel.database.pool import Database, Transaction
from laurel.domain.organisations import audit, keys, sign_in, store
from laurel.domain.organisations.accounts import store as accounts
from laurel.domain.organisations.api_keys import store as api_keys
from laurel.domain.organisations.model import Account, Caller, Department, Organisation
from laurel.domain.organisations.time_zones import store as time_zones

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#@]+([/?#]\S*)?")
FIRST_ORGANISATION_NAME = "My organisation"
FIRST_ADMINISTRATOR_EMAIL = "admin@laurel.example"


class FirstStart(msgspec.Struct, frozen=True, kw_only=True):
    """What was made in an empty database; the key and the password are known only now."""

    organisation: Organisation
    administrator: Account
    password: str
    key: keys.IssuedKey


def slug_of(name: str) -> str:
    """`name` as a slug: "Łódź Academy" becomes "odz-academy"; "organisation" when nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH_MAX].strip("-") or "organisation"


def clean_changes(changes: dict[str, Any]) -> dict[str, Any]:
    """The columns of an organisation or a department as they may be stored. Raises Invalid and TooLarge."""
    cleaned = dict(changes)
    for field, value in changes.items():
        match field:
            case "name":
                cleaned[field] = _required(value, field)
            case "description":
                cleaned[field] = check_length(clean(value), DESCRIPTION_LENGTH_MAX, field)
            case "slug":
                cleaned[field] = _checked(value, _SLUG, field, SLUG_LENGTH_MAX, "lower-case letters, digits, hyphens")
            case "url" | "image":
                cleaned[field] = value and _checked(
                    value, _WEB_ADDRESS, field, URL_LENGTH_MAX, "an http or https address"
                )
            case "language":
                cleaned[field] = _checked(value, _LANGUAGE, field, LANGUAGE_LENGTH_MAX, "a language tag such as en-GB")
            case "email":
                cleaned[field] = _address(value)
            case "time_zone":
                cleaned[field] = check_time_zone(value, field)
            case _:
                pass
    return cleaned


def _required(value: str, field: str) -> str:
    cleaned = check_length(clean(value).strip(), NAME_LENGTH_MAX, field)
    if not cleaned:
        raise Invalid(f"{field} must not be empty", field=field, value=value)
    return cleaned


def _checked(value: str, pattern: re.Pattern[str], field: str, limit: int, wanted: str) -> str:
    check_length(value, limit, field)
    if not pattern.fullmatch(value):
        raise Invalid(f"{field} must be {wanted}", field=field, value=value)
    return value


def _address(value: str | None) -> str | None:
    if value is None:
        return None
    address = clean_email(value)
    if address is None:
        raise Invalid("email must be an e-mail address", field="email", value=value)
    return address


# ------------------------------------------------------------------------------------------------------ organisations
async def add_organisation(
    tx: Transaction,
    *,
    name: str,
    now: datetime,
    slug: str | None = None,
    time_zone: str = "UTC",
    language: str = "en",
    email: str | None = None,
) -> Organisation:
    """Needs a transaction across organisations; also makes the default department. Raises Invalid, Conflict."""
    wanted = clean_changes(
        {
            "name": name,
            "slug": slug or slug_of(name),
            "time_zone": time_zone,
            "language": language,
            "email": email,
        }
    )
    organisation = await store.insert_organisation(tx, **wanted, now=now)
    inside = Transaction(tx.connection, organisation.id)
    await store.insert_department(
        inside, name=organisation.name, slug=organisation.slug, is_default=True, now=now, details={}
    )
    await audit.record(
        inside, at=now, by=audit.COMMAND_LINE, action="organisation.create", subject=("organisation", organisation.uid)
    )
    return organisation


async def change_organisation(
    tx: Transaction, changes: dict[str, Any], *, by: Caller | str, now: datetime
) -> Organisation:
    """Change what is given; with another time zone, what has happened stays in the days it was counted in. Raises Invalid,
    TooLarge.
    """
    cleaned = clean_changes(changes)
    if "time_zone" in cleaned:
        count = await time_zones.leave(tx, cleaned["time_zone"], now)
        if count > TIME_ZONE_CHANGES_MAX:
            raise TooLarge(
                f"time_zone was changed {TIME_ZONE_CHANGES_MAX} times, which is the limit",
                field="time_zone",
                limit=TIME_ZONE_CHANGES_MAX,
                value=cleaned["time_zone"],
            )
    organisation = await store.update_organisation(tx, cleaned, now)
    await audit.record(
        tx,
        at=now,
        by=by,
        action="organisation.update",
        subject=("organisation", organisation.uid),
        details={"fields": sorted(changes)},
    )
    return organisation


# -------------------------------------------------------------------------------------------------------- departments
async def add_department(
    tx: Transaction, *, name: str, by: Caller | str, now: datetime, slug: str | None = None, **rest: Any
) -> Department:
    """Raises Invalid, TooLarge, Conflict when the slug is taken, Forbidden when the caller is bound to a department."""
    if isinstance(by, Caller) and by.department_id is not None:
        raise Forbidden("a key that is bound to a department cannot make departments")
    wanted = clean_changes({"name": name, "slug": slug or slug_of(name), **rest})
    department = await store.insert_department(tx, **wanted, now=now)
    await audit.record(tx, at=now, by=by, action="department.create", subject=("department", department.uid))
    return department


async def free_slug(tx: Transaction, name: str) -> str:
    """A slug from `name` that no department has now: with a number behind it where the plain one is taken."""
    plain = slug_of(name)
    taken = await store.department_slugs(tx, plain)
    candidates = (f"{plain[: SLUG_LENGTH_MAX - 8].strip('-')}-{number}" for number in range(2, len(taken) + 3))
    return plain if plain not in taken else next(slug for slug in candidates if slug not in taken)


async def find_department(tx: Transaction, uid: str, by: Caller | str, field: str = "id") -> Department:
    """By uid or integer id. Raises NotFound naming `field`, also for another department than the one that the caller is bound to."""
    return (await find_departments(tx, [(field, uid)], by))[0]


async def find_departments(tx: Transaction, named: Sequence[tuple[str, str]], by: Caller | str) -> list[Department]:
    """As find_department, of many: the departments that fields (field, uid or integer id) name, in order."""
    known = await store.departments_named(tx, [uid for _, uid in named])
    bound_to = by.department_id if isinstance(by, Caller) else None
    for field, uid in named:
        if uid not in known or (bound_to is not None and known[uid].id != bound_to):
            raise NotFound(f"there is no department {uid}", field=field, value=uid)
    return [known[uid] for _, uid in named]


async def change_department(
    tx: Transaction, uid: str, changes: dict[str, Any], *, by: Caller | str, now: datetime
) -> Department:
    """Change what is given. Raises NotFound, Invalid, TooLarge, Conflict."""
    found = await find_department(tx, uid, by)
    department = await store.update_department(tx, found.id, clean_changes(changes), now)
    await audit.record(
        tx,
        at=now,
        by=by,
        action="department.update",
        subject=("department", department.uid),
        details={"fields": sorted(changes)},
    )
    return department


async def remove_department(tx: Transaction, uid: str, *, by: Caller | str, now: datetime) -> None:
    """Raises NotFound, Conflict for the default department."""
    department = await find_department(tx, uid, by)
    if department.is_default:
        raise Conflict("the default department cannot be removed", field="id", value=uid)
    await store.delete_department(tx, department.id, now)
    await audit.record(tx, at=now, by=by, action="department.delete", subject=("department", department.uid))


# -------------------------------------------------------------------------------------------------------- first start
async def prepare(database: Database, *, pepper: bytes, bootstrap_key: str | None, now: datetime) -> FirstStart | None:
    """Make the first organisation with its administrator and key in an empty database; None when there is one already.

    On later starts a `bootstrap_key` that no key answers to is added to the oldest organisation, so that it works
    whenever it is set; a revoked one stays revoked. Raises Conflict when the stored key of that id is another one.
    """
    async with database.every_organisation() as tx:
        await store.lock_first_start(tx)
        organisation = await store.oldest_organisation(tx)
        if organisation is None:
            return await _first_start(tx, pepper=pepper, bootstrap_key=bootstrap_key, now=now)
        if bootstrap_key is not None:
            await _keep_bootstrap_key(tx, organisation, pepper=pepper, text=bootstrap_key, now=now)
        return None


async def _first_start(tx: Transaction, *, pepper: bytes, bootstrap_key: str | None, now: datetime) -> FirstStart:
    organisation = await add_organisation(tx, name=FIRST_ORGANISATION_NAME, now=now)
    inside = Transaction(tx.connection, organisation.id)
    password = new_secret()[:20]
    administrator = await sign_in.add_account(
        inside,
        email=FIRST_ADMINISTRATOR_EMAIL,
        name="Administrator",
        role="owner",
        password=password,
        by=audit.START_UP,
        now=now,
    )
    wish = keys.KeyWish(name="First key", account_id=administrator.id)
    key = await keys.issue(inside, pepper=pepper, wish=wish, by=audit.START_UP, now=now, text=bootstrap_key)
    return FirstStart(organisation=organisation, administrator=administrator, password=password, key=key)


async def _keep_bootstrap_key(
    tx: Transaction, organisation: Organisation, *, pepper: bytes, text: str, now: datetime
) -> None:
    found = await api_keys.find_with_secret(tx, keys.key_uid(pepper, text))
    if found is not None:
        if found[1] != keys.secret_hmac(pepper, text):
            raise Conflict(
                "LAUREL_BOOTSTRAP_KEY has the id of a key with another secret: was LAUREL_PEPPER changed, "
                "or the data directory's secrets lost?"
            )
        return
    inside = Transaction(tx.connection, organisation.id)
    owner = await accounts.first_owner(inside)
    wish = keys.KeyWish(name="LAUREL_BOOTSTRAP_KEY", account_id=owner.id if owner else None)
    await keys.issue(inside, pepper=pepper, wish=wish, by=audit.START_UP, now=now, text=text)
