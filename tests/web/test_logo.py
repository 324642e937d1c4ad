"""An organisation's logo: taken in, refused, fetched, shown in everything that is drawn, issued, and mailed."""

import email
import email.policy

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from laurel.base.limits import LOGO_BYTES_MAX, LOGO_SIDE_MAX, LOGO_SMALL_SIDE_MAX, URL_LENGTH_MAX
from laurel.domain.letters import sending
from laurel.domain.organisations import store as organisations
from laurel.outside.http import HttpAnswer, Unreachable
from tests.rendering.pictures import difference, opened
from tests.rendering.uploads import a_png, a_png_bomb, an_svg
from tests.support.builders import a_department, a_key
from tests.support.credentials import an_award, signed_document
from tests.support.events import an_achievement
from tests.support.fixtures import BASE_URL, client_of
from tests.support.work import run_jobs

LOGO = "/api/v1/organisation/logo"
ELSEWHERE = "https://pictures.example.org/logo.png"
RED = "#c0392b"


async def put_logo(api, data=None):
    answer = await api.put(LOGO, content=a_png(300, 150, RED) if data is None else data)
    assert answer.status_code == 200, answer.text
    return answer.json()


def public_path(logo):
    assert logo["url"].startswith(BASE_URL)
    return logo["url"].removeprefix(BASE_URL)


def images_in(pdf):
    page = pypdfium2.PdfDocument(pdf)[0]
    return len([one for one in page.get_objects() if one.type == pdfium.FPDF_PAGEOBJ_IMAGE])


# ----------------------------------------------------------------------------------------------------------- taken in
async def test_a_logo_is_taken_in_and_shown_to_everybody(api, stranger, organisation):
    assert (await api.get(LOGO)).json()["code"] == "logo_not_found"
    assert (await api.get("/api/v1/organisation")).json()["logo"] is None
    assert (await stranger.get(f"/i/{organisation.uid}/logo")).status_code == 404
    made = await put_logo(api, a_png(3_000, 1_500, RED))
    assert (made["width"], made["height"]) == (LOGO_SIDE_MAX, LOGO_SIDE_MAX // 2)
    assert (await api.get(LOGO)).json() == made
    assert (await api.get("/api/v1/organisation")).json()["logo"] == made["url"]
    large = await stranger.get(public_path(made))
    assert (large.status_code, large.headers["content-type"]) == (200, made["media_type"])
    assert opened(large.content).size == (LOGO_SIDE_MAX, LOGO_SIDE_MAX // 2)
    assert large.headers["content-security-policy"] == "default-src 'none'"
    small = await stranger.get(public_path(made) + "?size=small")
    assert max(opened(small.content).size) == LOGO_SMALL_SIDE_MAX
    assert small.headers["etag"] != large.headers["etag"]
    again = await stranger.get(public_path(made), headers={"If-None-Match": large.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await stranger.get(public_path(made) + "?size=huge")).status_code in {400, 422}


async def test_another_logo_takes_its_place_at_the_same_address(api, stranger):
    first = await put_logo(api)
    before = await stranger.get(public_path(first))
    second = await put_logo(api, a_png(300, 150, "#336699"))
    assert second["url"] == first["url"]
    assert (await stranger.get(public_path(first))).content != before.content


async def test_nothing_of_a_drawing_that_could_act_is_kept(api, stranger):
    drawing = an_svg('<script>alert(1)</script><path d="M0 0H20V20H0Z" fill="#ff0000" onclick="alert(2)"/>')
    made = await put_logo(api, drawing)
    shown = await stranger.get(public_path(made))
    assert shown.headers["content-type"] == "image/png"
    assert opened(shown.content).getpixel((5, 5)) == (255, 0, 0)
    assert b"script" not in shown.content


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "invalid"),
        (b"hello", "image_invalid"),
        (b"%PDF-1.7", "image_invalid"),
        (a_png_bomb(11_000, 11_000), "image_too_large"),
        (b"\x89PNG" + b"\x00" * LOGO_BYTES_MAX, "too_large"),
    ],
    ids=["nothing", "text", "pdf", "bomb", "bytes"],
)
async def test_what_cannot_be_a_logo_is_refused_and_the_old_one_stays(api, data, code):
    before = await put_logo(api)
    answer = await api.put(LOGO, content=data)
    assert (answer.json()["code"], answer.json()["field"]) == (code, "body"), answer.text
    assert answer.status_code in {413, 422}
    assert (await api.get(LOGO)).json() == before


async def test_a_logo_is_removed_once(api, stranger):
    path = public_path(await put_logo(api))
    assert (await api.delete(LOGO)).status_code == 204
    assert (await api.delete(LOGO)).json()["code"] == "logo_not_found"
    assert (await stranger.get(path)).status_code == 404
    assert (await api.get("/api/v1/organisation")).json()["logo"] is None


async def test_it_belongs_to_one_organisation_and_to_who_may_write_it(
    api, other_api, application, parts, organisation, other_organisation, stranger
):
    await put_logo(api)
    assert (await other_api.get(LOGO)).status_code == 404
    assert (await other_api.delete(LOGO)).status_code == 404
    assert (await stranger.get(f"/i/{other_organisation.uid}/logo")).status_code == 404
    department = await a_department(parts, organisation)
    keys = [
        await a_key(parts, organisation, scopes=("organisation:read",)),
        await a_key(parts, organisation, department_id=department.id),
    ]
    for key in keys:
        async with client_of(application, key) as client:
            assert (await client.put(LOGO, content=a_png())).status_code == 403
            assert (await client.post(f"{LOGO}/fetch", json={"address": ELSEWHERE})).status_code == 403
            assert (await client.delete(LOGO)).status_code == 403
    assert (await stranger.put(LOGO, content=a_png())).status_code == 401


async def test_it_goes_with_its_organisation(api, parts, organisation):
    await put_logo(api)
    async with parts.database.every_organisation() as tx:
        rule = await tx.fetchval(
            "SELECT confdeltype FROM pg_constraint WHERE conrelid = 'logo'::regclass AND contype = 'f'"
        )
    assert rule == b"c"


# ------------------------------------------------------------------------------------------------------------- fetched
async def test_a_logo_is_fetched_once_from_an_address(api, parts, organisation, outgoing):
    outgoing.answers = lambda _: HttpAnswer(200, {"content-type": "text/plain"}, a_png(300, 150, RED), 1)
    asked = await api.post(f"{LOGO}/fetch", json={"address": ELSEWHERE})
    assert (asked.status_code, asked.json()["fetching"], asked.json()["url"]) == (202, ELSEWHERE, None)
    await run_jobs(parts, organisation, "logos.fetch")
    made = (await api.get(LOGO)).json()
    assert (made["fetched_from"], made["fetching"], made["refusal"], made["width"]) == (ELSEWHERE, None, None, 300)
    assert [(one.method, one.url) for one in outgoing.sent] == [("GET", ELSEWHERE)]
    await run_jobs(parts, organisation, "logos.fetch")
    assert len(outgoing.sent) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HttpAnswer(302, {"location": "http://169.254.169.254/"}, b"", 1), "answers 302"),
        (HttpAnswer(200, {}, b"<html>", 1), "PNG, JPEG"),
        (HttpAnswer(200, {}, b"", 1), "empty"),
        (Unreachable("the address is not a public one"), "not a public one"),
    ],
    ids=["redirect", "html", "nothing", "private"],
)
async def test_what_an_address_gives_instead_is_said_and_the_old_logo_stays(
    api, parts, organisation, outgoing, answer, reason
):
    before = await put_logo(api)
    outgoing.answers = lambda _: answer
    await api.post(f"{LOGO}/fetch", json={"address": ELSEWHERE})
    await run_jobs(parts, organisation, "logos.fetch")
    found = (await api.get(LOGO)).json()
    assert reason in found["refusal"]
    assert (found["fetching"], found["width"], found["url"]) == (None, before["width"], before["url"])
    assert len(outgoing.sent) == 1
    assert (await put_logo(api))["refusal"] is None


@pytest.mark.parametrize(
    "address",
    ["http://pictures.example.org/x.png", "https://127.0.0.1/x.png", "https://[::1]/", "file:///etc/passwd", "https://u:p@a.example/",
     "", "https://a.example/" + "x" * URL_LENGTH_MAX],
)  # fmt: skip
async def test_an_address_that_may_not_be_asked_is_refused(api, address):
    answer = await api.post(f"{LOGO}/fetch", json={"address": address})
    assert answer.status_code in {413, 422}
    assert answer.json()["field"] == "address"
    assert (await api.get(LOGO)).status_code == 404


async def test_an_upload_meanwhile_wins_over_a_fetch(api, parts, organisation, outgoing):
    outgoing.answers = lambda _: HttpAnswer(200, {}, a_png(10, 10), 1)
    await api.post(f"{LOGO}/fetch", json={"address": ELSEWHERE})
    made = await put_logo(api)
    await run_jobs(parts, organisation, "logos.fetch")
    assert (await api.get(LOGO)).json() == made
    assert outgoing.sent == []


# --------------------------------------------------------------------------------------------------------------- shown
async def test_designs_with_a_place_for_it_show_it_on_every_surface(api, stranger):
    achievement = await an_achievement(api, credential={"certificate_design": "certificate-sterling-a4-landscape"})
    uid = (await an_award(api, achievement))["credential"]
    paths = [f"/c/{uid}/certificate.pdf", f"/v1/frontend/credential_pdf/{uid}"]
    without = [images_in((await stranger.get(path)).content) for path in paths]
    picture = opened((await stranger.get(f"/c/{uid}/certificate.png")).content)
    await put_logo(api)
    assert [images_in((await stranger.get(path)).content) for path in paths] == [count + 1 for count in without]
    assert difference(picture, opened((await stranger.get(f"/c/{uid}/certificate.png")).content)).clear > 0.004
    asked = {"values": {"recipient.name": "Ada"}, "width": 600}
    drawn = "/api/v1/designs/certificate-sterling-a4-landscape/picture"
    with_logo = await api.post(drawn, json=asked)
    await api.delete(LOGO)
    assert (await api.post(drawn, json=asked)).content != with_logo.content


async def test_what_is_issued_names_it_as_the_image_of_the_issuer(api, parts, stranger, organisation):
    made = await put_logo(api)
    uid = (await an_award(api))["credential"]
    await run_jobs(parts, organisation, "credentials.issue")
    document = await signed_document(stranger, uid)
    assert document["issuer"]["image"] == {"id": made["url"], "type": "Image"}
    profile = (await stranger.get(f"/i/{organisation.uid}", headers={"Accept": "application/ld+json"})).json()
    assert profile["image"]["id"] == made["url"]


async def test_pages_show_it_small_before_a_picture_elsewhere(api, stranger, organisation):
    await api.patch("/api/v1/organisation", json={"image": "https://pictures.example.org/old.png"})
    page = {"Accept": "text/html"}
    assert "https://pictures.example.org/old.png" in (await stranger.get(f"/i/{organisation.uid}", headers=page)).text
    await put_logo(api)
    shown = (await stranger.get(f"/i/{organisation.uid}", headers=page)).text
    assert f'<img src="/i/{organisation.uid}/logo?size=small&amp;v=' in shown
    assert "old.png" not in shown


async def test_letters_bring_it_along(api, parts, organisation, mails):
    await put_logo(api)
    uid = (await an_award(api))["credential"]
    async with parts.database.transaction(organisation.id) as tx:
        sql = "SELECT id FROM credential WHERE organisation_id = $1 AND uid = $2"
        number = await tx.fetchval(sql, organisation.id, uid)
        found = await organisations.organisation(tx)
    await sending.send_letters(parts, {"organisation_id": organisation.id, "credentials": [number]})
    (file,) = mails.glob("*.eml")
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    html = mail.get_body(("html",)).get_content()
    assert '<img src="cid:logo"' in html
    assert found.name in html
    (picture,) = [part for part in mail.walk() if part.get_content_maintype() == "image"]
    assert picture["Content-ID"] == "<logo>"
    assert max(opened(picture.get_content()).size) == LOGO_SMALL_SIDE_MAX
