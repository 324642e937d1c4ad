import ast
from collections import Counter

from tests.tidy.repository import ROOT, SOURCE, files, modules

FORBIDDEN = {
    "utils", "util", "helpers", "helper", "service", "services", "manager", "managers", "common", "misc",
    "handlers", "constants", "interfaces", "lib",
}  # fmt: skip
REPEATED = {"__init__.py", "__main__.py", "model.py", "store.py"}
# A dialect names its parts after the steps that every dialect has.
DIALECT_PARTS = {"routes.py", "wire.py", "translate.py", "errors.py"}


def test_no_file_or_folder_is_named_after_nothing():
    named = {part for path in files() for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}
    assert named & FORBIDDEN == set()


def test_only_model_and_store_repeat_as_file_names():
    counts = Counter(
        path.name
        for path in modules()
        if path.name not in REPEATED
        and not path.is_relative_to(SOURCE / "database" / "migrations")
        and not (path.is_relative_to(SOURCE / "web" / "dialects") and path.name in DIALECT_PARTS)
    )
    assert sorted(name for name, count in counts.items() if count > 1) == []


def test_every_module_says_what_it_is_for():
    silent = []
    for path in modules():
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if not docstring:
            silent.append(path.relative_to(ROOT).as_posix())
    assert silent == []


def test_packages_of_the_domain_and_dialects_have_a_readme_of_two_pages_at_most():
    homes = [
        folder
        for parent in (SOURCE / "domain", SOURCE / "web" / "dialects")
        if parent.is_dir()
        for folder in parent.iterdir()
        if (folder / "__init__.py").is_file()
    ]
    missing = [folder.name for folder in homes if not (folder / "README.md").is_file()]
    long = [
        folder.name
        for folder in homes
        if folder.name not in missing and len((folder / "README.md").read_text(encoding="utf-8").splitlines()) > 120
    ]
    assert (missing, long) == ([], [])
