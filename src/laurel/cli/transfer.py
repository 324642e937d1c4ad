"""Commands that carry data out and in: export, import."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from laurel.base.errors import Invalid
from laurel.base.times import parse_time
from laurel.cli.endings import Exit, end
from laurel.cli.running import OrganisationOption, console, with_organisation
from laurel.domain.exports import store as exports
from laurel.domain.exports.model import ENDINGS, ExportFilter, Format, Subject
from laurel.domain.exports.stream import check, stream
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.people import registry
from laurel.domain.wallet.learner_record import record_of

_COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
)


def progress_bar() -> Progress:
    """A bar on standard error, so that what is piped stays clean."""
    from rich.console import Console

    return Progress(*_COLUMNS, console=Console(stderr=True))


def export(
    subject: Annotated[str, typer.Argument(help="awards, credentials, events, people, or clr.")],
    file: Annotated[Path, typer.Argument(help="Where to; its ending may say the format. - is standard output.")],
    organisation: OrganisationOption = None,
    chosen: Annotated[
        str | None, typer.Option("--format", help="csv, jsonl, xapi or parquet; by the file's ending without.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only what changed then or later (events: was recorded): 2026-01-31T00:00:00Z.")
    ] = None,
    person: Annotated[
        str | None, typer.Option(help="For clr: whose record; an id, e-mail address or external id.")
    ] = None,
) -> None:
    """Write everything of one kind to a file, in the order it changed; or one person's signed learner record (clr)."""
    if subject == "clr":
        _export_record(file, person, organisation)
        return
    wanted_subject, wanted_format = _choice(subject, file, chosen)
    wanted = ExportFilter(since=_instant(since))
    check(wanted_subject, wanted_format, wanted)

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            total = await exports.estimate(tx, wanted_subject, wanted)
        with progress_bar() as bar:
            task = bar.add_task(f"exporting {wanted_subject}", total=total)
            with _opened(file) as out:
                async for rows, part in stream(
                    parts.database, found.id, wanted_subject, wanted_format, wanted, parts.public_url
                ):
                    out.write(part)
                    bar.advance(task, rows)
            count = int(bar.tasks[task].completed)
        if str(file) != "-":
            console.print(f"Wrote {count} {wanted_subject} to {file}.")

    with_organisation(organisation, command)


def _export_record(file: Path, person: str | None, organisation: str | None) -> None:
    if person is None:
        end(Exit.USAGE, "say whose record with --person.")

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            record = await record_of(parts.issuer, tx, await registry.named(tx, person), parts.clock.now())
        with _opened(file) as out:
            out.write(record)
        if str(file) != "-":
            console.print(f"Wrote the record to {file}.")

    with_organisation(organisation, command)


def _opened(file: Path) -> typer.FileBinaryWrite:
    import sys
    from contextlib import nullcontext

    if str(file) == "-":
        return nullcontext(sys.stdout.buffer)  # type: ignore[return-value] # a context manager over a binary file
    try:
        return file.open("wb")  # type: ignore[return-value] # a binary file is its own context manager
    except OSError as failure:
        end(Exit.REFUSED, f"cannot write {file}: {failure.strerror}.")


def _choice(subject: str, file: Path, chosen: str | None) -> tuple[Subject, Format]:
    known = next((one for one in get_args(Subject) if one == subject), None)
    if known is None:
        end(Exit.USAGE, f"{subject} cannot be exported; it must be one of {', '.join(get_args(Subject))}.")
    by_ending = next(
        (ENDINGS[ending] for ending in sorted(ENDINGS, key=len, reverse=True) if file.name.endswith(f".{ending}")),
        "jsonl",
    )
    form = next((one for one in get_args(Format) if one == (chosen or by_ending)), None)
    if form is None:
        raise Invalid("format must be csv, jsonl, xapi or parquet", field="format", value=chosen)
    return known, form


def _instant(text: str | None) -> datetime | None:
    return parse_time(text, "since") if text else None
