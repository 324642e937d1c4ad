"""Bugs by name, each as changed lines of one module or more: what the scorecard's figures must notice."""

from typing import NamedTuple


class Bug(NamedTuple):
    """`changes`: per module, pairs of the text that stands there once and what stands there instead."""

    what: str
    changes: dict[str, list[tuple[str, str]]]


BUGS: dict[str, Bug] = {
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
}
