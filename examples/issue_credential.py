"""Give one person an achievement with a credential, and print the address to share. Running it twice gives it once.

LAUREL_URL=http://127.0.0.1:8080 LAUREL_KEY=lrl_… python examples/issue_credential.py ada@example.org "Ada Lovelace"
"""

import json
import os
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

URL = os.environ.get("LAUREL_URL", "http://127.0.0.1:8080")
KEY = os.environ["LAUREL_KEY"]


def post(path, body, once):
    """The answer to a POST. `once` is its Idempotency-Key: sent again within a day it is answered the same."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "Idempotency-Key": once}
    try:
        with urlopen(Request(URL + path, data=json.dumps(body).encode(), headers=headers), timeout=30) as answer:
            return json.load(answer)
    except HTTPError as refused:
        raise SystemExit(f"refused: {refused.read().decode()}") from None


email, name = sys.argv[1:3]
course = post(
    "/api/v1/achievements",
    {"name": "Introduction to statistics", "status": "live", "issues_credential": True},
    once="define statistics",
)
award = post(
    f"/api/v1/achievements/{course['id']}/awards",
    {"person": {"email": email}, "create_person": True, "recipient_name": name},
    once=f"statistics for {email}",
)
print(f"{URL}/c/{award['credential']}")
