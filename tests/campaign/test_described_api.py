"""Cases made from /openapi.json: no 5xx, no status that the description does not name, and answers of the described shape.

LAUREL_SCHEMA_CASES sets how many cases an operation gets (default 3).
"""

import os
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core import NOT_SET

CASES = int(os.environ.get("LAUREL_SCHEMA_CASES", "3"))
# Says honestly that the imitated product does not have it either.
NOT_IMPLEMENTED = 501


def some_cases(operation: Any) -> list[Any]:
    """As many cases of an operation as were asked for."""
    cases: list[Any] = []

    @settings(
        max_examples=CASES,
        database=None,
        deadline=None,
        derandomize=not os.environ.get("LAUREL_SCHEMA_CASES"),
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy())
    def collect(case: Any) -> None:
        cases.append(case)

    collect()
    return cases


def request_of(case: Any, key: str) -> dict[str, Any]:
    """A case as httpx sends it, with a key that opens everything."""
    path = case.formatted_path
    headers = {name: value.encode("utf-8", "replace") for name, value in dict(case.headers or {}).items()}
    for name in ("Authorization", "authorization"):
        headers.pop(name, None)
    headers |= {"Authorization": f"Bearer {key}".encode(), "x-api-token": key.encode(), "apikey": key.encode()}
    sent: dict[str, Any] = {"method": case.method, "url": path, "headers": headers}
    if case.query:
        sent["params"] = {name: value for name, value in case.query.items() if value is not None}
    if case.body is not NOT_SET:
        sent["files" if case.media_type == "multipart/form-data" else "json"] = case.body
        if isinstance(case.body, bytes):
            sent["content"] = sent.pop("json")
    return sent


async def test_every_described_operation_keeps_to_its_description(api, key):
    description = (await api.get("/openapi.json")).json()
    sent, found = 0, []
    for result in schemathesis.openapi.from_dict(description).get_all_operations():
        operation = result.ok()
        described = set(operation.definition.raw["responses"])
        for case in some_cases(operation):
            request = request_of(case, key.text)
            answer = await api.request(**request)
            sent += 1
            status = answer.status_code
            if status >= 500 and status != NOT_IMPLEMENTED:
                found.append((operation.label, status, request, answer.text[:300]))
            elif str(status) not in described and (status < 400 or "default" not in described):
                found.append((operation.label, status, sorted(described), answer.text[:300]))
    print(f"{sent} cases: {len(found)} against the description")  # noqa: T201 - the figure of the campaign
    assert not found, "\n".join(map(str, found))
