"""Other people's servers in tests of verification: their pages, and a key whose badges verify."""

import msgspec

from laurel.openbadges import did
from laurel.outside.http import HttpAnswer, Unreachable
from tests.openbadges import builders
from tests.openbadges.test_vc_jwt import EC_KEY

DID_URL = "https://badges.example.org/i/north/did.json"


class Elsewhere:
    """Other people's pages, as the offline double answers them; which were asked."""

    def __init__(self, outgoing):
        self.outgoing = outgoing
        self.pages = {}
        outgoing.answers = self.answer
        keys = [builders.KEY.public_key(), EC_KEY.public_key()]
        self.put(DID_URL, did.did_document(builders.ISSUER, keys))

    def put(self, url, page, status=200, **headers):
        body = page if isinstance(page, bytes) else msgspec.json.encode(page)
        self.pages[url] = HttpAnswer(status, headers, body, 1)

    def fail(self, url, failure):
        self.pages[url] = failure

    def answer(self, request):
        return self.pages.get(request.url, Unreachable("nobody answers"))

    @property
    def asked(self):
        return [request.url for request in self.outgoing.sent]
