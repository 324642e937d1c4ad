"""The spine: events to progress to awards to rewards to credential intents, a batch in one transaction.

`ingest` records events, `award` makes awards directly, `retract` takes an event back, `backfill` counts the past,
`revoke` and `claim` change awards; `consequences` is what every new award brings with it.
"""
