"""What the tests of the models share: people, flags, and ways to look under the tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.flags import Flag, Ride, store_flag
from models.people import Language, Person, load_people
from models.schema import metadata
from models.team import Member, Role
from models.vault import Vault

NOW = datetime(2026, 11, 21, 7, 30, 15, 123456, tzinfo=UTC)
OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32


async def add_people(session: AsyncSession, vault: Vault, *telegram_ids: int) -> list[Person]:
    """The persons of these Telegram ids, in this order."""
    languages = dict.fromkeys(telegram_ids, "ru")
    people = await load_people(session, vault, languages, default=Language.KAZAKH, now=NOW)
    return [people[i] for i in telegram_ids]


async def add_person(session: AsyncSession, vault: Vault, telegram_id: int, role: Role | None = None) -> Person:
    """A person, of the team if a role is given."""
    [person] = await add_people(session, vault, telegram_id)
    if role is not None:
        session.add(Member(person_id=person.id, role=role, since=NOW))
        await session.flush()
    return person


async def add_flag(
    session: AsyncSession,
    vault: Vault,
    reporter: Person,
    draft: str = "draft",
    codes: Sequence[str] = ("SX1",),
    now: datetime = NOW,
) -> Flag:
    """A flag of this person, sent after the ride."""
    flag, is_new = await store_flag(
        session, vault, reporter_id=reporter.id, draft=draft, codes=codes, ride=Ride.OVER, now=now
    )
    assert is_new
    return flag


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that the writing engine executes inside the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def somebody_waits(database: Database) -> None:
    """Return once a transaction on PostgreSQL waits for a lock of another."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while True:
        async with database.reading() as session:
            if await session.scalar(waiting):
                return


async def every_row(session: AsyncSession) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, by the table's name."""
    return {
        table.name: [tuple(row) for row in await session.execute(select(table))] for table in metadata.sorted_tables
    }


def sqlite_bytes(database: Database) -> bytes:
    """What a thief of the files gets: the database with its write-ahead log."""
    path = Path(database.url.database or "")
    return b"".join(part.read_bytes() for part in sorted(path.parent.glob(f"{path.name}*")))
