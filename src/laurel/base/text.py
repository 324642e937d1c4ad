"""Text as it may be stored: no control characters but tab and newline, no lone surrogates, normalised to NFC."""

import re
import unicodedata

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+\.[^@\s.\x00-\x1f]{2,}")


def clean(text: str) -> str:
    """`text` in NFC without the characters that neither PostgreSQL, XML nor a signed document can carry."""
    return unicodedata.normalize("NFC", _CONTROL.sub("", text))


def clean_email(text: str) -> str | None:
    """The address trimmed and lower-cased, or None when it does not look like one."""
    address = text.strip().lower()
    return address if _EMAIL.fullmatch(address) else None
