"""Record events so that none is lost and none counts twice: keys of your own, and the same batch again until it is answered.

LAUREL_URL=http://127.0.0.1:8080 LAUREL_KEY=lrl_… python examples/record_events.py
"""

import json
import os
import time
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

URL = os.environ.get("LAUREL_URL", "http://127.0.0.1:8080")
KEY = os.environ["LAUREL_KEY"]
ATTEMPTS = 8


def send(events):
    """The answer to a batch. Sending it again is safe: an event that is recorded already is answered as a replay."""
    request = Request(
        f"{URL}/api/v1/events?create_people=true",
        data=json.dumps(events).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    for attempt in range(ATTEMPTS):
        try:
            with urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except HTTPError as refused:
            if refused.code not in (429, 503, 507):
                raise SystemExit(f"refused: {refused.read().decode()}") from None
            wait = float(refused.headers.get("Retry-After", 2**attempt))
        except (URLError, TimeoutError):
            wait = 2**attempt
        time.sleep(min(wait, 30))
    raise SystemExit("no answer; nothing is lost, run it again")


batch = [
    {
        "key": f"course-7-ada-lesson-{number}",
        "person": {"email": "ada@example.org"},
        "name": "lesson.completed",
        "payload": {"minutes": 10 + number},
    }
    for number in range(3)
]
answer = send(batch)
print(f"{answer['accepted']} recorded, {answer['replayed']} known already, {answer['refused']} refused")
for result in answer["results"]:
    for unlock in result.get("unlocked", []):
        print(f"unlocked: {unlock['name']}")
