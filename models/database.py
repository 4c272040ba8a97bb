"""One way to open the database: a transaction that writes, or a look that only reads.

SQLite gets write-ahead logging, a sync at every commit, and a single writing connection that begins
with BEGIN IMMEDIATE, so that a transaction never fails half-way because another one wrote first.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util.concurrency import await_

from models.first_look import FIRST_LOOK, FirstLook, session_info

SQLITE_PRAGMAS = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)


WAL_TRIES, WAL_PAUSE = 200, 0.05
"""How often, and with what pause in seconds, to ask for the write-ahead log: together as long as the busy timeout."""


def _log_ahead(cursor: DBAPICursor) -> None:
    """Switch to the write-ahead log. Where several do so at once, SQLite says "locked" without waiting."""
    for left in reversed(range(WAL_TRIES)):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or not left:
                raise
            await_(asyncio.sleep(WAL_PAUSE))


PASSING_STATES = ("08", "40", "53", "55", "57", "58")
"""Classes of PostgreSQL's errors: connection, rollback after a deadlock, resources, not ready, operator, system."""


def may_pass(error: Exception) -> bool:
    """Whether an error is the database's own trouble, so that the same work may succeed a little later."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return isinstance(error, OperationalError | InterfaceError | OSError) or state.startswith(PASSING_STATES)


def _make_room(path: Path) -> None:
    """The folder, and an empty file that nobody else of this machine can read; what lies beside it follows the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)


class Database:
    """The database behind a URL of SQLAlchemy: `sqlite+aiosqlite://…` or `postgresql+asyncpg://…`.

    Flags are to be looked at as soon as `first_look` says.
    """

    def __init__(self, url: str, *, first_look: FirstLook = FIRST_LOOK) -> None:
        self.first_look = first_look
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database:
            _make_room(Path(self.url.database))
        self._writer = self._engine(write=True)
        self._reader = self._engine(write=False) if self.is_sqlite else self._snapshots()
        self._write_session = async_sessionmaker(self._writer, expire_on_commit=False, info=session_info(first_look))
        self._read_session = async_sessionmaker(self._reader, expire_on_commit=False, autoflush=False)

    def _engine(self, *, write: bool) -> AsyncEngine:
        options: dict[str, Any] = {"hide_parameters": True}
        if not self.is_sqlite:
            # A statement of a batch is another one for every size of the batch: more than the 100 kept by default.
            # No ping before each use, which is three ways to the server and back: whoever meets a lost connection
            # tries again, and by then the pool has dropped all that are lost.
            arguments = {"timeout": 10, "command_timeout": 60, "prepared_statement_cache_size": 500}
            return create_async_engine(self.url, pool_size=10, connect_args=arguments, **options)
        options |= {"pool_size": 1, "max_overflow": 0, "pool_timeout": 60} if write else {"pool_size": 4}
        engine = create_async_engine(self.url, **options)

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves
            cursor = connection.cursor()
            for pragma in SQLITE_PRAGMAS:
                cursor.execute(pragma)
            _log_ahead(cursor)
            if not write:
                cursor.execute("PRAGMA query_only = ON")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

        return engine

    def _snapshots(self) -> AsyncEngine:
        """PostgreSQL's writer, but reading only, and everything as it was at one moment: as SQLite does by itself."""
        return self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed as one when the block ends, or undone if it raises."""
        async with self._write_session.begin() as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reading only; it sees one moment and never waits for a writer."""
        async with self._read_session() as session:
            yield session

    @property
    def engine(self) -> AsyncEngine:
        """The engine that writes, for migrations."""
        return self._writer

    async def ping(self) -> None:
        """Begin what would write, and end it without having written; raises what the driver raises."""
        async with self.transaction() as session:
            await session.execute(text("SELECT 1"))

    async def empty_log(self) -> None:
        """Empty SQLite's write-ahead log, where what was deleted would still stand for a while."""
        if self.is_sqlite:
            async with self._writer.connect() as connection:
                raw = await connection.get_raw_connection()
                assert raw.driver_connection is not None
                await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self.is_sqlite:
            await self._reader.dispose()
