"""A transaction ends as its caller is told."""

import asyncpg
import pytest


async def pass_over_a_failure(parts, organisation):
    async with parts.database.transaction(organisation.id) as tx:
        await tx.execute("UPDATE organisation SET name = 'Renamed' WHERE organisation_id = $1", organisation.id)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await tx.fetchval("SELECT 1 / 0")


async def test_a_failure_that_was_passed_over_is_not_told_as_a_success(parts, organisation):
    with pytest.raises(RuntimeError, match="nothing of it is stored"):
        await pass_over_a_failure(parts, organisation)
    async with parts.database.transaction(organisation.id) as tx:
        assert await tx.fetchval("SELECT name FROM organisation") == organisation.name


async def test_a_failure_within_a_savepoint_leaves_the_rest(parts, organisation):
    async with parts.database.transaction(organisation.id) as tx:
        await tx.execute("UPDATE organisation SET name = 'Renamed' WHERE organisation_id = $1", organisation.id)
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with tx.savepoint():
                await tx.fetchval("SELECT 1 / 0")
    async with parts.database.transaction(organisation.id) as tx:
        assert await tx.fetchval("SELECT name FROM organisation") == "Renamed"
