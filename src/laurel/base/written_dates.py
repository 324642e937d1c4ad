"""Dates as languages write them: the same on pages, pictures and letters. Pure."""

from datetime import date

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "hi": "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}


def dated(day: date, language: str) -> str:
    """A date as the language writes it; English for languages that are not known."""
    base = language.split("-", 1)[0].lower()
    if base in {"ja", "zh"}:
        return f"{day.year}年{day.month}月{day.day}日"
    month = _MONTHS.get(base, _MONTHS["en"]).split()[day.month - 1]
    match base:
        case "de":
            return f"{day.day}. {month} {day.year}"
        case "es" | "pt":
            return f"{day.day} de {month} de {day.year}"
        case "fr":
            return f"{'1er' if day.day == 1 else day.day} {month} {day.year}"
        case _:
            return f"{day.day} {month} {day.year}"
