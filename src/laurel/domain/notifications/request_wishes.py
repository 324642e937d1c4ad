"""How requests to one endpoint are made where its owner wants them otherwise: method, further headers, number of retries.

Headers may hold secrets: they are stored sealed and never shown again. What would confuse a server or speak in our name
is refused.
"""

import base64
import re
from typing import Any

import msgspec

from laurel.base import json_text
from laurel.base.errors import Invalid
from laurel.base.limits import WEBHOOK_HEADER_LENGTH_MAX, WEBHOOK_HEADERS_MAX, WEBHOOK_RETRIES_MAX, check_count
from laurel.domain.notifications.endpoint_secrets import seal, unseal
from laurel.domain.notifications.model import Endpoint

METHODS = ("POST", "PUT", "PATCH")
_STORED_AS = "sending"
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
_OURS = frozenset(
    {
        "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "cookie", "date", "expect",
        "forwarded", "host", "keep-alive", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
        "via", "x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-real-ip",
        "x-rewrite-url",
    }
)  # fmt: skip
_OUR_BEGINNINGS = ("webhook-", "proxy-", "sec-", "x-forwarded-", "x-nudj-", "x-laurel-")
_TRY_AGAIN = frozenset({408, 425, 429})
_REFUSALS = range(400, 500)


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """The owner's wishes. retries_max: None for as long as we try at all; outages_only: a refusal (4xx) is final."""

    method: str = "POST"
    headers: dict[str, str] = {}
    retries_max: int | None = None
    outages_only: bool = False

    def is_final(self, status: int | None) -> bool:
        """Whether that answer (None: there was none) means not to try again."""
        return self.outages_only and status in _REFUSALS and status not in _TRY_AGAIN


def check_sending(sending: Sending) -> None:
    """Raise Invalid or TooLarge naming method, retries_max, headers or headers.NAME."""
    if sending.method not in METHODS:
        raise Invalid(f"method must be one of {', '.join(METHODS)}", field="method", value=sending.method)
    if sending.retries_max is not None and not 0 <= sending.retries_max <= WEBHOOK_RETRIES_MAX:
        limit = WEBHOOK_RETRIES_MAX
        raise Invalid(
            f"retries_max must be from 0 to {limit}", field="retries_max", limit=limit, value=sending.retries_max
        )
    check_count(len(sending.headers), WEBHOOK_HEADERS_MAX, "headers")
    seen: set[str] = set()
    for name, value in sending.headers.items():
        lowered, field = name.lower(), f"headers.{name[:100]}"
        if not _NAME.fullmatch(name):
            raise Invalid("a header's name has letters, digits and -_. only, at most 100", field=field)
        if lowered in _OURS or lowered.startswith(_OUR_BEGINNINGS):
            raise Invalid(f"the header {name} cannot be set", field=field)
        if lowered in seen:
            raise Invalid(f"the header {name} is there twice", field=field)
        if len(value) > WEBHOOK_HEADER_LENGTH_MAX or not _VALUE.fullmatch(value):
            limit = WEBHOOK_HEADER_LENGTH_MAX
            raise Invalid(f"a header's value has 1 to {limit} visible ASCII characters", field=field, limit=limit)
        seen.add(lowered)


def stored(pepper: bytes, endpoint_uid: str, sending: Sending, details: dict[str, Any]) -> dict[str, Any]:
    """`details` of an endpoint with the wishes in them."""
    sealed = seal(pepper, endpoint_uid, json_text.encode(sending.headers).decode())
    wishes = {
        "method": sending.method,
        "headers": base64.b64encode(sealed).decode(),
        "retries_max": sending.retries_max,
        "outages_only": sending.outages_only,
    }
    return {**details, _STORED_AS: wishes}


def sending_of(pepper: bytes, endpoint: Endpoint) -> Sending:
    """The wishes of an endpoint; the usual way for one that has none."""
    wishes = endpoint.details.get(_STORED_AS)
    if wishes is None:
        return Sending()
    headers = unseal(pepper, endpoint.uid, base64.b64decode(wishes["headers"]))
    return Sending(**{**wishes, "headers": json_text.decode(headers.encode())})
