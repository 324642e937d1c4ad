"""What fills in a design that is only being looked at: people with short, long and foreign names. Pure."""

from collections.abc import Mapping

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
_TEXTS: Mapping[str, tuple[str, str, str, str, str, str]] = {
    "short": (
        "Ada Lovelace", "Analytical Engines", "For a first program, written before there was a machine to run it on.",
        "14 March 2026", "14 March 2028", "en",
    ),
    "long": (
        "Wolfeschlegelsteinhausenbergerdorff-Zimmermann, Maria Magdalena Theresia Freifrau von und zu",
        "Advanced interdisciplinary practice in the documentation and conservation of historical calculating machines",
        "For the complete programme of four terms with its examinations, its work in three museums, and a defended final paper.",
        "14 September 2026", "14 September 2028", "en",
    ),
    "arabic": ("فاطمة بنت محمد الفهري", "أساسيات علم الفلك", "لإتمام البرنامج واجتياز الاختبار النهائي.", "١٤ مارس ٢٠٢٦", "١٤ مارس ٢٠٢٨", "ar"),
    "japanese": ("清少納言・山田花子", "古典文学の基礎", "全課程を修了し、最終試験に合格したことを証します。", "2026年3月14日", "2028年3月14日", "ja"),
    "devanagari": ("आनंदीबाई गोपाळराव जोशी", "प्राथमिक उपचार", "पूरा पाठ्यक्रम और अंतिम परीक्षा उत्तीर्ण करने पर।", "14 मार्च 2026", "14 मार्च 2028", "hi"),
    "empty": ("Ada Lovelace", "Analytical Engines", "", "14 March 2026", "", "en"),
}  # fmt: skip


def language_of(sample: str) -> str:
    """The language of a sample."""
    return _TEXTS.get(sample, _TEXTS["short"])[5]


def sample_fields(
    organisation: Organisation, *, sample: str = "short", name: str = "", design: Design | None = None
) -> Fields:
    """A sample by its key (an unknown one is the first), of the achievement `name` where it is given; only of what the
    pages of credentials fill in (`drawn.fields_of`): a recipient's address is not among it.

    Attributes of `design` that no sample has (`[custom.grade]`) are shown as their name, so that their place is seen.
    """
    texts = _TEXTS.get(sample, _TEXTS["short"])
    person, title, description, issued_on, expired_on, language = texts
    values = {
        "recipient.name": person,
        "achievement.name": name or title,
        "achievement.description": description,
        "credential.issued_on": issued_on,
        "credential.expired_on": expired_on,
        "credential.url": "https://laurel.example/c/0123456789abcdef01234567",
        "credential.id": "0123456789abcdef01234567",
        "issuer.name": organisation.name,
        "issuer.url": organisation.url or "",
    }
    branding = organisation.settings.get("branding", {})
    for key in ("signatory", "signatory_title"):
        values[f"issuer.{key}"] = str(branding.get(key) or "") if isinstance(branding, dict) else ""
    if design is not None and sample != "empty":
        for attribute in attributes_of(design):
            if attribute.startswith("custom."):
                values.setdefault(attribute, attribute.removeprefix("custom.").replace("_", " "))
    return Fields(values={key: value[:1_900] for key, value in values.items()}, language=language)
