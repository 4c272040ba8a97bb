"""A new master key: everything moves to it while the bot works, and the old one can be forgotten."""

import json

import pytest
from sqlalchemy import select

from models import rotation
from models.audit import Action, record, verify
from models.conversation import Conversation
from models.database import Database
from models.drivers import Hearing
from models.flag_rights import flags_of
from models.flags import Flag, flags_on_vehicle
from models.hearings import own_hearing_of_handle
from models.limits import KEPT, What, moments_of
from models.notes import Kind, note_at, write_note
from models.outbox import Delivery, Parcel, Priority, lease, post
from models.passphrases import is_passphrase, keep_passphrase
from models.people import find_person
from models.rotation import rotate_keys
from models.talk import Talk, say, thread
from models.updates import DeadLetter, set_aside
from models.vault import CannotOpen, Vault
from tests.models.helpers import (
    NEW_KEY,
    NOW,
    OLD_KEY,
    OwnTexts,
    add_both_sides,
    add_course,
    add_flag,
    add_people,
    every_row,
    read_both_sides,
    read_course,
)

OLD, BOTH, NEW = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY]), Vault([NEW_KEY])
PEOPLE = range(1, 6)
ROWS_OF_FIVE = dict.fromkeys(
    [
        "people",
        "conversations",
        "flags",
        "outbox",
        "dead_letters",
        "certificates",
        "action_plans",
        "drafts",
        "trials",
        "team",
        "team_invites",
        "approvals",
        "broadcasts",
        "evidence",
    ],
    5,
) | {"flags": 6, "cars": 5, "limits": 5}
PARTS = {"audit_head", "pledges", "pledge_remarks"}
"""What is sealed in tables that are moved with another."""


def texts_of(telegram_id: int) -> OwnTexts:
    return OwnTexts(*(f"{kind} of {telegram_id}" for kind in OwnTexts._fields))


async def live(database: Database, vault: Vault, first: int = 1, many: int = len(PEOPLE)) -> None:
    """Fill every table that holds something sealed."""
    async with database.transaction() as session:
        telegram_ids = range(first, first + many)
        for telegram_id, person in zip(telegram_ids, await add_people(session, vault, *telegram_ids), strict=True):
            person.conversation = Conversation(person_id=person.id)
            person.conversation.write(vault, "Adding:words", {"of": telegram_id}, NOW)
            flag = await add_flag(session, vault, person)
            flag.write_words(vault, f"words of {telegram_id}")
            flag.write_plate(vault, "123ABC02")
            await write_note(session, vault, flag, person.id, Kind.NOTE, f"note of {telegram_id}", NOW)
            keep_passphrase(vault, flag, f"passphrase of {telegram_id}")
            post(session, vault, person.id, "sendMessage", {"text": "x"}, priority=Priority.ALERT, now=NOW)
            await set_aside(session, vault, {"update_id": telegram_id}, person.id, "x", NOW)
            await add_course(session, vault, person, texts_of(telegram_id))
            await say(session, vault, flag, person.id, f"said by {telegram_id}", from_team=False, now=NOW)
            await add_both_sides(session, vault, flag, person, f"side of {telegram_id}")
            await record(session, vault, Action.RECEIVED, now=NOW, flag_id=flag.id)
        await add_flag(session, vault, person, "bare")


async def assert_readable(database: Database, vault: Vault, people: range = PEOPLE) -> None:
    """Everything that `live` wrote for these people can be found and read."""
    async with database.transaction() as session:
        for telegram_id in people:
            person = await find_person(session, vault, telegram_id)
            assert person is not None
            assert person.telegram_id(vault) == telegram_id
            flag = (await flags_of(session, person.id))[-1]
            assert flag.words(vault) == f"words of {telegram_id}"
            note = await note_at(session, flag.id, 0)
            assert note is not None
            assert note.text(vault, flag) == f"note of {telegram_id}"
            assert is_passphrase(vault, flag, f"passphrase of {telegram_id}")
            assert await read_course(session, vault, person) == texts_of(telegram_id)
            assert await moments_of(session, vault, telegram_id, What.TRY, NOW - KEPT) == [NOW]
            assert await read_both_sides(session, vault, flag) == {f"side of {telegram_id}"}
            ((said, _),) = await thread(session, flag.id, by_team=True)
            assert said.text(vault, flag) == f"said by {telegram_id}"
            assert vault.index(flag.receipt(vault).encode(), "receipt") == flag.receipt_index or vault is BOTH
        for conversation in await session.scalars(select(Conversation)):
            assert conversation.read(vault)[0] == "Adding:words"
        for parcel, _ in await lease(session, NOW, 100):
            assert parcel.read(vault) == ("sendMessage", {"text": "x"})
            parcel.due_at = NOW
        for letter in await session.scalars(select(DeadLetter)):
            assert json.loads(vault.open(letter.sealed_update, letter.seal_place)) == {"update_id": letter.update_id}
        assert len(await flags_on_vehicle(session, vault, "123ABC02")) >= len(people)
        assert await verify(session, vault) == []


async def rotate(database: Database, vault: Vault = BOTH) -> dict[str, int]:
    return {moved.table: moved.rows async for moved in rotate_keys(database, vault)}


async def test_afterwards_everything_is_readable_with_the_new_key_alone(database: Database) -> None:
    await live(database, OLD)
    assert await rotate(database) == ROWS_OF_FIVE
    await assert_readable(database, NEW)


async def test_afterwards_the_buttons_of_before_lead_where_they_led(database: Database) -> None:
    await live(database, OLD)
    async with database.reading() as session:
        asked = {each.id: (each.driver_id, each.handle) for each in await session.scalars(select(Hearing))}
        said = {each.id: each.handle for each in await session.scalars(select(Talk))}
    await rotate(database)
    async with database.transaction() as session:
        assert said == {each.id: each.handle for each in await session.scalars(select(Talk))}
        for number, (driver_id, handle) in asked.items():
            found = await own_hearing_of_handle(session, driver_id, handle)
            assert found is not None
            assert found[0].id == number


async def test_afterwards_the_old_key_opens_nothing(database: Database) -> None:
    await live(database, OLD)
    await rotate(database)
    async with database.transaction() as session:
        assert await find_person(session, OLD, 1) is None
        assert list(await flags_on_vehicle(session, OLD, "123ABC02")) == []
        for flag in await session.scalars(select(Flag)):
            with pytest.raises(CannotOpen):
                flag.receipt(OLD)
        for parcel in await session.scalars(select(Parcel)):
            with pytest.raises(CannotOpen):
                parcel.read(OLD)


async def test_what_is_sealed_in_any_table_is_moved(database: Database) -> None:
    """No value that the old key sealed is left, whatever tables there will be."""
    mark = OLD.seal(b"", "")[:5]
    await live(database, OLD)
    for moved in (False, True):
        async with database.reading() as session:
            tables = await every_row(session)
        sealed = {name for name, rows in tables.items() for row in rows for v in row if bytes_of(v).startswith(mark)}
        assert sealed == (set() if moved else ROWS_OF_FIVE.keys() - {"action_plans"} | PARTS)
        await rotate(database)


def bytes_of(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


async def test_while_keys_are_moved_everything_is_found_and_read_with_both(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "ROWS", 2)
    await live(database, OLD)
    steps = 0
    async for _ in rotate_keys(database, BOTH):
        await assert_readable(database, BOTH)
        await live(database, BOTH, first=100 + steps, many=1)  # the bot goes on
        steps += 1
    assert steps == len(ROWS_OF_FIVE)
    await rotate(database)
    await assert_readable(database, NEW)
    await assert_readable(database, NEW, range(100, 100 + steps))


async def test_many_small_steps_move_each_row_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "ROWS", 2)
    await live(database, OLD)
    assert await rotate(database) == ROWS_OF_FIVE
    await assert_readable(database, NEW)


async def test_twice_is_harmless(database: Database) -> None:
    await live(database, OLD)
    first = await rotate(database)
    assert await rotate(database) == first
    assert await rotate(database, NEW) == first
    await assert_readable(database, NEW)


async def test_a_settled_message_stays_empty(database: Database) -> None:
    await live(database, OLD)
    async with database.transaction() as session:
        for parcel, _ in await lease(session, NOW, 100):
            parcel.settle(Delivery.SENT, NOW)
    await rotate(database)
    async with database.reading() as session:
        assert set(await session.scalars(select(Parcel.sealed))) == {None}


async def test_without_the_old_key_nothing_is_moved_nothing_is_lost_and_each_row_is_counted(database: Database) -> None:
    await live(database, OLD)
    sealed = {moved.table: moved.sealed async for moved in rotate_keys(database, NEW)}
    assert sealed == ROWS_OF_FIVE | {"audit_head": 1}
    await assert_readable(database, OLD)


async def test_a_row_that_no_key_opens_stays_as_it_is_and_keeps_no_other_from_moving(database: Database) -> None:
    lost = b"l" * 32
    await live(database, OLD)
    await live(database, Vault([lost, OLD_KEY]), first=90, many=1)
    sealed = {moved.table: moved.sealed async for moved in rotate_keys(database, BOTH)}
    assert sealed == dict.fromkeys(ROWS_OF_FIVE, 1) | {"flags": 2}
    async with database.transaction() as session:
        for telegram_id, vault in [*((i, NEW) for i in PEOPLE), (90, Vault([lost]))]:
            person = await find_person(session, vault, telegram_id)
            assert person is not None
            assert await read_course(session, vault, person) == texts_of(telegram_id)
            assert (await flags_of(session, person.id))[-1].words(vault) == f"words of {telegram_id}"
