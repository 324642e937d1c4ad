"""The command line: what an operator types. Turns failures into one sentence and an exit code; holds no rules.

A command's module is imported when the command is asked for, so that none waits for what only another needs.
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from laurel.base import garbage
from laurel.base.errors import LaurelError, Unavailable
from laurel.cli.endings import Exit, end
from laurel.database.embedded import DirectoryTaken
from laurel.outside.ports import PortTaken
from laurel.settings import SettingsError

# Every command and where it is: a module of this package and the function, or the group of commands, in it.
_PLACES = {
    "serve": ("processes", "serve"),
    "worker": ("processes", "worker"),
    "doctor": ("processes", "doctor"),
    "version": ("processes", "version"),
    "migrate": ("processes", "migrate_command"),
    "demo": ("demo", "demo"),
    "verify": ("verification", "verify"),
    "export": ("transfer", "export"),
    "bounce": ("mailbox", "bounce"),
    "import": ("imports", "imports"),
    "organisations": ("registers", "organisations"),
    "departments": ("registers", "departments"),
    "people": ("registers", "people"),
    "keys": ("access", "keys_commands"),
    "accounts": ("access", "accounts"),
    "signing-keys": ("signing_commands", "signing_keys_commands"),
    "issue": ("bulk_issuing", "issue"),
}


class _Commands(TyperGroup):
    """The commands of `_PLACES`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the help."""
        return list(_PLACES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, None when there is none."""
        if cmd_name not in _PLACES:
            return None
        module, attribute = _PLACES[cmd_name]
        found = getattr(import_module(f"laurel.cli.{module}"), attribute)
        around = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        if isinstance(found, typer.Typer):
            around.add_typer(found, name=cmd_name)
        else:
            around.command(cmd_name)(found)
        return typer.main.get_group(around).commands[cmd_name]


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _laurel() -> None:
    """Laurel, an achievement server."""


def main() -> None:
    """Run a command; a failure is one sentence on standard error and an exit code."""
    garbage.look_rarely()
    try:
        app()
    except SettingsError as failure:
        end(Exit.SETTINGS, str(failure))
    except PortTaken as failure:
        end(Exit.PORT_TAKEN, str(failure))
    except DirectoryTaken as failure:
        end(Exit.DIRECTORY_TAKEN, str(failure))
    except Unavailable as failure:
        end(Exit.UNAVAILABLE, f"{failure.message}.")
    except LaurelError as failure:
        end(Exit.REFUSED, f"{failure.message}.")
