"""Reading requests in the service's order: the body's JSON, then who calls, then its shape; ids and import files."""

import json
from json import JSONDecodeError
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from laurel.base.errors import TooLarge
from laurel.base.limits import IMPORT_FILE_BYTES_MAX, IMPORT_ITEMS_MAX
from laurel.base.text import clean
from laurel.domain.organisations.model import Caller
from laurel.web.bodies import check_depth
from laurel.web.callers import caller_of, require_scope
from laurel.web.dialects.learner_profile.errors import FileTooLarge, RuleBroken, ValidationFailed
from laurel.web.dialects.learner_profile.lenient_checks import FAILED, Errors, Loc, Shape, failed, missing
from laurel.web.http_errors import MalformedBody

AnyRequest = Request[Any, Any, Any]

_NOTHING = object()


async def caller_with(request: AnyRequest, scope: str) -> Caller:
    """Who calls, holding `scope`. Raises Unauthenticated, Forbidden."""
    caller = await caller_of(request.scope)
    require_scope(caller, scope)
    return caller


async def read_body(request: AnyRequest, shape: Shape, scope: str, *, unwrap: bool = False) -> tuple[Caller, Any]:
    """Who calls, and the body in its shape. `unwrap`: the object may come inside a whole envelope of the service.

    Raises ValidationFailed for text that is no JSON, then what `caller_with` raises, then ValidationFailed.
    """
    value = await _value_of(request)
    caller = await caller_with(request, scope)
    if unwrap and isinstance(value, dict) and value.keys() == {"success", "message", "data"}:
        value = value["data"] if isinstance(value["data"], dict) else value
    errors: Errors = []
    if value is _NOTHING or value is None:
        missing(errors, ("body",))
        raise ValidationFailed(errors)
    checked = shape(value, ("body",), errors)
    if checked is FAILED:
        raise ValidationFailed(errors)
    return caller, checked


def read_query(request: AnyRequest, shape: Shape) -> dict[str, Any]:
    """The query in its shape; of a name given twice the last counts. Raises ValidationFailed."""
    pairs = parse_qsl(request.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    errors: Errors = []
    checked = shape({name: clean(value) for name, value in pairs}, ("query",), errors)
    if checked is FAILED:
        raise ValidationFailed(errors)
    return checked  # type: ignore[no-any-return]  # a Shape that did not fail answers a dict


async def _value_of(request: AnyRequest) -> Any:
    body = await request.body()
    if not body:
        return _NOTHING
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type and not (media_type.startswith("application/") and media_type.endswith(("/json", "+json"))):
        return body
    return parse_json(body)


def parse_json(body: bytes) -> Any:
    """JSON as it may be stored: no control characters, no infinite numbers.

    Raises ValidationFailed in the words of the service's parser, MalformedBody for text that is not UTF-8.
    """
    errors: Errors = []
    try:
        check_depth(body)
        value = msgspec.json.decode(body)
    except TooLarge as deep:
        failed(errors, ("body",), deep.message, "value_error", {"limit_value": deep.limit})
    except (msgspec.DecodeError, ValueError) as wrong:
        _explain(body, str(wrong), errors)
    else:
        return storable(value)
    raise ValidationFailed(errors)


def _explain(body: bytes, words: str, errors: Errors) -> None:
    """Note why `body` is no JSON: as the service's parser says it, in other words where that parser is less strict."""
    try:
        json.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise MalformedBody("the body is not UTF-8", field="body") from None
    except JSONDecodeError as wrong:
        ctx = {"msg": wrong.msg, "pos": wrong.pos, "lineno": wrong.lineno, "colno": wrong.colno}
        failed(errors, ("body", wrong.pos), str(wrong), "value_error.jsondecode", ctx)
    except (ValueError, RecursionError):
        failed(errors, ("body", 0), words, "value_error.jsondecode")
    else:
        failed(errors, ("body", 0), words, "value_error.jsondecode")


def storable(value: Any) -> Any:
    """`value` with every text in it cleaned of what cannot be stored. Its depth has been checked."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [storable(member) for member in value]
    if isinstance(value, dict):
        return {clean(key): storable(member) for key, member in value.items()}
    return value


# ------------------------------------------------------------------------------------------------------------- imports
async def read_import(request: AnyRequest, *, named_json: bool) -> list[Any]:
    """The items of the uploaded `json_file`: an array, or one object. `named_json`: its name must end in ".json".

    Raises ValidationFailed without the part, FileTooLarge, RuleBroken for what is no JSON or too many items.
    """
    file = await _file_of(request)
    content = await file.read()
    if named_json and not file.filename.endswith(".json"):
        raise RuleBroken("Valid JSON file type is supported")
    if len(content) > IMPORT_FILE_BYTES_MAX:
        raise FileTooLarge(
            f"File size is too large: {file.filename}",
            field="json_file",
            limit=IMPORT_FILE_BYTES_MAX,
            value=len(content),
        )
    try:
        value = parse_json(content)
    except (ValidationFailed, MalformedBody):
        raise RuleBroken("Provided JSON is invalid") from None
    rows = value if isinstance(value, list) else [value]
    if len(rows) > IMPORT_ITEMS_MAX:
        raise RuleBroken(f"The file has {len(rows)} items, the limit is {IMPORT_ITEMS_MAX}")
    return rows


async def _file_of(request: AnyRequest) -> UploadFile:
    errors: Errors = []
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    given = None
    if media_type == "multipart/form-data":
        form = await request.form()
        given = form.get("json_file")
    elif media_type == "application/x-www-form-urlencoded":
        given = dict(parse_qsl((await request.body()).decode("latin-1"))).get("json_file")
    if given is None:
        missing(errors, ("body", "json_file"))
    elif not isinstance(given, UploadFile):
        words = f"Expected UploadFile, received: {type(given)}"
        failed(errors, ("body", "json_file"), words, "value_error")
    else:
        return given
    raise ValidationFailed(errors)


def check_items(rows: list[Any], shape: Shape) -> list[dict[str, Any]]:
    """Every item in its shape. The first that does not fit stops all: RuleBroken names its fields, without "body"."""
    checked = []
    for index, row in enumerate(rows):
        errors: Errors = []
        result = shape(row, (), errors)
        if result is FAILED:
            raise import_refused(index, len(rows), errors)
        checked.append(result)
    return checked


def import_refused(index: int, count: int, errors: Errors) -> RuleBroken:
    """The refusal of a file because of its item number `index` (from 0); which one it is stands in every error's ctx."""
    names = list(dict.fromkeys(f"'{_field_of(error['loc'])}'" for error in errors))
    if count > 1:
        errors = [{**error, "ctx": {**error.get("ctx", {}), "item": index}} for error in errors]
    return RuleBroken(f"Missing required fields - {','.join(names)}", errors)


def _field_of(loc: Loc) -> str:
    return str(loc[0]) if loc else "__root__"
