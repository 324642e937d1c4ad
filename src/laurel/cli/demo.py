"""`laurel demo`: a university of its own in an empty embedded database, fed over HTTP, and what came of it."""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Annotated, Any

import httpx
import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from laurel.base import json_text
from laurel.base.ids import new_public_id, new_secret
from laurel.cli import simulation
from laurel.cli.endings import Exit, end
from laurel.cli.running import console, settings_of_command
from laurel.outside.clock import SystemClock
from laurel.outside.ports import check_port
from laurel.settings import Settings, hand_down

_BATCH = 2_000
_IN_FLIGHT = 3
_START_SECONDS_MAX = 60
_SEED = 1815


def demo(
    people: Annotated[int, typer.Option(min=1, max=100_000)] = 2_000,
    events: Annotated[int, typer.Option(min=1, max=5_000_000)] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed tells the same story.")] = _SEED,
    keep: Annotated[bool, typer.Option(help="Keep serving afterwards, until Ctrl-C.")] = True,
) -> None:
    """Simulate a university over HTTP in a database of its own (LAUREL_DATA_DIR/demo), and show what was earned."""
    settings = settings_of_command()
    directory = settings.data_dir / "demo"
    if (directory / "postgres" / "PG_VERSION").exists():
        end(Exit.REFUSED, f"{directory} holds a demo already; remove it, or serve it with LAUREL_DATA_DIR={directory}.")
    check_port(settings.host, settings.port)
    key = f"lrl_{new_public_id()}_{new_secret()}"
    demo_settings = msgspec.structs.replace(
        settings, data_dir=directory, database_url=None, bootstrap_key=key, log_level="warning"
    )
    with _served(demo_settings) as server:
        try:
            asyncio.run(_tell(demo_settings.public_url, key, people, events, seed))
            if keep:
                console.print("\nStill serving; stop it with Ctrl-C.")
                server.wait()
        except KeyboardInterrupt:
            console.print("Stopping.")


@contextmanager
def _served(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`laurel serve` in a process of its own, answering, stopped on the way out."""
    hand_down(settings)
    command = [sys.executable, "-c", "from laurel.cli import main; main()", "serve"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        _await_answer(settings.public_url, server)
        yield server
    finally:
        server.terminate()
        server.wait(timeout=settings.stop_seconds + 30)


def _await_answer(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while time.monotonic() < deadline:
        if server.poll() is not None:
            end(Exit.UNAVAILABLE, "the server ended before it answered; what it said stands above.")
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code in (200, 503):
                return
        except httpx.TransportError:
            time.sleep(0.1)
    end(Exit.UNAVAILABLE, f"the server did not answer within {_START_SECONDS_MAX} s.")


async def _tell(url: str, key: str, people: int, events: int, seed: int) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as api:
        await _write(api, "PATCH", "/api/v1/organisation", {"name": "Harbour University"})
        prize = await _write(
            api, "POST", "/api/v1/rewards", {"name": "Jacket of the harbour", "status": "live", "assets_supply": 50}
        )
        names = await _define(api, prize["id"])
        password = new_secret()[:16]
        account = {"email": "dean@harbour.example", "name": "The dean", "role": "admin", "password": password}
        await _write(api, "POST", "/api/v1/accounts", account)
        await _enrol(api, people)
        unlocked, seconds = await _stream(api, people, events, seed)
        _show_earned(names, unlocked, people)
        rate = f"{events / seconds:,.0f} events a second" if seconds else ""
        console.print(f"\n{events:,} events of {people:,} people in {seconds:.1f} s: {rate}.")
        await _show_supply(api, prize["id"])
        console.print(f"\nConsole  {url}/console   {account['email']}   password {password}")
        await _show_links(api, url, key)


async def _write(api: httpx.AsyncClient, method: str, path: str, body: dict[str, Any]) -> Any:
    answer = await api.request(method, path, json=body)
    if answer.is_error:
        end(Exit.REFUSED, f"{method} {path} was refused: {answer.text}")
    return answer.json()


async def _define(api: httpx.AsyncClient, prize: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for definition in simulation.definitions(prize):
        made = await _write(api, "POST", "/api/v1/achievements", {**definition, "status": "live"})
        names[made["id"]] = made["name"]
    courses = [uid for uid, name in names.items() if name.startswith("Certificate")]
    made = await _write(api, "POST", "/api/v1/achievements", {**simulation.diploma(courses), "status": "live"})
    return {**names, made["id"]: made["name"]}


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TaskProgressColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console)


async def _enrol(api: httpx.AsyncClient, people: int) -> None:
    """The students by name, so that certificates have one."""
    with _progress() as progress:
        task = progress.add_task("Students", total=people)
        gate = asyncio.Semaphore(_IN_FLIGHT * 4)

        async def enrol(number: int) -> None:
            first, last = simulation.person_name(number)
            body = {"email": f"student{number + 1}@harbour.example", "first_name": first, "last_name": last}
            async with gate:
                await _write(api, "POST", "/api/v1/people", body)
            progress.advance(task)

        await asyncio.gather(*(enrol(number) for number in range(people)))


async def _stream(api: httpx.AsyncClient, people: int, events: int, seed: int) -> tuple[Counter[str], float]:
    """How often each achievement was unlocked, and how long it took."""
    unlocked: Counter[str] = Counter()
    story = simulation.events(people, events, seed, SystemClock().now())
    started = time.perf_counter()
    with _progress() as progress:
        task = progress.add_task("Events  ", total=events)

        async def send() -> None:
            while batch := list(islice(story, _BATCH)):
                lines = b"\n".join(json_text.encode(event) for event in batch)
                headers = {"Content-Type": "application/x-ndjson"}
                answer = await api.post("/api/v1/events", content=lines, headers=headers)
                if answer.is_error or answer.json()["refused"]:
                    end(Exit.REFUSED, f"events were refused: {answer.text[:500]}")
                for result in answer.json()["results"]:
                    unlocked.update(award["achievement"] for award in result.get("unlocked", ()))
                progress.advance(task, len(batch))

        await asyncio.gather(*(send() for _ in range(_IN_FLIGHT)))
    return unlocked, time.perf_counter() - started


def _show_earned(names: dict[str, str], unlocked: Counter[str], people: int) -> None:
    table = Table(title="What was earned")
    table.add_column("achievement")
    table.add_column("awards", justify="right")
    table.add_column("per 100 people", justify="right")
    for uid, name in names.items():
        table.add_row(name, f"{unlocked[uid]:,}", f"{100 * unlocked[uid] / people:.1f}")
    console.print(table)


async def _show_supply(api: httpx.AsyncClient, prize: str) -> None:
    reward = (await api.get(f"/api/v1/rewards/{prize}")).json()
    (supply,) = reward["supply"]
    console.print(
        f"{reward['name']}: {supply['granted']} of {supply['total']} given out, {supply['remaining']} left; "
        "whoever came later got the points and no jacket."
    )


async def _show_links(api: httpx.AsyncClient, url: str, key: str) -> None:
    console.print(f"API key  {key}\nTry it   {url}/docs")
    people = (await api.get("/api/v1/people", params={"limit": 200})).json()["items"]
    for person in people:
        awards = (await api.get(f"/api/v1/people/{person['id']}/awards")).json()["items"]
        credential = next((award["credential"] for award in awards if award["credential"]), None)
        if credential is not None:
            console.print(f"A credential  {url}/c/{credential}")
            console.print(
                f"Its holder    curl -s {url}/api/v1/people/{person['id']}/progress -H 'Authorization: Bearer …'"
            )
            return
