"""A mail server on loopback that speaks SMTP: it keeps what it was handed, and refuses what a test tells it to."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import NamedTuple


class Handed(NamedTuple):
    """A message as it was handed over."""

    sender: str
    recipient: str
    message: EmailMessage


class MailServer:
    """`answers` says what RCPT gets by address; "250 fine" without."""

    def __init__(self) -> None:
        self.port = 0
        self.answers: dict[str, str] = {}
        self.handed: list[Handed] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = recipient = ""
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "MAIL":
                    sender, answer = rest[rest.index("<") + 1 : rest.index(">")], "250 fine"
                case "RCPT":
                    recipient = rest[rest.index("<") + 1 : rest.index(">")]
                    answer = self.answers.get(recipient, "250 fine")
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    data = await reader.readuntil(b"\r\n.\r\n")
                    message = email.message_from_bytes(data[:-3], policy=email.policy.default)
                    assert isinstance(message, EmailMessage)
                    self.handed.append(Handed(sender, recipient, message))
                    answer = "250 taken"
                case "QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    answer = "250 fine"
            writer.write(f"{answer}\r\n".encode())
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def a_mail_server() -> AsyncIterator[MailServer]:
    """One that listens inside the block."""
    server = MailServer()
    listening = await asyncio.start_server(server._talk, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


def a_report(number: str, *, status: str = "5.1.1", action: str = "failed", to: str = "bounces@example.org") -> bytes:
    """A delivery report about the letter with this number, as mail servers write them (RFC 3464)."""
    return f"""\
From: MAILER-DAEMON@mx.example.net
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

It could not be delivered.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; somebody@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such mailbox

--part
Content-Type: message/rfc822

From: laurel@example.org
Message-ID: <{number}@example.org>
Subject: Your credential

Body.

--part--
""".encode()
