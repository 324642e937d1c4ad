"""Outgoing mail: by SMTP, or written as .eml files where no server is set."""

from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec

from laurel.base.errors import Unavailable
from laurel.base.ids import new_uid
from laurel.outside.clock import Clock

_SECONDS_MAX = 20


class Mail(msgspec.Struct, frozen=True):
    """A message to one address; `html` is the same said in HTML, for those who show it."""

    to: str
    subject: str
    text: str
    html: str | None = None
    headers: dict[str, str] = {}


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, mail: Mail) -> None:
        """Hand it over. Raises Unavailable when nobody takes it now."""
        ...


def written(mail: Mail, sender: str, clock: Clock) -> EmailMessage:
    """`mail` as it travels. Header injection is impossible: the library refuses line breaks in headers."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{new_uid()}@{sender.rpartition('@')[2].strip('>') or 'laurel'}>"
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message


class SmtpMailer:
    """Sends through the server of `url`: smtp://user:password@host:587 (STARTTLS when offered) or smtps://host:465."""

    def __init__(self, url: str, sender: str, clock: Clock) -> None:
        self._parts = urlsplit(url)
        self._sender = sender
        self._clock = clock

    async def send(self, mail: Mail) -> None:
        """One connection a mail."""
        parts = self._parts
        tls = parts.scheme == "smtps"
        try:
            await aiosmtplib.send(
                written(mail, self._sender, self._clock),
                hostname=parts.hostname,
                port=parts.port or (465 if tls else 587),
                username=unquote(parts.username) if parts.username else None,
                password=unquote(parts.password) if parts.password else None,
                use_tls=tls,
                timeout=_SECONDS_MAX,
            )
        except (aiosmtplib.SMTPException, OSError) as failure:
            raise Unavailable(f"the mail server did not take a message: {type(failure).__name__}") from None


class FileMailer:
    """The double: writes each mail as a .eml file into a directory, where a person can open it."""

    def __init__(self, directory: Path, sender: str, clock: Clock) -> None:
        self.directory = directory
        self._sender = sender
        self._clock = clock

    async def send(self, mail: Mail) -> None:
        """One file a mail, named so that they sort by time."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / f"{new_uid()}.eml"
        path.write_bytes(bytes(written(mail, self._sender, self._clock)))
