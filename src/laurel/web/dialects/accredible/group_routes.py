"""Groups: achievements in this product's words."""

from typing import Any

import msgspec
from msgspec import UnsetType

from laurel.base import limits
from laurel.base.errors import Invalid, NotFound
from laurel.base.ids import AchievementId, new_uuid
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean
from laurel.domain.achievements import definitions
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.model import Achievement, CredentialPlan
from laurel.domain.catalogue import shelves
from laurel.domain.catalogue import store as catalogue
from laurel.domain.catalogue.model import SKILL_CATEGORIES, AchievementSearch
from laurel.domain.designs import library
from laurel.web.dialects.accredible.calls import DIALECT, Answer, Call, Desk, details_of, operation
from laurel.web.dialects.accredible.credential_input import cleaned_json, key_values
from laurel.web.dialects.accredible.errors import InvalidSearch, invalid_fields, not_there
from laurel.web.dialects.accredible.group_view import TITLE, group_name, public_name, show_groups
from laurel.web.dialects.accredible.page_meta import read_page
from laurel.web.dialects.accredible.parameters import Parameters
from laurel.web.dialects.accredible.spelling import one_line, parse_day, same_text, web_address

READ, WRITE = "achievements:read", "achievements:write"
LANGUAGES = (
    "en", "es", "vi", "pt", "ja", "fr", "da", "nl", "fi", "no", "nb", "ro", "sv", "th", "tw", "zh", "tr", "ar", "he", "ms",
    "de",
)  # fmt: skip
CRITERIA_KINDS = (
    "achievement", "certificate", "competency", "completion", "course", "degree", "exam", "experience", "knowledge",
    "license", "participation", "reading", "skill", "specialization", "other",
)  # fmt: skip
_FLAGS = ("attach_pdf", "blockchain", "signup_url_show", "course_link_show", "organization_link_show",
          "allow_duplicate_credentials")  # fmt: skip
_LINKS = ("course_link", "signup_url")


async def find_group(desk: Desk, text: str) -> Achievement:
    """The group with this id that the key sees. Raises NotFound."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    found = (await achievements.find_many(desk.tx, [AchievementId(number)])).get(AchievementId(number))
    if found is None or found.deleted_at is not None or not await desk.sees(found.department_id):
        raise not_there("Group", text)
    return found


async def show_group(desk: Desk, achievement: Achievement, *, collections: bool = True) -> dict[str, Any]:
    """One group as it is answered."""
    return {"group": (await show_groups(desk, [achievement], collections=collections))[0]}


@operation("POST", "/v1/issuer/groups", scope=WRITE)
async def create_group(call: Call) -> Answer:
    """Create a group; without a design it gets the organisation's default ones."""
    given = call.parameters.resource("group")
    missing = {
        name: ["can't be blank"]
        for name in ("name", "course_name", "course_description")
        if one_line(given.text(name), name, limits.DESCRIPTION_LENGTH_MAX) is None
    }
    if missing:
        raise invalid_fields(missing)
    async with call.transaction() as desk:
        return await show_group(desk, await _create(desk, given, None))


async def _create(desk: Desk, given: Parameters, original: Achievement | None) -> Achievement:
    definition = await _definition(desk, given, original, department=True)
    definition.status = "live"
    if original is None and not _names_a_design(given):
        defaults = await library.defaults(desk.tx, desk.call.now)
        plan = CredentialPlan() if isinstance(definition.credential, UnsetType) else definition.credential
        definition.credential = _replaced(
            plan, badge_design=defaults["badge"].uid, certificate_design=defaults["certificate"].uid
        )
    made = await definitions.create(desk.tx, definition, actor=desk.call.caller.actor, now=desk.call.now)
    await _place(desk, made, given)
    return made


@operation("GET", "/v1/issuer/groups/{group_id}", scope=READ)
async def view_group(call: Call) -> Answer:
    """Show a group."""
    async with call.transaction() as desk:
        return await show_group(desk, await find_group(desk, call.path["group_id"]))


@operation("PUT", "/v1/issuer/groups/{group_id}", scope=WRITE)
@operation("PATCH", "/v1/issuer/groups/{group_id}", scope=WRITE)
async def change_group(call: Call) -> Answer:
    """Change what is given. Texts of credentials that exist stay as they are; their design follows."""
    given = call.parameters.resource("group")
    async with call.transaction() as desk:
        found = await find_group(desk, call.path["group_id"])
        blank = {
            name: ["can't be blank"]
            for name in ("name", "course_name")
            if name in given and one_line(given.text(name), name) is None
        }
        if blank:
            raise invalid_fields(blank)
        definition = await _definition(desk, given, found, department="department_id" in given)
        changed = await definitions.change(desk.tx, found, definition, actor=call.caller.actor, now=call.now)
        await _place(desk, changed, given)
        return await show_group(desk, changed)


@operation("DELETE", "/v1/issuer/groups/{group_id}", scope=WRITE)
async def delete_group(call: Call) -> Answer:
    """Delete a group; its credentials stay."""
    async with call.transaction() as desk:
        found = await find_group(desk, call.path["group_id"])
        answer = await show_group(desk, found, collections=False)
        await definitions.delete(desk.tx, found, actor=call.caller.actor, now=call.now)
        await catalogue.place_achievement(desk.tx, found.id, [])
        return answer


@operation("POST", "/v1/issuer/groups/{group_id}/clone", scope=WRITE)
async def clone_group(call: Call) -> Answer:
    """A new group like this one, with what is given instead."""
    given = call.parameters.resource("group")
    async with call.transaction() as desk:
        original = await find_group(desk, call.path["group_id"])
        named = given.values if given.text("name") else {**given.values, "name": _copy_of(original)}
        made = await _create(desk, Parameters(named), original)
        return await show_group(desk, made)


def _copy_of(original: Achievement) -> str:
    return f"Copy {group_name(original)}"[: limits.NAME_LENGTH_MAX]


@operation("GET", "/v1/issuer/all_groups", scope=READ)
async def list_groups(call: Call) -> Answer:
    """A page of groups by name."""
    return await _search(call, by_name_only=True)


@operation("POST", "/v1/issuer/groups/search", scope=READ)
async def search_groups(call: Call) -> Answer:
    """A page of groups by ids, names, department, own data, and when they were changed."""
    return await _search(call, by_name_only=False)


async def _search(call: Call, *, by_name_only: bool) -> Answer:
    given, page = call.parameters, read_page(call.parameters)
    async with call.transaction() as desk:
        scope = await desk.scope(given.integer("department_id"))
        search = AchievementSearch(
            title=given.text("name"),
            department_id=scope.id if scope else None,
            unowned_too=scope.is_default if scope else False,
        )
        if not by_name_only:
            ids = given.texts("ids")
            if ids is not None and any(not (one.isascii() and one.isdigit() and len(one) < 19) for one in ids):
                raise InvalidSearch("ids must be numbers", field="ids", value=ids)
            check_count(len(ids or ()), limits.PAGE_SIZE_MAX, "ids")
            since, until = given.text("start_updated_date"), given.text("end_updated_date")
            search = _replaced(
                search,
                ids=None if ids is None else [int(one) for one in ids],
                name=given.text("course_name"),
                updated_since=None if since is None else parse_day(since, "start_updated_date"),
                updated_until=None if until is None else parse_day(until, "end_updated_date"),
                details=meta_paths(given),
            )
        rows, total = await catalogue.search_achievements(desk.tx, search, limit=page.size, offset=page.offset)
        return {"groups": await show_groups(desk, rows, collections=not by_name_only), "meta": page.meta(total)}


def meta_paths(given: Parameters) -> list[tuple[list[str], str]]:
    """The `meta_data` of a search as paths into stored details."""
    wanted = key_values(given, "meta_data") or {}
    return [([DIALECT, "meta_data", key], same_text(value)) for key, value in wanted.items() if value is not None]


@operation("GET", "/v1/skill_categories", scope=READ)
async def list_skill_categories(_: Call) -> Answer:
    """The fields that a group can belong to."""
    return {"skill_categories": [{"id": category.id, "name": category.name} for category in SKILL_CATEGORIES]}


# ------------------------------------------------------------------------------------------------------------- reading
def _replaced(struct: Any, **values: Any) -> Any:
    return msgspec.structs.replace(struct, **values)


def _names_a_design(given: Parameters) -> bool:
    return any(given.raw(name) is not None for name in ("certificate_design_id", "badge_design_id", "design_id"))


async def _definition(desk: Desk, given: Parameters, old: Achievement | None, *, department: bool) -> Definition:
    """What is given, over the old where there is one."""
    extra = dict(details_of(old)) if old else {}
    language = _language(given) or extra.get("language", "en")
    extra["language"] = language
    definition = Definition()
    title = one_line(given.text("name"), "name") or (group_name(old) if old else "")
    name = one_line(given.text("course_name"), "course_name") or (public_name(old) if old else title)
    definition.names = {language: name}
    if given.text("course_description") is not None or "course_description" in given:
        text = check_length(
            clean(given.text("course_description") or ""), limits.DESCRIPTION_LENGTH_MAX, "course_description"
        )
        definition.descriptions = {language: text}
    elif old is not None:
        definition.descriptions = {language: old.description_in(language, "en")}
    _read_extra(given, extra)
    if definition_type := extra.get("achievement_type"):
        definition.type = definition_type
    definition.details = {**(old.details if old else {}), TITLE: title, DIALECT: extra}
    definition.credential = await _plan(desk, given, old)
    if department:
        definition.department_id = await desk.chosen_department(given)
    return definition


def _language(given: Parameters) -> str | None:
    language = given.text("language") or given.text("langauge")
    if language is not None and language not in LANGUAGES:
        raise Invalid(f"language must be one of {', '.join(LANGUAGES)}", field="language", value=language)
    return language


def _read_extra(given: Parameters, extra: dict[str, Any]) -> None:
    for name in _FLAGS:
        value = given.flag(name)
        if value is not None:
            extra[name] = value
    for name in _LINKS:
        if name in given:
            extra[name] = web_address(given.text(name), name)
    if "generate_private_credential" in given:
        extra["generate_private_credential"] = given.flag("generate_private_credential")
    if "meta_data" in given:
        extra["meta_data"] = key_values(given, "meta_data")
    if "learning_outcomes" in given:
        extra["learning_outcomes"] = _outcomes(given)
    if "skill_category_id" in given:
        extra["skill_category_id"] = _category(given)
    if "achievement_type" in given:
        extra["achievement_type"] = one_line(given.text("achievement_type"), "achievement_type", limits.TAG_LENGTH_MAX)
    if "earning_criteria" in given:
        extra["earning_criteria"] = _criteria(given, extra.get("earning_criteria", []))
    for name in [name for name, value in extra.items() if value is None]:
        del extra[name]


def _outcomes(given: Parameters) -> list[Any]:
    """Skills as texts, or objects with a name and an address of a framework."""
    values = given.raw("learning_outcomes") or []
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, list):
        raise Invalid("learning_outcomes must be a list", field="learning_outcomes", value=values)
    check_count(len(values), limits.TAGS_MAX, "learning_outcomes")
    for index, value in enumerate(values):
        if isinstance(value, str):
            check_length(value, limits.NAME_LENGTH_MAX, f"learning_outcomes[{index}]")
        elif not isinstance(value, dict):
            field = f"learning_outcomes[{index}]"
            raise Invalid(f"{field} must be a text", field=field, value=value)
    outcomes: list[Any] = cleaned_json(values)
    return outcomes


def _category(given: Parameters) -> int | None:
    number = given.integer("skill_category_id")
    if number is not None and all(category.id != number for category in SKILL_CATEGORIES):
        raise Invalid("skill_category_id names no skill category", field="skill_category_id", value=number)
    return number


def _criteria(given: Parameters, old: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The whole list: items with an id are changed, without one are new, absent ones go; an unknown id refuses all."""
    known = {item["id"]: item for item in old}
    items = given.items("earning_criteria")
    check_count(len(items), limits.EVIDENCE_ITEMS_MAX, "earning_criteria")
    result = []
    for index, item in enumerate(items):
        number = item.text("id")
        if number is not None and number not in known:
            raise InvalidSearch(
                f"{item.field('id')} is not a criterion of this group", field=item.field("id"), value=number
            )
        before = known.get(number or "", {"kind": "other", "text": "", "required": True})
        kind = item.text("kind") or before["kind"]
        if kind not in CRITERIA_KINDS:
            field = item.field("kind")
            raise Invalid(f"{field} must be one of {', '.join(CRITERIA_KINDS)}", field=field, value=kind)
        text = clean(item.text("text") or before["text"])
        required = item.flag("required")
        result.append(
            {
                "id": number or new_uuid(),
                "kind": kind,
                "text": check_length(text, limits.DESCRIPTION_LENGTH_MAX, item.field("text")),
                "required": before["required"] if required is None else required,
                "position": index,
            }
        )
    return result


async def _plan(desk: Desk, given: Parameters, old: Achievement | None) -> CredentialPlan:
    """How credentials of the group are made. `design_id` is the old name of the certificate's design."""
    plan = old.credential if old else CredentialPlan()
    names = ["design_id", "certificate_design_id"] if given.raw("certificate_design_id") is not None else [
        "certificate_design_id", "design_id"
    ]  # fmt: skip
    for name, column in (*((name, "certificate_design") for name in names), ("badge_design_id", "badge_design")):
        if name not in given:
            continue
        number = given.integer(name)
        if number is None:
            plan = _replaced(plan, **{column: None})
            continue
        try:
            design = await library.require(desk.tx, number, name)
        except NotFound:
            raise Invalid(f"{name} names no design", field=name, value=number) from None
        if f"{design.kind}_design" != column:
            raise Invalid(f"{name} names a {design.kind} design", field=name, value=number)
        if not await desk.sees(design.department_id):
            raise Invalid(f"{name} names no design", field=name, value=number)
        plan = _replaced(plan, **{column: design.uid})
    if "auto_expiry" in given:
        years = given.integer("auto_expiry")
        plan = _replaced(plan, valid_years=years if years and years > 0 else None)
    return plan


async def _place(desk: Desk, group: Achievement, given: Parameters) -> None:
    if "collections" not in given:
        return
    uuids = []
    for item in given.items("collections"):
        number = item.text("id")
        if number is not None:
            uuids.append(number)
    await shelves.place(desk.tx, group.id, uuids)
