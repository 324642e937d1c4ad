"""From facts to a letter: a subject, plain text, and the same in HTML with everything escaped. Pure."""

from collections.abc import Mapping
from html import escape

import msgspec

from laurel.domain.letters import templates
from laurel.domain.letters.model import LetterTemplate
from laurel.domain.letters.wording import wording_in
from laurel.outside.mail import InlinePicture, Mail


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter is about. `action_url` is where its button leads; `stop_url` ends letters of this kind; `values` fill
    in the placeholders of an organisation's own words.
    """

    to: str
    language: str
    action_url: str
    name: str = ""
    recipient: str = ""
    issuer: str = ""
    day: str = ""
    greeting: str = ""
    colour: str = "#1b6b48"
    stop_url: str | None = None
    logo: InlinePicture | None = None
    reply_to: str | None = None
    values: Mapping[str, str] = {}


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter says, before it is written as a mail. `last` stands under the button."""

    language: str
    subject: str
    paragraphs: list[str]
    action: str
    last: list[str]
    stop: str


def worded(kind: str, facts: Facts, template: LetterTemplate | None = None) -> Letter:
    """The words of a letter of a kind (issued, expiring, link, invitation): the organisation's own, else the built-in ones."""
    language, words = wording_in(facts.language)
    said = {
        name: sentence.format(name=facts.name, issuer=facts.issuer, recipient=facts.recipient, day=facts.day)
        for name, sentence in words.items()
    }
    if template is None:
        subject = said[f"{kind}_subject"]
        paragraphs = [said[f"{kind}_lead"], *([facts.greeting] if facts.greeting else [])]
    else:
        subject = templates.filled_subject(template, facts.values)
        paragraphs = templates.paragraphs(template, facts.values)
    return Letter(
        language=language,
        subject=subject or said[f"{kind}_subject"],
        paragraphs=paragraphs,
        action=said[f"{kind}_action"],
        last=[said[f"{kind}_ignore"]] if kind in ("link", "invitation") else [],
        stop=said["stop"],
    )


def compose(kind: str, facts: Facts, template: LetterTemplate | None = None) -> Mail:
    """The letter of a kind as a mail. The button, and the way to stop such letters, are always in it."""
    letter = worded(kind, facts, template)
    text = "\n\n".join([*letter.paragraphs, f"{letter.action}:\n{facts.action_url}", *letter.last])
    if facts.stop_url:
        text += f"\n\n--\n{letter.stop}: {facts.stop_url}"
    headers = {"Auto-Submitted": "auto-generated"}
    if facts.stop_url:
        headers |= {"List-Unsubscribe": f"<{facts.stop_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if facts.reply_to:
        headers["Reply-To"] = facts.reply_to
    return Mail(
        to=facts.to,
        subject=letter.subject,
        text=text + "\n",
        html=_html(letter, facts),
        pictures=(facts.logo,) if facts.logo and facts.issuer else (),
        headers=headers,
    )


def _html(letter: Letter, facts: Facts) -> str:
    """One narrow column that every mail program shows: tables and inline styles, nothing loaded from anywhere: a logo comes along."""
    direction = "rtl" if letter.language == "ar" else "ltr"
    font = "font-family:system-ui,-apple-system,Segoe UI,Roboto,sans-serif;font-size:16px;line-height:1.5;color:#1d211f"
    lines = "".join(f'<p style="margin:0 0 16px">{_lines(text)}</p>' for text in letter.paragraphs)
    button = (
        f'<p style="margin:24px 0"><a href="{escape(facts.action_url)}" style="display:inline-block;padding:12px 22px;'
        f'border-radius:8px;background:{escape(facts.colour)};color:#ffffff;text-decoration:none;font-weight:600">'
        f"{escape(letter.action)}</a></p>"
    )
    after = "".join(f'<p style="margin:0 0 16px;color:#565e59">{escape(line)}</p>' for line in letter.last)
    foot = (
        f'<p style="margin:24px 0 0;font-size:13px"><a href="{escape(facts.stop_url)}" style="color:#565e59">'
        f"{escape(letter.stop)}</a></p>"
        if facts.stop_url
        else ""
    )
    logo = (
        f'<img src="cid:{escape(facts.logo.name)}" alt="" height="44" style="height:44px;max-width:160px;'
        'vertical-align:middle;margin-inline-end:12px">'
        if facts.logo
        else ""
    )
    head = f'<p style="margin:0 0 24px;font-weight:700">{logo}{escape(facts.issuer)}</p>' if facts.issuer else ""
    return (
        f'<!doctype html><html lang="{letter.language}" dir="{direction}"><body style="margin:0;background:#f6f5f1">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px">'
        '<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff;'
        f'border:1px solid #dedcd3;border-radius:12px"><tr><td style="padding:32px;{font}">{head}{lines}{button}{after}{foot}'
        "</td></tr></table></td></tr></table></body></html>\n"
    )


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.split("\n"))
