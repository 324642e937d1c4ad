"""Inviting somebody to the team, without a browser: what links open, and when they no longer do."""

from datetime import timedelta
from urllib.parse import unquote

import pytest

from laurel.base.limits import INVITATION_SECONDS
from laurel.domain.access import invitations, signed_links
from laurel.domain.access.model import PASSWORDS, LinkNotValid
from laurel.domain.letters.inviting import send_invitation
from laurel.domain.organisations import sign_in
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.accounts import store as accounts
from laurel.domain.organisations.model import Caller
from laurel.outside.mail import AddressRefused, Mail
from tests.support.builders import a_number, an_account, an_organisation

PASSWORD = "correct horse battery"


class Mailbox:
    """Takes letters, or refuses the address."""

    def __init__(self) -> None:
        self.taken: list[Mail] = []
        self.refuses = False

    async def send(self, mail: Mail) -> None:
        if self.refuses:
            raise AddressRefused("5.1.1", "no such user")
        self.taken.append(mail)


class Post:
    """The running parts with a mailbox of the test's."""

    def __init__(self, parts) -> None:
        self.database, self.clock, self.pepper = parts.database, parts.clock, parts.pepper
        self.public_url, self.mailer = "https://laurel.example", Mailbox()

    @property
    def link(self) -> str:
        """The one in the last letter."""
        text = self.mailer.taken[-1].text
        address = next(line for line in text.splitlines() if line.startswith(self.public_url))
        return unquote(address.partition("?link=")[2])


@pytest.fixture
def post(parts):
    return Post(parts)


async def an_owner(parts, organisation):
    account = await an_account(parts, organisation, role="owner", password=PASSWORD)
    return Caller(
        organisation_id=organisation.id,
        identity=f"account:{account.id}",
        actor=f"account:{account.uid}",
        scopes=frozenset({"*"}),
    )


async def invited(parts, organisation, post, account=None):
    """An account without a password to whom a letter was sent."""
    account = account or await an_account(parts, organisation, password=None)
    by = await an_owner(parts, organisation)
    async with parts.database.transaction(organisation.id) as tx:
        await invitations.invite(tx, account, by=by, now=parts.clock.now())
        number = await tx.fetchval(
            "SELECT invitation FROM account WHERE organisation_id = $1 AND id = $2", organisation.id, account.id
        )
    await send_invitation(post, {"organisation_id": organisation.id, "account": account.uid, "number": number})
    return account


async def accept(parts, link, password=PASSWORD):
    return await invitations.accept(parts.database, parts.pepper, link, password, parts.clock.now())


async def test_the_letter_says_who_invites_whom_until_when(parts, organisation, post):
    account = await invited(parts, organisation, post)
    [mail] = post.mailer.taken
    assert (mail.to, organisation.name in mail.subject, account.name in mail.text) == (account.email, True, True)
    opened = await invitations.opened(parts.database, parts.pepper, post.link, parts.clock.now())
    assert (opened.account.id, opened.organisation.id) == (account.id, organisation.id)


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja", "ar"])
async def test_letters_are_written_in_the_organisations_language(parts, post, language):
    organisation = await an_organisation(parts, language=language)
    await invited(parts, organisation, post)
    [mail] = post.mailer.taken
    assert f'lang="{language}"' in mail.html
    assert "{" not in mail.text + mail.subject


async def test_a_link_sets_a_password_once(parts, organisation, post):
    account = await invited(parts, organisation, post)
    session = await accept(parts, post.link)
    assert session.cookie
    async with parts.database.transaction(organisation.id) as tx:
        known = await sign_in.account_with_password(tx, email=account.email, password=PASSWORD, now=parts.clock.now())
    assert (known.id, known.invited_at) == (account.id, None)
    with pytest.raises(LinkNotValid):
        await accept(parts, post.link, "another long password")


async def test_a_password_that_is_too_short_leaves_the_link_open(parts, organisation, post):
    await invited(parts, organisation, post)
    with pytest.raises(sign_in.Invalid) as refused:
        await accept(parts, post.link, "short")
    assert refused.value.field == "password"
    assert await accept(parts, post.link)


async def test_links_run_out_and_are_not_forged(parts, organisation, post):
    await invited(parts, organisation, post)
    later = parts.clock.now() + timedelta(seconds=INVITATION_SECONDS + 1)
    for link, now in (
        (post.link, later),
        (post.link[:-1] + ("0" if post.link[-1] != "0" else "1"), parts.clock.now()),
        (
            signed_links.sign(parts.pepper, signed_links.LINK, "x@example.org", organisation.id, parts.clock.now()),
            parts.clock.now(),
        ),
        (
            signed_links.sign(
                parts.pepper, signed_links.INVITATION, "x@example.org", organisation.id, parts.clock.now()
            ),
            parts.clock.now(),
        ),
        ("", parts.clock.now()),
        ("\udc00.é", parts.clock.now()),
    ):
        with pytest.raises(LinkNotValid):
            await invitations.opened(parts.database, parts.pepper, link, now)
    assert await accept(parts, post.link)


async def test_inviting_again_closes_the_link_before(parts, organisation, post):
    account = await invited(parts, organisation, post)
    before = post.link
    await invited(parts, organisation, post, account)
    with pytest.raises(LinkNotValid):
        await accept(parts, before)
    assert await accept(parts, post.link)


@pytest.mark.parametrize("change", ["password", "email", "remove"])
async def test_what_is_changed_by_hand_closes_the_link(parts, organisation, post, change):
    account = await invited(parts, organisation, post)
    async with parts.database.transaction(organisation.id) as tx:
        if change == "remove":
            await sign_in.remove_account(tx, account.uid, by="test", now=parts.clock.now())
        else:
            value = PASSWORD if change == "password" else f"other{a_number()}@example.org"
            await sign_in.change_account(tx, account.uid, by="test", now=parts.clock.now(), **{change: value})
    with pytest.raises(LinkNotValid):
        await accept(parts, post.link)


async def test_where_the_provider_alone_opens_the_console_no_password_is_set(parts, organisation, post):
    await invited(parts, organisation, post)
    async with parts.database.transaction(organisation.id) as tx:
        await organisations.update_organisation(tx, {"settings": {PASSWORDS: False}}, parts.clock.now())
    opened = await invitations.opened(parts.database, parts.pepper, post.link, parts.clock.now())
    assert not opened.passwords
    with pytest.raises(sign_in.Forbidden):
        await accept(parts, post.link)


async def test_who_has_a_password_is_not_invited(parts, organisation, post):
    account = await an_account(parts, organisation, password=PASSWORD)
    with pytest.raises(sign_in.Conflict):
        await invited(parts, organisation, post, account)
    assert post.mailer.taken == []


async def test_an_administrator_does_not_invite_owners(parts, organisation, post):
    owner = await an_account(parts, organisation, role="owner", password=None)
    admin = Caller(
        organisation_id=organisation.id,
        identity="account:1",
        actor="account:1",
        scopes=frozenset({"accounts:write"}),
    )
    async with parts.database.transaction(organisation.id) as tx:
        with pytest.raises(sign_in.Forbidden):
            await invitations.invite(tx, owner, by=admin, now=parts.clock.now())


async def test_an_address_that_is_refused_closes_the_invitation_and_is_noted(parts, organisation, post):
    post.mailer.refuses = True
    account = await invited(parts, organisation, post)
    async with parts.database.transaction(organisation.id) as tx:
        assert (await accounts.find(tx, account.uid)).invited_at is None
        actions = await tx.fetch(
            "SELECT action FROM audit WHERE organisation_id = $1 AND subject_uid = $2", organisation.id, account.uid
        )
    assert "account.unreachable" in {row["action"] for row in actions}
