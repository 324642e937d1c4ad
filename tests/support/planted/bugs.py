"""Bugs by name, each as changed lines of one module or more: what the scorecard's figures must notice."""

from typing import NamedTuple


class Bug(NamedTuple):
    """`changes`: per module, pairs of the text that stands there once and what stands there instead."""

    what: str
    changes: dict[str, list[tuple[str, str]]]


BUGS: dict[str, Bug] = {
    "member-left-unsigned": Bug(
        "descriptions are left out of what is signed",
        {
            "laurel.openbadges.canonical": [
                (
                    "                if prop.kind == KEYWORD:\n",
                    '                if prop.kind == KEYWORD or key == "description":\n',
                )
            ]
        },
    ),
    "no-time-outs": Bug(
        "nobody waits for the database for a limited time only",
        {
            "laurel.database.pool": [
                ("_STATEMENT_TIMEOUT_SECONDS = 60", "_STATEMENT_TIMEOUT_SECONDS = 100_000"),
                ("_CONNECT_TIMEOUT_SECONDS = 10", "_CONNECT_TIMEOUT_SECONDS = 100_000"),
            ]
        },
    ),
    "acknowledge-before-commit": Bug(
        "events are acknowledged while their transaction still waits to be committed",
        {
            "laurel.domain.record_events.races": [
                ("_ATTEMPTS_MAX = 8\n", "import asyncio\n\n_ATTEMPTS_MAX = 8\n"),
                (
                    """            async with spine.database.transaction(organisation_id) as tx:
                return await work(tx, careful)
""",
                    """            result = asyncio.get_running_loop().create_future()

            async def through(careful=careful, result=result):
                try:
                    async with spine.database.transaction(organisation_id) as tx:
                        result.set_result(await work(tx, careful))
                        await asyncio.sleep(0.5)
                except BaseException as failure:
                    if not result.done():
                        result.set_exception(failure)

            asyncio.ensure_future(through())
            return await result
""",
                ),
            ]
        },
    ),
    "commit-what-failed": Bug(
        "what a transaction did before it failed is committed",
        {
            "laurel.database.pool": [
                (
                    "            except BaseException:\n                await self.give_up(connection)\n",
                    (
                        "            except BaseException:\n"
                        "                if not _is_closed(connection):\n"
                        '                    await connection.execute("COMMIT")\n'
                    ),
                )
            ]
        },
    ),
    "replays-count": Bug(
        "events that were recorded before count again",
        {
            "laurel.domain.record_events.ingest": [
                (
                    "            candidates = await _insert_asking(run, candidates, rows)\n",
                    "            await _insert_asking(run, candidates, rows)\n",
                )
            ]
        },
    ),
    "other-body-is-a-replay": Bug(
        "a key that comes with another body is taken for a replay",
        {
            "laurel.domain.record_events.ingest": [
                ("same=(rows[index][0], rows[index][1]) not in other)", "same=True or other)")
            ]
        },
    ),
    "late-events-join-the-newest-period": Bug(
        "an event of an older period counts in the newest",
        {
            "laurel.domain.achievements.evaluate": [
                ("elif entry[PERIOD] != period:\n            older", "elif entry[PERIOD] < period:\n            older")
            ]
        },
    ),
    "levels-skipped": Bug(
        "who reaches two levels at once gets the higher one only",
        {
            "laurel.domain.achievements.evaluate": [
                ("for level in range(before + 1, reached + 1):", "for level in range(reached, reached + 1):")
            ]
        },
    ),
    "prerequisites-forgotten": Bug(
        "an achievement does not wait for those before it",
        {
            "laurel.domain.achievements.evaluate": [
                ("if prerequisites and not all(", "if False and prerequisites and not all(")
            ]
        },
    ),
    "balance-replaced": Bug(
        "a balance is what was paid last",
        {
            "laurel.domain.rewards.ledger.store": [
                (
                    (
                        "            ON CONFLICT (organisation_id, person_id, unit, dimension, department_id)\n"
                        "            DO UPDATE SET amount = balance.amount + EXCLUDED.amount\n"
                        '            """,\n            tx.organisation_id,\n            *columns(_sums(entries), 5),'
                    ),
                    (
                        "            ON CONFLICT (organisation_id, person_id, unit, dimension, department_id)\n"
                        "            DO UPDATE SET amount = EXCLUDED.amount\n"
                        '            """,\n            tx.organisation_id,\n            *columns(_sums(entries), 5),'
                    ),
                )
            ]
        },
    ),
    "one-message-for-many": Bug(
        "of awards that are made together only the first is told",
        {
            "laurel.domain.record_events.consequences": [
                ("[_message(run, one) for one in active]", "[_message(run, one) for one in active[:1]]")
            ]
        },
    ),
    "supply-read-then-written": Bug(
        "a supply is looked at first and written down afterwards, and nobody is kept out meanwhile",
        {
            "laurel.domain.rewards.store": [
                ("ORDER BY reward_id, kind, allocation FOR UPDATE", "ORDER BY reward_id, kind, allocation"),
                (
                    "UPDATE reward_supply s SET granted = s.granted + t.amount\n",
                    "UPDATE reward_supply s SET granted = least(s.total, s.granted + t.amount)\n",
                ),
            ]
        },
    ),
    "unsynchronised-commits": Bug(
        "PostgreSQL answers a commit before it is on the disk",
        {
            "laurel.database.embedded": [
                ("jit = off\n", "jit = off\nsynchronous_commit = off\nwal_writer_delay = 10s\n")
            ]
        },
    ),
    "asynchronous-standby": Bug(
        "the primary answers a commit before its standby has it",
        {"tests.support.replicas": [("synchronous_standby_names = '*'", "synchronous_standby_names = ''")]},
    ),
    "key-stored-afterwards": Bug(
        "the answer to an Idempotency-Key is stored after the effect was committed",
        {
            "laurel.web.idempotency": [
                (
                    (
                        "                    await answers.store_answer(tx, caller.identity, key, answer, "
                        "self._parts.clock.now())\n                    commit = True\n"
                    ),
                    "                    commit = True\n",
                ),
                (
                    "            await request_transaction.finish(commit=commit)\n",
                    (
                        "            await request_transaction.finish(commit=commit)\n"
                        "        if commit:\n"
                        "            async with self._parts.database.transaction(\n"
                        "                caller.organisation_id, joins_request=False\n"
                        "            ) as other:\n"
                        "                await answers.store_answer(other, caller.identity, key, answer, "
                        "self._parts.clock.now())\n"
                    ),
                ),
            ]
        },
    ),
    "id-made-per-attempt": Bug(
        "each attempt to send a message has an id of its own",
        {
            "laurel.domain.notifications.send": [
                (
                    'message_id = f"msg_{delivery.message_uid}"',
                    'message_id = f"msg_{delivery.message_uid}_{_chance.random()}"',
                )
            ]
        },
    ),
    "delivered-when-claimed": Bug(
        "a message counts as delivered when it is taken up, not when it was received",
        {
            "laurel.domain.notifications.store": [
                (
                    "UPDATE webhook_delivery d SET claimed_until = $4\n",
                    "UPDATE webhook_delivery d SET claimed_until = $4, state = 'delivered'\n",
                )
            ]
        },
    ),
    "hurried-retries": Bug(
        "no bug, but a build that waits shorter between attempts, so that a run of retries ends within minutes",
        {
            "laurel.domain.notifications.send": [
                ("FIRST_RETRY_SECONDS = 5.0", "FIRST_RETRY_SECONDS = 0.5"),
                ("RETRY_FACTOR = 3.0", "RETRY_FACTOR = 1.5"),
                ("_CLAIM = timedelta(seconds=60)", "_CLAIM = timedelta(seconds=5)"),
            ]
        },
    ),
    "no-row-security": Bug(
        "no bug by itself: row-level security is off, so that the conditions of the queries stand alone",
        {"laurel.database.pool": [('f"SET LOCAL ROLE {tenant_role}; " if tenant_role else ""', '""')]},
    ),
    "filter-of-people-dropped": Bug(
        "people are looked up by uid in every organisation",
        {
            "laurel.domain.people.store": [
                (
                    "FROM person WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL",
                    "FROM person WHERE $1::bigint > 0 AND uid = $2 AND deleted_at IS NULL",
                )
            ]
        },
    ),
    "filter-of-webhooks-dropped": Bug(
        "webhooks are looked up by uid in every organisation",
        {
            "laurel.domain.notifications.store": [
                (
                    "SELECT {_ENDPOINT} FROM webhook_endpoint WHERE organisation_id = $1 AND uid = $2\n",
                    "SELECT {_ENDPOINT} FROM webhook_endpoint WHERE $1::bigint > 0 AND uid = $2\n",
                )
            ]
        },
    ),
    "no-force": Bug(
        "tables are not held by row-level security against their owner",
        {
            "laurel.database.migrate": [
                ("        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.relname);\n", ""),
            ]
        },
    ),
    "sticky-organisation": Bug(
        "a transaction across organisations leaves its permission on the connection",
        {
            "laurel.database.pool": [
                ("SET LOCAL laurel.every_organisation = 'on'", "SET laurel.every_organisation = 'on'"),
            ]
        },
    ),
    "swallowed-error": Bug(
        "an error of the database at the commit is not passed on",
        {
            "laurel.database.pool": [
                (
                    "            await _commit(connection)\n        except CONNECTION_FAILURES as failure:\n",
                    (
                        "            await _commit(connection)\n        except asyncpg.DiskFullError:\n"
                        "            return\n        except CONNECTION_FAILURES as failure:\n"
                    ),
                )
            ]
        },
    ),
    "machine-clock": Bug(
        "the spine asks the machine what time it is, not the clock that it was given",
        {
            "laurel.domain.record_events.run": [
                ("now or spine.clock.now()", 'now or datetime.now(__import__("datetime").UTC)'),
            ]
        },
    ),
    "path-in-the-log": Bug(
        "the log has the address that was asked for, with its query",
        {
            "laurel.web.edge": [
                (
                    '            route=template or "(none)",\n            status=status,',
                    (
                        '            route=scope["path"] + scope.get("query_string", b"").decode("latin-1"),\n'
                        "            status=status,"
                    ),
                )
            ]
        },
    ),
    "payloads-survive-erasure": Bug(
        "what events said of an erased person stays",
        {
            "laurel.domain.erasure.store": [
                (
                    "UPDATE event SET event_key = 'erased-' || id, source_id = '', tags = NULL, payload = '{}'\n",
                    "UPDATE event SET event_key = 'erased-' || id, source_id = '', tags = NULL\n",
                )
            ]
        },
    ),
}
