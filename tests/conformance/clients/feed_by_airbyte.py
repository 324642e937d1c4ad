"""Reads the Litmos feed with a stream of the Airbyte CDK; prints the ids as JSON. Arguments: base address, key, page size."""

import json
import sys

from airbyte_cdk.models import SyncMode
from airbyte_cdk.sources.streams.http import HttpStream
from airbyte_cdk.sources.streams.http.requests_native_auth import TokenAuthenticator

base, key, size = sys.argv[1], sys.argv[2], int(sys.argv[3])


class Achievements(HttpStream):
    """The feed; a short page is the last."""

    url_base = f"{base}/v1.svc/"
    primary_key = "AchievementId"
    start = 0

    def path(self, **_):
        return "achievements"

    def next_page_token(self, response):
        if len(response.json()) < size:
            return None
        self.start += size
        return {"start": self.start}

    def request_params(self, stream_state, stream_slice=None, next_page_token=None):
        return {"source": "airbyte", "format": "json", "limit": size, **(next_page_token or {})}

    def backoff_time(self, response):
        """As long as the server says; the kit itself would guess, with chance, and give up after five guesses."""
        wanted = getattr(response, "headers", {}).get("Retry-After")
        return None if wanted is None else float(wanted)

    def read_records(self, *arguments, **named):
        """All pages in one go: a stream that overrides this is not read page by page with checkpoints."""
        yield from super().read_records(*arguments, **named)

    def parse_response(self, response, **_):
        yield from response.json()


stream = Achievements(authenticator=TokenAuthenticator(token=key, auth_method="", auth_header="apikey"))
json.dump([record["AchievementId"] for record in stream.read_records(SyncMode.full_refresh)], sys.stdout)
