"""Outgoing mail: by SMTP, or written as .eml files where no server is set."""

import itertools
import re
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec

from laurel.base.errors import Invalid, Unavailable
from laurel.base.ids import new_uid
from laurel.outside.clock import Clock

_SECONDS_MAX = 20
_PERMANENT = 500
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_ADDRESS_SUBJECTS = frozenset({"0", "1", "2", "4"})
"""RFC 3463, 3: undefined, address, mailbox, routing to it."""


class AddressRefused(Invalid):
    """The mail server says that there is no such mailbox, and will say so tomorrow."""

    code = "address_refused"

    def __init__(self, status: str, diagnostic: str) -> None:
        super().__init__("the mail server says that this address takes no mail", field="email")
        self.status = status
        self.diagnostic = diagnostic


class MailDeferred(Unavailable):
    """The mail server takes nothing for this address now and may do so later."""


class InlinePicture(msgspec.Struct, frozen=True):
    """A picture that travels inside a mail and stands in its HTML as `cid:NAME`."""

    name: str
    media_type: str
    data: bytes


class Mail(msgspec.Struct, frozen=True):
    """A message to one address; `html` is the same said in HTML, for those who show it, with its `pictures`. `number` names it in its
    Message-ID and envelope, so that a report about it can be told whom it concerns.
    """

    to: str
    subject: str
    text: str
    html: str | None = None
    pictures: tuple[InlinePicture, ...] = ()
    headers: dict[str, str] = {}
    number: str = ""


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, mail: Mail) -> None:
        """Hand it over. Raises Unavailable when nobody takes it now (MailDeferred: for this address), AddressRefused."""
        ...


def written(mail: Mail, sender: str, clock: Clock) -> EmailMessage:
    """`mail` as it travels. Header injection is impossible: the library refuses line breaks in headers."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{mail.number or new_uid()}@{sender.rpartition('@')[2].strip('>') or 'laurel'}>"
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
        page = message.get_body(("html",))
        for one in mail.pictures:
            kind, _, form = one.media_type.partition("/")
            assert page is not None  # noqa: S101 - it was just added
            page.add_related(one.data, kind, form, cid=f"<{one.name}>", disposition="inline")
    return message


def _refusal(answer: aiosmtplib.SMTPRecipientRefused) -> Unavailable | AddressRefused:
    """What a mail server's answer to RCPT means (RFC 5321, 4.2.1; RFC 3463)."""
    found = _STATUS.search(answer.message)
    status = found[0] if found else str(answer.code)
    if answer.code >= _PERMANENT and is_about_address(status):
        return AddressRefused(status, " ".join(answer.message.split()))
    return MailDeferred(f"the mail server did not take a letter for an address now ({status})")


def is_about_address(status: str) -> bool:
    """Whether a permanent failure of this status lies with the address: not with the message, the system or a policy."""
    return status.startswith("5") and (status[1:2] != "." or status.split(".")[1] in _ADDRESS_SUBJECTS)


class SmtpMailer:
    """Sends through the server of `url`: smtp://user:password@host:587 (STARTTLS when offered) or smtps://host:465."""

    def __init__(self, url: str, sender: str, clock: Clock, bounce_address: str | None = None) -> None:
        self._parts = urlsplit(url)
        self._sender = sender
        self._clock = clock
        self._bounce_address = bounce_address

    def _envelope_sender(self, mail: Mail) -> str | None:
        """Where reports about this mail go: `bounces+NUMBER@…` says by itself which one it was."""
        if self._bounce_address is None:
            return None
        local, _, domain = self._bounce_address.rpartition("@")
        return f"{local}+{mail.number}@{domain}" if mail.number else self._bounce_address

    async def send(self, mail: Mail) -> None:
        """One connection a mail."""
        parts = self._parts
        tls = parts.scheme == "smtps"
        try:
            await aiosmtplib.send(
                written(mail, self._sender, self._clock),
                sender=self._envelope_sender(mail),
                hostname=parts.hostname,
                port=parts.port or (465 if tls else 587),
                username=unquote(parts.username) if parts.username else None,
                password=unquote(parts.password) if parts.password else None,
                use_tls=tls,
                timeout=_SECONDS_MAX,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _refusal(refused.recipients[0]) from None
        except (aiosmtplib.SMTPException, OSError) as failure:
            raise Unavailable(f"the mail server did not take a message: {type(failure).__name__}") from None


class FileMailer:
    """The double: writes each mail as a .eml file into a directory, where a person can open it."""

    def __init__(self, directory: Path, sender: str, clock: Clock) -> None:
        self.directory = directory
        self._sender = sender
        self._clock = clock
        self._numbers = itertools.count()

    async def send(self, mail: Mail) -> None:
        """One file a mail, named so that they sort by time, and within a second as they were written here."""
        self.directory.mkdir(parents=True, exist_ok=True)
        uid = new_uid()
        path = self.directory / f"{uid[:8]}-{next(self._numbers):06d}-{uid[8:]}.eml"
        path.write_bytes(bytes(written(mail, self._sender, self._clock)))
