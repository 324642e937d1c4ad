"""How this service refuses: its own situations, and every refusal of ours in its envelope."""

import re
from typing import Any, ClassVar

from litestar import Request, Response

from laurel.base import json_text
from laurel.base.errors import Conflict, Invalid, Kind, LaurelError, NotFound
from laurel.web.dialects.learner_profile.lenient_checks import Errors
from laurel.web.http_errors import BodyTooLarge, MalformedBody, MethodNotAllowed, RouteNotFound, status_of
from laurel.web.problems import headers_of

_STEP = re.compile(r"[^.\[\]]+|\[(\d+)\]")


class ValidationFailed(Invalid):
    """The request does not fit its shape; `errors` says where."""

    code = "validation_failed"

    def __init__(self, errors: Errors) -> None:
        super().__init__("Validation Failed")
        self.errors = errors


class RuleBroken(Invalid):
    """The request has the right shape and cannot be carried out; the message is the service's own text."""

    code = "rule_broken"

    def __init__(self, message: str, errors: Errors | None = None) -> None:
        super().__init__(message)
        self.errors = errors


class ResourceNotFound(NotFound):
    """The message is the service's own text."""

    code = "resource_not_found"


class AlreadyThere(Conflict):
    """The message is the service's own text."""

    code = "already_there"


class FileTooLarge(BodyTooLarge):
    """An import file is over the limit."""

    code = "file_too_large"


class NotImplementedHere(LaurelError):
    """The service has the route and answers it with nothing."""

    kind = Kind.UNAVAILABLE
    code = "not_implemented"
    http_status: ClassVar[int] = 501


def achievement_not_found(shown_id: str) -> ResourceNotFound:
    """No achievement has this id."""
    return ResourceNotFound(f"Achievement with uuid {shown_id} not found")


def learner_not_found(shown_id: str) -> ResourceNotFound:
    """No learner has this id."""
    return ResourceNotFound(f"Learner with uuid {shown_id} not found")


def goal_not_found(shown_id: str) -> ResourceNotFound:
    """No goal has this id."""
    return ResourceNotFound(f"Goal with uuid {shown_id} not found")


def renamed(refused: LaurelError, names: dict[str, str], *, prefix: tuple[str | int, ...] = ("body",)) -> LaurelError:
    """A refusal of the domain by field as a refusal of the wire's field; `names` are the fields called otherwise there.

    Anything else than input that breaks a rule is answered as it is.
    """
    if refused.kind is not Kind.INVALID or refused.field is None:
        return refused
    loc: list[str | int] = list(prefix)
    for step in _STEP.finditer(refused.field):
        loc.append(int(step[1]) if step[1] else names.get(step[0], step[0]))
    words = re.sub(r"^\S+ ", "this value ", refused.message)
    ctx = {} if refused.limit is None else {"ctx": {"limit_value": refused.limit}}
    return ValidationFailed([{"loc": loc, "msg": words, "type": "value_error", **ctx}])


def render_error(_: Request[Any, Any, Any], error: LaurelError) -> Response[bytes]:
    """Every refusal in the service's envelope; unknown paths and methods without it, as there."""
    if isinstance(error, RouteNotFound | MethodNotAllowed):
        words = "Not Found" if isinstance(error, RouteNotFound) else "Method Not Allowed"
        return _answer(status_of(error), {"detail": words}, error)
    if isinstance(error, MalformedBody):
        return _answer(400, {"detail": "There was an error parsing the body"}, error)
    message, data = error.message, None
    if isinstance(error, ValidationFailed | RuleBroken):
        data = error.errors
    elif error.kind is Kind.INVALID and error.field is not None and not isinstance(error, BodyTooLarge):
        message, data = "Validation Failed", [{"loc": ["body"], "msg": error.message, "type": "value_error"}]
    return _answer(status_of(error), {"success": False, "message": message, "data": data}, error)


def _answer(status: int, body: dict[str, Any], error: LaurelError) -> Response[bytes]:
    return Response(
        json_text.encode(body), status_code=status, headers=headers_of(error), media_type="application/json"
    )
