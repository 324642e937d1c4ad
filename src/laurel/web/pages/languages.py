"""The words of the public pages in six languages, and which of them a reader gets.

The console is in English. Every language has every word: a test compares the files.
"""

import tomllib
from collections.abc import Mapping
from copy import copy
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
