"""Sends and reads statements with TinCanPython; prints what it saw as JSON. Arguments: base address, key."""

import json
import sys

from tincan import Activity, Agent, RemoteLRS, Statement, Verb

base, key = sys.argv[1:3]
store = RemoteLRS(endpoint=f"{base}/xapi/", version="1.0.3", username="client", password=key)
statement = Statement(
    actor=Agent(mbox="mailto:tin@example.org"),
    verb=Verb(id="http://adlnet.gov/expapi/verbs/completed", display={"en": "completed"}),
    object=Activity(id="https://app.example/tincan"),
)
about = store.about()
saved = store.save_statement(statement)
again = store.retrieve_statement(saved.content.id)
listed = store.query_statements({"agent": Agent(mbox="mailto:tin@example.org"), "limit": 10})
json.dump(
    {
        "about": about.success,
        "saved": saved.success,
        "same": str(again.content.id) == str(saved.content.id),
        "listed": len(listed.content.statements),
    },
    sys.stdout,
)
