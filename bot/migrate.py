"""Brings the database to the newest revision, one process at a time.

Alembic is imported only where there is something to do: most starts find the database as they left it.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent.parent / "migrations"
logging.getLogger("alembic").setLevel(logging.WARNING)  # else each look at the revision is two lines
_LOCK = 0x517572  # any number that nothing else on the server locks with


def alembic_config(connection: Connection | None = None) -> "Config":
    """Alembic's settings, bound to a connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """The revision that this code was written for; the files of revisions are numbered: `0001_what.py`."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


async def current_revision(database: Database) -> str | None:
    """The revision of the database; None while it's empty."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_current)


async def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade (or, for an older revision, downgrade) in one transaction; others wait their turn.

    Raises alembic's CommandError for a revision that there isn't.
    """
    if revision == "head" and await current_revision(database) == newest_revision():
        return
    async with database.engine.connect() as connection, _keeping_rows(connection, database), connection.begin():
        if not database.is_sqlite:  # SQLite's BEGIN IMMEDIATE is the lock already
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        async with _keeping_numbers(connection, database):
            await connection.run_sync(_run, revision)
        if database.is_sqlite and (broken := (await connection.execute(text("PRAGMA foreign_key_check"))).all()):
            raise RuntimeError(f"{len(broken)} rows would point to nothing")  # undone with all the rest


@asynccontextmanager
async def _keeping_rows(connection: AsyncConnection, database: Database) -> AsyncIterator[None]:
    """Where SQLite copies a table to change it, dropping the old one must not delete what points to its rows."""
    if not database.is_sqlite:
        yield
        return
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    await driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        await driver.execute("PRAGMA foreign_keys = ON")


@asynccontextmanager
async def _keeping_numbers(connection: AsyncConnection, database: Database) -> AsyncIterator[None]:
    """Where SQLite copies a table, the copy must not give the numbers of deleted rows again (`NEVER_REUSED`)."""
    if not database.is_sqlite:
        yield
        return
    before = await _last_numbers(connection)
    yield
    for name, last in (await _last_numbers(connection)).items():
        if last < before.get(name, 0):
            values = {"name": name, "last": before[name]}
            await connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
            await connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), values)


async def _last_numbers(connection: AsyncConnection) -> dict[str, int]:
    """The last number that each table of SQLite has given, 0 before the first."""
    if await connection.scalar(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")) is None:
        return {}
    query = (
        "SELECT tables.name, coalesce(given.seq, 0) FROM sqlite_master AS tables"
        " LEFT JOIN sqlite_sequence AS given ON given.name = tables.name WHERE tables.sql LIKE '%AUTOINCREMENT%'"
    )
    return {name: int(last) for name, last in await connection.execute(text(query))}


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _run(connection: Connection, revision: str) -> None:
    from alembic import command

    config = alembic_config(connection)
    if revision != "head" and revision in _behind(connection):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def _behind(connection: Connection) -> set[str]:
    from alembic.script import ScriptDirectory

    current = _current(connection)
    if current is None:
        return set()
    script = ScriptDirectory.from_config(alembic_config())
    return {"base"} | {r.revision for r in script.iterate_revisions(current, "base") if r.revision != current}
