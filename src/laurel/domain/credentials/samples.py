"""Credentials of nobody, to look at designs and letters with: people with short, long and foreign names."""

from collections.abc import Mapping
from datetime import date

import msgspec

from laurel.database.pool import Transaction
from laurel.domain.credentials.pictures import Particulars, attributes, fields_for
from laurel.domain.organisations.model import Organisation
from laurel.rendering import Design, Fields, attributes_of

SAMPLES: Mapping[str, str] = {
    "short": "Ada Lovelace",
    "long": "A very long name",
    "arabic": "Arabic",
    "japanese": "Japanese",
    "devanagari": "Devanagari",
    "empty": "Only what every credential has",
}
"""The samples by key, as the console calls them."""
_NUMBER = "0123456789abcdef01234567"
_ISSUED_ON, _EXPIRED_ON = date(2026, 3, 14), date(2028, 3, 14)
_TEXTS: Mapping[str, tuple[str, str, str, str]] = {
    "short": ("Ada Lovelace", "Analytical Engines", "For a first program, written before there was a machine to run it on.", "en"),
    "long": (
        "Wolfeschlegelsteinhausenbergerdorff-Zimmermann, Maria Magdalena Theresia Freifrau von und zu",
        "Advanced interdisciplinary practice in the documentation and conservation of historical calculating machines",
        "For the complete programme of four terms with its examinations, its work in three museums, and a defended final paper.",
        "en",
    ),
    "arabic": ("فاطمة بنت محمد الفهري", "أساسيات علم الفلك", "لإتمام البرنامج واجتياز الاختبار النهائي.", "ar"),
    "japanese": ("清少納言・山田花子", "古典文学の基礎", "全課程を修了し、最終試験に合格したことを証します。", "ja"),
    "devanagari": ("आनंदीबाई गोपाळराव जोशी", "प्राथमिक उपचार", "पूरा पाठ्यक्रम और अंतिम परीक्षा उत्तीर्ण करने पर।", "hi"),
    "empty": ("Ada Lovelace", "Analytical Engines", "", "en"),
}  # fmt: skip


def language_of(sample: str) -> str:
    """The language of a sample; an unknown key is the first one."""
    return _TEXTS.get(sample, _TEXTS["short"])[3]


def a_sample(public_url: str, sample: str = "short") -> Particulars:
    """What the sample of this key says (an unknown one is the first)."""
    person, name, description, _ = _TEXTS.get(sample, _TEXTS["short"])
    return Particulars(
        name=name,
        description=description,
        recipient=person,
        number=_NUMBER,
        issued_on=_ISSUED_ON,
        expired_on=None if sample == "empty" else _EXPIRED_ON,
        url=f"{public_url}/c/{_NUMBER}",
    )


def sample_values(
    organisation: Organisation, public_url: str, *, sample: str = "short", name: str = "", design: Design | None = None
) -> dict[str, str]:
    """The attributes of a sample, of the achievement `name` where it is given: no more than strangers see of a
    credential, so never a recipient's address.

    What `design` names and no sample has (`[achievement.level]`, `[custom.grade]`) is shown as its name, so that its place
    is seen; a level not where an achievement is named, which may have none.
    """
    said = a_sample(public_url, sample)
    language = language_of(sample)
    if name:
        said = msgspec.structs.replace(said, name=name)
    values = attributes(said, organisation, public_url, language)
    if design is not None and sample != "empty":
        for attribute in attributes_of(design):
            kind, _, rest = attribute.partition(".")
            if kind == "custom" or (rest == "level" and not name):
                values[attribute] = values.get(attribute) or rest.replace("_", " ")
    return values


async def sample_fields(
    tx: Transaction,
    organisation: Organisation,
    public_url: str,
    design: Design,
    *,
    sample: str = "short",
    name: str = "",
) -> Fields:
    """What fills in a design for a sample."""
    values = sample_values(organisation, public_url, sample=sample, name=name, design=design)
    return await fields_for(tx, design, values, organisation, language_of(sample))
