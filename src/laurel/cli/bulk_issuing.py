"""The command that issues in bulk, in as many processes as there are processors.

Python works on one processor at a time. Each process takes batches that no other has taken; they meet at the lock of the
organisation's log only. Whoever is killed leaves its batch as it was, to the others or to the next start.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from threading import Event, Thread
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from laurel.base.ids import OrganisationId
from laurel.cli.running import OrganisationOption, console, with_organisation
from laurel.database.pool import Transaction
from laurel.domain.credentials import store
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.record_events import issue_waiting

PROCESSES_MAX: Final = 32
WORTH_A_PROCESS: Final = 5_000
"""So many credentials take one process about as long as another takes to start."""
_STANDARD_INPUT: Final = 0


def issue(
    organisation: OrganisationOption = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=PROCESSES_MAX, help="How many sign at once; one a processor if not given.")
    ] = None,
    beside: Annotated[bool, typer.Option("--beside", hidden=True)] = False,
) -> None:
    """Sign and publish every credential that waits; may be interrupted and started again."""

    async def command(parts: Parts, found: Organisation) -> None:
        waiting = await _count(parts, found.id, store.count_waiting)
        wanted = processes or min(os.cpu_count() or 1, PROCESSES_MAX, 1 + waiting // WORTH_A_PROCESS)
        stopping = Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        columns = (TextColumn("Issuing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("Issuing", total=waiting)
            total = await issue_together(
                parts, found, wanted, on_progress=lambda done: progress.advance(task, done), stopping=stopping
            )
        left = await _count(parts, found.id, store.count_waiting)
        refused = await _count(parts, found.id, store.count_refused)
        print(f"Dealt with {total}; {left} wait, {refused} cannot be signed as they are.")

    with_organisation(organisation, _issue_beside if beside else command)


async def issue_together(
    parts: Parts, organisation: Organisation, processes: int, *, on_progress: Callable[[int], None], stopping: Event
) -> int:
    """Sign everything that waits in this process and in others beside it; how many were dealt with. Set `stopping`, and each
    process ends after its batch.
    """
    if processes == 1:
        return await issue_waiting.issue_all(
            parts.issuer, organisation.id, on_progress=on_progress, is_stopping=stopping.is_set
        )
    others = [await _start_beside(organisation) for _ in range(processes - 1)]
    total = 0

    def count(done: int) -> None:
        nonlocal total
        total += done
        on_progress(done)

    async def own() -> None:
        await issue_waiting.issue_share(parts.issuer, organisation.id, on_progress=count, is_stopping=stopping.is_set)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(own())
            for other in others:
                group.create_task(_follow(other, count, stopping))
    finally:
        await _end(others)
    await own()  # what one took that was killed is free again only now
    return total


async def _start_beside(organisation: Organisation) -> Process:
    """Another process of this command. It ends when nothing waits, or when its input does: with this one, however this ends."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "laurel.cli", "issue", "--beside", "--organisation", organisation.uid,
        stdin=PIPE, stdout=PIPE, start_new_session=True,  # so that Ctrl-C is for this one to hear
    )  # fmt: skip


async def _follow(other: Process, count: Callable[[int], None], stopping: Event) -> None:
    """Count what another process says it has done; have it stop when this one does."""
    assert other.stdin is not None  # noqa: S101 - asked for above
    assert other.stdout is not None  # noqa: S101 - asked for above
    async for line in other.stdout:
        count(int(line))
        if stopping.is_set():
            other.stdin.close()
    if await other.wait():
        console.print(f"A process that signed has ended with {other.returncode}; what it had not done is done here.")


async def _end(others: Sequence[Process]) -> None:
    for other in others:
        if other.stdin is not None:
            other.stdin.close()
    await asyncio.gather(*(other.wait() for other in others))


async def _issue_beside(parts: Parts, organisation: Organisation) -> None:
    """What another process does: sign, and say how many after each batch."""
    stopping = Event()
    Thread(target=_await_end_of_input, args=(stopping,), daemon=True).start()
    await issue_waiting.issue_share(
        parts.issuer,
        organisation.id,
        on_progress=lambda done: print(done, flush=True),
        is_stopping=stopping.is_set,
    )


def _await_end_of_input(stopping: Event) -> None:
    while os.read(_STANDARD_INPUT, 1):  # not sys.stdin: its lock would be held when this process ends by itself
        pass
    stopping.set()


async def _count(
    parts: Parts, organisation_id: OrganisationId, counted: Callable[[Transaction], Awaitable[int]]
) -> int:
    async with parts.database.transaction(organisation_id) as tx:
        return await counted(tx)
