"""Verifies every hostile case in a process of its own that may use 5 seconds of processor and 100 MB beyond what was offered.

`python -m tests.openbadges.limited` writes, by name, what came of each: a verdict, or the signal that ended the process.
"""

import os
import resource
import sys
from pathlib import Path

import msgspec

from laurel.openbadges.verdict import decide
from laurel.openbadges.verify import verify
from tests.openbadges import builders
from tests.openbadges.hostile import CASES, case

SECONDS = 5
MEMORY_BYTES = 100 * 1024 * 1024


def _address_space():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _verdict(name, out):
    offered, web = case(name)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    space = _address_space() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    found = decide(verify(offered, now=builders.NOW), web)
    asked = [url for url in web.asked if "evil.example" in url]
    checks = [[check.name, check.outcome, check.detail] for check in found.checks]
    os.write(out, msgspec.json.encode({"verified": found.verified, "checks": checks, "asked": asked}))


def ended(name):
    """What came of one case."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _verdict(name, writing)
            status = 0
        except (Exception, SystemExit) as failure:  # noqa: BLE001 - a process that only reports
            sys.stderr.write(f"{name}: {failure!r}\n")
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    return msgspec.json.decode(told) if told else {"ended": os.waitstatus_to_exitcode(status)}


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode({name: ended(name) for name in CASES}))
