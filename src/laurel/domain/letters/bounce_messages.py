"""Delivery reports read out of mail (RFC 3462, RFC 3464): which letter failed, and why. Pure; trusts nothing in it."""

import email
import email.policy
import re
from email.message import Message

import msgspec

from laurel.base.errors import Invalid, TooLarge
from laurel.base.limits import BOUNCE_MESSAGE_BYTES_MAX, BOUNCE_RECIPIENTS_MAX
from laurel.outside.mail import is_about_address

_IN_ADDRESS = re.compile(r"\+([0-9a-f]{24})@")
_IN_MESSAGE_ID = re.compile(r"<([0-9a-f]{24})@")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_SENT_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
_ABOUT = ("In-Reply-To", "References", "Original-Message-ID")
_NUMBERS_MAX = 10


class Failure(msgspec.Struct, frozen=True):
    """One address to which delivery failed for good."""

    status: str
    diagnostic: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a message reports: the letters that it may be about, failures that lie with the address, mere delays."""

    numbers: list[str]
    failures: list[Failure]
    delayed: bool


def read(message: bytes) -> Report:
    """The report in a message; without failures when it is none. Raises TooLarge, Invalid for what is no mail."""
    if len(message) > BOUNCE_MESSAGE_BYTES_MAX:
        raise TooLarge(
            f"the message has {len(message)} bytes, the limit is {BOUNCE_MESSAGE_BYTES_MAX}",
            field="message",
            limit=BOUNCE_MESSAGE_BYTES_MAX,
            value=len(message),
        )
    try:
        mail = email.message_from_bytes(message, policy=email.policy.compat32)
        parts = list(mail.walk())
    except RecursionError:
        raise Invalid("the message has parts within parts within parts", field="message") from None
    if not mail.keys():
        raise Invalid("this is no mail: it has no headers", field="message")
    found = _of_headers(mail)
    failures: list[Failure] = []
    delayed = False
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            failed, late = _statuses(part)
            failures += failed
            delayed = delayed or late
        elif kind == "text/rfc822-headers":
            returned = email.message_from_bytes(_payload(part), policy=email.policy.compat32)
            found += _numbers(returned, ("Message-ID",), _IN_MESSAGE_ID)
        elif part is not mail:
            found += _numbers(part, ("Message-ID",), _IN_MESSAGE_ID)
    return Report(numbers=list(dict.fromkeys(found))[:_NUMBERS_MAX], failures=failures, delayed=delayed)


def _of_headers(mail: "Message[str, str]") -> list[str]:
    return _numbers(mail, _SENT_TO, _IN_ADDRESS) + _numbers(mail, _ABOUT, _IN_MESSAGE_ID)


def _numbers(part: "Message[str, str]", names: tuple[str, ...], pattern: re.Pattern[str]) -> list[str]:
    return [number for name in names for value in part.get_all(name, []) for number in pattern.findall(str(value))]


def _statuses(part: "Message[str, str]") -> tuple[list[Failure], bool]:
    """(failures that lie with the address, whether anything is only delayed) of the fields a recipient (RFC 3464, 2.3)."""
    payload = part.get_payload()
    groups = payload if isinstance(payload, list) else []
    failures: list[Failure] = []
    delayed = False
    for group in groups[: BOUNCE_RECIPIENTS_MAX + 1]:
        if not isinstance(group, Message):
            continue
        action = str(group.get("Action", "")).strip().lower()
        status = _STATUS.search(str(group.get("Status", "")))
        if action == "failed" and status is not None and is_about_address(status[1]):
            _, _, diagnostic = str(group.get("Diagnostic-Code", "")).partition(";")
            failures.append(Failure(status[1], " ".join(diagnostic.split())))
        elif action in {"delayed", "failed"}:
            delayed = True
    return failures, delayed


def _payload(part: "Message[str, str]") -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""
