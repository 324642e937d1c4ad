"""An organisation's own words for its letters: subject and body a kind and language, with placeholders. No I/O but `put`."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

from laurel.base.errors import Invalid, NotFound
from laurel.base.limits import LETTER_BODY_LENGTH_MAX, LETTER_SUBJECT_LENGTH_MAX, check_length
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.letters import store
from laurel.domain.letters.model import LetterTemplate
from laurel.domain.letters.wording import WORDINGS
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller

Kind = Literal["issued", "expiring", "link"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ABOUT_A_CREDENTIAL = (
    "recipient.name", "recipient.id", "achievement.name", "achievement.description", "achievement.title",
    "achievement.level", "credential.id", "credential.license_id", "credential.issued_on", "credential.expired_on",
    "credential.url", "issuer.name", "issuer.url", "issuer.signatory", "issuer.signatory_title",
)  # fmt: skip
PLACEHOLDERS: Mapping[Kind, tuple[str, ...]] = {
    "issued": ABOUT_A_CREDENTIAL,
    "expiring": ABOUT_A_CREDENTIAL,
    "link": ("issuer.name", "issuer.url"),
}
"""What may stand in square brackets, spelled as in designs. Letters about a credential also take [custom.…]."""
_CUSTOM = re.compile(r"custom\.[^\[\]\n]{1,100}")
_PLACEHOLDER = re.compile(r"\[([a-z_]+\.[^\[\]\n]{1,107})\]")
_FILLED_SUBJECT_MAX = 250


class UnknownPlaceholder(Invalid):
    """A template names something that this kind of letter does not know."""

    code = "unknown_placeholder"


def checked_kind(kind: str, language: str) -> tuple[Kind, str]:
    """A kind of letter and a language that it is written in. Raises NotFound."""
    known = next((one for one in KINDS if one == kind), None)
    if known is None:
        raise NotFound(f"there is no such letter; there are {', '.join(KINDS)}", field="kind", value=kind[:50])
    if language not in WORDINGS:
        raise NotFound(
            f"letters are not written in this language; there are {', '.join(WORDINGS)}",
            field="language",
            value=language[:50],
        )
    return known, language


def checked_text(kind: Kind, field: str, text: str) -> str:
    """A subject or a body as it may be stored. Raises Invalid, TooLarge, UnknownPlaceholder naming the field."""
    limit = LETTER_SUBJECT_LENGTH_MAX if field == "subject" else LETTER_BODY_LENGTH_MAX
    cleaned = check_length(clean(text).strip(), limit, field)
    if field == "subject":
        cleaned = " ".join(cleaned.split())
    if not cleaned:
        raise Invalid(f"{field} must not be empty", field=field)
    for name in _PLACEHOLDER.findall(cleaned):
        if name not in PLACEHOLDERS[kind] and not (kind != "link" and _CUSTOM.fullmatch(name)):
            raise UnknownPlaceholder(
                f"[{name}] is not known here; there are {', '.join(f'[{one}]' for one in PLACEHOLDERS[kind])}"
                + ("" if kind == "link" else " and [custom.…]"),
                field=field,
                value=name[:100],
            )
    return cleaned


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced, once; what has no value becomes nothing."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), text)


def filled_subject(template: LetterTemplate, values: Mapping[str, str]) -> str:
    """The subject in one line of at most 250 characters."""
    return " ".join(filled(template.subject, values).split())[:_FILLED_SUBJECT_MAX]


def paragraphs(template: LetterTemplate, values: Mapping[str, str]) -> list[str]:
    """The body's paragraphs, which empty lines part; single line breaks stay in them."""
    parts = re.split(r"\n\s*\n", template.body.replace("\r\n", "\n"))
    return [text for part in parts if (text := filled(part, values).strip())]


async def put(
    tx: Transaction, *, kind: str, language: str, subject: str, body: str, by: Caller, now: datetime
) -> LetterTemplate:
    """Set the words of a letter. Raises NotFound, Invalid, TooLarge, UnknownPlaceholder."""
    known, language = checked_kind(kind, language)
    template = LetterTemplate(
        kind=known,
        language=language,
        subject=checked_text(known, "subject", subject),
        body=checked_text(known, "body", body),
        updated_at=now,
    )
    await store.put_template(tx, template)
    await audit.record(
        tx, at=now, by=by, action="letter_template.put", subject=("letter_template", f"{known}-{language}")
    )
    return template


async def remove(tx: Transaction, *, kind: str, language: str, by: Caller, now: datetime) -> None:
    """Back to the built-in words. Raises NotFound."""
    known, language = checked_kind(kind, language)
    if not await store.delete_template(tx, known, language):
        raise NotFound("this letter has the built-in words", field="kind", value=kind)
    await audit.record(
        tx, at=now, by=by, action="letter_template.delete", subject=("letter_template", f"{known}-{language}")
    )
