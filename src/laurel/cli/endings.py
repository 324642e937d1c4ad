"""How a command ends: exit codes, and one sentence on standard error."""

import sys
from enum import IntEnum
from typing import NoReturn


class Exit(IntEnum):
    """How a command ends; docs/reference/commands.md says the same to operators."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    SETTINGS = 3
    PORT_TAKEN = 4
    DIRECTORY_TAKEN = 5
    UNAVAILABLE = 6
    UNHEALTHY = 7
    NOT_GENUINE = 8
    NOT_KNOWN = 9


def end(code: Exit, sentence: str) -> NoReturn:
    """One sentence on standard error, and out."""
    print(f"laurel: {sentence}", file=sys.stderr)
    sys.exit(code)
