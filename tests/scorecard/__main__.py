"""Runs the figures of the scorecard, each once as it is and once in a build with each of its planted bugs.

A figure counts only when it holds and every one of its controls fails. `python -m tests.scorecard R8 R10` runs those alone.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.support.planted.bugs import BUGS

ROOT = Path(__file__).parents[2]
PLANTED = ROOT / "tests" / "support" / "planted"
PASSED, FAILED = 0, 1


class Figure(NamedTuple):
    """What shows it, and the bugs that it must notice (each with the tests that have to fail, when not all of it).

    holds_with: builds in which it must hold as well, because another lock is on the door. always: changed in every run.
    """

    title: str
    tests: tuple[str, ...]
    controls: dict[str, tuple[str, ...]]
    holds_with: tuple[str, ...] = ()
    always: str = ""


HERE = "tests/scorecard"
ONCE = "tests/campaign/test_once_whatever_happens.py"
APART = "tests/campaign/test_tenants_apart.py::test_a_foreign_id_is_indistinguishable_from_an_absent_one"

FIGURES: dict[str, Figure] = {
    "C4": Figure(
        "credentials and their changes before published verifiers (needs Node.js and npm)",
        (f"{HERE}/foreign_verifiers.py",),
        {"member-left-unsigned": ()},
    ),
    "R1": Figure(
        "servers killed while events stream in",
        (f"{HERE}/crashes.py",),
        {"acknowledge-before-commit": ()},
    ),
    "R2": Figure(
        "the database's files as they are when the power goes",
        (f"{HERE}/power_cuts.py::test_what_was_acknowledged_is_in_the_files_when_the_power_goes",),
        {"unsynchronised-commits": ()},
    ),
    "R3": Figure(
        "a primary that fails and a standby that takes its place",
        (f"{HERE}/failovers.py::test_failovers_lose_nothing_that_was_acknowledged",),
        {"asynchronous-standby": ()},
    ),
    "R4": Figure(
        "more claims than there is supply",
        (f"{HERE}/scarce_supply.py",),
        {"supply-read-then-written": ()},
    ),
    "R5": Figure(
        "one key in fifty hands",
        (
            f"{ONCE}::test_one_idempotency_key_in_fifty_hands_has_one_effect",
            f"{ONCE}::test_one_event_key_in_fifty_hands_counts_once",
        ),
        {"key-stored-afterwards": ()},
    ),
    "R6": Figure(
        "webhooks while their sender is killed and the receiver fails",
        (f"{HERE}/webhooks_under_fire.py",),
        {"id-made-per-attempt": (), "delivered-when-claimed": ()},
        always="hurried-retries",
    ),
    "R7": Figure("a full disk", ("tests/processes/test_full_disk.py",), {"swallowed-error": ()}),
    "R8": Figure(
        "a bad network between server and database",
        (f"{HERE}/bad_network.py",),
        {
            "no-time-outs": (f"{HERE}/bad_network.py::test_connections_that_fall_silent_are_given_up",),
            "acknowledge-before-commit": (f"{HERE}/bad_network.py::test_a_bad_network_loses_and_doubles_nothing",),
        },
    ),
    "R9": Figure("clocks that jump", (ONCE,), {"machine-clock": ()}),
    "R10": Figure(
        "lives of an organisation in which any statement may fail",
        (f"{HERE}/faults_at_each_statement.py",),
        dict.fromkeys(
            (
                "commit-what-failed",
                "replays-count",
                "other-body-is-a-replay",
                "late-events-join-the-newest-period",
                "levels-skipped",
                "prerequisites-forgotten",
                "balance-replaced",
                "one-message-for-many",
            ),
            (),
        ),
    ),
    "S1": Figure(
        "probes with ids of another organisation",
        (APART,),
        {"no-row-security,filter-of-people-dropped": (), "no-row-security,filter-of-webhooks-dropped": ()},
        holds_with=("no-row-security", "filter-of-people-dropped"),
    ),
    "S2": Figure(
        "row-level security",
        ("tests/web/test_tenants.py", f"{HERE}/interleaved_tenants.py"),
        {"no-force": ("tests/web/test_tenants.py",), "sticky-organisation": (f"{HERE}/interleaved_tenants.py",)},
    ),
    "S9": Figure("canaries in logs and metrics", ("tests/processes/test_no_secrets_leak.py",), {"path-in-the-log": ()}),
    "S10": Figure("an erased person", ("tests/domain/test_erasure.py",), {"payloads-survive-erasure": ()}),
}


class Run(NamedTuple):
    """How a run of tests ended, and the figures that it printed."""

    code: int
    figures: list[str]
    seconds: float
    output: str


def run(tests: tuple[str, ...], bug: str = "") -> Run:
    """The tests in a process of their own, in a build with `bug`."""
    environment = {**os.environ, "PLANTED_BUG": bug}
    if bug:
        environment["PYTHONPATH"] = str(PLANTED)
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-x", *tests]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    figures = re.findall(r"figure: (.+)", done.stdout)
    return Run(done.returncode, figures, time.monotonic() - began, done.stdout + done.stderr)


def measure(name: str, figure: Figure) -> bool:
    """Print a figure with its controls; whether it counts."""
    print(f"{name} {figure.title}", flush=True)
    good = True
    for build in ("", *figure.holds_with):
        result = run(figure.tests, with_bugs(figure.always, build))
        for line in result.figures:
            print(f"   {line}")
        holds = result.code == PASSED
        named = f" in the build {build}" if build else ""
        print(f"   {'holds' if holds else 'DOES NOT HOLD'}{named} ({result.seconds:.0f} s)", flush=True)
        if not holds:
            print(result.output[-4_000:])
        good = good and holds
    for control, tests in figure.controls.items():
        result = run(tests or figure.tests, with_bugs(figure.always, control))
        found = result.code == FAILED
        words = "found" if found else f"NOT FOUND (exit code {result.code})"
        what = "; ".join(BUGS[bug].what for bug in control.split(","))
        print(f"   control {control} ({what}): {words} ({result.seconds:.0f} s)", flush=True)
        if result.code not in (PASSED, FAILED):
            print(result.output[-4_000:])
        good = good and found
    print(f"   {name} {'counts' if good else 'DOES NOT COUNT'}", flush=True)
    return good


def with_bugs(*names: str) -> str:
    """As PLANTED_BUG has it: names with commas between."""
    return ",".join(name for name in names if name)


def main() -> int:
    """1 when a figure that was asked for does not count."""
    names = sys.argv[1:] or list(FIGURES)
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        print(f"no figure is called {', '.join(unknown)}; there are {', '.join(FIGURES)}")
        return 2
    return max([0 if measure(name, FIGURES[name]) else 1 for name in names])


if __name__ == "__main__":
    sys.exit(main())
