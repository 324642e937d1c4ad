"""The documented operations with their example bodies: the OpenAPI document, and the older apib where it has no answer."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_ANSWERED = re.compile(r"^\+ Response (\d+)")
_KEY = re.compile(r'"([A-Za-z_]+)"\s*:')


class Documented(NamedTuple):
    """One operation as it is documented."""

    method: str
    path: str
    body: Any
    answer: Any
    """The example of the successful answer; None where the OpenAPI document has none."""
    older_keys: frozenset[str]
    """Every key in the older document's example, where the newer has none."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _folder() -> Path:
    for parent in Path(__file__).resolve().parents:
        if (parent / "shared" / "data" / "accredible-openapi.json").is_file():
            return parent / "shared" / "data"
    raise FileNotFoundError("the folder shared/ with the documented operations is not beside this repository")


@cache
def documented() -> list[Documented]:
    """All operations of the OpenAPI document."""
    paths = json.loads((_folder() / "accredible-openapi.json").read_text(encoding="utf-8"))["paths"]
    older = _older_keys()
    found = []
    for path, methods in paths.items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            body = content.get("example")
            if body is None and content.get("examples"):
                body = next(iter(content["examples"].values()))["value"]
            answers = [
                given["content"]["application/json"].get("example") or _of_schema(given["content"]["application/json"])
                for status, given in operation["responses"].items()
                if status.startswith("2") and given.get("content")
            ]
            keys = frozenset() if answers else older.get((method.upper(), path), frozenset())
            found.append(Documented(method.upper(), path, body, answers[0] if answers else None, keys))
    return found


def _of_schema(content: dict[str, Any]) -> Any:
    """An answer made of a schema, where there is no example."""

    def made(schema: dict[str, Any]) -> Any:
        if schema.get("type") == "array":
            return [made(schema.get("items", {}))]
        if schema.get("type") == "object" or "properties" in schema:
            return {name: made(inner) for name, inner in schema.get("properties", {}).items()}
        return None

    return made(content.get("schema", {}))


def _older_keys() -> dict[tuple[str, str], frozenset[str]]:
    """By operation: the keys in the first answer of the older document. Its JSON is not always JSON."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    path, method, keys = "", "", None
    for line in (_folder() / "accredible-apiary-2025-07.apib").read_text(encoding="utf-8").splitlines():
        heading = re.match(r"#{2,4} .*\[([^\]]+)\]\s*$", line)
        if heading or line.startswith("# "):
            if keys and method:
                found.setdefault((method, path), frozenset(keys))
            keys = None
            target = heading[1] if heading else ""
            if target.startswith("/"):
                path, method = re.sub(r"\{\?\w+\}", "", target), ""
            elif target:
                method = target
        elif (answered := _ANSWERED.match(line)) and answered[1].startswith("2"):
            keys = set() if keys is None else keys
        elif line.startswith("+ "):
            if keys:
                found.setdefault((method, path), frozenset(keys))
            keys = None
        elif keys is not None:
            keys.update(_KEY.findall(line))
    return found


_FREE = frozenset({"custom_attributes", "custom_attibutes", "meta_data", "recipient_meta_data"})


def missing_keys(example: Any, answer: Any, path: str = "") -> list[str]:
    """Documented keys that the answer does not have. null stands for any object; key-value data has no fixed keys."""
    if isinstance(example, dict) and isinstance(answer, list):
        return missing_keys(example, answer[0] if answer else None, f"{path}[0]")
    if isinstance(example, dict) and isinstance(answer, dict):
        found = []
        for key, inner in example.items():
            if key not in answer:
                found.append(f"{path}.{key}")
            elif key not in _FREE:
                found += missing_keys(inner, answer[key], f"{path}.{key}")
        return found
    if isinstance(example, list) and example and isinstance(answer, list) and answer:
        return missing_keys(example[0], answer[0], f"{path}[0]")
    if isinstance(example, dict | list) and answer is not None and not isinstance(answer, type(example)):
        return [f"{path} is a {type(answer).__name__}"]
    return []


def all_keys(value: Any) -> set[str]:
    """Every key anywhere in a value."""
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in all_keys(inner)}
    if isinstance(value, list):
        return {key for inner in value for key in all_keys(inner)}
    return set()
