import re
import tomllib
from typing import get_args

import pytest

from laurel.base.errors import Kind
from laurel.domain.achievements.rarity import Band
from laurel.openbadges.verdict import Outcome
from laurel.web.pages.languages import LANGUAGES, WORDS, direction_of, words_in
from laurel.web.pages.rendered import HERE

HTML = {"accept": "text/html"}
ENGLISH = re.compile(r"\b(the|and|of|your|with|this|is|are|to)\b", re.IGNORECASE)
PUBLIC = (
    "/",
    "/verify",
    "/wallet",
    "/wallet/open?link=x",
    "/letters/stop?who=x",
    "/i/nobody",
    "/c/" + "0" * 24,
)


def sections(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((WORDS / f"{language}.toml").read_text())


def test_there_is_a_file_for_every_language_and_no_other():
    assert {path.stem for path in WORDS.iterdir()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_in_its_place(language):
    english, other = sections("en"), sections(language)
    assert {name: list(words) for name, words in other.items()} == {
        name: list(words) for name, words in english.items()
    }
    for section, words in other.items():
        for name, text in words.items():
            assert text.strip() == text != "", name
            assert re.findall(r"\{\w*\}", text) == re.findall(r"\{\w*\}", english[section][name]), name


def test_no_word_stands_in_two_sections():
    names = [name for words in sections("en").values() for name in words]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
def test_no_sentence_is_left_in_english(language):
    english = words_in("en")
    for name, text in words_in(language).items():
        if " " in english[name] and name != "badge":  # French says badge, too
            assert text != english[name], name
        if language in {"ja", "ar"}:
            assert any(ord(character) > 0x2FF for character in text), name
        assert len(ENGLISH.findall(text)) < 2, (name, text)


def test_every_word_is_used_and_every_outcome_and_refusal_has_one():
    said = "".join(path.read_text() for path in [*(HERE / "templates").rglob("*.html"), *HERE.glob("*.py")])
    words = words_in("en")
    built = {"state_", "check_", "outcome_", "wish_", "refused_", "rarity_"}
    for name in words:
        assert re.search(rf"\b{name}\b", said) or any(name.startswith(start) for start in built), name
    assert {f"rarity_{band}" for band in get_args(Band)} <= set(words)
    assert {f"outcome_{outcome.value}" for outcome in Outcome} <= set(words)
    assert {f"refused_{kind}{end}" for kind in [*Kind, "unexpected"] for end in ("", "_lead")} <= set(words)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_public_pages_speak_the_language_that_the_browser_asks_for(stranger, language):
    for path in PUBLIC:
        answer = await stranger.get(path, headers=HTML | {"accept-language": f"xx, {language};q=0.7"})
        assert f'<html lang="{language}" dir="{direction_of(language)}">' in answer.text, path
        assert "accept-language" in answer.headers["vary"].lower(), path
        if language != "en":
            visible = re.sub(r"<[^>]*>", " ", answer.text)
            assert len(ENGLISH.findall(visible)) == 0, (path, visible)


@pytest.mark.parametrize("path", PUBLIC)
async def test_the_switch_leads_to_the_same_page_in_every_language(stranger, path):
    answer = await stranger.get(path, headers=HTML | {"accept-language": "fr"})
    links = dict(re.findall(r'<a href="([^"]*lang=\w\w)" lang="(\w\w)"', answer.text))
    assert list(links.values()) == list(LANGUAGES)
    for link, language in links.items():
        chosen = await stranger.get(link.replace("&amp;", "&"), headers=HTML | {"accept-language": "fr"})
        assert f'<html lang="{language}"' in chosen.text
        assert chosen.status_code == answer.status_code


async def test_a_chosen_language_stays_from_page_to_page(stranger):
    front = await stranger.get("/?lang=ja", headers=HTML)
    assert 'href="/wallet?lang=ja"' in front.text
    assert 'href="/verify?lang=ja"' in front.text
    door = await stranger.get("/wallet?lang=ja", headers=HTML)
    assert 'action="/wallet/link?lang=ja"' in door.text
    token = re.search(r'name="token" value="([^"]+)"', door.text)
    assert token
    refused = await stranger.post("/wallet/link?lang=ja", data={"token": token[1], "email": "nobody"}, headers=HTML)
    assert refused.status_code == 422
    assert words_in("ja")["refused_email"] in refused.text


async def test_a_language_that_is_not_ours_is_not_taken(stranger):
    for asked in ("xx", "de%22%3E", "../de", "DE"):
        answer = await stranger.get(f"/verify?lang={asked}", headers=HTML | {"accept-language": "es"})
        assert '<html lang="es"' in answer.text


async def test_the_console_stays_english(stranger):
    answer = await stranger.get("/console/sign-in", headers=HTML | {"accept-language": "ar"})
    assert '<html lang="en" dir="ltr">' in answer.text
