"""A sign-in through an identity provider: begun, and finished with a session or one sentence. Knows nothing of HTTP.

A sign-in under way is a row and a cookie: the row's name is the `state`, the cookie's secret gives nonce and PKCE verifier,
so nothing that is stored lets anybody else finish it.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import NamedTuple

from laurel.base.errors import NotFound
from laurel.base.ids import OrganisationId, new_secret
from laurel.base.limits import KEPT_FORM_LENGTH_MAX, SIGN_IN_ATTEMPT_SECONDS, URL_LENGTH_MAX, check_length
from laurel.database.pool import Transaction
from laurel.domain.access import invitations, sessions
from laurel.domain.access.sessions import Opened
from laurel.domain.organisations import audit, sign_in
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.accounts import store as accounts
from laurel.domain.organisations.model import Account, Caller, Organisation
from laurel.domain.single_sign_on import openid, providers, store
from laurel.domain.single_sign_on.model import Attempt, IdentityProvider, SignInFailed, Somebody
from laurel.domain.single_sign_on.providers import Doorkeeper

ACTOR = "identity-provider"
_BEGIN_AGAIN = "this sign-in was used before, or begun too long ago; begin again"
_STATE_LENGTH_MAX = 200


class Begun(NamedTuple):
    """Where the browser goes, and the secret that it keeps in a cookie meanwhile."""

    address: str
    cookie: str


class Returned(NamedTuple):
    """What the provider sent the browser back with."""

    state: str
    code: str
    issuer: str
    error: str


class Finished(NamedTuple):
    """Who is signed in, and what was interrupted by signing in."""

    account: Account
    opened: Opened
    attempt: Attempt


async def begin(doorkeeper: Doorkeeper, organisation_id: OrganisationId, *, next_address: str, kept: str) -> Begun:
    """Begin a sign-in. Raises NotFound when the organisation has no provider, TooLarge, ProviderFailed."""
    check_length(kept, KEPT_FORM_LENGTH_MAX, "form")
    check_length(next_address, URL_LENGTH_MAX, "next")
    async with doorkeeper.database.transaction(organisation_id) as tx:
        provider = await store.provider(tx)
    if provider is None:
        raise NotFound("this organisation has no identity provider; sign in with a password")
    discovered = await openid.discover(doorkeeper.http, provider.issuer)
    state, secret = new_secret(), new_secret()
    attempt = Attempt(
        organisation_id=organisation_id,
        uid=state,
        browser_hmac=_derived(doorkeeper, "browser", state, secret),
        issuer=provider.issuer,
        next_address=next_address,
        kept=kept,
        created_at=doorkeeper.clock.now(),
    )
    async with doorkeeper.database.transaction(organisation_id) as tx:
        await store.insert_attempt(tx, attempt)
    address = openid.authorization_address(
        discovered,
        provider,
        redirect=providers.redirect_address(doorkeeper.public_url),
        state=state,
        nonce=_text(doorkeeper, "nonce", state, secret),
        verifier=_text(doorkeeper, "verifier", state, secret),
    )
    return Begun(address, secret)


async def finish(doorkeeper: Doorkeeper, returned: Returned, cookie: str) -> Finished:
    """A session for whom the provider has recognised. Raises SignInFailed, ProviderFailed; each attempt is used once."""
    attempt = await _taken(doorkeeper, returned.state, cookie)
    async with doorkeeper.database.transaction(attempt.organisation_id) as tx:
        provider = await store.provider(tx)
    if provider is None or provider.issuer != attempt.issuer:
        raise SignInFailed("the organisation's identity provider was changed meanwhile; begin again")
    if returned.issuer and returned.issuer != provider.issuer:
        raise SignInFailed("another identity provider answered than the one that was asked")
    if returned.error or not returned.code:
        raise SignInFailed(_refusal(returned.error))
    discovered = await openid.discover(doorkeeper.http, provider.issuer)
    if discovered.authorization_response_iss_parameter_supported and not returned.issuer:
        raise SignInFailed("the answer does not say which identity provider it is from")
    somebody = await openid.recognise(
        doorkeeper.http,
        discovered,
        provider,
        secret=providers.secret_of(doorkeeper, provider),
        code=returned.code,
        redirect=providers.redirect_address(doorkeeper.public_url),
        nonce=_text(doorkeeper, "nonce", attempt.uid, cookie),
        verifier=_text(doorkeeper, "verifier", attempt.uid, cookie),
        now=doorkeeper.clock.now(),
    )
    now = doorkeeper.clock.now()
    async with doorkeeper.database.transaction(attempt.organisation_id) as tx:
        organisation = await organisations.organisation(tx)
        account = await _account(tx, doorkeeper, organisation, provider, somebody)
        await invitations.close(tx, account, now)
        opened = await sessions.open_for(tx, account, pepper=doorkeeper.pepper, now=now)
    return Finished(account, opened, attempt)


async def _taken(doorkeeper: Doorkeeper, state: str, cookie: str) -> Attempt:
    """The attempt that this browser began, used up."""
    if not state or len(state) > _STATE_LENGTH_MAX:
        raise SignInFailed(_BEGIN_AGAIN)
    async with doorkeeper.database.public_lookup(state) as tx:
        attempt = await store.find_attempt(tx, state)
    if attempt is None:
        raise SignInFailed(_BEGIN_AGAIN)
    if not hmac.compare_digest(attempt.browser_hmac, _derived(doorkeeper, "browser", state, cookie)):
        raise SignInFailed("this sign-in was begun in another browser or tab; begin again")
    async with doorkeeper.database.transaction(attempt.organisation_id) as tx:
        taken = await store.take_attempt(tx, state)
    if not taken or doorkeeper.clock.now() - attempt.created_at > timedelta(seconds=SIGN_IN_ATTEMPT_SECONDS):
        raise SignInFailed(_BEGIN_AGAIN)
    return attempt


def _refusal(error: str) -> str:
    if error == "access_denied":
        return "the identity provider was not allowed to tell who you are"
    known = error if error.replace("_", "").isalnum() and len(error) < 60 else ""
    return f"the identity provider did not sign you in{f' ({known})' if known else ''}"


async def _account(
    tx: Transaction, doorkeeper: Doorkeeper, organisation: Organisation, provider: IdentityProvider, somebody: Somebody
) -> Account:
    """The account of `somebody`: linked before, invited under their verified address, or made by the provider's rule."""
    now = doorkeeper.clock.now()
    link = await store.find_link(tx, provider.issuer, somebody.subject)
    if link is not None and link.living:
        known = await accounts.find_by_id(tx, link.account_id)
        if known is not None:
            await store.insert_link(tx, known.id, provider.issuer, somebody.subject, now)
            return known
    email = somebody.email
    if email is None:
        if somebody.unverified:
            raise SignInFailed(f"the identity provider has not verified the address {somebody.unverified}")
        raise SignInFailed("the identity provider does not say which e-mail address you have")
    found = await accounts.find_with_hash(tx, email)
    account = found[0] if found else None
    if account is None:
        if link is not None or await store.was_removed(tx, email):
            raise SignInFailed(
                f"your account at {organisation.name} was removed; an administrator can invite you again"
            )
        if not (provider.creates_accounts and provider.knows_address(email)):
            raise SignInFailed(f"there is no account for {email} at {organisation.name}; ask an administrator for one")
        account = await sign_in.add_account(
            tx, email=email, name=somebody.name or email, role=provider.default_role, password=None, by=ACTOR, now=now
        )
    if not await store.insert_link(tx, account.id, provider.issuer, somebody.subject, now):
        raise SignInFailed(
            f"the account of {email} belongs to somebody else at the identity provider; an administrator can "
            "forget that link"
        )
    await audit.record(tx, at=now, by=ACTOR, action="account.link", subject=("account", account.uid))
    return account


async def unlink(tx: Transaction, account: Account, *, by: Caller, now: datetime) -> None:
    """Forget who an account is at the provider: its address decides at the next sign-in."""
    await store.delete_links_of(tx, account.id)
    await audit.record(tx, at=now, by=by, action="account.unlink", subject=("account", account.uid))


async def leave_address(tx: Transaction, account: Account) -> str | None:
    """Where somebody who signed in through the provider signs out there too; None when there is no such page."""
    provider = await store.provider(tx)
    if provider is None or account.id not in await store.linked_accounts(tx, provider.issuer):
        return None
    return provider.leave_address


def _derived(doorkeeper: Doorkeeper, purpose: str, state: str, secret: str) -> bytes:
    message = f"sign-in:{purpose}:{state}:{secret}".encode("utf-8", "surrogatepass")
    return hmac.digest(doorkeeper.pepper, message, hashlib.sha256)


def _text(doorkeeper: Doorkeeper, purpose: str, state: str, secret: str) -> str:
    """43 characters, as a PKCE verifier wants them (RFC 7636, 4.1)."""
    return base64.urlsafe_b64encode(_derived(doorkeeper, purpose, state, secret)).decode().rstrip("=")
