"""Tags, campaigns and communities."""

from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from laurel.base.errors import NotFound
from laurel.base.times import render_time
from laurel.domain.labels import labelling, store
from laurel.domain.labels.model import Campaign, Tag
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller, Department
from laurel.domain.parts import Parts
from laurel.web.dialects.nudj.acting import acts, administers
from laurel.web.dialects.nudj.label_view import campaign_out, tag_out
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.translate import stored_status, time_in, tongue_of, uid_in
from laurel.web.dialects.nudj.wire import CampaignIn, TagIn
from laurel.web.injected import InjectedCaller, InjectedParts

_TAGS = "/api/v2/admin/tags"
_CAMPAIGNS = "/api/v2/admin/campaigns"
_COMMUNITIES = "/api/v2/admin/communities"
AnyRequest = Request[Any, Any, Any]


# ----------------------------------------------------------------------------------------------------------------- tags
async def _write_tag(
    request: AnyRequest, parts: Parts, caller: Caller, data: TagIn, tag_id: str | None
) -> dict[str, Any]:
    async with parts.database.transaction(caller.organisation_id) as tx:
        tongue = await tongue_of(tx, request)
        tag = await labelling.put_tag(
            tx,
            None if tag_id is None else await labelling.require_tag(tx, uid_in(tag_id)),
            language=tongue.language,
            text=data.value,
            settings=None if data.config is None else msgspec.to_builtins(data.config),
            actor=caller.actor,
            now=parts.clock.now(),
        )
        return tag_out(tag, (await organisations.organisation(tx)).uid, tongue)


@post(_TAGS, guards=[administers("achievements:write", whole=True)], status_code=200)
async def create_tag(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, data: JSONBody[TagIn]
) -> dict[str, Any]:
    """A new tag, its text in the language of `x-language`."""
    return await _write_tag(request, parts, caller, data, None)


@post(_TAGS + "/{tag_id:str}", guards=[administers("achievements:write", whole=True)], status_code=200)
async def update_tag(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, tag_id: FromPath[str], data: JSONBody[TagIn]
) -> dict[str, Any]:
    """Change the text of one language, or the configuration."""
    return await _write_tag(request, parts, caller, data, tag_id)


@get(_TAGS, guards=[administers("achievements:read")])
async def get_tags(request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed) -> dict[str, Any]:
    """All tags."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, rows = await store.page(tx, "tag", listed)
        uid, tongue = (await organisations.organisation(tx)).uid, await tongue_of(tx, request)
    return listing(total, [tag_out(Tag.from_row(row), uid, tongue) for row in rows])


@get(_TAGS + "/{tag_id:str}", guards=[administers("achievements:read")])
async def get_tag(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, tag_id: FromPath[str]
) -> dict[str, Any]:
    """One tag."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        tag = await labelling.require_tag(tx, uid_in(tag_id))
        return tag_out(tag, (await organisations.organisation(tx)).uid, await tongue_of(tx, request))


@delete(_TAGS + "/{tag_id:str}", guards=[administers("achievements:write", whole=True)], status_code=200)
async def delete_tag(parts: InjectedParts, caller: InjectedCaller, tag_id: FromPath[str]) -> dict[str, Any]:
    """Take a tag away; what carries it keeps its id."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await labelling.remove(
            tx, await labelling.require_tag(tx, uid_in(tag_id)), actor=caller.actor, now=parts.clock.now()
        )
    return {"success": True}


# ------------------------------------------------------------------------------------------------------------ campaigns
async def _write_campaign(parts: Parts, caller: Caller, data: CampaignIn, campaign_id: str | None) -> dict[str, Any]:
    values = {
        "name": data.name,
        "starts_at": time_in(data.startDate, "startDate"),
        "ends_at": time_in(data.endDate, "endDate"),
        "status": stored_status(data.status),
    }
    async with parts.database.transaction(caller.organisation_id) as tx:
        campaign = await labelling.put_campaign(
            tx,
            None if campaign_id is None else await labelling.require_campaign(tx, uid_in(campaign_id)),
            {name: value for name, value in values.items() if value is not UNSET},
            actor=caller.actor,
            now=parts.clock.now(),
        )
        return campaign_out(campaign, (await organisations.organisation(tx)).uid, parts.clock.now())


@post(_CAMPAIGNS, guards=[administers("achievements:write", whole=True)], status_code=200)
async def create_campaign(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[CampaignIn]) -> dict[str, Any]:
    """A new campaign, a draft unless the body says otherwise."""
    return await _write_campaign(parts, caller, data, None)


@post(_CAMPAIGNS + "/{campaign_id:str}", guards=[administers("achievements:write", whole=True)], status_code=200)
async def update_campaign(
    parts: InjectedParts, caller: InjectedCaller, campaign_id: FromPath[str], data: JSONBody[CampaignIn]
) -> dict[str, Any]:
    """Change what the body names."""
    return await _write_campaign(parts, caller, data, campaign_id)


@get(_CAMPAIGNS, guards=[administers("achievements:read")])
async def get_campaigns(parts: InjectedParts, caller: InjectedCaller, listed: Listed) -> dict[str, Any]:
    """All campaigns."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, rows = await store.page(tx, "campaign", listed)
        uid, now = (await organisations.organisation(tx)).uid, parts.clock.now()
    return listing(total, [campaign_out(Campaign.from_row(row), uid, now) for row in rows])


@get(_CAMPAIGNS + "/{campaign_id:str}", guards=[administers("achievements:read")])
async def get_campaign(parts: InjectedParts, caller: InjectedCaller, campaign_id: FromPath[str]) -> dict[str, Any]:
    """One campaign."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        campaign = await labelling.require_campaign(tx, uid_in(campaign_id))
        return campaign_out(campaign, (await organisations.organisation(tx)).uid, parts.clock.now())


@delete(_CAMPAIGNS + "/{campaign_id:str}", guards=[administers("achievements:write", whole=True)], status_code=200)
async def delete_campaign(parts: InjectedParts, caller: InjectedCaller, campaign_id: FromPath[str]) -> dict[str, Any]:
    """Take a campaign away."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await labelling.remove(
            tx, await labelling.require_campaign(tx, uid_in(campaign_id)), actor=caller.actor, now=parts.clock.now()
        )
    return {"success": True}


# ---------------------------------------------------------------------------------------------------------- communities
def _community_out(department: Department, organisation_uid: str, language: str) -> dict[str, Any]:
    return {
        "id": department.uid,
        "organisationId": organisation_uid,
        "name": department.name,
        "slug": department.slug,
        "description": department.description,
        "communityType": "default" if department.is_default else "standard",
        "access": "open",
        "status": "live",
        "tags": [],
        "campaigns": [],
        "style": {"general": {"primaryLanguage": language, "logoUrl": department.image}},
        "createdAt": render_time(department.created_at),
        "updatedAt": render_time(department.updated_at),
    }


async def _community(parts: Parts, caller: Caller, identifier: str) -> dict[str, Any]:
    async with parts.database.transaction(caller.organisation_id) as tx:
        organisation = await organisations.organisation(tx)
        department = await organisations.department(tx, uid_in(identifier))
        department = department or await organisations.department_by_slug(tx, identifier)
    if department is None or caller.department_id not in (None, department.id):
        raise NotFound("Community not found")
    return _community_out(department, organisation.uid, organisation.language)


@get("/api/v2/integration/communities/{identifier:str}", guards=[acts("departments:read")])
async def get_community(parts: InjectedParts, caller: InjectedCaller, identifier: FromPath[str]) -> dict[str, Any]:
    """One community, by id or slug."""
    return await _community(parts, caller, identifier)


@get(_COMMUNITIES + "/{identifier:str}", guards=[administers("departments:read")], procedure="getCommunity")
async def show_community(parts: InjectedParts, caller: InjectedCaller, identifier: FromPath[str]) -> dict[str, Any]:
    """The same for the organisation."""
    return await _community(parts, caller, identifier)


@get(_COMMUNITIES, guards=[administers("departments:read")])
async def get_communities(parts: InjectedParts, caller: InjectedCaller, listed: Listed) -> dict[str, Any]:
    """All communities."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        organisation = await organisations.organisation(tx)
        total, found = await organisations.page_departments(tx, listed, only=caller.department_id)
    return listing(total, [_community_out(one, organisation.uid, organisation.language) for one in found])


HANDLERS = (
    create_tag,
    update_tag,
    get_tags,
    get_tag,
    delete_tag,
    create_campaign,
    update_campaign,
    get_campaigns,
    get_campaign,
    delete_campaign,
    get_community,
    show_community,
    get_communities,
)
