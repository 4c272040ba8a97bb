"""The audit: what was written stays as it was, or somebody notices."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from models.audit import (
    ACTION_NAMES,
    DENIED_AN_HOUR,
    GROUP_NAMES,
    GROUPS,
    KEPT_OF_ANY,
    Action,
    Anchor,
    AuditEntry,
    AuditHead,
    anchor,
    entries,
    record,
    record_denied,
    rewrap_audit_key,
    verify,
)
from models.database import Database
from models.vault import Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY


async def write(database: Database, vault: Vault, entries: int = 5) -> None:
    for number in range(entries):
        async with database.transaction() as session:
            await record(
                session,
                vault,
                Action.OPENED,
                now=NOW + timedelta(minutes=number),
                actor_id=number or None,
                flag_id=number or None,
                detail=f"page {number}",
            )


async def faults(database: Database, vault: Vault) -> list[str]:
    async with database.reading() as session:
        return await verify(session, vault)


def unlocking(database: Database) -> list[str]:
    """What somebody does first who holds the database's files, or is its superuser."""
    if database.is_sqlite:
        return ["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"]
    return ["ALTER TABLE audit DISABLE TRIGGER ALL"]


async def tamper(database: Database, *statements: str) -> None:
    """Change the audit in spite of its triggers."""
    async with database.transaction() as session:
        for statement in [*unlocking(database), *statements]:
            await session.execute(text(statement))


async def test_an_empty_audit_is_whole(database: Database, vault: Vault) -> None:
    assert await faults(database, vault) == []


async def test_an_audit_as_it_was_written_is_whole_and_numbered_from_one(database: Database, vault: Vault) -> None:
    await write(database, vault)
    assert await faults(database, vault) == []
    async with database.reading() as session:
        entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.number))).all()
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.detail for entry in entries] == [f"page {number}" for number in range(5)]
    assert (entries[2].at, entries[2].actor_id, entries[2].flag_id) == (NOW + timedelta(minutes=2), 2, 2)


async def test_several_entries_of_one_transaction_are_chained_too(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        for action in Action:
            await record(session, vault, action, now=NOW)
    async with database.transaction() as session:
        await record(session, vault, Action.LISTED, now=NOW)
        assert await verify(session, vault) == []
        assert await session.scalar(select(func.max(AuditEntry.number))) == len(Action) + 1


async def test_what_a_failed_transaction_did_is_not_in_the_audit_and_leaves_no_gap(
    database: Database, vault: Vault
) -> None:
    class Broken(Exception):
        pass

    async def fail() -> None:
        async with database.transaction() as session:
            await record(session, vault, Action.CLOSED, now=NOW)
            await session.flush()
            raise Broken

    await write(database, vault, 2)
    with pytest.raises(Broken):
        await fail()
    await write(database, vault, 1)
    assert await faults(database, vault) == []
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(AuditEntry)) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET detail = 'x' WHERE number = 1",
        "UPDATE audit SET actor_id = 9",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ],
)
async def test_the_database_itself_refuses_to_change_the_audit(
    database: Database, vault: Vault, statement: str
) -> None:
    await write(database, vault)
    with pytest.raises(DBAPIError, match=r"append-only|TRUNCATE"):
        async with database.transaction() as session:
            await session.execute(text(statement))
    assert await faults(database, vault) == []


CHANGES = [
    "at = (SELECT at FROM audit WHERE number = 1)",
    "actor_id = 9",
    "actor_id = NULL",
    "flag_id = 9",
    "flag_id = NULL",
    "action = 'flag closed'",
    "detail = 'page'",
    "detail = ''",
    "mark = (SELECT mark FROM audit WHERE number = 2)",
]


async def test_an_edited_entry_is_found_whatever_was_edited(database: Database, vault: Vault) -> None:
    await write(database, vault)
    for number in (3, 5):
        for change in CHANGES:
            async with database.transaction() as session:
                for statement in [*unlocking(database), f"UPDATE audit SET {change} WHERE number = {number}"]:
                    await session.execute(text(statement))
                assert f"entry {number} was changed" in await verify(session, vault), change
                await session.rollback()
    assert await faults(database, vault) == []


async def test_swapped_entries_are_found(database: Database, vault: Vault) -> None:
    await write(database, vault)
    numbers = ((2, 99), (3, 2), (99, 3))
    await tamper(database, *(f"UPDATE audit SET number = {to} WHERE number = {of}" for of, to in numbers))
    assert {"entry 2 was changed", "entry 3 was changed"} <= set(await faults(database, vault))


@pytest.mark.parametrize(("first", "last"), [(1, 1), (3, 3), (2, 4)])
async def test_removed_entries_are_found(database: Database, vault: Vault, first: int, last: int) -> None:
    await write(database, vault)
    await tamper(database, f"DELETE FROM audit WHERE number BETWEEN {first} AND {last}")
    assert await faults(database, vault) == [f"entries {first} to {last} are missing"]


async def test_removed_entries_are_found_although_the_others_were_numbered_anew(
    database: Database, vault: Vault
) -> None:
    await write(database, vault)
    renumber = [f"UPDATE audit SET number = {number - 1} WHERE number = {number}" for number in (4, 5)]
    await tamper(database, "DELETE FROM audit WHERE number = 3", *renumber)
    assert "entry 3 was changed" in await faults(database, vault)


@pytest.mark.parametrize("kept", [4, 1, 0])
async def test_a_cut_end_is_found(database: Database, vault: Vault, kept: int) -> None:
    await write(database, vault)
    await tamper(database, f"DELETE FROM audit WHERE number > {kept}")
    assert await faults(database, vault) == [f"the end is cut off: 5 entries were written, {kept} are here"]


async def test_a_cut_end_is_found_although_the_head_was_set_back(database: Database, vault: Vault) -> None:
    await write(database, vault)
    await tamper(
        database,
        "DELETE FROM audit WHERE number > 3",
        "UPDATE audit_head SET entries = 3, last_mark = (SELECT mark FROM audit WHERE number = 3)",
    )
    assert await faults(database, vault) == ["the head was changed"]


async def test_an_added_entry_is_found(database: Database, vault: Vault) -> None:
    await write(database, vault)
    copy = "INSERT INTO audit SELECT 6, at, actor_id, action, flag_id, detail, mark FROM audit WHERE number = 5"
    await tamper(database, copy, "UPDATE audit_head SET entries = 6")
    assert {"entry 6 was changed", "the head was changed"} <= set(await faults(database, vault))


@pytest.mark.parametrize("column", ["entries", "last_mark", "mark"])
async def test_a_changed_head_is_found(database: Database, vault: Vault, column: str) -> None:
    await write(database, vault)
    value = "7" if column == "entries" else "(SELECT mark FROM audit WHERE number = 1)"
    await tamper(database, f"UPDATE audit_head SET {column} = {value}")
    assert "the head was changed" in await faults(database, vault)


async def test_a_changed_key_of_the_audit_is_found(database: Database, vault: Vault) -> None:
    await write(database, vault)
    await tamper(database, "UPDATE audit_head SET sealed_key = last_mark")
    [fault] = await faults(database, vault)
    assert fault.startswith("audit key: ")


async def test_a_removed_head_is_found(database: Database, vault: Vault) -> None:
    await write(database, vault)
    await tamper(database, "DELETE FROM audit_head")
    assert await faults(database, vault) == ["the head of the audit is missing"]


async def test_an_audit_written_anew_without_the_key_is_found(database: Database, vault: Vault) -> None:
    await write(database, vault)
    await tamper(database, "DELETE FROM audit", "DELETE FROM audit_head")
    await write(database, Vault([b"forged" + bytes(26)]))
    assert len(await faults(database, vault)) == 1


async def test_the_database_keeps_one_head(database: Database, vault: Vault) -> None:
    await write(database, vault)
    with pytest.raises(DBAPIError):
        await tamper(database, "INSERT INTO audit_head SELECT 2, sealed_key, entries, last_mark, mark FROM audit_head")


async def test_the_chain_goes_on_through_a_change_of_keys(database: Database) -> None:
    old, both, new = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY]), Vault([NEW_KEY])
    await write(database, old, 2)
    await write(database, both, 2)
    async with database.transaction() as session:
        await rewrap_audit_key(session, both)
    await write(database, new, 2)
    assert await faults(database, new) == []
    [fault] = await faults(database, old)
    assert fault.startswith("audit key: ")
    await tamper(database, "UPDATE audit SET detail = 'x' WHERE number = 1")
    assert await faults(database, new) == ["entry 1 was changed"]


async def test_replicas_that_write_at_once_leave_no_gap_and_no_fork(database: Database, vault: Vault) -> None:
    replicas = [Database(database.url.render_as_string(hide_password=False)) for _ in range(3)]
    try:
        await asyncio.gather(*(write(replica, vault, 6) for replica in replicas))
    finally:
        for replica in replicas:
            await replica.close()
    async with database.reading() as session:
        numbers = list(await session.scalars(select(AuditEntry.number).order_by(AuditEntry.number)))
    assert numbers == list(range(1, 19))
    assert await faults(database, vault) == []


async def test_an_entry_written_while_the_audit_is_looked_through_is_no_fault(database: Database, vault: Vault) -> None:
    await write(database, vault, 3)
    async with database.reading() as session:
        assert await session.scalar(select(AuditHead.entries)) == 3
        await write(database, vault, 2)
        assert await verify(session, vault) == []
    assert await faults(database, vault) == []


async def test_an_audit_of_thousands_is_looked_through_whole(database: Database, vault: Vault) -> None:
    """The entries are made as `record` makes them, only faster."""
    entries, before = [], bytes(32)
    async with database.transaction() as session:
        await record(session, vault, Action.LISTED, now=NOW)
        head = await session.get_one(AuditHead, 1)
        key = vault.open(head.sealed_key, "audit key")
        before = head.last_mark
        for number in range(2, 2101):
            facts = {"number": number, "at": NOW, "action": Action.LISTED, "detail": "", "actor_id": 1, "flag_id": None}
            before = AuditEntry(**facts).computed_mark(key, before)
            entries.append(facts | {"mark": before})
        await session.execute(insert(AuditEntry), entries)
        head.entries, head.last_mark = 2100, before
        head.mark = head.computed_mark(key)
    assert await faults(database, vault) == []
    await tamper(database, "UPDATE audit SET detail = 'x' WHERE number IN (1000, 1001, 2100)")
    assert await faults(database, vault) == [f"entry {number} was changed" for number in (1000, 1001, 2100)]


def test_an_entry_holds_no_words(vault: Vault) -> None:
    columns: dict[str, Any] = {column.name: column.type for column in AuditEntry.__table__.columns}
    assert set(columns) == {"number", "at", "actor_id", "action", "flag_id", "detail", "mark"}
    assert columns["detail"].length == 64


async def held(database: Database) -> Anchor:
    """Where the audit stands now."""
    async with database.reading() as session:
        found = await anchor(session)
    assert found is not None
    return found


async def check(database: Database, vault: Vault, *anchors: Anchor) -> list[str]:
    async with database.reading() as session:
        return await verify(session, vault, anchors)


async def test_an_anchor_is_of_every_audit_that_goes_on_from_it(database: Database, vault: Vault) -> None:
    async with database.reading() as session:
        assert await anchor(session) is None
    await write(database, vault, 2)
    first = await held(database)
    await write(database, vault, 3)
    second = await held(database)
    assert (first.entries, second.entries) == (2, 5)
    assert first.mark != second.mark
    assert await check(database, vault, first, second) == []
    assert Anchor.read(f" {str(first).upper()} ") == first


async def test_an_audit_cut_together_with_its_head_is_found_by_an_anchor(database: Database, vault: Vault) -> None:
    """What whoever holds the keys too could do: write it anew from some entry on, with a head that fits."""
    await write(database, vault, 3)
    early = await held(database)
    await write(database, vault, 2)
    late = await held(database)
    await tamper(database, "DELETE FROM audit WHERE number > 3")
    async with database.transaction() as session:
        head = await session.get_one(AuditHead, 1)
        last = await session.get_one(AuditEntry, 3)
        head.entries, head.last_mark = 3, last.mark
        head.mark = head.computed_mark(vault.open(head.sealed_key, "audit key"))
    assert await check(database, vault, early) == []
    assert await check(database, vault, early, late) == [f"the anchor {late} is of 5 entries, 3 are here"]
    async with database.transaction() as session:  # other entries in place of those that were cut
        for _other in range(3):
            await record(session, vault, Action.LISTED, now=NOW)
    assert await check(database, vault, early) == []
    assert await check(database, vault, late) == [f"entry 5 is not the one of the anchor {late}"]


async def test_an_audit_that_is_gone_altogether_is_found_by_an_anchor(database: Database, vault: Vault) -> None:
    await write(database, vault, 1)
    was = await held(database)
    await tamper(database, "DELETE FROM audit", "DELETE FROM audit_head")
    assert await faults(database, vault) == []
    assert await check(database, vault, was) == ["the head of the audit is missing"]


@pytest.mark.parametrize(
    "wrong",
    ["", "5", "5:", ":0011223344556677", "0:0011223344556677", "5:00112233", "5:xx11223344556677", "-5:00", "٥:00"],
)
def test_what_is_no_anchor_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"anchor|hexadecimal"):
        Anchor.read(wrong)


def test_every_action_has_a_name_and_a_group() -> None:
    assert set(ACTION_NAMES) == set(Action)
    assert set(GROUP_NAMES) == set(GROUPS)
    assert sorted(action for group in GROUPS.values() for action in group) == sorted(Action)


async def test_entries_are_found_by_time_member_kind_and_flag_page_by_page(database: Database, vault: Vault) -> None:
    await write(database, vault, 5)
    async with database.transaction() as session:
        await record(session, vault, Action.CLOSED, now=NOW + timedelta(hours=1), actor_id=2, flag_id=3)

        async def numbers(limit: int = 9, **wanted: Any) -> list[int]:
            return [entry.number for entry in await entries(session, limit=limit, **wanted)]

        assert await numbers() == [6, 5, 4, 3, 2, 1]
        assert await numbers(limit=2) == [6, 5]
        assert await numbers(limit=2, skip=2) == [4, 3]
        assert await numbers(since=NOW + timedelta(minutes=4)) == [6, 5]
        assert await numbers(actor_id=2) == [6, 3]
        assert await numbers(actions={Action.CLOSED, Action.LISTED}) == [6]
        assert await numbers(flag_id=3) == [6, 4]
        assert await numbers(flag_id=3, actor_id=2, actions=[Action.OPENED]) == []


async def test_what_holders_do_with_a_flag_is_found_once_it_came_to_the_team(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        for flag_id in (3, 4):  # nobody but their holders knows of them
            for action in sorted(KEPT_OF_ANY):
                await record(session, vault, action, now=NOW, flag_id=flag_id)
        await record(session, vault, Action.LISTED, now=NOW, actor_id=1)
        await record(session, vault, Action.AUDIT_SEEN, now=NOW, actor_id=1, flag_id=4)
        assert [each.action for each in await entries(session, limit=2)] == [Action.AUDIT_SEEN, Action.LISTED]
        assert len(await entries(session, limit=99)) == 2  # no page is cut short by what isn't shown
        assert await entries(session, limit=99, flag_id=3) == []
        await record(session, vault, Action.RECEIVED, now=NOW, flag_id=3)
        assert {each.action for each in await entries(session, limit=99, flag_id=3)} == {*KEPT_OF_ANY, Action.RECEIVED}
        assert len(await entries(session, limit=99)) == 3 + len(KEPT_OF_ANY)


async def test_a_flood_of_refused_tries_does_not_fill_the_audit(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        for minute in range(30):
            await record_denied(session, vault, 7, "/queue" * 20, NOW + timedelta(minutes=minute))
        await record_denied(session, vault, 8, "/queue", NOW)
        assert await session.scalar(select(func.count()).where(AuditEntry.actor_id == 7)) == DENIED_AN_HOUR
        await record_denied(session, vault, 7, "/team", NOW + timedelta(minutes=90))
    async with database.reading() as session:
        details = list(await session.scalars(select(AuditEntry.detail).order_by(AuditEntry.number)))
    assert details[-2:] == ["/queue", "/team"]
    assert all(len(detail) <= 64 for detail in details)
    assert await faults(database, vault) == []
