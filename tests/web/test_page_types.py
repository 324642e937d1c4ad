import pytest

from tests.support.events import an_achievement, an_event, person_uid


@pytest.mark.parametrize(
    "path", ["/c/{}", "/c/{}/embed", "/c/{}/verification", "/verify", "/wallet", "/console/sign-in"]
)
async def test_a_page_names_its_character_set_once(api, stranger, parts, organisation, path):
    await an_achievement(api, issues_credential=True)
    await an_event(api, "ada")
    ada = await person_uid(parts, organisation, "ada")
    (award,) = (await api.get(f"/api/v1/people/{ada}/awards")).json()["items"]
    answer = await stranger.get(
        path.format(award["credential"]), headers={"Accept": "text/html"}, follow_redirects=True
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
