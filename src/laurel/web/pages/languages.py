"""The words of the public pages in six languages, dates as each writes them, and which language a reader gets.

The console is in English. Every language has every word: a test compares the files.
"""

import tomllib
from collections.abc import Mapping
from copy import copy
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

from laurel.base.errors import LaurelError
from laurel.domain.access.model import LinkNotValid

WORDS = Path(__file__).parent / "words"

LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
    "ar": "العربية",
}
RIGHT_TO_LEFT = frozenset({"ar"})

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}


@cache
def words_in(language: str) -> Mapping[str, str]:
    """Every word of the public pages in one of LANGUAGES, from words/<language>.toml; its sections are for its readers only."""
    sections = tomllib.loads((WORDS / f"{language}.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: text for section in sections.values() for name, text in section.items()})


def direction_of(language: str) -> str:
    """How the language is written, as the attribute `dir` says it."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def in_words(error: LaurelError, language: str) -> LaurelError:
    """The refusal as a reader of the language is told it: by the field it is about, else by its kind; English as it is."""
    if language == "en":
        return error
    words = words_in(language)
    name = "refused_link" if isinstance(error, LinkNotValid) else f"refused_{error.field}"
    message = words.get(name) or words[f"refused_{error.kind}_lead"]
    said = copy(error)
    said.message = message
    return said


def dated(day: date, language: str) -> str:
    """A date as the language writes it; English for languages that are not known."""
    base = language.split("-", 1)[0].lower()
    if base in {"ja", "zh"}:
        return f"{day.year}年{day.month}月{day.day}日"
    month = _MONTHS.get(base, _MONTHS["en"]).split()[day.month - 1]
    match base:
        case "de":
            return f"{day.day}. {month} {day.year}"
        case "es":
            return f"{day.day} de {month} de {day.year}"
        case "fr":
            return f"{'1er' if day.day == 1 else day.day} {month} {day.year}"
        case _:
            return f"{day.day} {month} {day.year}"


def preferred(accept_language: str, default: str) -> str:
    """The best of LANGUAGES for an Accept-Language header (RFC 9110, 12.5.4), else the base of `default`, else English."""
    wishes = []
    for index, part in enumerate(accept_language[:500].split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        wishes.append((-weight, index, tag.split("-", 1)[0].lower()))
    for weight, _, base in sorted(wishes):
        if base in LANGUAGES and weight < 0:
            return base
    base = default.split("-", 1)[0].lower()
    return base if base in LANGUAGES else "en"
