"""A client of the dialect."""

import pytest


@pytest.fixture
def litmos(api, key):
    async def get(path="achievements", *, as_json=True, headers=None, method="GET", content=None, **query):
        query = {"source": "tests", **({"format": "json"} if as_json else {}), **query}
        return await api.request(
            method,
            f"/v1.svc/{path}",
            params={name.rstrip("_"): value for name, value in query.items() if value is not None},
            headers={"Authorization": "", "apikey": key.text, **(headers or {})},
            content=content,
        )

    return get
