"""Connections and transactions. Every transaction names its organisation, and row-level security holds it to that.

A transaction costs one extra round trip for nothing: BEGIN, the restricted role and the organisation travel together.
Inside a request that carries an Idempotency-Key all transactions join one (see `RequestTransaction`), so that the
stored answer commits with the effect.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy as Connection

from laurel.base import json_text
from laurel.base.errors import Unavailable
from laurel.base.ids import DepartmentId, OrganisationId

TENANT_ROLE = "laurel_tenant"
_STATEMENT_TIMEOUT_SECONDS = 60
_CONNECT_TIMEOUT_SECONDS = 10
_GIVE_UP_TIMEOUT_SECONDS = 3
"""How long a transaction that failed may take to be rolled back; then its connection is closed, which does the same."""

log = structlog.get_logger("laurel.database")

Row = asyncpg.Record

UniqueViolation = asyncpg.UniqueViolationError
"""A constraint says that it is there already."""

CheckViolation = asyncpg.CheckViolationError
"""A constraint says that a row may not become so, such as a balance below zero."""

LOST_RACES = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""What PostgreSQL says when a transaction has to be run again."""

CONNECTION_FAILURES = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.QueryCanceledError,
    ConnectionError,
    TimeoutError,
    OSError,
)


def cannot_be_stored(failure: BaseException) -> bool:
    """Whether a value was refused for what it is: a NUL, a lone surrogate, a number beyond its column.

    The driver's own such error is an InterfaceError that is also a ValueError.
    """
    return isinstance(failure, asyncpg.DataError) or (
        isinstance(failure, asyncpg.InterfaceError) and isinstance(failure, ValueError)
    )


_bound_to: ContextVar[DepartmentId | None] = ContextVar("bound_to", default=None)


@contextmanager
def for_anybody() -> Iterator[None]:
    """Within the block (a request) callers may be bound to a department; outside of it nobody is."""
    token = _bound_to.set(None)
    try:
        yield
    finally:
        _bound_to.reset(token)


def bind_to_department(department_id: DepartmentId | None) -> None:
    """What transactions opened from here on, within `for_anybody`, show of lists and look-ups: this department's only."""
    _bound_to.set(department_id)


class Transaction:
    """One open transaction of one organisation. SQL goes through here and lives in the stores.

    `department_id` is the department that its caller is bound to. What callers look up or list is cut to it with
    `in_department`; what the spine reads to decide is not, for an event counts whoever may see the achievement.
    """

    __slots__ = ("_savepoints", "connection", "department_id", "organisation_id")

    def __init__(self, connection: "Connection[Row]", organisation_id: OrganisationId) -> None:
        self.connection = connection
        self.organisation_id = organisation_id
        self.department_id = _bound_to.get()
        self._savepoints = 0

    def in_department(self, column: str = "department_id") -> str:
        """A condition to append to a WHERE whose $1 is the organisation: empty, or that the row is of the department
        that the caller is bound to. What has no department is the default one's.
        """
        if self.department_id is None:
            return ""
        return f""" AND coalesce({column}, (SELECT d.id FROM department d WHERE d.organisation_id = $1 AND d.is_default
            AND d.deleted_at IS NULL)) = {int(self.department_id)}"""

    def of_achievements_in_department(self, column: str = "achievement_id") -> str:
        """As `in_department`, for rows that belong to the achievement in `column`."""
        if self.department_id is None:
            return ""
        return f""" AND {column} IN (SELECT seen.id FROM achievement seen
            WHERE seen.organisation_id = $1{self.in_department("seen.department_id")})"""

    async def fetch(self, sql: str, *arguments: Any) -> list[Row]:
        """All rows."""
        rows: list[Row] = await self.connection.fetch(sql, *arguments)
        return rows

    async def fetchrow(self, sql: str, *arguments: Any) -> Row | None:
        """The first row, or None."""
        row: Row | None = await self.connection.fetchrow(sql, *arguments)
        return row

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.fetchval(sql, *arguments)

    async def execute(self, sql: str, *arguments: Any) -> int:
        """Run one statement; how many rows it touched (0 when the statement does not count)."""
        tag: str = await self.connection.execute(sql, *arguments)
        last = tag.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0

    async def stream(self, sql: str, *arguments: Any, prefetch: int = 1_000) -> AsyncIterator[Row]:
        """Rows one at a time through a server-side cursor, `prefetch` a round trip."""
        cursor = self.connection.cursor(sql, *arguments, prefetch=prefetch)
        async for row in cursor:
            yield row

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What happens inside is undone alone when the block raises."""
        self._savepoints += 1
        name = f"s{self._savepoints}"
        await self.connection.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            if not self.connection.is_closed():
                await self.connection.execute(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        await self.connection.execute(f"RELEASE SAVEPOINT {name}")


class RequestTransaction:
    """The one transaction of a request with an Idempotency-Key, opened when the first use case needs it.

    `on_open` runs in it first (it takes the key's lock and may raise with the stored answer).
    """

    def __init__(self, on_open: Callable[[Transaction], Awaitable[None]]) -> None:
        self._on_open = on_open
        self.transaction: Transaction | None = None
        self._database: Database | None = None

    async def join(self, database: "Database", organisation_id: OrganisationId) -> Transaction:
        """The request's transaction, opened on first use."""
        if self.transaction is None:
            connection = await database.acquire()
            self._database = database
            self.transaction = Transaction(connection, organisation_id)
            await connection.execute(database.begin_sql(organisation_id))
            await self._on_open(self.transaction)
        return self.transaction

    async def finish(self, *, commit: bool) -> None:
        """Commit or roll back, and give the connection back."""
        transaction, database = self.transaction, self._database
        self.transaction = None
        if transaction is None or database is None:
            return
        try:
            if commit:
                await _commit(transaction.connection)
            else:
                await database.give_up(transaction.connection)
        finally:
            await database.release(transaction.connection)


_request_transaction: ContextVar[RequestTransaction | None] = ContextVar("request_transaction", default=None)


@asynccontextmanager
async def one_transaction_per_request(request_transaction: RequestTransaction) -> AsyncIterator[None]:
    """Within the block every `Database.transaction` joins `request_transaction`."""
    token = _request_transaction.set(request_transaction)
    try:
        yield
    finally:
        _request_transaction.reset(token)


def in_request_transaction() -> bool:
    """Whether transactions opened now join the request's own."""
    return _request_transaction.get() is not None


class Database:
    """A pool of connections to one PostgreSQL. Make it with `open_database`."""

    def __init__(self, pool: asyncpg.Pool, url: str, tenant_role: str | None) -> None:
        self.pool = pool
        self.url = url
        self._role_sql = f"SET LOCAL ROLE {tenant_role}; " if tenant_role else ""

    def begin_sql(self, organisation_id: OrganisationId) -> str:
        """BEGIN with the restricted role and the organisation, in one round trip."""
        return f"BEGIN; {self._role_sql}SET LOCAL laurel.organisation_id = {int(organisation_id)}"

    async def acquire(self) -> "Connection[Row]":
        """A connection from the pool; raises Unavailable when the database does not answer."""
        try:
            return await self.pool.acquire(timeout=_CONNECT_TIMEOUT_SECONDS)
        except CONNECTION_FAILURES as failure:
            raise Unavailable("the database does not answer", retry_after_seconds=1) from failure

    async def release(self, connection: "Connection[Row]") -> None:
        """Give a connection back; one that is still in a transaction is rolled back on the way.

        One that does not answer is closed instead: whoever had it has been told by then.
        """
        try:
            await self.pool.release(connection, timeout=_GIVE_UP_TIMEOUT_SECONDS)
        except CONNECTION_FAILURES as failure:
            await self._distrust(failure)

    async def give_up(self, connection: "Connection[Row]") -> None:
        """Roll back after a failure, by closing the connection when it does not answer."""
        if _is_closed(connection):
            return
        try:
            await connection.execute("ROLLBACK", timeout=_GIVE_UP_TIMEOUT_SECONDS)
        except CONNECTION_FAILURES as failure:
            if not _is_closed(connection):
                connection.terminate()
            await self._distrust(failure)

    async def _distrust(self, failure: BaseException) -> None:
        """After a connection that does not answer: what lost it took its neighbours too, so no older one is used again."""
        log.warning("closed a connection to the database that does not answer", reason=type(failure).__name__)
        await self.pool.expire_connections()

    @asynccontextmanager
    async def transaction(
        self, organisation_id: OrganisationId, *, joins_request: bool = True
    ) -> AsyncIterator[Transaction]:
        """A transaction of one organisation: committed when the block ends, rolled back when it raises.

        Raises Unavailable when the database goes away meanwhile: then nothing of it was recorded, or, when the
        connection broke during COMMIT, the caller cannot know and must send the same keys again.
        """
        ambient = _request_transaction.get() if joins_request else None
        if ambient is not None:
            transaction = await ambient.join(self, organisation_id)
            async with transaction.savepoint():
                yield transaction
            return
        async with self._begun(self.begin_sql(organisation_id)) as connection:
            yield Transaction(connection, organisation_id)

    @asynccontextmanager
    async def public_lookup(self, uid: str) -> AsyncIterator[Transaction]:
        """A read-only transaction that sees only rows whose uid is `uid`, whoever owns them.

        For addresses that strangers hold: key ids, credential pages. The organisation is read off the row found.
        """
        begin = f"BEGIN READ ONLY; {self._role_sql}SET LOCAL laurel.organisation_id = 0"
        async with self._begun(begin) as connection:
            await connection.execute("SELECT set_config('laurel.public_uid', $1, true)", uid)
            yield Transaction(connection, OrganisationId(0))

    async def public_row(self, sql: str, uid: str) -> Row | None:
        """The row that a function of the database finds for `uid`, whoever owns it, without opening a transaction.

        The function itself sets `laurel.public_uid`, so it sees what `public_lookup` would.
        """
        connection = await self.acquire()
        try:
            row: Row | None = await connection.fetchrow(sql, uid)
        except CONNECTION_FAILURES as failure:
            raise Unavailable("the database does not answer", retry_after_seconds=1) from failure
        finally:
            await self.release(connection)
        return row

    @asynccontextmanager
    async def every_organisation(self) -> AsyncIterator[Transaction]:
        """A transaction across organisations: for the command line, start-up and the timetable only."""
        begin = f"BEGIN; {self._role_sql}SET LOCAL laurel.every_organisation = 'on'"
        async with self._begun(begin) as connection:
            yield Transaction(connection, OrganisationId(0))

    @asynccontextmanager
    async def _begun(self, begin: str) -> AsyncIterator["Connection[Row]"]:
        connection = await self.acquire()
        try:
            try:
                await connection.execute(begin)
                yield connection
            except BaseException:
                await self.give_up(connection)
                raise
            await _commit(connection)
        except CONNECTION_FAILURES as failure:
            if cannot_be_stored(failure):
                raise
            if not isinstance(failure, asyncpg.PostgresError | asyncpg.InterfaceError) and not _is_closed(connection):
                raise  # somebody else's broken pipe or time-out
            raise Unavailable("the database does not answer", retry_after_seconds=1) from failure
        finally:
            await self.release(connection)

    async def close(self) -> None:
        """Close the pool; waits for running transactions."""
        await self.pool.close()


async def _commit(connection: "Connection[Row]") -> None:
    """COMMIT. After a failed statement PostgreSQL answers it with ROLLBACK, and asyncpg says nothing of that.

    Raises RuntimeError then: somebody passed over the failure, and would go on as if all were stored.
    """
    if await connection.execute("COMMIT") != "COMMIT":
        raise RuntimeError("a failure within the transaction was passed over: nothing of it is stored")


def _is_closed(connection: "Connection[Row]") -> bool:
    """Whether it is closed; the pool has taken one back by itself when it closed under way."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=_encode_jsonb if name == "jsonb" else json_text.encode,
            decoder=_decode_jsonb if name == "jsonb" else json_text.decode,
            format="binary",
        )


def _encode_jsonb(value: Any) -> bytes:
    """The wire form of jsonb: a version byte and the text. Bytes are taken as text that is JSON already."""
    return b"\x01" + (value if isinstance(value, bytes) else json_text.encode(value))


def _decode_jsonb(data: bytes) -> Any:
    return json_text.decode(data[1:])


async def _roll_back_leftovers(connection: asyncpg.Connection) -> None:
    """Replaces asyncpg's reset (which costs a round trip every time): only a transaction can be left over here."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


async def open_database(
    url: str,
    *,
    connections_max: int,
    application_name: str = "laurel",
    statement_seconds_max: float = _STATEMENT_TIMEOUT_SECONDS,
) -> Database:
    """A pool on `url`. Raises Unavailable when it does not answer, or when it would let tenants see each other."""
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections_max,
            init=_prepare_connection,
            reset=_roll_back_leftovers,
            timeout=_CONNECT_TIMEOUT_SECONDS,
            command_timeout=statement_seconds_max,
            server_settings={"application_name": application_name, "timezone": "UTC"},
        )
    except (*CONNECTION_FAILURES, asyncpg.PostgresError) as failure:
        raise Unavailable(f"cannot connect to the database: {failure}") from failure
    return Database(pool, url, await _tenant_role(pool))


async def _tenant_role(pool: asyncpg.Pool) -> str | None:
    """The role to switch to, or None when the user itself is held by row-level security."""
    row = await pool.fetchrow(
        """
        SELECT (SELECT true FROM pg_roles WHERE rolname = $1) AS exists_,
               (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS unbound
        """,
        TENANT_ROLE,
    )
    if (
        row is not None
        and row["exists_"]
        and await pool.fetchval("SELECT pg_has_role(current_user, $1, 'MEMBER')", TENANT_ROLE)
    ):
        return TENANT_ROLE
    if row is not None and row["unbound"]:
        raise Unavailable(
            f"the database user bypasses row-level security and there is no role {TENANT_ROLE} to switch to; "
            "run `laurel migrate` first, or connect as an ordinary user"
        )
    return None


def columns(rows: Iterable[Sequence[Any]], count: int) -> list[list[Any]]:
    """Rows turned into `count` columns, as unnest() wants them."""
    turned = [list(column) for column in zip(*rows, strict=True)]
    return turned or [[] for _ in range(count)]
