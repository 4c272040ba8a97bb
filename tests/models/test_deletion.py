"""The promise "/deletedata and retention really remove": from the tables, from the files, from old backups."""

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.backup import backup, restore
from models.audit import AuditEntry, AuditHead
from models.broadcasts import Broadcast, Stage, start
from models.cohorts import Cohort, is_in, join_cohort
from models.consents import Recipient, set_consents
from models.conversation import Conversation
from models.course import Answer, Attempt
from models.database import Database
from models.deletion import delete_person
from models.duty import set_duty
from models.flags import Flag, Outcome, State, forget_ended
from models.leases import Lease
from models.limits import Limit
from models.merging import merge
from models.notes import Kind, note_at, write_note
from models.outbox import Priority, post
from models.people import Person, find_person
from models.rotation import rotate_keys
from models.schema import metadata
from models.talk import say
from models.team import Member, Role
from models.updates import SeenUpdate, set_aside
from models.uploads import Upload
from models.vault import CannotOpen, Vault
from tests.models.helpers import (
    NEW_KEY,
    NOW,
    OLD_KEY,
    add_access,
    add_both_sides,
    add_course,
    add_flag,
    add_people,
    every_row,
    sqlite_bytes,
)

NOT_OF_A_PERSON = {
    table.__tablename__ for table in (AuditEntry, AuditHead, Broadcast, Cohort, Lease, Limit, SeenUpdate, Upload)
}
"""Entries of the audit outlive people by design, and so do cohorts and broadcasts, which belong to more than one,
and what limits hold on to."""


async def live(database: Database, vault: Vault, *telegram_ids: int) -> list[Person]:
    """People with something of theirs in every table that holds something of a person."""
    async with database.transaction() as session:
        people = await add_people(session, vault, *telegram_ids)
        for person in people:
            person.conversation = Conversation(person_id=person.id)
            person.conversation.write(vault, "Adding:words", {"flag": 1}, NOW)
            flag = await add_flag(session, vault, person)
            flag.write_words(vault, "words")
            flag.write_plate(vault, "123ABC02")
            flag.write_contact(vault, "contact")
            await set_consents(session, flag.id, [Recipient.POLICE], NOW)
            await write_note(session, vault, flag, person.id, Kind.NOTE, "note", NOW)
            await set_duty(session, person.id, True, NOW)
            attempt = Attempt(person_id=person.id, lesson=1, version="1", place="q1", started_at=NOW)
            session.add_all([attempt, Member(person_id=person.id, role=Role.REVIEWER, since=NOW)])
            await session.flush()
            session.add(Answer(attempt_id=attempt.id, question="q1", option="a", right=True, answered_at=NOW))
            await set_aside(session, vault, {"update_id": person.id, "text": "words"}, person.id, "x", NOW)
            post(session, vault, person.id, "sendMessage", {"text": "x"}, priority=Priority.ALERT, now=NOW)
            await add_course(session, vault, person)
            await add_access(session, vault, flag, person, "a few words")
            await say(session, vault, flag, person.id, "words", from_team=False, now=NOW)
            await add_both_sides(session, vault, flag, person, "words")
    return people


async def rows_of(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with database.reading() as session:
        tables = await every_row(session)
    return {name: rows for name, rows in tables.items() if name not in NOT_OF_A_PERSON}


async def delete(database: Database, vault: Vault, telegram_id: int) -> list[int]:
    async with database.transaction() as session:
        [person] = await add_people(session, vault, telegram_id)
        return await delete_person(session, person)


async def test_of_a_deleted_person_no_row_is_left_in_any_table(database: Database, vault: Vault) -> None:
    await live(database, vault, 1)
    filled = await rows_of(database)
    assert all(filled.values()), "the test leaves a table empty"
    assert len(await delete(database, vault, 1)) == 1
    assert await rows_of(database) == {name: [] for name in filled}


async def test_of_other_people_nothing_changes(database: Database, vault: Vault) -> None:
    await live(database, vault, 1)
    before = await rows_of(database)
    [other] = await live(database, vault, 2)
    numbers = await delete(database, vault, 2)
    assert await rows_of(database) == before
    assert len(numbers) == 1
    async with database.reading() as session:
        assert await find_person(session, vault, 2) is None
        assert await session.get(Person, other.id) is None


async def test_every_table_about_people_falls_with_the_person() -> None:
    """A table that is added later is either about a person, by a foreign key that cascades, or named above."""
    falls = {"people"}
    for table in metadata.sorted_tables:
        if any(key.column.table.name in falls and key.ondelete == "CASCADE" for key in table.foreign_keys):
            falls.add(table.name)
    assert falls | NOT_OF_A_PERSON == set(metadata.tables)
    outliving = [key for name in NOT_OF_A_PERSON for key in metadata.tables[name].foreign_keys]
    assert {(key.parent.table.name, key.parent.name, key.ondelete) for key in outliving} == {
        ("broadcasts", "owner_id", "SET NULL"),
        ("cohorts", "owner_id", "SET NULL"),
    }


async def test_a_cohort_outlives_its_owner_and_no_longer_names_them(database: Database, vault: Vault) -> None:
    owner, other = await live(database, vault, 1, 2)
    async with database.transaction() as session:
        cohort = (await session.scalars(select(Cohort).where(Cohort.owner_id == owner.id))).one()
        assert await join_cohort(session, cohort, other.id, NOW)
    await delete(database, vault, 1)
    async with database.reading() as session:
        kept = await session.get_one(Cohort, cohort.id)
        assert (kept.owner_id, kept.code, kept.name) == (None, cohort.code, cohort.name)
        assert await is_in(session, cohort.id, other.id)
        assert not await is_in(session, cohort.id, owner.id)


async def test_a_broadcast_outlives_its_owner_and_its_draft_does_not(database: Database, vault: Vault) -> None:
    await live(database, vault, 1, 2)
    async with database.transaction() as session:
        started = (await session.scalars(select(Broadcast).order_by(Broadcast.id))).first()
        assert started is not None
        await start(session, started, may_count=True, now=NOW)
    await delete(database, vault, 1)
    await delete(database, vault, 2)
    async with database.reading() as session:
        (kept,) = await session.scalars(select(Broadcast))
    assert (kept.id, kept.owner_id, kept.stage) == (started.id, None, Stage.QUEUEING)


async def test_what_a_deleted_reviewer_had_claimed_is_back_in_the_queue(database: Database, vault: Vault) -> None:
    reporter, reviewer = await live(database, vault, 1, 2)
    async with database.transaction() as session:
        claimed, closed = [await add_flag(session, vault, reporter, draft) for draft in ("claimed", "closed")]
        for flag in (claimed, closed):
            flag.claim(reviewer.id)
        closed.close(reviewer.id, Outcome.ADVICE, NOW)
    await delete(database, vault, 2)
    async with database.reading() as session:
        for number, expected in (
            (claimed.id, (State.NEW, None, None)),
            (closed.id, (State.CLOSED, None, Outcome.ADVICE)),
        ):
            flag = await session.get_one(Flag, number)
            assert (flag.state, flag.reviewer_id, flag.outcome) == expected


async def test_what_was_merged_with_a_flag_of_a_deleted_person_is_back_in_the_queue(
    database: Database, vault: Vault
) -> None:
    one, other, reviewer = await live(database, vault, 1, 2, 3)
    async with database.transaction() as session:
        main, merged, theirs = [
            await add_flag(session, vault, who, draft) for who, draft in ((one, "m"), (other, "d"), (one, "e"))
        ]
        main.claim(reviewer.id)
        await write_note(session, vault, merged, one.id, Kind.NOTE, "note", NOW)
        assert await merge(session, reviewer.id, merged, main)
        assert await merge(session, reviewer.id, theirs, main)
    await delete(database, vault, 1)
    async with database.reading() as session:
        left = await session.get_one(Flag, merged.id)
        assert (left.state, left.merged_into_id) == (State.NEW, None)
        note = await note_at(session, left.id, 0)
        assert note is not None
        assert note.author_id is None


async def test_a_person_can_be_deleted_in_the_middle_of_something(database: Database, vault: Vault) -> None:
    await live(database, vault, 1)
    async with database.transaction() as session:
        [person] = await add_people(session, vault, 1)
        person.language_chosen = True
        assert person.conversation is not None
        person.conversation.write(vault, None, {}, NOW + timedelta(hours=1))
        await add_flag(session, vault, person, "another")
        assert len(await delete_person(session, person)) == 2
    assert not any((await rows_of(database)).values())


async def test_who_comes_back_is_a_new_person(database: Database, vault: Vault) -> None:
    [before] = await live(database, vault, 1)
    await delete(database, vault, 1)
    async with database.transaction() as session:
        [person] = await add_people(session, vault, 1)
        assert person.id > before.id
        assert person.conversation is None
        assert person.attempts == []


async def sealed_values(database: Database) -> list[bytes]:
    rows = [row for table in (await rows_of(database)).values() for row in table]
    return [value for row in rows for value in row if isinstance(value, bytes)]


async def checkpointed(database: Database) -> bytes:
    """The files of SQLite once the log is written back into the database."""
    path = Path(database.url.database or "")
    await database.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    connection.close()
    return sqlite_bytes(database)


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_the_files_of_sqlite_hold_no_trace_of_a_deleted_person(database: Database, vault: Vault) -> None:
    await live(database, vault, *range(1, 30))
    values = await sealed_values(database)
    before = sqlite_bytes(database)
    assert all(value in before for value in values)
    for telegram_id in range(1, 30):
        await delete(database, vault, telegram_id)
    after = await checkpointed(database)
    assert not [value for value in values if value in after or (len(value) > 33 and value[17:] in after)]


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_the_files_of_sqlite_hold_no_trace_of_what_was_written_over(database: Database, vault: Vault) -> None:
    await live(database, vault, 1)
    async with database.transaction() as session:
        [person] = await add_people(session, vault, 1)
        assert person.conversation is not None
        before = person.conversation.sealed
        person.conversation.write(vault, None, {}, NOW)
    assert before not in await checkpointed(database)


async def test_retention_removes_flags_with_their_keys_and_behaviours(database: Database, vault: Vault) -> None:
    people = await live(database, vault, 1, 2)
    async with database.transaction() as session:
        ended = update(Flag).where(Flag.reporter_id == people[0].id)
        await session.execute(ended.values(state=State.WITHDRAWN, ended_at=NOW - timedelta(days=366)))
    async with database.reading() as session:
        keys = dict((await session.execute(text("SELECT reporter_id, wrapped_key FROM flags"))).all())
    async with database.transaction() as session:
        await forget_ended(session, vault, NOW - timedelta(days=365), NOW)
    left = await rows_of(database)
    assert len(left["flags"]) == len(left["flag_behaviours"]) == 1
    values = await sealed_values(database)
    assert [key in values for key in (keys[people[0].id], keys[people[1].id])] == [False, True]
    assert len(left["people"]) == 2


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_an_old_backup_can_be_read_by_nobody_once_its_key_is_gone(database: Database, tmp_path: Path) -> None:
    """Deleted, keys rotated, the old key dropped: the copy from before stays closed."""
    old, both, new = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY]), Vault([NEW_KEY])
    await live(database, old, 1, 2)
    backup(database.url, tmp_path / "before.backup")
    await delete(database, old, 1)
    _ = [step async for step in rotate_keys(database, both)]
    url = database.url.set(database=str(tmp_path / "restored.db"))
    restore(url, tmp_path / "before.backup", replace=False)
    restored = Database(url.render_as_string(hide_password=False))
    async with restored.reading() as session:
        assert await find_person(session, new, 1) is None
        flags, people = (await session.scalars(select(Flag))).all(), (await session.scalars(select(Person))).all()
        assert [flag.words(old) for flag in flags] == ["words", "words"]
        assert [person.telegram_id(old) for person in people] == [1, 2]
        for read in (*(flag.words for flag in flags), *(person.telegram_id for person in people)):
            with pytest.raises(CannotOpen):
                read(new)
        values = [value for table in (await every_row(session)).values() for row in table for value in row]
        assert not [value for value in values if isinstance(value, bytes) and new.is_current(value)]
    await restored.close()
