"""The SQL of erasure: for every table what becomes of a person's rows. A test holds the list against the schema."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction

OF_THE_PERSON: Mapping[str, str] = {
    "event_retraction": """
        UPDATE event_retraction r SET event_key = 'erased-' || e.id, reason = '' FROM event e
        WHERE r.organisation_id = $1 AND r.person_id = $2 AND e.organisation_id = $1 AND e.person_id = $2
          AND e.event_key = r.event_key""",
    "award": """
        UPDATE award a SET score = NULL, results = '[]', revoke_reason = NULL,
            source_event_key = (SELECT 'erased-' || e.id FROM event e WHERE e.organisation_id = $1 AND e.person_id = $2
                                AND e.event_key = a.source_event_key)
        WHERE a.organisation_id = $1 AND a.person_id = $2""",
    "event": """
        UPDATE event SET event_key = 'erased-' || id, source_id = '', tags = NULL, payload = '{}'
        WHERE organisation_id = $1 AND person_id = $2""",
    "progress": "UPDATE progress SET state = '' WHERE organisation_id = $1 AND person_id = $2",
    "past_progress": "DELETE FROM past_progress WHERE organisation_id = $1 AND person_id = $2",
    "credential_activity": """
        UPDATE credential_activity SET license_id = NULL WHERE organisation_id = $1 AND credential_id IN
            (SELECT id FROM credential WHERE organisation_id = $1 AND person_id = $2)""",
    "signed_credential": """
        DELETE FROM signed_credential WHERE organisation_id = $1 AND credential_id IN
            (SELECT id FROM credential WHERE organisation_id = $1 AND person_id = $2)""",
    "endorsement": """
        WITH about AS (
            SELECT id FROM endorsement WHERE organisation_id = $1 AND kind = 'credential' AND subject_id IN
                (SELECT id FROM credential WHERE organisation_id = $1 AND person_id = $2)),
        emptied AS (
            UPDATE endorsement SET subject = '', comment = '', content = '', revoke_reason = NULL,
                identity = convert_to('erased-' || id, 'UTF8'), removed_at = coalesce(removed_at, created_at)
            WHERE organisation_id = $1 AND status_list_id IS NOT NULL AND id IN (SELECT id FROM about))
        DELETE FROM endorsement
        WHERE organisation_id = $1 AND status_list_id IS NULL AND id IN (SELECT id FROM about)""",
    "holder_binding": """
        DELETE FROM holder_binding WHERE organisation_id = $1 AND credential_id IN
            (SELECT id FROM credential WHERE organisation_id = $1 AND person_id = $2)""",
    "credential": """
        UPDATE credential SET details = '{}', license_id = NULL, access_key = NULL, facets = NULL, revoke_reason = NULL,
            suspended_at = NULL, suspended_until = NULL, suspend_reason = NULL, refusal = NULL, holder = NULL,
            fields = '{"name": "", "description": "", "recipient_name": "", "recipient_email": null}'
        WHERE organisation_id = $1 AND person_id = $2""",
    "held_credential": "DELETE FROM held_credential WHERE organisation_id = $1 AND person_id = $2",
    "ledger": """
        UPDATE ledger SET reason = '', reference = CASE WHEN reference IS NULL THEN NULL ELSE 'erased-' || id END
        WHERE organisation_id = $1 AND person_id = $2""",
    "reward_grant": """
        UPDATE reward_grant SET details = '{}', source_id = 'erased-' || id
        WHERE organisation_id = $1 AND person_id = $2""",
    "challenge_participation": """
        UPDATE challenge_participation SET nonce = 'erased-' || uid, input = 'null', remark = ''
        WHERE organisation_id = $1 AND person_id = $2""",
    "event_link": "UPDATE event_link SET payload = '{}' WHERE organisation_id = $1 AND used_by = $2",
    "statement": "DELETE FROM statement WHERE organisation_id = $1 AND person_id = $2",
    "learner_profile": "DELETE FROM learner_profile WHERE organisation_id = $1 AND person_id = $2",
    "oauth_grant": "DELETE FROM oauth_grant WHERE organisation_id = $1 AND person_id = $2",
    "one_time_link": "DELETE FROM one_time_link WHERE organisation_id = $1 AND person_id = $2",
    "sent_letter": "DELETE FROM sent_letter WHERE organisation_id = $1 AND person_id = $2",
    "past_time_zone": "DELETE FROM past_time_zone WHERE organisation_id = $1 AND person_id = $2",
    "webhook_delivery": """
        DELETE FROM webhook_delivery WHERE organisation_id = $1 AND message_uid IN
            (SELECT uid FROM outbox WHERE organisation_id = $1 AND person_id = $2)""",
}
"""In this order: what refers to event keys comes before the events, what finds messages before they go. $2: the person."""

WITH_THEIR_NAMES: Mapping[str, str] = {
    "idempotent_answer": """
        DELETE FROM idempotent_answer WHERE organisation_id = $1 AND EXISTS
            (SELECT FROM unnest($2::text[]) t WHERE position(convert_to(t, 'UTF8') IN body) > 0)""",
    "sign_in_attempt": """
        DELETE FROM sign_in_attempt WHERE organisation_id = $1 AND EXISTS
            (SELECT FROM unnest($2::text[]) t WHERE position(t IN kept) > 0)""",
    "bounce": "DELETE FROM bounce WHERE organisation_id = $1 AND address = ANY($2::text[])",
    "pgqueuer": """
        DELETE FROM pgqueuer WHERE status = 'queued'
          AND position(convert_to('"organisation_id":' || $1::bigint, 'UTF8') IN payload) > 0 AND EXISTS
            (SELECT FROM unnest($2::text[]) t WHERE position(convert_to(t, 'UTF8') IN payload) > 0)""",
    "roster": """
        UPDATE roster r SET failures = (
            SELECT coalesce(jsonb_agg(f) FILTER (WHERE NOT EXISTS (
                SELECT FROM unnest($2::text[]) t WHERE position(t IN lower(f::text)) > 0)), '[]')
            FROM jsonb_array_elements(r.failures) AS told(f)), lines = (
            SELECT coalesce(jsonb_agg(CASE WHEN lower(l ->> 'email') = ANY($2::text[])
                THEN l || '{"name": "", "email": ""}' ELSE l END ORDER BY place), '[]')
            FROM jsonb_array_elements(r.lines) WITH ORDINALITY AS known(l, place))
        WHERE r.organisation_id = $1 AND EXISTS (SELECT FROM unnest($2::text[]) t WHERE position(t IN lower(r.lines::text)) > 0)""",
}
"""What is found by the person's address, identifiers and uid ($2), because it names no person otherwise."""

WHOLE: Mapping[str, str] = {
    "stored_file_part": "DELETE FROM stored_file_part WHERE organisation_id = $1",
    "stored_file": "DELETE FROM stored_file WHERE organisation_id = $1",
}
"""Files made to be fetched within a week hold many people, packed: all go, and can be made again."""

ELSEWHERE: Mapping[str, str] = {
    "person": "emptied and deleted by people.registry; its number stays, so that figures add up",
    "person_identifier": "deleted by people.registry",
    "learner_request": "texts emptied by close_requests, which notes that it was done",
    "api_key": "revoked by revoke_keys where it acts for the person",
    "outbox": "messages recorded before the erasure are deleted by delete_messages; what the erasure tells is kept",
    "webhook_attempt": "goes with its delivery",
    "oauth_code": "goes with its grant",
    "oauth_token": "goes with its grant",
}
KEPT: Mapping[str, str] = dict.fromkeys(
    (
        "balance", "leaderboard_score", "leaderboard_bucket", "leaderboard_closing", "streak", "challenge_attempt",
        "reward_shortage", "reward_draw", "reward_supply", "credential_tally", "credential_allowance", "letter",
        "achievement_tally", "people_tally", "waiting_credential",
    ),
    "figures, ids and instants about nobody",
) | dict.fromkeys(
    ("log_entry", "log_head", "log_tile", "signature", "status_list", "suspension_list", "signing_key"),
    "the signed record of what was issued and taken back: salted hashes, bits and numbers",
) | dict.fromkeys(
    (
        "account", "account_identity", "session", "identity_provider", "organisation", "department", "webhook_endpoint",
        "letter_template", "logo", "oauth_barred_application", "organisation_past_zone", "revoked_token", "used_link",
        "feed_position", "data_export",
    ),
    "about the organisation, its own people, or nobody",
) | dict.fromkeys(
    (
        "achievement", "attribute_key", "campaign", "challenge", "challenge_group", "collection", "collection_member",
        "design", "goal", "leaderboard", "reward", "streak_rule", "tag", "xp_rule",
    ),
    "what the organisation defined",
) | {
    "audit": "ids and names of fields: who did what to what, about a number that nobody has any more",
    "imported_credential": "the number that another product gave a credential, so that it is not imported again",
}  # fmt: skip


async def newest_message(tx: Transaction) -> int:
    """The id of the newest message: what is recorded later belongs to the erasure itself."""
    return int(
        await tx.fetchval("SELECT coalesce(max(id), 0) FROM outbox WHERE organisation_id = $1", tx.organisation_id)
    )


async def sweep(tx: Transaction, person_id: PersonId, names: Sequence[str]) -> None:
    """Erase what tables hold of a person; `names` are the address, identifiers and uid, in lower case too."""
    for statement in OF_THE_PERSON.values():
        await tx.execute(statement, tx.organisation_id, person_id)
    for statement in WITH_THEIR_NAMES.values():
        await tx.execute(statement, tx.organisation_id, names)
    for statement in WHOLE.values():
        await tx.execute(statement, tx.organisation_id)


async def delete_messages(tx: Transaction, person_id: PersonId, until: int) -> None:
    """Forget what was recorded to be told about a person up to a message."""
    await tx.execute(
        "DELETE FROM outbox WHERE organisation_id = $1 AND person_id = $2 AND id <= $3",
        tx.organisation_id,
        person_id,
        until,
    )


async def close_requests(tx: Transaction, person_id: PersonId, actor: str, now: datetime) -> None:
    """Empty what a person asked for and was answered; what was open is done with."""
    await tx.execute(
        """
        UPDATE learner_request SET wanted = '', answer = '', updated_at = $4,
            decided_by = coalesce(decided_by, $3), state = CASE WHEN state = 'open' THEN 'done' ELSE state END
        WHERE organisation_id = $1 AND person_id = $2
        """,
        tx.organisation_id,
        person_id,
        actor,
        now,
    )


async def revoke_keys(tx: Transaction, person_id: PersonId, now: datetime) -> None:
    """Take API keys that act for a person out of use, and forget what they were called."""
    await tx.execute(
        """
        UPDATE api_key SET revoked_at = coalesce(revoked_at, $3), name = ''
        WHERE organisation_id = $1 AND acting_person_id = $2
        """,
        tx.organisation_id,
        person_id,
        now,
    )
