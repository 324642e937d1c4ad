"""`laurel verify`: a verdict for people, and an exit code for scripts."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from laurel.base import limits
from laurel.cli.endings import Exit, end
from laurel.cli.running import console, opened, settings_of_command
from laurel.domain.verification.verifier import Verifier
from laurel.openbadges.verdict import Outcome, Verdict
from laurel.outside import logs
from laurel.outside.clock import SystemClock
from laurel.outside.http import GuardedHttp
from laurel.settings import Settings

_MARKS = {
    Outcome.PASSED: ("+", "green"),
    Outcome.FAILED: ("x", "bold red"),
    Outcome.UNKNOWN: ("?", "yellow"),
    Outcome.NOTED: ("i", "cyan"),
}


def verify(
    credential: Annotated[str, typer.Argument(help="A file (JSON, JWT, PNG, SVG), - for standard input, or https://…")],
    recipient: Annotated[list[str] | None, typer.Option(help="An e-mail address that it should be about.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Say whether a credential is genuine, whoever issued it, and how far that can be known."""
    settings = settings_of_command()
    verdict = asyncio.run(_verdict(credential, tuple(recipient or ()), settings))
    if as_json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(verdict), indent=2, ensure_ascii=False) + "\n")
    else:
        _show(verdict)
    if verdict.verified:
        return
    outcomes = {check.outcome for check in verdict.checks}
    raise typer.Exit(Exit.NOT_GENUINE if Outcome.FAILED in outcomes else Exit.NOT_KNOWN)


async def _verdict(credential: str, recipients: tuple[str, ...], settings: Settings) -> Verdict:
    """Where there is a database, what this server itself publishes is read from it; others are asked by HTTP."""
    if settings.database_url is None and not settings.data_dir.exists():
        http = GuardedHttp(settings.outgoing_networks)
        try:
            return await _decide(Verifier(http, SystemClock(), settings.public_url), credential, recipients)
        finally:
            await http.close()
    from laurel.application import surfaces
    from laurel.web.server import create_web

    logs.configure(level="warning", coloured=False)  # what is read from this server itself is no request to it
    async with opened(settings) as parts:
        create_web(parts, surfaces(settings))
        return await _decide(parts.verifier, credential, recipients)


async def _decide(verifier: Verifier, credential: str, recipients: tuple[str, ...]) -> Verdict:
    if credential.startswith(("https://", "http://")):
        return await verifier.verify_url(credential, recipients=recipients)
    return await verifier.verify(_read(credential), recipients=recipients)


def _read(credential: str) -> bytes:
    enough = max(limits.IMAGE_BYTES_MAX, limits.DOCUMENT_BYTES_MAX) + 1
    if credential == "-":
        return sys.stdin.buffer.read(enough)
    try:
        with Path(credential).open("rb") as file:
            return file.read(enough)
    except OSError as failure:
        end(Exit.REFUSED, f"cannot read {credential}: {failure.strerror}.")


def _show(verdict: Verdict) -> None:
    heading = ("GENUINE", "bold green") if verdict.verified else ("NOT VERIFIED", "bold red")
    console.print(Text.assemble(heading, f"  {_plain(verdict.standard) or 'nothing known'}"))
    for label, value in (("name", _name(verdict.credential)), ("issuer", verdict.issuer), ("key", verdict.key)):
        if value:
            console.print(Text(f"  {label:<8}{_plain(value)}"), soft_wrap=True)
    for check in verdict.checks:
        mark, style = _MARKS[check.outcome]
        line = Text.assemble((f"  {mark} ", style), f"{check.name}: {_plain(check.detail)}")
        if check.path and check.outcome is not Outcome.PASSED:
            line.append(f"  ({_plain(check.path)})", "dim")
        console.print(line, soft_wrap=True)
    console.print(Text(verdict.trust), soft_wrap=True)


def _name(credential: dict[str, Any] | None) -> str:
    document = credential or {}
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    name = document.get("name") or (achievement.get("name") if isinstance(achievement, dict) else None)
    return name if isinstance(name, str) else ""


def _plain(text: str) -> str:
    """Foreign text without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text[:500])
