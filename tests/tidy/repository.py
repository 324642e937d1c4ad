"""What the tidy tests read: the tracked files and the modules of the package, found, never listed by hand."""

import subprocess
from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "laurel"
REFERENCE = ROOT / "docs" / "reference"
TEXT_SUFFIXES = {
    "", ".cfg", ".css", ".csv", ".html", ".ini", ".js", ".json", ".jsonl", ".mako", ".md", ".py", ".sh",
    ".sql", ".svg", ".toml", ".txt", ".typ", ".xml", ".yaml", ".yml",
}  # fmt: skip


@cache
def files() -> tuple[Path, ...]:
    """Every file that is, or with the next commit would be, part of the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(path for name in sorted(listing.split("\0")) if name and (path := ROOT / name).is_file())


def texts() -> dict[str, str]:
    """Path below the root, and contents, of every text file except the locks."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in files()
        if path.suffix in TEXT_SUFFIXES and "requirements" not in path.relative_to(ROOT).parts[:1]
    }


def modules() -> tuple[Path, ...]:
    """The Python files of the package."""
    return tuple(path for path in files() if path.suffix == ".py" and path.is_relative_to(SOURCE))


def packages() -> set[str]:
    """The packages below src/laurel as slashed paths, such as `web/dialects/litmos`."""
    return {
        path.parent.relative_to(SOURCE).as_posix()
        for path in modules()
        if path.name == "__init__.py" and path.parent != SOURCE
    }


@cache
def import_graph() -> grimp.ImportGraph:
    """Who imports whom inside the package, imports made inside functions included."""
    return grimp.build_graph("laurel", include_external_packages=True, cache_dir=None)
