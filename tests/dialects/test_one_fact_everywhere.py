"""The promise of the house: a fact recorded through one surface is seen through all of them."""

import pytest

from laurel.base.ids import PersonId, uid_as_base62
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from tests.support.builders import a_key
from tests.support.events import an_achievement

LEARNERS = "/learner-profile-service/api/v1"


@pytest.fixture
def speak(application, parts, organisation, key):
    """Calls a surface with a key in that surface's own spelling."""

    async def call(method, path, *, headers, **rest):
        import httpx

        async with httpx.AsyncClient(transport=application, base_url="http://laurel.test", headers=headers) as client:
            return await client.request(method, path, **rest)

    return call


class Views:
    """What each surface says that one person holds, in names of achievements."""

    def __init__(self, api, speak, key, parts, organisation) -> None:
        self.api, self.speak, self.key, self.parts, self.organisation = api, speak, key, parts, organisation

    async def person(self, email: str) -> Person:
        async with self.parts.database.transaction(self.organisation.id) as tx:
            ids = await people.ids_by_email(tx, [email])
            return (await people.find_many(tx, list(ids.values())))[ids[email]]

    async def own(self, email: str) -> set[str]:
        person = await self.person(email)
        items = (await self.api.get(f"/api/v1/people/{person.uid}/progress")).json()["items"]
        return {item["name"] for item in items if item["complete"]}

    async def litmos(self, email: str) -> set[str]:
        person = await self.person(email)
        answer = await self.speak(
            "GET",
            f"/v1.svc/achievements?source=t&format=json&limit=1000&userid={person.uid}",
            headers={"apikey": self.key.text},
        )
        assert answer.status_code == 200, answer.text
        return {row["Title"] for row in answer.json()}

    async def accredible(self, email: str) -> set[str]:
        answer = await self.speak(
            "GET", f"/v1/all_credentials?email={email}", headers={"Authorization": f"Token token={self.key.text}"}
        )
        assert answer.status_code == 200, answer.text
        return {row["name"] for row in answer.json()["credentials"]}

    async def learner_profile(self, email: str) -> set[str]:
        person = await self.person(email)
        headers = {"Authorization": f"Bearer {self.key.text}"}
        learner = f"{LEARNERS}/learner/{uid_as_base62(person.uid)}"
        answer = await self.speak("GET", f"{learner}/learner-profile", headers=headers)
        if answer.status_code == 404:
            answer = await self.speak("POST", f"{learner}/learner-profile", headers=headers, json={})
        assert answer.status_code == 200, answer.text
        names = set()
        for uid in answer.json()["data"]["achievements"]:
            shown = await self.speak("GET", f"{LEARNERS}/achievement/{uid}", headers=headers)
            names.add(shown.json()["data"]["name"])
        return names

    async def nudj(self, email: str) -> set[str]:
        person = await self.person(email)
        key = await a_key(self.parts, self.organisation, acting_person_id=PersonId(person.id))
        answer = await self.speak(
            "GET", "/api/v2/integration/achievements?limit=100", headers={"x-api-token": key.text}
        )
        assert answer.status_code == 200, answer.text
        return {
            edge["details"]["title"] for edge in answer.json()["edges"] if edge["userState"]["status"] == "completed"
        }

    async def all(self, email: str) -> dict[str, set[str]]:
        return {
            surface: await getattr(self, surface)(email)
            for surface in ("own", "litmos", "accredible", "learner_profile", "nudj")
        }


@pytest.fixture
def views(api, speak, key, parts, organisation):
    return Views(api, speak, key, parts, organisation)


async def test_an_award_earned_by_an_event_is_seen_everywhere(api, views):
    achievement = await an_achievement(api, issues_credential=True)
    body = {"person": {"email": "ada@example.org"}, "name": "lesson.completed"}
    assert (await api.post("/api/v1/events?create_people=true", json=body)).status_code == 200
    seen = await views.all("ada@example.org")
    assert seen == {key: {achievement["name"]} for key in seen}


async def test_a_credential_issued_through_accredible_is_seen_everywhere(speak, key, views):
    headers = {"Authorization": f"Token token={key.text}"}
    group = await speak(
        "POST",
        "/v1/issuer/groups",
        headers=headers,
        json={"group": {"name": "Welding", "course_name": "Welding", "course_description": "Joins metal"}},
    )
    assert group.status_code == 200, group.text
    credential = {"recipient": {"name": "Ada", "email": "Ada@Example.org"}, "group_id": group.json()["group"]["id"]}
    made = await speak("POST", "/v1/credentials", headers=headers, json={"credential": credential})
    assert made.status_code == 200, made.text
    seen = await views.all("ada@example.org")
    assert seen == {key_0: {"Welding"} for key_0 in seen}


async def test_an_achievement_put_into_a_learner_profile_is_seen_everywhere(speak, key, views):
    headers = {"Authorization": f"Bearer {key.text}"}
    made = await speak(
        "POST", f"{LEARNERS}/achievement", headers=headers, json={"type": "competency", "name": "Juggling"}
    )
    learner = await speak(
        "POST",
        f"{LEARNERS}/learner",
        headers=headers,
        json={"first_name": "Ada", "last_name": "Lovelace", "email_address": "ada@example.org"},
    )
    profile = await speak(
        "POST",
        f"{LEARNERS}/learner/{learner.json()['data']['uuid']}/learner-profile",
        headers=headers,
        json={"achievements": [made.json()["data"]["uuid"]]},
    )
    assert profile.status_code == 200, profile.text
    seen = await views.all("ada@example.org")
    without_credential = {surface: names for surface, names in seen.items() if surface != "accredible"}
    assert without_credential == {key_0: {"Juggling"} for key_0 in without_credential}


async def test_a_revoked_award_is_held_nowhere(api, views):
    achievement = await an_achievement(api)
    body = {"person": {"email": "ada@example.org"}, "create_person": True}
    award = (await api.post(f"/api/v1/achievements/{achievement['id']}/awards", json=body)).json()
    assert (await views.own("ada@example.org")) == {achievement["name"]}
    await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "a mistake"})
    for surface in ("own", "litmos", "learner_profile", "nudj"):
        assert await getattr(views, surface)("ada@example.org") == set(), surface
