"""What a browser never sends: every wrong form is refused with a sentence, and never with a failure of ours."""

import contextlib
import json
import re
from html import unescape

import httpx
import pytest_asyncio

from laurel.base.errors import Limited
from laurel.base.limits import DESIGN_PREVIEWS_PER_MINUTE_MAX
from laurel.domain.credentials.samples import sample_values
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.rendering import builtin_designs, encode_design
from laurel.web.drawing_allowance import previews
from laurel.web.pages.design_layers import ADDABLE, ATTRIBUTES
from tests.support.browsing import PASSWORD
from tests.support.builders import an_account
from tests.support.fixtures import BASE_URL

DOCUMENT = json.loads(encode_design(builtin_designs()["badge-meridian"]))
CANVAS = {
    "name": "Same", "canvas_width": "600", "canvas_height": "600",
    **{f"colours.{name}": value for name, value in DOCUMENT["colours"].items()},
}  # fmt: skip


DOCUMENTS = [
        "", "null", "[]", "{", '"x"', "{}", '{"nodes": 1}', '{"nodes": [1]}', '{"nodes": [{}]}', "[" * 200_000,
        '{"nodes": [{"type": "text", "content": [1], "fill": 3}]}', '{"nodes": [{"type": "image", "source": 4}]}',
        json.dumps({**DOCUMENT, "colours": [1]}), json.dumps({**DOCUMENT, "canvas": {"width": "wide", "height": 1e300}}),
        json.dumps({**DOCUMENT, "nodes": [{**DOCUMENT["nodes"][0], "fill": {"type": "linear", "stops": "all"}}]}),
        json.dumps({**DOCUMENT, "nodes": [{"type": "image", "x": 0, "y": 0, "width": 9, "height": 9, "source": "upload:" + "0" * 24}]}),
        json.dumps({**DOCUMENT, "nodes": [{"type": "image", "x": 0, "y": 0, "width": 9, "height": 9, "source": "data:image/png;base64,AA"}]}),
        json.dumps({**DOCUMENT, "nodes": [DOCUMENT["nodes"][0]] * 301}),
        '{"nodes": [{"type": "shape", "x": NaN}]}', '{"nodes": [{"x": 1e999}]}', "\ud800",
    ]  # fmt: skip
WRONG = [
        {"x": "far"}, {"x": "1e400"}, {"x": "nan"}, {"width": "-1"}, {"opacity": "2"}, {"rotation": "999"}, {"size": "0"},
        {"size": "inf"}, {"lines_max": "0"}, {"font": "comic"}, {"weight": "900"}, {"colour": "red"}, {"role": "king"},
        {"content": ""}, {"content": "x" * 2_001}, {"curve_side": "left"}, {"curve_side": "top", "curve_radius": "0"},
        {"vertical_align": "<b>"}, {"letter_spacing": "9"},
    ]  # fmt: skip
CHANGES = ["fly", "move-1", "move-99-1", "move--1-2", "raise", "lower", "copy", "remove", "add", "upload", "insert", "translate",
     "open-99999999", "save-over-x", "save-over-" + "9" * 30]  # fmt: skip


@pytest_asyncio.fixture
async def editor(stranger: httpx.AsyncClient, parts: Parts, organisation: Organisation):
    """(a signed-in client, the address of a design's editor, the token of its forms, whose they are)."""
    account = await an_account(parts, organisation, role="manager", password=PASSWORD)

    async def token(path: str) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', (await stranger.get(path)).text)
        assert found is not None
        return found[1]

    fields = {"token": await token("/console/sign-in"), "email": account.email, "password": PASSWORD}
    assert (await stranger.post("/console/sign-in", data=fields)).status_code == 303
    mark = await token("/console/designs")
    made = await stranger.post("/console/designs/badge-meridian", data={"token": mark, "change": "copy"})
    return stranger, made.headers["location"], mark, account.uid


async def send(editor, path: str = "edit", **fields: str) -> httpx.Response:
    client, address, token, _ = editor
    whole = {"token": token, "revision": "1", "layer": "-1", "mode": "design", "change": "preview", **fields}
    return await client.post(f"{address.removesuffix('edit')}{path}", data=whole)


async def test_a_document_that_is_no_design_is_refused_beside_the_source(editor):
    for document in DOCUMENTS:
        text = document.encode("utf-8", "replace").decode()
        for mode in ("design", "source"):
            for path in ("edit", "preview"):
                answer = await send(editor, path, document=text, source=text, mode=mode)
                assert answer.status_code in {400, 413, 422}, (document[:80], mode, path, answer.text)
                assert 'id="mistake-source"' in answer.text, (document[:80], mode, path)


async def test_a_wrong_field_is_refused_in_a_sentence_of_the_form(editor):
    whole = {
        "x": "1", "y": "1", "width": "100", "height": "20", "content": "x", "size": "10", "font": "sans", "weight": "bold",
        "colour": "@ink", "align": "left", "vertical_align": "top", "role": "body",
    }  # fmt: skip
    assert (await send(editor, document=json.dumps(DOCUMENT), layer="10", **whole)).status_code == 200
    for fields in WRONG:
        answer = await send(editor, document=json.dumps(DOCUMENT), layer="10", **{**whole, **fields})
        assert answer.status_code in {400, 413, 422}, fields
        said = re.findall(r'id="mistake-([a-z_]+)"><svg.*?<span>(.*?)</span>', answer.text)
        assert len(said) == 1, fields
        assert said[0][0] in {*fields, "layers"}, (fields, said)
        assert "nodes[" not in said[0][1]


async def test_every_attribute_that_is_offered_is_filled_in_by_the_sample(organisation: Organisation):
    filled = sample_values(organisation, BASE_URL)
    assert {name for name, _ in ATTRIBUTES} <= set(filled)
    assert "recipient.email" not in filled  # a public page never shows it


async def test_whatever_is_offered_can_be_added(editor):
    for key in [key for _, choices in ADDABLE for key, _ in choices]:
        answer = await send(editor, document=json.dumps(DOCUMENT), change="add", add=key, **CANVAS)
        assert answer.status_code == 200, key
        (kept,) = re.findall(r'name="document"[^>]*value="([^"]*)"', answer.text) or re.findall(
            r'name="document"[^>]*>(.*?)</textarea>', answer.text, re.DOTALL
        )
        added = json.loads(unescape(kept))["nodes"][-1]
        assert len(json.loads(unescape(kept))["nodes"]) == len(DOCUMENT["nodes"]) + 1, key
        assert (added.get("source") == "[issuer.logo]") == (key == "logo")


async def test_a_button_that_is_not_there_changes_nothing(editor):
    for change in CHANGES:
        answer = await send(editor, document=json.dumps(DOCUMENT), change=change, **CANVAS)
        assert answer.status_code in {200, 303, 400, 409, 422}, answer.text


async def test_previews_are_limited_and_nothing_typed_is_lost(editor):
    account = editor[3]
    for _ in range(3):  # a minute may end in between
        with contextlib.suppress(Limited):
            for _ in range(DESIGN_PREVIEWS_PER_MINUTE_MAX):
                previews.take(account)
        answer = await send(editor, document=json.dumps(DOCUMENT), **CANVAS)
        if answer.status_code != 200:
            break
    assert answer.status_code == 429
    assert "previews in a minute" in answer.text
    assert 'value="Same"' in answer.text


async def test_a_broken_picture_in_the_source_is_refused_at_its_line(editor):
    node = {"type": "image", "x": 0, "y": 0, "width": 9, "height": 9, "source": "data:image/png;base64,AAAA"}
    source = json.dumps({**DOCUMENT, "nodes": [node]}, indent=1)
    for change in ("design", "save"):
        answer = await send(editor, source=source, mode="source", change=change)
        assert answer.status_code == 422
        line = source[: source.index("data:image")].count("\n") + 1
        assert f"line {line}: nodes[0].source: is none of PNG" in answer.text
