"""Reads the Litmos feed as a dlt user would; prints the ids as JSON. Arguments: base address, key, page size."""

import json
import sys

from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import APIKeyAuth
from dlt.sources.helpers.rest_client.paginators import OffsetPaginator

base, key, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = RESTClient(
    base_url=f"{base}/v1.svc",
    auth=APIKeyAuth(name="apikey", api_key=key, location="header"),
    paginator=OffsetPaginator(limit=size, offset_param="start", limit_param="limit", total_path=None),
)
pages = client.paginate("achievements", params={"source": "dlt", "format": "json"})
json.dump([row["AchievementId"] for page in pages for row in page], sys.stdout)
