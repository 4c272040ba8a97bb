"""SQLite in its thread: one way there and back for each statement.

The driver works in a thread of its own, and goes there four times for a statement: for a cursor, for the statement,
for its rows, and to end the cursor. Each way takes longer than most statements do.
"""

import sqlite3
from functools import partial
from typing import Any, Self

import aiosqlite

AT_ONCE = 256
"""How many rows come along with their statement; few have more."""


class Cursor(aiosqlite.Cursor):
    """A cursor whose statement brings its first rows along; where these are all, there is nothing left to end."""

    _rows: list[Any]
    _has_more = False

    async def execute(self, sql: str, parameters: Any = None) -> Self:
        """Run a statement."""
        self._rows = await self._execute(self._begin, sql, parameters or ())  # type: ignore[no-untyped-call]
        self._has_more = len(self._rows) == AT_ONCE
        return self

    def _begin(self, sql: str, parameters: Any) -> list[Any]:
        return self._cursor.execute(sql, parameters).fetchmany(AT_ONCE)

    async def fetchone(self) -> Any:
        """The next row, or None."""
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, so many if there are."""
        size = size or self.arraysize
        if self._has_more and size > len(self._rows):
            self._rows += await super().fetchmany(size - len(self._rows))
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    async def fetchall(self) -> list[Any]:
        """All rows that are left."""
        rows, self._rows = self._rows, []
        return [*rows, *await super().fetchall()] if self._has_more else rows

    async def close(self) -> None:
        """End the cursor."""
        if self._has_more:
            await super().close()


class Connection(aiosqlite.Connection):
    """A connection whose cursors are made on this side."""

    def cursor(self) -> Cursor:  # type: ignore[override]
        """A cursor, to be entered."""
        return Cursor(self, self._conn.cursor())


async def connect(path: str, **arguments: Any) -> Connection:
    """Open a file, as `sqlite3.connect` does."""
    connection = Connection(partial(sqlite3.connect, path, **arguments), iter_chunk_size=AT_ONCE)
    connection._thread.daemon = True  # it keeps no process alive
    await connection
    return connection
