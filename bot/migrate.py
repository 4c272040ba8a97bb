"""Brings the database to the newest revision, one process at a time."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from models.database import Database

MIGRATIONS = Path(__file__).parent.parent / "migrations"
logging.getLogger("alembic").setLevel(logging.WARNING)  # else each look at the revision is two lines
_LOCK = 0x517572  # any number that nothing else on the server locks with


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings, bound to a connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str | None:
    """The revision that this code was written for."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


async def current_revision(database: Database) -> str | None:
    """The revision of the database; None while it's empty."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())


async def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade (or, for an older revision, downgrade) in one transaction; others wait their turn."""
    async with database.engine.begin() as connection:
        if not database.is_sqlite:  # SQLite's BEGIN IMMEDIATE is the lock already
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.run_sync(_run, revision)


def _run(connection: Connection, revision: str) -> None:
    config = alembic_config(connection)
    if revision != "head" and revision in _behind(connection):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def _behind(connection: Connection) -> set[str]:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return set()
    script = ScriptDirectory.from_config(alembic_config())
    return {"base"} | {r.revision for r in script.iterate_revisions(current, "base") if r.revision != current}
