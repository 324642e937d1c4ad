import importlib
import inspect
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec

import typer
from typer.core import TyperGroup

from tests.tidy.repository import REFERENCE, ROOT, SOURCE, texts


def has(module: str) -> bool:
    """Whether the part has arrived: a part that does not exist needs no page."""
    return (SOURCE.parent / (path := module.replace(".", "/") + ".py")).is_file() or (
        SOURCE.parent / path.removesuffix(".py") / "__init__.py"
    ).is_file()


def named_in(page: str) -> set[str]:
    """Everything between back-ticks on a page of the reference."""
    path = REFERENCE / page
    assert path.is_file(), f"docs/reference/{page} is missing"
    return set(re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8")))


def settings() -> set[str]:
    if not has("laurel.settings"):
        return set()
    fields = importlib.import_module("laurel.settings").Settings.__struct_fields__
    return {f"LAUREL_{field.upper()}" for field in fields}


def error_codes() -> set[str]:
    if not has("laurel.base.errors"):
        return set()
    base = importlib.import_module("laurel.base.errors")
    for module in pkgutil.walk_packages([str(SOURCE)], "laurel."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    roots = [
        thing
        for _, thing in inspect.getmembers(base, inspect.isclass)
        if issubclass(thing, Exception) and thing.__module__ == base.__name__
    ]
    return {
        code
        for root in roots
        for family in (root, *descendants(root))
        if isinstance(code := family.__dict__.get("code"), str) and code
    }


def descendants(root: type) -> Iterator[type]:
    for child in root.__subclasses__():
        yield child
        yield from descendants(child)


def commands() -> set[str]:
    if not has("laurel.cli"):
        return set()
    app = importlib.import_module("laurel.cli").app
    return {f"laurel {name}" for name in spelled(typer.main.get_command(app), "")}


def spelled(command: object, prefix: str) -> Iterator[str]:
    if not isinstance(command, TyperGroup):
        yield prefix.strip()
        return
    context = typer.Context(command)
    for name in command.list_commands(context):
        yield from spelled(command.get_command(context, name), f"{prefix} {name}")


def jobs() -> set[str]:
    if not has("laurel.worker"):
        return set()
    worker = importlib.import_module("laurel.worker")
    return {
        str(name)
        for module in (worker, *(importlib.import_module(f"laurel.worker.{part.name}") for part in parts(worker)))
        for table in ("JOBS", "TIMETABLE")
        for name in getattr(module, table, ())
    }


def parts(package: object) -> list[pkgutil.ModuleInfo]:
    return list(pkgutil.iter_modules(getattr(package, "__path__", [])))


def test_every_setting_is_in_the_reference():
    wanted = settings()
    assert wanted - (named_in("settings.md") if wanted else set()) == set()


def test_every_setting_in_the_reference_exists():
    if wanted := settings():
        assert {name for name in named_in("settings.md") if re.fullmatch(r"LAUREL_[A-Z_]+", name)} - wanted == set()


def test_settings_named_anywhere_exist():
    if wanted := settings():
        places = {name: text for name, text in texts().items() if name.endswith((".md", ".yaml")) or "/" not in name}
        found = {
            (name, match) for name, text in places.items() for match in re.findall(r"\bLAUREL_[A-Z_]*[A-Z]\b", text)
        }
        assert {pair for pair in found if pair[1] not in wanted} == set()


def test_every_error_code_is_in_the_reference():
    wanted = error_codes()
    assert wanted - (named_in("errors.md") if wanted else set()) == set()


def test_every_command_is_in_the_reference():
    wanted = commands()
    known = named_in("commands.md") if wanted else set()
    assert {name for name in wanted if not any(re.match(rf"{re.escape(name)}(\s|$)", text) for text in known)} == set()


def test_every_job_is_in_the_reference():
    wanted = jobs()
    assert wanted - (named_in("jobs.md") if wanted else set()) == set()


def test_every_run_time_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    depended = {re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0].lower() for line in project["dependencies"]}
    page = (ROOT / "docs" / "decisions" / "dependencies.md").read_text(encoding="utf-8")
    reasoned = {name.lower() for name in re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)}
    assert depended == reasoned


def test_the_command_named_in_the_project_can_be_imported_once_it_exists():
    if has("laurel.cli"):
        assert find_spec("laurel.cli") is not None
        assert callable(importlib.import_module("laurel.cli").main)
