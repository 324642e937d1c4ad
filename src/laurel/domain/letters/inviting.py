"""The job that sends an invitation to run an organisation. It goes to an account, not to somebody who earns."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from laurel.base.ids import OrganisationId
from laurel.base.limits import INVITATION_SECONDS
from laurel.base.written_dates import dated
from laurel.domain.access import invitations, signed_links
from laurel.domain.letters.composing import Facts, compose
from laurel.domain.letters.sending import COLOUR, Post
from laurel.domain.letters.wording import wording_in
from laurel.domain.organisations import audit
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.accounts import store as accounts
from laurel.domain.organisations.branding import colour_of
from laurel.outside.mail import AddressRefused

ACTOR = "mail"
"""Who notes in the audit trail that a mail server refused the address."""


async def send_invitation(post: Post, payload: dict[str, Any]) -> None:
    """The job of INVITATION_JOB: payload {organisation_id, account, number}. Nothing is sent when the invitation is not open any
    more. An address that is refused for good closes it, so that the team sees that nobody is on the way.
    """
    organisation_id, now = OrganisationId(payload["organisation_id"]), post.clock.now()
    async with post.database.transaction(organisation_id) as tx:
        account = await accounts.find(tx, payload["account"])
        if account is None or account.invited_at is None:
            return
        if await accounts.find_invited(tx, payload["number"], account.email) is None:
            return
        organisation = await organisations.organisation(tx)
        language = wording_in(organisation.language)[0]
        since = account.invited_at
        link = signed_links.sign(
            post.pepper, signed_links.INVITATION, account.email, organisation_id, since, payload["number"]
        )
        facts = Facts(
            to=account.email,
            language=language,
            action_url=f"{post.public_url}/console/invitation?link={quote(link)}",
            recipient=account.name,
            issuer=organisation.name,
            day=dated((since + timedelta(seconds=INVITATION_SECONDS)).date(), language),
            colour=colour_of(organisation) or COLOUR,
            reply_to=organisation.email,
        )
        try:
            await post.mailer.send(compose("invitation", facts))
        except AddressRefused as refused:
            await invitations.close(tx, account, now)
            said = {"status": refused.status}
            await audit.record(
                tx, at=now, by=ACTOR, action="account.unreachable", subject=("account", account.uid), details=said
            )
