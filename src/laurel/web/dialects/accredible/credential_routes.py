"""Credentials one at a time and in bulk: create, view, change, delete."""

from collections.abc import Sequence
from typing import Any

from litestar import Response

from laurel.base import json_text
from laurel.base.errors import Invalid, LaurelError
from laurel.base.ids import CredentialId, is_uid
from laurel.base.limits import DIALECT_BULK_MAX, DIALECT_BULK_MIXED_MAX, IDENTIFIER_LENGTH_MAX, check_count
from laurel.domain.catalogue import store as catalogue
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.model import Credential
from laurel.domain.record_events.amend import delete
from laurel.domain.record_events.run import Run
from laurel.domain.register import store as register
from laurel.web.dialects.accredible import credential_changes, credential_writing
from laurel.web.dialects.accredible.calls import Answer, Call, Desk, details_of, operation
from laurel.web.dialects.accredible.credential_groups import NO_CREDITS
from laurel.web.dialects.accredible.credential_input import CredentialDraft, read_credential, require_recipient
from laurel.web.dialects.accredible.credential_view import Shown, show_credential
from laurel.web.dialects.accredible.errors import body_of, credential_unknown
from laurel.web.dialects.accredible.parameters import Parameters
from laurel.web.dialects.accredible.spelling import parse_encoded_id

READ, WRITE = "credentials:read", "credentials:write"
DELETED = "deleted by the issuer"


# -------------------------------------------------------------------------------------------------------------- finding
async def resolve(desk: Desk, reference: str) -> Shown:
    """The credential by integer id, uuid, the issuer's own id or encoded id. Raises CredentialUnknown, also for one of
    another department than the key's.
    """
    found = await _by_reference(desk, reference.strip()[: IDENTIFIER_LENGTH_MAX + 1])
    if found is None:
        raise credential_unknown(reference)
    group = (await catalogue.outlines(desk.tx, [found.achievement_id]))[found.achievement_id]
    if not await desk.sees(group.department_id):
        raise credential_unknown(reference)
    return Shown(found, group)


async def _by_reference(desk: Desk, reference: str) -> Credential | None:
    if reference.isascii() and reference.isdigit() and len(reference) < 19:
        found = await credentials.find_by_id(desk.tx, CredentialId(int(reference)))
        if found is not None:
            return found
    if is_uid(reference):
        found = await credentials.find_by_uid(desk.tx, reference)
        if found is not None:
            return found
    found = await register.find_by_license(desk.tx, reference)
    if found is None and (encoded := parse_encoded_id(reference)) is not None:
        found = await credentials.find_by_id(desk.tx, encoded)
    return found


def show(desk: Desk, shown: Shown) -> dict[str, Any]:
    """A credential in full."""
    return show_credential(desk.call.public_url, desk.organisation, shown)


# --------------------------------------------------------------------------------------------------------- one at a time
@operation("POST", "/v1/credentials", scope=WRITE)
async def create_credential(call: Call) -> Answer:
    """Create a credential; published unless it says otherwise or something holds it back."""
    given = call.parameters.resource("credential")
    draft = read_credential(given)
    require_recipient(draft)

    async def work(desk: Desk, run: Run) -> Answer:
        made = await credential_writing.create(desk, run, [draft])
        return {"credential": show(desk, made[0])}

    return await call.run(work)


@operation("GET", "/v1/credentials/{id}", scope=READ)
async def view_credential(call: Call) -> Answer:
    """Show a credential."""
    async with call.transaction() as desk:
        return {"credential": show(desk, await resolve(desk, call.path["id"]))}


@operation("PUT", "/v1/credentials/{id}", scope=WRITE)
@operation("PATCH", "/v1/credentials/{id}", scope=WRITE)
async def change_credential(call: Call) -> Answer:
    """Change what is given; `approve` publishes and withdraws."""
    draft = read_credential(call.parameters.resource("credential"))

    async def work(desk: Desk, run: Run) -> Answer:
        found = await resolve(desk, call.path["id"])
        if draft.license_id == call.path["id"] or draft.license_id == str(found.credential.id):
            draft.license_id = found.credential.license_id
        return {"credential": show(desk, await credential_changes.change(desk, run, found.credential.id, draft))}

    return await call.run(work)


@operation("DELETE", "/v1/credentials/{id}", scope=WRITE)
async def delete_credential(call: Call) -> Answer:
    """Delete a credential: its award is revoked, and what it says about the recipient is erased."""

    async def work(desk: Desk, run: Run) -> Answer:
        found = await resolve(desk, call.path["id"])
        award, credential, group = await credential_changes.locked(desk, run, found.credential.id)
        answer = {"credential": show(desk, Shown(credential, group))}
        await delete(run, award, credential, DELETED)
        return answer

    return await call.run(work)


# --------------------------------------------------------------------------------------------------------------- in bulk
def _bulk(call: Call, limit: int) -> list[Parameters]:
    items = call.parameters.items("credentials")
    if not items:
        raise Invalid("credentials must be a list of credentials", field="credentials")
    check_count(len(items), limit, "credentials")
    return [item.resource("credential") for item in items]


@operation("POST", "/v1/credentials/bulk_create", scope=WRITE)
async def bulk_create(call: Call) -> Answer:
    """Create up to a hundred credentials, or none when one of them is wrong."""
    drafts = []
    for index, given in enumerate(_bulk(call, DIALECT_BULK_MAX)):
        try:
            draft = read_credential(given)
            require_recipient(draft)
        except LaurelError as refusal:
            refusal.details.setdefault("index", index)
            raise
        drafts.append(draft)

    async def work(desk: Desk, run: Run) -> Answer:
        made = await credential_writing.create(desk, run, drafts)
        rows = [show(desk, one) for one in made]
        if desk.settings.get("documented_bulk_answer"):
            return [{"credential": row} for row in rows]
        return {"credentials": rows}

    return await call.run(work)


@operation("POST", "/v2/credentials/bulk_create", scope=WRITE)
async def bulk_create_mixed(call: Call) -> Answer:
    """Create up to thirty credentials, each for itself: 207 when some failed or were not published, 422 when all failed."""
    results: list[dict[str, Any]] = []
    drafts: dict[int, CredentialDraft] = {}
    for index, given in enumerate(_bulk(call, DIALECT_BULK_MIXED_MAX)):
        results.append({})
        try:
            draft = read_credential(given)
            require_recipient(draft)
            drafts[index] = draft
        except LaurelError as refusal:
            results[index] = _failed(refusal)

    async def work(desk: Desk, run: Run) -> Answer:
        made, failed = await _create_each(desk, run, drafts)
        for index, one in made.items():
            results[index] = _done(desk, one)
        for index, refusal in failed.items():
            results[index] = _failed(refusal)
        return None

    if drafts:
        await call.run(work)
    wrong = sum("credential" not in result for result in results)
    mixed = any("errors" in result for result in results)
    status = 422 if wrong == len(results) else 207 if mixed else 200
    return Response(json_text.encode({"results": results}), status_code=status, media_type="application/json")


async def _create_each(
    desk: Desk, run: Run, drafts: dict[int, CredentialDraft]
) -> tuple[dict[int, Shown], dict[int, LaurelError]]:
    """All that can be created, in one go; whoever is to blame for a failure is left out, and the rest tried again."""
    failed: dict[int, LaurelError] = {}
    waiting: Sequence[int] = sorted(drafts)
    while waiting:
        states = dict(run.states)
        try:
            async with desk.tx.savepoint():
                made = await credential_writing.create(desk, run, [drafts[index] for index in waiting])
            return dict(zip(waiting, made, strict=True)), failed
        except LaurelError as refusal:
            position = refusal.details.get("index")
            if not isinstance(position, int):
                raise
            run.states = states
            failed[waiting[position]] = refusal
            waiting = [index for at, index in enumerate(waiting) if at != position]
    return {}, failed


def _done(desk: Desk, made: Shown) -> dict[str, Any]:
    row = show(desk, made)
    if row["approve"] or row["unpublished_reason"] == "approve is false":
        return {"credential": row}
    credits_gone = details_of(made.credential).get("held_back") == NO_CREDITS
    code = "insufficient_credits" if credits_gone else "credential_unpublished"
    problem = {
        "code": code,
        "message": "The credential was created but not published.",
        "details": [{"property": "approve", "message": row["unpublished_reason"], "reason": row["unpublished_reason"]}],
    }
    return {"credential": row, "errors": problem, "error": problem}


def _failed(refusal: LaurelError) -> dict[str, Any]:
    errors = body_of(refusal, 422)["errors"]
    if isinstance(errors, dict):
        details = [
            {"property": field, "message": sentence, "reason": sentence}
            for field, sentences in errors.items()
            if field != "credential"
            for sentence in sentences
        ]
    else:
        details = [{"property": refusal.field, "message": str(errors), "reason": str(errors)}]
    problem: dict[str, Any] = {
        "code": "credential_invalid",
        "message": "The credential is not valid",
        "details": details,
    }
    if refusal.details.get("existing_credential_id"):
        problem["existing_credential_id"] = refusal.details["existing_credential_id"]
    return {"errors": problem, "error": problem}
