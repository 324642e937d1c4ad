"""Commands that take data in from files: events, and credentials that other products issued."""

import io
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from laurel.base import json_text
from laurel.base.errors import Conflict, LaurelError
from laurel.base.ids import new_uuid
from laurel.base.limits import IMPORT_BADGE_FILE_BYTES_MAX
from laurel.cli.endings import Exit, end
from laurel.cli.running import OrganisationOption, console, with_organisation
from laurel.domain.imports import credential_files, event_rows, into_spine, moving_in, records
from laurel.domain.imports.into_spine import Outcome, Take
from laurel.domain.imports.model import FileUnreadable, Found, Mapping, Record, Rejected, Tally
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.statements import record as statements
from laurel.domain.statements.model import NewStatement
from laurel.openbadges import baking
from laurel.web.standards.xapi_check import check_statement
from laurel.web.standards.xapi_events import new_statement

imports = typer.Typer(no_args_is_help=True, help="Take data in from files.")
FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
_PICTURES = (".png", ".svg")
_SHOWN_MAX = 10


def _bar() -> Progress:
    from rich.console import Console

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


# -------------------------------------------------------------------------------------------------------------- events
@imports.command("events")
def import_events(
    file: FileArgument,
    organisation: OrganisationOption = None,
    form: Annotated[
        str | None, typer.Option("--format", help="csv, jsonl or xapi; found out by the file without.")
    ] = None,
    create_people: Annotated[
        bool, typer.Option(help="Make people for external ids and addresses that nobody has.")
    ] = True,
    quiet: Annotated[bool, typer.Option(help="Notify nobody of what is earned.")] = False,
) -> None:
    """Record the events of a file. Run it again after an interruption: it goes on where it was, and nothing counts twice.

    What cannot be taken is written to FILE.rejected.jsonl with the reason; everything else is recorded.
    """
    chosen = form or _form_of(file)
    if chosen not in {"csv", "jsonl", "xapi"}:
        end(Exit.USAGE, f"{chosen} is not a format: csv, jsonl or xapi.")

    async def command(parts: Parts, found: Organisation) -> None:
        now = parts.clock.now()
        with file.open("rb") as opened, _bar() as bar:
            task = bar.add_task(f"importing {file.name}", total=max(1, file.stat().st_size))
            journal = _Journal(file, lambda position: bar.update(task, completed=position))
            listed, take = _source(parts, found, chosen, opened, file.name, create_people=create_people, quiet=quiet)
            rest = islice(listed, journal.tally.records, None)
            tally = await into_spine.take_all(rest, take, now, tally=journal.tally, on_batch=journal.note)
        journal.finish()
        console.print(
            f"{tally.records} records: {tally.taken} taken, {tally.replayed} known already, {tally.rejected} rejected."
        )
        if tally.rejected:
            console.print(f"Why the rejected ones were not taken stands in {journal.rejects}.")
            raise typer.Exit(Exit.REFUSED)

    with_organisation(organisation, command)


def _form_of(file: Path) -> str:
    if file.suffix.lower() in {".csv", ".tsv"}:
        return "csv"
    with file.open("rb") as opened:
        records.check_encoding(opened.read(4096), file.name)
        opened.seek(0)
        first = next(records.read_json_lines(opened, file.name), None)
    return "xapi" if first is not None and {"actor", "verb"} <= first.values.keys() else "jsonl"


def _source(
    parts: Parts, found: Organisation, form: str, opened: BinaryIO, name: str, *, create_people: bool, quiet: bool
) -> tuple[Iterator[Record], Take[Any]]:
    """The records of the file, and what is done with one."""
    if form == "xapi":
        return records.read_json_lines(opened, name), Take(_statement(parts), _statements_into(parts, found))
    write = into_spine.events_into(parts.spine, found.id, create_people=create_people, quiet=quiet)
    if form == "jsonl":
        return records.read_json_lines(opened, name), Take(event_rows.from_json, write)
    columns, listed = records.read_csv(opened, name)
    event_rows.check_columns(columns)
    return listed, Take(event_rows.from_csv, write)


def _statement(parts: Parts) -> Callable[[Record, datetime], NewStatement]:
    def parse(one: Record, now: datetime) -> NewStatement:
        check_statement(one.values, "statement")
        return new_statement(
            one.values,
            str(one.values.get("id") or new_uuid()).lower(),
            now=now,
            field="statement",
            home_page=parts.public_url,
            authority="import",
        )

    return parse


def _statements_into(parts: Parts, found: Organisation) -> Callable[[Sequence[NewStatement]], Awaitable[list[Outcome]]]:
    async def write(new: Sequence[NewStatement]) -> list[Outcome]:
        """All at once; one by one when one of them is refused."""
        unique = list({one.id: one for one in new}.values())
        try:
            await statements.record(parts.spine, found.id, unique)
        except LaurelError:
            return [await _alone(one) for one in new]
        return ["accepted"] * len(new) if len(unique) == len(new) else [await _alone(one) for one in new]

    async def _alone(one: NewStatement) -> Outcome:
        try:
            await statements.record(parts.spine, found.id, [one])
        except LaurelError as refused:
            return refused
        return "accepted"

    return write


class _Journal:
    """How far an import came, kept beside the file until it is done; and the file of what was rejected."""

    def __init__(self, file: Path, on_position: Callable[[int], None]) -> None:
        self._path = file.with_name(f"{file.name}.progress")
        self.rejects = file.with_name(f"{file.name}.rejected.jsonl")
        self._on_position = on_position
        self._size = file.stat().st_size
        self.tally = self._earlier()
        if not self.tally.records:
            self.rejects.unlink(missing_ok=True)

    def _earlier(self) -> Tally:
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=dict[str, int])
        except (FileNotFoundError, msgspec.DecodeError):
            return Tally()
        if kept.pop("size", None) != self._size:
            raise Conflict(f"{self._path.name} is of another {self._path.stem}: remove it to begin anew")
        return msgspec.convert(kept, Tally)

    def note(self, tally: Tally, rejected: Sequence[Rejected], position: int) -> None:
        """After a batch: rejected records first, so that none is lost between the two files."""
        if rejected:
            with self.rejects.open("ab") as file:
                file.writelines(json_text.encode(one) + b"\n" for one in rejected)
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.write_bytes(msgspec.json.encode({**msgspec.structs.asdict(tally), "size": self._size}))
        fresh.replace(self._path)
        self._on_position(position)

    def finish(self) -> None:
        """The journal is not needed any more."""
        self._path.unlink(missing_ok=True)


# --------------------------------------------------------------------------------------------------------- credentials
@imports.command("credentials")
def import_credentials(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)],
    organisation: OrganisationOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without, only say what would be done.")] = False,
) -> None:
    """Take over credentials that another product issued: an Accredible CSV export, Open Badges 2.0 or 3.0 files (JSON,
    lists and lines of JSON, baked PNG and SVG).

    Without --apply nothing is changed: what maps to what, what is new and what cannot be taken is shown. Each credential is
    taken once, however often.
    """
    found: list[Found] = []
    rejected: list[tuple[str, Rejected]] = []
    for file in files:
        mapping, taken, refused = read_credentials(file)
        _show_mapping(file, mapping)
        found += taken
        rejected += [(file.name, one) for one in refused]

    async def command(parts: Parts, chosen: Organisation) -> None:
        planned = await moving_in.plan(parts.spine, chosen.id, found)
        console.print(
            f"{len(found)} credentials can be read: {planned.new} new, {planned.known} taken over before; "
            f"{planned.people_new} people and {len(planned.achievements_new)} achievements would be made."
        )
        for name in planned.achievements_new[:_SHOWN_MAX]:
            console.print(f"  new achievement: {name}", markup=False)
        _show_rejected(rejected)
        if not apply:
            console.print("Nothing was changed. Say --apply to take them over.")
        else:
            count = await _take_over(parts, chosen, found)
            console.print(f"Took over {count} credentials.")
        if rejected:
            raise typer.Exit(Exit.REFUSED)

    with_organisation(organisation, command)


async def _take_over(parts: Parts, chosen: Organisation, found: Sequence[Found]) -> int:
    count = 0
    with _bar() as bar:
        task = bar.add_task("taking over", total=max(1, len(found)))
        for start in range(0, len(found), moving_in.BATCH):
            batch = found[start : start + moving_in.BATCH]
            count += await moving_in.take_over(parts.spine, chosen.id, batch)
            bar.advance(task, len(batch))
    return count


def _show_mapping(file: Path, mapping: Mapping | None) -> None:
    if mapping is None:
        return
    table = Table("column", "becomes", title=file.name)
    for column, field in mapping.used:
        table.add_row(column, field)
    for column in mapping.custom:
        table.add_row(column, f"custom.{column}")
    for column in mapping.ignored:
        table.add_row(column, "(nothing)")
    console.print(table)


def _show_rejected(rejected: Sequence[tuple[str, Rejected]]) -> None:
    for name, one in rejected[:_SHOWN_MAX]:
        where = f" {one.field}:" if one.field else ""
        console.print(f"  {name} record {one.record}:{where} {one.reason}", markup=False)
    if len(rejected) > _SHOWN_MAX:
        console.print(f"  … and {len(rejected) - _SHOWN_MAX} more that cannot be taken.")


def read_credentials(file: Path) -> tuple[Mapping | None, list[Found], list[Rejected]]:
    """(what the columns become, credentials, what cannot be taken). Raises FileUnreadable."""
    if file.suffix.lower() == ".csv":
        with file.open("rb") as opened:
            columns, listed = records.read_csv(opened, file.name)
            mapping = credential_files.mapping_of(columns, file.name)
            found, rejected = _sorted_out(listed, lambda values: credential_files.from_accredible(values, mapping))
        return mapping, found, rejected
    found, rejected = _sorted_out(_badges(file), credential_files.from_badge)
    return None, found, rejected


def _sorted_out(
    listed: Iterator[Record], parse: Callable[[dict[str, Any]], Found]
) -> tuple[list[Found], list[Rejected]]:
    found: list[Found] = []
    rejected: list[Rejected] = []
    for one in listed:
        if one.wrong is not None:
            rejected.append(Rejected(one.number, one.wrong, None, one.values))
            continue
        try:
            found.append(parse(one.values))
        except LaurelError as refused:
            rejected.append(Rejected(one.number, refused.message, refused.field, one.values))
    return found, rejected


def _badges(file: Path) -> Iterator[Record]:
    """The badge documents in a file: one, a list of them, one a line, or one baked into a picture."""
    if file.stat().st_size > IMPORT_BADGE_FILE_BYTES_MAX:
        raise FileUnreadable(
            f"{file.name} is over {IMPORT_BADGE_FILE_BYTES_MAX} bytes", field="file", limit=IMPORT_BADGE_FILE_BYTES_MAX
        )
    content = file.read_bytes()
    if file.suffix.lower() in _PICTURES:
        baked = baking.extract(content)
        if baked is None:
            raise FileUnreadable(f"{file.name} has no badge baked into it", field="file")
        content = baked.text.encode()
    records.check_encoding(content[:4096], file.name)
    try:
        documents = json_text.decode(content)
    except (ValueError, RecursionError):
        yield from records.read_json_lines(io.BytesIO(content), file.name)
        return
    if isinstance(documents, dict):
        documents = documents.get("@graph", [documents])
    for number, document in enumerate(documents if isinstance(documents, list) else [documents], start=1):
        if isinstance(document, dict):
            yield Record(number, document)
        else:
            yield Record(number, {}, "it is not a JSON object")
