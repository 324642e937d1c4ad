"""The same credential says the same on every picture and letter of it, whichever surface draws it."""

import email
import email.policy
import io
import re
import zipfile
from unicodedata import normalize

import pypdfium2
import pytest
from lxml import etree

from laurel.base.limits import DESIGN_TEXT_LENGTH_MAX
from laurel.domain.credentials import pictures, samples
from laurel.domain.letters import sending, templates
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.branding import BRANDING
from tests.rendering.pictures import difference, opened
from tests.support.credentials import an_award
from tests.support.events import an_achievement
from tests.support.fixtures import BASE_URL
from tests.tidy.repository import REFERENCE

SIGNATORY = {"signatory": "Grace Hopper", "signatory_title": "Head of Training"}
ADDRESS = "welder@example.org"
NAMES = [
    "recipient.name", "recipient.id", "recipient.email", "achievement.name", "achievement.course_name", "group.course_name",
    "achievement.description", "group.course_description", "achievement.title", "achievement.level", "credential.name",
    "credential.description", "credential.id", "credential.uuid", "credential.license_id", "credential.issued_on",
    "credential.expired_on", "credential.url", "issuer.name", "issuer.url", "issuer.signatory", "issuer.signatory_title",
    "custom.hall",
]  # fmt: skip
DATES = {"de": ("14. März 2026", "14. März 2028"), "ja": ("2026年3月14日", "2028年3月14日")}


async def a_spelling_design(api, kind):
    """A design that says every attribute by its name, each on a line of its own, and their achievement's other words."""
    nodes = [
        {"type": "text", "x": 20, "y": 20 + 24 * number, "width": 560, "height": 20, "size": 12, "align": "left",
         "content": f"{name}=[{name}]", "font": "text"}
        for number, name in enumerate(NAMES)
    ]  # fmt: skip
    content = {
        "format": "laurel-design/1", "name": kind, "kind": kind, "canvas": {"width": 600, "height": 620},
        "background": "#ffffff", "nodes": nodes,
    }  # fmt: skip
    answer = await api.post("/api/v1/designs", json={"name": kind, "content": content})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@pytest.fixture
async def issue(api, parts, organisation):
    """Issues Ada's credential in an organisation that speaks a language; (its uid, its integer id)."""

    async def issued(language):
        settings = {BRANDING: SIGNATORY}
        async with parts.database.transaction(organisation.id) as tx:
            await organisations.update_organisation(tx, {"language": language, "settings": settings}, parts.clock.now())
        designs = {f"{kind}_design": await a_spelling_design(api, kind) for kind in ("badge", "certificate")}
        achievement = await an_achievement(
            api,
            name="Welding",
            description="Joins steel plates.",
            levels={"steps": [{"target": 1, "names": {"en": "Bronze"}}, {"target": 2, "names": {"en": "Silver"}}]},
            credential={**designs, "valid_years": 2},
        )
        made = await an_award(api, achievement, person={"email": ADDRESS}, custom={"hall": "North"})
        wish = {"credential": {"id": "L-7", "recipient": {"id": "S-1"}}}
        changed = await api.put(f"/v1/credentials/{made['credential']}", json=wish)
        assert changed.status_code == 200, changed.text
        return made["credential"], changed.json()["credential"]["id"]

    return issued


def said_by_svg(svg):
    labels = (element.get("aria-label") for element in etree.fromstring(svg).iter())
    return dict(label.split("=", 1) for label in labels if label and "=" in label)


def said_by_pdf(pdf):
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    lines = normalize("NFKC", text).replace(" ", "").splitlines()  # readers part scripts by spaces, and guess at 月
    return dict(line.split("=", 1) for line in lines if "=" in line)


async def said_by_letter(api, parts, mails, organisation, number, language):
    names = [name for name in NAMES if name in templates.ABOUT_A_CREDENTIAL or name.startswith("custom.")]
    body = "\n".join(f"{name}=[{name}]" for name in names)
    put = await api.put(f"/api/v1/letter-templates/issued/{language}", json={"subject": "Yours", "body": body})
    assert put.status_code == 200, put.text
    await sending.send_letters(parts, {"organisation_id": organisation.id, "credentials": [number]})
    (file,) = mails.glob("*.eml")
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    text = mail.get_body(("plain",)).get_content()
    return dict(re.findall(r"^([a-z]+\.[a-z_]+)=(.*)$", text, re.MULTILINE))


@pytest.mark.parametrize("language", ["de", "ja"])
async def test_every_surface_says_the_same_of_a_credential(api, stranger, parts, organisation, mails, issue, language):
    uid, number = await issue(language)
    issued_on, expired_on = DATES[language]
    expected = {
        "recipient.name": "Ada Lovelace", "recipient.id": "S-1", "achievement.name": "Welding: Bronze",
        "achievement.course_name": "Welding: Bronze", "group.course_name": "Welding: Bronze",
        "achievement.description": "Joins steel plates.", "group.course_description": "Joins steel plates.",
        "achievement.title": "Welding", "achievement.level": "Bronze", "credential.name": "Welding: Bronze",
        "credential.description": "Joins steel plates.", "credential.id": uid, "credential.uuid": uid,
        "credential.license_id": "L-7", "credential.issued_on": issued_on, "credential.expired_on": expired_on,
        "credential.url": f"{BASE_URL}/c/{uid}", "issuer.name": organisation.name, "issuer.url": BASE_URL,
        "issuer.signatory": "Grace Hopper", "issuer.signatory_title": "Head of Training", "custom.hall": "North",
    }  # fmt: skip
    assert said_by_svg((await stranger.get(f"/c/{uid}.svg")).content) == expected
    pdfs = [await stranger.get(path) for path in (f"/c/{uid}/certificate.pdf", f"/v1/frontend/credential_pdf/{uid}")]
    pressed = {name: text.replace(" ", "") for name, text in expected.items()}
    assert [said_by_pdf(pdf.content) for pdf in pdfs] == [pressed, pressed]
    assert pdfs[0].content == pdfs[1].content
    letter = await said_by_letter(api, parts, mails, organisation, number, language)
    assert letter == {name: expected[name] for name in letter}
    assert set(letter) == {*templates.ABOUT_A_CREDENTIAL, "custom.hall"}


async def test_every_surface_draws_the_same_picture_of_a_credential(stranger, issue):
    uid, _ = await issue("de")
    baked, badge, english = [
        opened((await stranger.get(address)).content)
        for address in (f"/c/{uid}.png", f"/c/{uid}/badge.png?lang=de", f"/c/{uid}/badge.png?lang=en")
    ]
    assert difference(baked, badge).mean == 0
    assert difference(english, badge).mean > 0
    certificates = [f"/c/{uid}/certificate.png?lang=de", f"/v1/frontend/credential_seo_image/{uid}"]
    one, other = [(await stranger.get(address)).content for address in certificates]
    assert one == other


async def test_only_the_issuer_gets_a_picture_with_the_address_on_it(api, stranger, issue):
    _, number = await issue("de")
    file = (await api.post("/v1/credentials/generate_pdf", json={"credential_ids": [number]})).json()["file"]
    archive = await stranger.get(file.removeprefix(BASE_URL))
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened_archive:
        (pdf,) = (opened_archive.read(name) for name in opened_archive.namelist())
    assert said_by_pdf(pdf)["recipient.email"] == ADDRESS
    single = (await api.post(f"/v1/credentials/generate_single_pdf/{number}", json={})).json()["file"]
    assert "recipient.email" not in said_by_pdf((await stranger.get(single.removeprefix(BASE_URL))).content)


async def test_a_preview_knows_a_group_by_each_of_its_names(api):
    made = await a_spelling_design(api, "badge")
    number = (await api.get(f"/api/v1/designs/{made}")).json()["number"]
    link = await api.post(f"/v1/designs/{number}/preview", json={"group.course_name": "Rivets"})
    one = await api.get(link.json()["link"].removeprefix(BASE_URL))
    values = {"achievement.course_name": "Rivets", "credential.name": "Rivets", "achievement.name": "Rivets"}
    link = await api.post(f"/v1/designs/{number}/preview", json=values)
    assert (await api.get(link.json()["link"].removeprefix(BASE_URL))).content == one.content


async def test_attributes_are_described_and_cut_to_their_limit(organisation):
    said = pictures.Particulars(
        name="x", description="y" * 5_000, email="", custom={"z" * 200: "v" * 5_000, "no": None}
    )
    values = pictures.attributes(said, organisation, BASE_URL, "en")
    assert len(values["achievement.description"]) == len(values[f"custom.{'z' * 100}"]) == DESIGN_TEXT_LENGTH_MAX
    described = (REFERENCE / "design-format.md").read_text(encoding="utf-8")
    for name in values.keys() - {f"custom.{'z' * 100}"}:
        assert f"`{name}`" in described, name
    assert set(samples.sample_values(organisation, BASE_URL)) <= {*values}
    assert set(templates.ABOUT_A_CREDENTIAL) <= set(values)
