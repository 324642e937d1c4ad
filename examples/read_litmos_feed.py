"""Read the achievements feed as a client of Litmos does: page by page, then print who earned what.

LAUREL_URL=http://127.0.0.1:8080 LAUREL_KEY=lrl_… python examples/read_litmos_feed.py
"""

import json
import os
from urllib.request import Request, urlopen

URL = os.environ.get("LAUREL_URL", "http://127.0.0.1:8080")
KEY = os.environ["LAUREL_KEY"]
PAGE = 100

start = 0
while True:
    path = f"/v1.svc/achievements?source=example&format=json&start={start}&limit={PAGE}"
    with urlopen(Request(URL + path, headers={"apikey": KEY}), timeout=30) as answer:
        page = json.load(answer)
    for row in page:
        print(f"{row['AchievementDate']}  {row['FirstName']} {row['LastName']}: {row['Title']}")
    if len(page) < PAGE:
        break
    start += PAGE
