import asyncio
import string

import pytest

from tests.dialects.learner_profile.profile_client import a_learner, an_achievement, an_address

STATUSES_FORESEEN = {200, 404, 409, 413, 422}


# ------------------------------------------------------------------------------------------------------------- races
async def test_of_two_simultaneous_creations_of_a_profile_one_succeeds(service):
    for _ in range(5):
        learner = await service.new_learner()
        path = f"/learner/{learner}/learner-profile"
        answers = await asyncio.gather(*(service.ask("POST", path, json={}) for _ in range(2)))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert (await service.done("GET", f"{path}"))["learner_id"] == learner


async def test_of_many_simultaneous_creations_that_award_one_succeeds(service):
    achievement, learner = await service.new_achievement(), await service.new_learner()
    path = f"/learner/{learner}/learner-profile"
    body = {"achievements": [achievement]}
    answers = await asyncio.gather(*(service.ask("POST", path, json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert (await service.done("GET", path))["achievements"] == [achievement]


async def test_simultaneous_updates_of_a_profile_lose_no_field(service):
    achievement, learner = await service.new_achievement(), await service.new_learner()
    await service.new_profile(learner)
    path = f"/learner/{learner}/learner-profile"
    changes = {
        "learning_goals": ["g"],
        "learning_constraints": {"weekly_study_time": 3},
        "learning_preferences": {"p": 1},
        "patterns_of_participation": {"q": 1},
        "employment_status": "Part-time",
        "potential_career_fields": ["f"],
        "personal_goals": "goals",
        "contact_preferences": {"email": True, "phone": True},
        "attestation_object": {"a": 1},
        "achievements": [achievement],
        "tagged_skills": ["s"],
        "tagged_competencies": ["c"],
        "mastered_skills": ["m"],
        "mastered_competencies": ["n"],
        "is_archived": True,
    }
    answers = await asyncio.gather(*(service.ask("PUT", path, json={k: v}) for k, v in changes.items()))
    assert {answer.status_code for answer in answers} == {200}
    profile = await service.done("GET", path)
    assert {name: profile[name] for name in changes} == changes


async def test_simultaneous_updates_of_a_learner_lose_no_field(service):
    learner = await service.new_learner()
    address = an_address()
    changes = {
        "first_name": "F", "last_name": "L", "city": "C", "postal_code": "P", "employer": "E", "affiliation": "A",
        "gender": "Male", "latitude": "1", "longitude": "2", "email_address": address, "birth_date": "B",
    }  # fmt: skip
    answers = await asyncio.gather(
        *(service.ask("PUT", f"/learner/{learner}", json={k: v}) for k, v in changes.items())
    )
    assert {answer.status_code for answer in answers} == {200}
    shown = await service.done("GET", f"/learner/{learner}")
    assert {name: shown[name] for name in changes} == changes


async def test_simultaneous_updates_of_an_achievement_lose_no_field(service):
    uuid = await service.new_achievement()
    changes = {
        "name": "N", "description": "D", "timestamp": "T", "result_descriptions": ["R"], "tags": ["t"], "image": "I",
        "alignments": {"competency_alignments": ["a"], "skill_alignments": []}, "credits_available": 2.0,
        "metadata": {"design_config": {"shape": "s", "theme": "t", "illustration": "i"}}, "field_of_study": "F",
    }  # fmt: skip
    answers = await asyncio.gather(
        *(service.ask("PUT", f"/achievement/{uuid}", json={k: v}) for k, v in changes.items())
    )
    assert {answer.status_code for answer in answers} == {200}
    shown = await service.done("GET", f"/achievement/{uuid}")
    assert {name: shown[name] for name in changes} == changes


async def test_simultaneous_lists_of_achievements_end_as_one_of_them(service):
    one, two = await service.new_achievement(), await service.new_achievement()
    learner = await service.new_learner()
    await service.new_profile(learner)
    path = f"/learner/{learner}/learner-profile"
    lists = [[one], [two], [one, two], []] * 3
    answers = await asyncio.gather(*(service.ask("PUT", path, json={"achievements": ids}) for ids in lists))
    assert {answer.status_code for answer in answers} == {200}
    held = (await service.done("GET", path))["achievements"]
    assert set(held) <= {one, two}
    assert len(held) == len(set(held))


async def test_simultaneous_registrations_of_one_address_make_one_learner(service):
    body = a_learner()
    answers = await asyncio.gather(*(service.ask("POST", "/learner", json=body) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5


async def test_the_same_idempotency_key_makes_one_profile(service):
    learner = await service.new_learner()
    path, headers = f"/learner/{learner}/learner-profile", {"Idempotency-Key": "one"}
    first = await service.ask("POST", path, json={"achievements": [await service.new_achievement()]}, headers=headers)
    again = await service.ask(
        "POST", path, content=first.request.content, headers={**headers, "Content-Type": "application/json"}
    )
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert again.json() == first.json()


# ------------------------------------------------------------------------------------------------------------- abuse
IDS = [
    "x",
    "0" * 20,
    "z" * 20,
    "-" * 20,
    "x" * 5_000,
    "Zażółć gęślą jaźń",
    "学习者",
    "\u202eabc",
    "🎓" * 20,
    "%00",
    "a%0Ab",
    "%FF%FE",
    "';DROP TABLE person;--",
    "{uuid}",
    "null",
    "1e400",
    "９" * 20,
]


@pytest.mark.parametrize("text", IDS)
async def test_an_id_of_any_length_and_script_is_only_not_found(service, text):
    for path in (f"/achievement/{text}", f"/learner/{text}", f"/goal/{text}", f"/learner/{text}/learner-profile"):
        for method in ("GET", "PUT", "DELETE"):
            answer = await service.ask(method, path, **({"json": {}} if method == "PUT" else {}))
            assert answer.status_code in {404, 405}, (method, path, answer.text)
    for path in ("/achievements", "/learners", "/learner-profile", "/goal"):
        answer = await service.ask("GET", path, params={"after": text})
        assert answer.status_code in {404, 422}, answer.text
    answer = await service.ask("GET", "/learner-profile/search", params={"learner_id": text})
    assert answer.status_code == 404, answer.text


async def test_the_message_repeats_the_id_as_it_was_sent(service):
    await service.not_found("Achievement with uuid 学习者 not found", "GET", "/achievement/学习者")


@pytest.mark.parametrize("query", ["name", "tag", "achievement_type"])
async def test_filters_of_any_text_are_harmless(service, query):
    for text in ("\x00", "'", '"', "$.*", "%", "\\", "x" * 600, "🎓", ""):
        answer = await service.ask("GET", "/achievements", params={query: text})
        assert answer.status_code in {200, 422}, answer.text


ODD = [
    None, True, False, 0, -1, 1.5, 1e308, 10**30, "", " ", "x", "\x00", "\ud7ff", "a\u0000b", "\u202e", [], [[]], [None],
    {}, {"a": None}, {"": {"": []}}, [{"a": "\x00"}], {"\x00": 1}, "x" * 20_000, list(string.ascii_letters) * 30,
]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:30])
async def test_no_value_in_no_field_is_a_failure_of_ours(service, value):
    learner = await service.new_learner()
    profile = {**await service.new_profile(learner)}
    learner_body = a_learner()
    shown = await service.done("GET", f"/learner/{learner}")
    achievement = await service.done("POST", "/achievement", json=an_achievement())
    for method, path, body in (
        ("PUT", f"/learner/{learner}/learner-profile", profile),
        ("PUT", f"/learner/{learner}", shown),
        ("PUT", f"/achievement/{achievement['uuid']}", achievement),
        ("PUT", "/goal/x", {"name": 1, "aligned_skills": 1, "type": 1}),
    ):
        for field in (*body, "odd"):
            answer = await service.ask(method, path, json={field: value})
            assert answer.status_code in STATUSES_FORESEEN, (field, answer.text)
    for path, body in (("/learner", learner_body), ("/achievement", an_achievement()), ("/goal", {"name": "x"})):
        for field in body:
            answer = await service.ask("POST", path, json={**body, field: value})
            assert answer.status_code in STATUSES_FORESEEN, (field, answer.text)
    for path in ("/achievements", "/learners", "/learner-profile", "/goal"):
        assert (await service.ask("GET", path)).status_code == 200


async def test_control_characters_are_taken_out_of_what_is_stored(service):
    learner = await service.new_learner(first_name="A\x00d\x07a")
    profile = await service.new_profile(learner, learning_preferences={"a\x00": ["b\x00"]}, learning_goals=["\x00c"])
    assert (await service.done("GET", f"/learner/{learner}"))["first_name"] == "Ada"
    assert (profile["learning_preferences"], profile["learning_goals"]) == ({"a": ["b"]}, ["c"])


async def test_numbers_of_any_size_come_back_as_they_were(service):
    numbers = {"a": 10**30, "b": -(10**30), "d": 0.1, "e": 2**63, "f": 1e-300}
    profile = await service.new_profile(await service.new_learner(), learning_preferences=numbers)
    assert profile["learning_preferences"] == numbers


async def test_a_number_of_ten_thousand_digits_is_no_failure_of_ours(service):
    digits = "9" * 10_000
    for text in (f'{{"name": {digits}}}', f'{{"name": "x", "aligned_skills": [{digits}]}}', f'{{"name": -{digits}.5}}'):
        answer = await service.ask("POST", "/goal", content=text, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, answer.text
