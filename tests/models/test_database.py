"""The database: all or nothing, readers never wait, writers wait for each other instead of failing."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.util.concurrency import greenlet_spawn

from bot.migrate import migrate
from models.database import Database, _log_ahead
from models.leases import Lease
from models.updates import SeenUpdate
from tests.models.helpers import NOW


class Broken(Exception):
    """What a handler raises."""


async def count(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(SeenUpdate)) or 0


def seen(number: int, at: datetime = NOW) -> SeenUpdate:
    return SeenUpdate(update_id=number, seen_at=at)


async def test_a_transaction_that_ends_well_is_there_for_everybody(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all([seen(1), seen(2)])
    other = Database(database.url.render_as_string(hide_password=False))
    assert await count(other) == 2
    await other.close()


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            session.add(seen(1))
            await session.flush()
            await session.execute(insert(SeenUpdate).values(update_id=2, seen_at=NOW))
            raise Broken

    with pytest.raises(Broken):
        await fail()
    assert await count(database) == 0


async def test_a_cancelled_transaction_leaves_nothing_and_frees_the_database(database: Database) -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async with database.transaction() as session:
            session.add(seen(1))
            await session.flush()
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.transaction() as session:
        session.add(seen(1))
    assert await count(database) == 1


async def test_a_reader_never_waits_for_a_writer_and_sees_one_moment(database: Database) -> None:
    async with database.transaction() as session:
        session.add(seen(1))
    async with database.transaction() as writing:
        writing.add(seen(2))
        await writing.flush()
        assert await count(database) == 1
        async with database.reading() as reading:
            query = select(func.count()).select_from(SeenUpdate)
            assert await reading.scalar(query) == 1
            await writing.commit()
            assert await count(database) == 2
            assert await reading.scalar(query) == 1


async def test_who_only_reads_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        async with database.reading() as session:
            await session.execute(insert(SeenUpdate).values(update_id=1, seen_at=NOW))
    async with database.transaction() as session:
        session.add(seen(1))
    assert await count(database) == 1


async def test_many_writers_in_one_process_and_in_others_wait_and_none_fails(database: Database) -> None:
    replicas = [database, *(Database(database.url.render_as_string(hide_password=False)) for _ in range(2))]

    async def write(replica: Database, number: int) -> None:
        async with replica.transaction() as session:
            have = await session.scalar(select(func.count()).select_from(SeenUpdate))
            await asyncio.sleep(0)
            session.add(seen(1000 * replicas.index(replica) + number))
            assert have is not None

    await asyncio.gather(*(write(replica, number) for replica in replicas for number in range(15)))
    for replica in replicas[1:]:
        await replica.close()
    assert await count(database) == 45


async def test_a_transaction_that_read_first_does_not_fail_because_another_wrote(database: Database) -> None:
    """What SQLite's plain BEGIN would refuse: read, let another one write, then write."""
    other = Database(database.url.render_as_string(hide_password=False))
    async with database.transaction() as session:
        await session.scalar(select(func.count()).select_from(SeenUpdate))
        writing = asyncio.create_task(_write(other, 1))
        await asyncio.sleep(0.05)
        session.add(seen(2))
    await writing
    await other.close()
    assert await count(database) == 2


async def _write(database: Database, number: int) -> None:
    async with database.transaction() as session:
        session.add(seen(number))


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_sqlite_is_set_up_to_lose_nothing_and_to_leave_nothing(database: Database) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 10000}
    for opened, query_only in ((database.transaction, 0), (database.reading, 1)):
        async with opened() as session:
            found = {name: await session.scalar(text(f"PRAGMA {name}")) for name in [*wanted, "query_only"]}
        assert found == wanted | {"query_only": query_only}


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_sqlite_writes_through_a_single_connection(database: Database) -> None:
    async with database.transaction() as session:
        session.add(seen(2))
        await session.flush()
        waiting = asyncio.create_task(_write(database, 1))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    await waiting
    assert await count(database) == 2


async def test_a_missing_folder_for_sqlite_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/a/b/qurmet.db")
    await migrate(database)
    await database.ping()
    await database.close()
    assert (tmp_path / "a" / "b" / "qurmet.db").exists()


async def test_a_database_that_can_be_written_to_answers(database: Database) -> None:
    await database.ping()


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_database_that_is_gone_is_noticed(database: Database) -> None:
    gone = Database(database.url.set(database="gone").render_as_string(hide_password=False))
    with pytest.raises(Exception, match="does not exist"):
        await gone.ping()
    await gone.close()


async def test_a_moment_comes_back_as_it_was_in_utc(database: Database) -> None:
    almaty = timezone(timedelta(hours=5))
    moments = [NOW, NOW.replace(microsecond=0), NOW.astimezone(almaty), datetime(1999, 1, 1, tzinfo=UTC)]
    async with database.transaction() as session:
        session.add_all([seen(number, at) for number, at in enumerate(moments)])
    async with database.reading() as session:
        found = (await session.scalars(select(SeenUpdate.seen_at).order_by(SeenUpdate.update_id))).all()
    assert list(found) == moments
    assert {moment.tzinfo for moment in found} == {UTC}


async def test_a_moment_of_no_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        async with database.transaction() as session:
            session.add(seen(1, datetime(2026, 1, 1)))
    async with database.transaction() as session:
        session.add(Lease(name="x", holder="x", until=NOW))


class Switching:
    """A cursor of SQLite while others switch to the write-ahead log: they come first this often."""

    def __init__(self, others: int, error: str = "database is locked") -> None:
        self.others, self.error, self.asked = others, error, 0

    def execute(self, statement: str) -> None:
        self.asked += 1
        if self.asked <= self.others:
            raise sqlite3.OperationalError(self.error)


async def test_who_opens_the_database_while_others_do_waits_for_the_write_ahead_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models.database.WAL_PAUSE", 0)
    cursor = Switching(others=5)
    await greenlet_spawn(_log_ahead, cursor)
    assert cursor.asked == 6
    for hopeless in (Switching(others=10_000), Switching(others=1, error="disk I/O error")):
        with pytest.raises(sqlite3.OperationalError, match=hopeless.error):
            await greenlet_spawn(_log_ahead, hopeless)
