"""`laurel bounce`: a mail server's report about a letter, piped in."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from laurel.base.limits import BOUNCE_MESSAGE_BYTES_MAX
from laurel.cli.running import with_parts
from laurel.domain.letters import bounces
from laurel.domain.parts import Parts

_SENTENCES = {
    "noted": "Noted: no more letters go to this address until it is changed or cleared.",
    "deferred": "Nothing noted: the mail server goes on trying, or the failure does not lie with the address.",
    "unknown_letter": "Nothing noted: the report is about no letter of the last 30 days.",
    "address_changed": "Nothing noted: the person has another address by now.",
    "no_report": "Nothing noted: the message is no delivery report.",
}


def bounce(
    file: Annotated[Path, typer.Argument(help="The message; - is standard input, as a mail server pipes it.")] = Path(
        "-"
    ),
) -> None:
    """Take a delivery report (RFC 3464) as a mail server received it; anything else changes nothing."""
    if str(file) == "-":
        message = sys.stdin.buffer.read(BOUNCE_MESSAGE_BYTES_MAX + 1)
    else:
        with file.open("rb") as opened:
            message = opened.read(BOUNCE_MESSAGE_BYTES_MAX + 1)

    async def command(parts: Parts) -> None:
        outcome = await bounces.take_in(parts.database, message, pepper=parts.pepper, now=parts.clock.now())
        print(_SENTENCES[outcome])

    with_parts(command)
