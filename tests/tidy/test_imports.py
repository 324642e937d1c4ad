import ast
import re
from collections.abc import Iterator

from tests.tidy.repository import ROOT, SOURCE, import_graph, modules

KEYRING_IMPORTERS = ("laurel.application", "laurel.cli", "laurel.domain.credentials", "laurel.keyring")
PURE = (
    "laurel.openbadges",
    "laurel.domain.achievements.criteria",
    "laurel.domain.achievements.evaluate",
    "laurel.domain.achievements.periods",
)
DOING = {
    "aiosmtplib", "alembic", "asyncio", "asyncpg", "httpx", "http", "litestar", "pgqueuer", "socket", "sqlalchemy",
    "ssl", "subprocess",
}  # fmt: skip
STATEMENT = re.compile(
    r"^\s*(?:--[^\n]*\n\s*)*(?:SELECT\s.+|INSERT\s+INTO\s.+|UPDATE\s+\w+\s+SET\s.+|DELETE\s+FROM\s.+"
    r"|WITH\s+\w+(\s*\([^)]*\))?\s+AS\s.+|CREATE\s+(TABLE|INDEX|UNIQUE|ROLE|POLICY)\s.+|ALTER\s+TABLE\s.+|COPY\s.+\sFROM\s.+)$",
    re.DOTALL,
)


def inside(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def cycles(edges: dict[str, set[str]]) -> Iterator[list[str]]:
    """Strongly connected groups of more than one module (Tarjan)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> Iterator[list[str]]:
        order[node] = low[node] = len(order)
        stack.append(node)
        for neighbour in sorted(edges[node]):
            if neighbour not in order:
                yield from visit(neighbour)
                low[node] = min(low[node], low[neighbour])
            elif neighbour in stack:
                low[node] = min(low[node], order[neighbour])
        if low[node] == order[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                yield sorted(group)

    for start in sorted(edges):
        if start not in order:
            yield from visit(start)


def test_a_cycle_is_seen():
    assert list(cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}})) == [["b", "c"]]


def test_no_modules_import_each_other_in_a_circle():
    graph = import_graph()
    own = {name for name in graph.modules if name.startswith("laurel")}
    assert list(cycles({name: graph.find_modules_directly_imported_by(name) & own for name in own})) == []


def test_the_keyring_is_reached_from_credentials_application_and_cli_only():
    graph = import_graph()
    own = {name for name in graph.modules if inside(name, ("laurel",))}
    reached = {
        importer
        for name in own
        if inside(name, ("laurel.keyring",))
        for importer in graph.find_modules_that_directly_import(name)
    }
    assert {name for name in reached if not inside(name, KEYRING_IMPORTERS)} == set()


def test_deciding_modules_do_no_input_or_output():
    graph = import_graph()
    found = {
        (name, imported)
        for name in graph.modules
        if inside(name, PURE)
        for imported in graph.find_modules_directly_imported_by(name)
        if imported.partition(".")[0] in DOING
    }
    assert found == set()


def test_a_statement_is_seen():
    assert STATEMENT.match("\n  SELECT id FROM person")
    assert not STATEMENT.match("Select an achievement to see its criteria")


def test_sql_is_written_in_stores_and_database_only():
    found = []
    for path in modules():
        if path.name == "store.py" or path.is_relative_to(SOURCE / "database"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []
