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
    """What shows it, and the bugs that it must notice (each with the tests that have to fail, when not all of it)."""

    title: str
    tests: tuple[str, ...]
    controls: dict[str, tuple[str, ...]]


FIGURES: dict[str, Figure] = {
    "R8": Figure(
        "a bad network between server and database",
        ("tests/scorecard/bad_network.py",),
        {
            "no-time-outs": ("tests/scorecard/bad_network.py::test_connections_that_fall_silent_are_given_up",),
            "acknowledge-before-commit": (
                "tests/scorecard/bad_network.py::test_a_bad_network_loses_and_doubles_nothing",
            ),
        },
    ),
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
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-x", "-o", "python_files=*.py", *tests]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    figures = re.findall(r"figure: (.+)", done.stdout)
    return Run(done.returncode, figures, time.monotonic() - began, done.stdout + done.stderr)


def measure(name: str, figure: Figure) -> bool:
    """Print a figure with its controls; whether it counts."""
    print(f"{name} {figure.title}", flush=True)
    result = run(figure.tests)
    for line in result.figures:
        print(f"   {line}")
    good = result.code == PASSED
    print(f"   {'holds' if good else 'DOES NOT HOLD'} ({result.seconds:.0f} s)", flush=True)
    if not good:
        print(result.output[-4_000:])
    for bug, tests in figure.controls.items():
        control = run(tests or figure.tests, bug)
        found = control.code == FAILED
        words = "found" if found else f"NOT FOUND (exit code {control.code})"
        print(f"   control {bug} ({BUGS[bug].what}): {words} ({control.seconds:.0f} s)", flush=True)
        if control.code not in (PASSED, FAILED):
            print(control.output[-4_000:])
        good = good and found
    print(f"   {name} {'counts' if good else 'DOES NOT COUNT'}", flush=True)
    return good


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
