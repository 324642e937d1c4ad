"""Bringing a database to this version's schema: Alembic runs the chain.

Then every tenant table is put under row-level security and the restricted role gets its rights, so that no migration
can forget it.
"""

import re
from pathlib import Path
from typing import Any

import asyncpg

from laurel.base.errors import Unavailable
from laurel.database.pool import TENANT_ROLE

_VERSIONS = Path(__file__).parent / "migrations" / "versions"
_LOCK_KEY = 0x1A0E_E1  # any constant: one migration at a time per database
POSTGRESQL_VERSION_MIN = 150_000

_PROTECT = f"""
DO $protect$
DECLARE
    t record;
BEGIN
    FOR t IN
        SELECT c.relname, EXISTS (SELECT FROM pg_attribute u WHERE u.attrelid = c.oid AND u.attname = 'uid') AS has_uid
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation_id'
        WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.relname);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.relname);
        EXECUTE format('DROP POLICY IF EXISTS tenant ON %I', t.relname);
        EXECUTE format($policy$CREATE POLICY tenant ON %I USING (
            organisation_id = (SELECT nullif(current_setting('laurel.organisation_id', true), '')::bigint)
            OR (SELECT coalesce(current_setting('laurel.every_organisation', true), '') = 'on')
        )$policy$, t.relname);
        IF t.has_uid THEN
            EXECUTE format('DROP POLICY IF EXISTS public_address ON %I', t.relname);
            EXECUTE format($policy$CREATE POLICY public_address ON %I FOR SELECT USING (
                uid = (SELECT nullif(current_setting('laurel.public_uid', true), ''))
            )$policy$, t.relname);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{TENANT_ROLE}') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO {TENANT_ROLE}', current_schema());
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO {TENANT_ROLE}',
                       current_schema());
        EXECUTE format('GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA %I TO {TENANT_ROLE}', current_schema());
    END IF;
END $protect$
"""

_CREATE_ROLE = f"""
DO $role$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{TENANT_ROLE}')
       AND EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreaterole)) THEN
        CREATE ROLE {TENANT_ROLE} NOLOGIN;
        EXECUTE format('GRANT {TENANT_ROLE} TO %I', current_user);
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    RAISE NOTICE 'role {TENANT_ROLE} was made by another start';
END $role$
"""


def known_revisions() -> list[str]:
    """The revisions of this version in order: the leading digits of the migration files' names."""
    return sorted(match[1] for file in _VERSIONS.glob("*.py") if (match := re.match(r"(\d{4})_", file.name)))


async def current_revision(url: str) -> str | None:
    """The database's revision, None for an empty database. Raises Unavailable when it does not answer."""
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as failure:
        raise Unavailable(f"cannot connect to the database: {failure}") from failure
    try:
        version = int(await connection.fetchval("SHOW server_version_num"))
        if version < POSTGRESQL_VERSION_MIN:
            raise Unavailable(f"PostgreSQL 15 or newer is needed, this one is {version // 10_000}")
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return revision
    finally:
        await connection.close()


async def migrate(url: str) -> bool:
    """Bring the database to the newest revision; whether anything was done.

    Raises Unavailable when the database is newer than this program or does not answer. Safe to run from several
    processes at once.
    """
    revisions = known_revisions()
    current = await current_revision(url)
    if current == revisions[-1]:
        return False
    if current is not None and current not in revisions:
        raise Unavailable(
            f"the database is at revision {current}, newer than this program knows ({revisions[-1]}); "
            "use the newer Laurel that made it"
        )
    lock = await asyncpg.connect(url)
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", _LOCK_KEY)
        if await current_revision(url) != revisions[-1]:
            await lock.execute(_CREATE_ROLE)
            await _run_alembic(url)
            await lock.execute(_PROTECT)
    finally:
        await lock.close()
    return True


async def _run_alembic(url: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    configuration = Config()
    configuration.set_main_option("script_location", str(_VERSIONS.parent))

    def upgrade(connection: Connection) -> None:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")

    async def connect() -> Any:
        return await asyncpg.connect(url)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()
