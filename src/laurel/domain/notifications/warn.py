"""Telling administrators by mail that an endpoint was disabled."""

from typing import Any

from laurel.base.ids import EndpointId, OrganisationId
from laurel.domain.notifications import store
from laurel.domain.notifications.outlets import Outlets
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.accounts import store as account_store
from laurel.outside.mail import Mail

_ACCOUNTS_MAX = 1_000
_TOLD = frozenset({"owner", "admin"})


async def mail_disabled(parts: Outlets, payload: dict[str, Any]) -> None:
    """The job of MAIL_JOB: payload {organisation_id, endpoint}. Raises Unavailable, and is then tried again."""
    async with parts.database.transaction(OrganisationId(payload["organisation_id"])) as tx:
        endpoint = await store.find_endpoint_by_id(tx, EndpointId(payload["endpoint"]))
        organisation = await organisations.organisation(tx)
        accounts = await account_store.page(tx, after=0, limit=_ACCOUNTS_MAX)
    if endpoint is None or endpoint.state != "disabled":
        return
    addresses = sorted({account.email for account in accounts if account.role in _TOLD})
    for address in addresses or filter(None, [organisation.email]):
        await parts.mailer.send(
            Mail(
                to=address,
                subject=f"{organisation.name}: a webhook was disabled",
                text=(
                    f"The webhook to {endpoint.url} was disabled: {endpoint.disabled_reason}.\n\n"
                    f"What could not be delivered is kept. Once the receiver works again, enable the webhook\n"
                    f"{endpoint.uid} at {parts.public_url} and ask for the failed deliveries to be sent again.\n"
                ),
            )
        )
