"""A small world to call every operation in: one of each thing, and documented bodies with its ids in them."""

from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class World:
    """The ids of what exists."""

    client: httpx.AsyncClient
    ids: dict[str, Any] = field(default_factory=dict)

    def path(self, template: str) -> str:
        """A documented path with ids in it."""
        values = {
            "credential_id": self.ids["credential"],
            "evidence_item_id": self.ids["evidence_item"],
            "reference_id": self.ids["reference"],
            "group_id": self.ids["group"],
            "collection_id": self.ids["collection"],
            "design_id": self.ids["design"],
            "department_id": self.ids["department"],
            "id": self.ids["team_member"]
            if "team_members" in template
            else self.ids["data_export"]
            if "data_exports" in template
            else self.ids["uuid"]
            if "blockchain" in template
            else self.ids["credential"],
        }
        return template.format(**values)

    def body(self, value: Any, name: str = "") -> Any:
        """A documented body with the ids of things that exist, and addresses that are free."""
        replaced = {
            "group_id": self.ids["group"],
            "group.id[in]": [self.ids["group"]],
            "department_id": self.ids["department"],
            "design_id": self.ids["certificate_design"],
            "certificate_design_id": self.ids["certificate_design"],
            "badge_design_id": self.ids["design"],
            "skill_category_id": 1,
            "credential_ids": [self.ids["credential"]],
            "credential_id": self.ids["credential"],
            "collections": [{"id": self.ids["collection"]}],
        }
        if isinstance(value, dict):
            return {
                key: replaced[key] if key in replaced and inner is not None else self.body(inner, key)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            if name == "groups":
                return [{"id": self.ids["group"]}] if value and isinstance(value[0], dict) else [self.ids["group"]]
            return [self.body(inner, name) for inner in value]
        return value


async def a_world(client: httpx.AsyncClient) -> World:
    """One of everything, made through the API."""
    world = World(client)

    async def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await client.post(path, json=body)
        assert answer.status_code in {200, 201}, (path, answer.text)
        return next(iter(answer.json().values()))

    designs = (await client.get("/v1/designs")).json()["designs"]
    by_kind = {design["kind"]: design["id"] for design in designs}
    world.ids |= {"design": by_kind["badge"], "certificate_design": by_kind["certificate"]}
    department = {"name": "Physics", "url": "https://example.com", "logo": "https://example.com/logo.png"}
    world.ids["department"] = (await made("/v1/departments", {"department": department}))["id"]
    world.ids["collection"] = (await made("/v1/collections", {"collection": {"name": "Sciences"}}))["id"]
    group = {
        "name": "course1234",
        "course_name": "Intro to Programming",
        "course_description": "Loops",
        "collections": [{"id": world.ids["collection"]}],
        "meta_data": {"course_id": "CS101"},
        "skill_category_id": 1,
        "auto_expiry": 1,
    }
    world.ids["group"] = (await made("/v1/issuer/groups", {"group": group}))["id"]
    credential = await made(
        "/v1/credentials",
        {
            "credential": {
                "id": "own-1",
                "group_id": world.ids["group"],
                "recipient": {"name": "Jordan Smith", "email": "jor@dan.org", "id": "ct992", "meta_data": {"a": "b"}},
                "evidence_items": [{"description": "Final Grade", "category": "grade", "string_object": "80"}],
                "references": [{"description": "Fine", "relationship": "mentored", "referee": {"name": "Jane"}}],
                "custom_attributes": {"Location": "London"},
                "meta_data": {"foo": "bar"},
                "private": False,
            }
        },
    )
    world.ids |= {
        "credential": credential["id"],
        "uuid": credential["uuid"],
        "evidence_item": credential["evidence_items"][0]["id"],
        "reference": credential["references"][0]["id"],
    }
    member = {
        "name": "John Doe",
        "email": "person@example.com",
        "department_permissions": [
            {"department_id": world.ids["department"], "permissions": {"role": "editor", "groups": [1]}}
        ],
    }
    world.ids["team_member"] = (await made("/v1/team_members", {"team_member": member}))["id"]
    export = {"entity": "credentials"}
    world.ids["data_export"] = (await made("/v1/data_exports", {"data_export": export}))["id"]
    key = {"name": "Location", "kind": "text"}
    world.ids["attribute_key"] = (await made("/v1/attribute_keys", {"attribute_key": key}))["id"]
    await client.put(f"/v1/credentials/{credential['id']}", json={"credential": {"private": False}})
    return world
