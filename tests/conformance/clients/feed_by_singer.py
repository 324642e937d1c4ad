"""Reads the Litmos feed with a tap of the Singer SDK; prints the ids as JSON. Arguments: base address, key, page size."""

import contextlib
import io
import json
import sys
from typing import ClassVar

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import APIKeyAuthenticator
from singer_sdk.pagination import BaseOffsetPaginator

base, key, size = sys.argv[1], sys.argv[2], int(sys.argv[3])


class Offsets(BaseOffsetPaginator):
    """A short page is the last."""

    def has_more(self, response):
        return len(response.json()) == self._page_size


class Achievements(RESTStream):
    """The feed."""

    name = "achievements"
    path = "/achievements"
    url_base = f"{base}/v1.svc"
    primary_keys: ClassVar = ["AchievementId"]
    schema: ClassVar = th.PropertiesList(
        th.Property("AchievementId", th.IntegerType), th.Property("Title", th.StringType)
    ).to_dict()

    def backoff_max_tries(self):
        return 8

    @property
    def authenticator(self):
        return APIKeyAuthenticator(key="apikey", value=key, location="header")

    def get_new_paginator(self):
        return Offsets(start_value=0, page_size=size)

    def get_url_params(self, context, next_page_token):
        return {"source": "singer", "format": "json", "limit": size, "start": next_page_token or 0}


class Feed(Tap):
    """The tap."""

    name = "tap-feed"
    config_jsonschema: ClassVar = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Achievements(self)]


said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
with contextlib.redirect_stdout(said):
    Feed(config={}).sync_all()
said.seek(0)
messages = [json.loads(line) for line in said.read().splitlines()]
json.dump([one["record"]["AchievementId"] for one in messages if one["type"] == "RECORD"], sys.stdout)
