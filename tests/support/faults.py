"""A database whose connections fail at chosen statements, as networks, servers and other writers make them fail."""

import asyncio
import random
from typing import Any

import asyncpg

from laurel.database.pool import Database

FAULTS = ("cut before", "cut after", "lost race", "given up")
"""The connection breaks before the statement arrives, or before its answer does; others won; the caller is gone."""


class FaultyConnection:
    """Counts statements down and fails at the one that was chosen; everything else goes through."""

    def __init__(self, real: Any, home: "FaultyDatabase") -> None:
        self.real = real
        self._home = home

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def execute(self, *arguments: Any, **named: Any) -> Any:
        """As the real one."""
        return await self._home.through(self.real, self.real.execute, *arguments, **named)

    async def fetch(self, *arguments: Any, **named: Any) -> Any:
        """As the real one."""
        return await self._home.through(self.real, self.real.fetch, *arguments, **named)

    async def fetchrow(self, *arguments: Any, **named: Any) -> Any:
        """As the real one."""
        return await self._home.through(self.real, self.real.fetchrow, *arguments, **named)

    async def fetchval(self, *arguments: Any, **named: Any) -> Any:
        """As the real one."""
        return await self._home.through(self.real, self.real.fetchval, *arguments, **named)


class FaultyDatabase(Database):
    """A pool that hands out such connections. It fails where it is told to."""

    def __init__(self, database: Database, chance: random.Random) -> None:
        super().__init__(database.pool, database.url, None)
        self._role_sql = database._role_sql
        self._chance = chance
        self._left: int | None = None
        self.statements = 0
        self.struck: dict[str, int] = {}

    def strike_within(self, statements: int) -> None:
        """Let one of the next so many statements fail."""
        self._left = self._chance.randint(1, statements)

    def spare(self) -> None:
        """Let none fail."""
        self._left = None

    async def acquire(self) -> Any:
        """A connection that may fail."""
        return FaultyConnection(await super().acquire(), self)

    async def release(self, connection: Any) -> None:
        """Give it back."""
        await super().release(connection.real)

    async def through(self, real: Any, call: Any, *arguments: Any, **named: Any) -> Any:
        """One statement, which may be the one that fails."""
        self.statements += 1
        if self._left is not None:
            self._left -= 1
        if self._left != 0 or arguments[0] == "ROLLBACK":
            return await call(*arguments, **named)
        self._left = None
        fault = self._chance.choice(FAULTS)
        self.struck[fault] = self.struck.get(fault, 0) + 1
        if fault == "lost race":
            if arguments[0].startswith(("COMMIT", "BEGIN")):
                return await call(*arguments, **named)
            raise asyncpg.SerializationError("could not serialize access")
        if fault == "given up":
            raise asyncio.CancelledError
        if fault == "cut after":
            await call(*arguments, **named)
        real.terminate()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
