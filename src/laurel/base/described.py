"""What every definition carries: names and descriptions by language, tags, JSON objects of the organisation's own. Each is
cleaned and held to its named limit.
"""

from typing import Any

from laurel.base import json_text, limits
from laurel.base.errors import Invalid, TooLarge
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean


def check_wording(values: dict[str, Any]) -> None:
    """Clean names, descriptions, tags and campaigns in `values`, where given. Raises Invalid, TooLarge by field."""
    for field, limit in (("names", limits.NAME_LENGTH_MAX), ("descriptions", limits.DESCRIPTION_LENGTH_MAX)):
        if field in values:
            values[field] = checked_languages(values[field], limit, field)
    if "names" in values and not all(name.strip() for name in values["names"].values()):
        raise Invalid("names must not be empty", field="names")
    for field in ("tags", "campaigns"):
        if field in values:
            values[field] = checked_tags(values[field], field)


def checked_languages(texts: dict[str, str], limit: int, field: str) -> dict[str, str]:
    """One text a language, each of at most `limit` characters."""
    check_count(len(texts), limits.LANGUAGES_MAX, field)
    result = {}
    for language, text in texts.items():
        check_length(language, limits.LANGUAGE_LENGTH_MAX, f"{field}.{language[:40]}")
        result[language] = check_length(clean(text), limit, f"{field}.{language}")
    return result


def checked_tags(tags: list[str], field: str) -> list[str]:
    """A list of short texts."""
    check_count(len(tags), limits.TAGS_MAX, field)
    return [check_length(clean(tag), limits.TAG_LENGTH_MAX, f"{field}[{index}]") for index, tag in enumerate(tags)]


def check_json_size(value: Any, field: str) -> None:
    """Raise TooLarge when `value` written as JSON is larger than METADATA_BYTES_MAX."""
    size, limit = len(json_text.encode(value)), limits.METADATA_BYTES_MAX
    if size > limit:
        raise TooLarge(f"{field} has {size} bytes, the limit is {limit}", field=field, limit=limit, value=size)
