"""A small web for verification tests: what lies at which address, and which addresses were asked."""

import msgspec

from laurel.openbadges.verdict import Fetched, Unavailable


class Web:
    def __init__(self, pages=None):
        self.pages = dict(pages or {})
        self.asked = []

    def put(self, url, page, status=200):
        body = (
            page if isinstance(page, bytes) else page.encode() if isinstance(page, str) else msgspec.json.encode(page)
        )
        self.pages[url] = Fetched(status=status, body=body)
        return self

    def __call__(self, need):
        self.asked.append(need.url)
        return self.pages.get(need.url, Unavailable("nobody answers"))
