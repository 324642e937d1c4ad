"""The command line: what an operator types. Turns failures into one sentence and an exit code; holds no rules."""

import typer

from laurel import application
from laurel.base.errors import LaurelError, Unavailable
from laurel.cli import access, imports, mailbox, processes, registers, signing_commands, transfer, verification
from laurel.cli.demo import demo
from laurel.cli.running import Exit, end
from laurel.settings import SettingsError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Laurel, an achievement server."
)
processes.add_to(app)
app.command()(demo)
verification.add_to(app)
transfer.add_to(app)
mailbox.add_to(app)
app.add_typer(imports.imports, name="import")
app.add_typer(registers.organisations, name="organisations")
app.add_typer(registers.departments, name="departments")
app.add_typer(registers.people, name="people")
app.add_typer(access.keys_commands, name="keys")
app.add_typer(access.accounts, name="accounts")
app.add_typer(signing_commands.signing_keys_commands, name="signing-keys")
signing_commands.add_to(app)


def main() -> None:
    """Run a command; a failure is one sentence on standard error and an exit code."""
    try:
        app()
    except SettingsError as failure:
        end(Exit.SETTINGS, str(failure))
    except application.PortTaken as failure:
        end(Exit.PORT_TAKEN, str(failure))
    except application.DirectoryTaken as failure:
        end(Exit.DIRECTORY_TAKEN, str(failure))
    except Unavailable as failure:
        end(Exit.UNAVAILABLE, f"{failure.message}.")
    except LaurelError as failure:
        end(Exit.REFUSED, f"{failure.message}.")
