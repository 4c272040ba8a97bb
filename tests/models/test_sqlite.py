"""SQLite in its thread: a statement is one way there and back, and brings every row that was asked for."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models.database import Database
from models.sqlite import AT_ONCE, Connection, connect

NUMBERS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < :most) SELECT n FROM t"


@pytest_asyncio.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Connection]:
    connection = await connect(str(tmp_path / "q.db"), check_same_thread=False)
    yield connection
    await connection.close()


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was done in the thread since."""
    done: list[object] = []
    go = aiosqlite.Connection._execute

    def counted(self: aiosqlite.Connection, function: object, *args: object) -> object:
        done.append(function)
        return go(self, function, *args)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return done


@pytest.mark.parametrize("most", [1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
async def test_every_row_comes_however_many_are_fetched_at_a_time(connection: Connection, most: int) -> None:
    everything = [(n,) for n in range(1, most + 1)]
    for size in (1, 7, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 4 * AT_ONCE):
        async with connection.cursor() as cursor:
            await cursor.execute(NUMBERS, {"most": most})
            got = []
            while rows := await cursor.fetchmany(size):
                got.append(rows)
            assert [row for rows in got for row in rows] == everything
            assert {len(rows) for rows in got[:-1]} <= {size}
            assert await cursor.fetchone() is None
            assert await cursor.fetchall() == []
    async with connection.cursor() as cursor:
        await cursor.execute(NUMBERS, {"most": most})
        assert await cursor.fetchone() == everything[0]
        assert await cursor.fetchall() == everything[1:]
        assert [row async for row in await cursor.execute(NUMBERS, {"most": most})] == everything


async def test_a_statement_is_one_way_to_the_thread(connection: Connection, ways: list[object]) -> None:
    async with connection.cursor() as cursor:
        await cursor.execute(NUMBERS, {"most": AT_ONCE - 1})
        assert len(await cursor.fetchall()) == AT_ONCE - 1
    assert len(ways) == 1


async def test_a_cursor_that_is_left_early_is_ended_and_locks_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/q.db")
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))
        await session.execute(text("INSERT INTO numbers VALUES (:n)"), [{"n": n} for n in range(3 * AT_ONCE)])
    for _ in range(3):
        async with database.reading() as session:
            rows = await session.stream(text("SELECT n FROM numbers"), execution_options={"yield_per": 10})
            assert (await rows.fetchmany(2)) == [(0,), (1,)]
            await rows.close()
    async with database.transaction() as session:
        await session.execute(text("DROP TABLE numbers"))
    await database.close()


async def test_a_statement_that_fails_says_why_and_the_next_one_works(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/q.db")
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO numbers VALUES (1), (1)"))
    async with database.transaction() as session:
        added = await session.execute(text("INSERT INTO numbers VALUES (1), (2) RETURNING n"))
        assert added.all() == [(1,), (2,)]
        assert (await session.execute(text("UPDATE numbers SET n = n + 10"))).rowcount == 2
    await database.close()
