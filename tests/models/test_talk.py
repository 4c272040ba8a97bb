"""The talk about a flag: sealed with its flag, and each side sees what it may."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models.database import Database
from models.deletion import delete_person
from models.evidence import Kind, add_piece
from models.flags import Flag
from models.people import Person
from models.talk import QUIET_FOR, Talk, asks, is_news, note_seen, say, thread
from models.vault import CannotOpen, Vault
from tests.models.helpers import NOW, add_flag, add_people, add_person


async def both(database: Database, vault: Vault) -> tuple[Person, Person, Flag]:
    async with database.transaction() as session:
        person, reviewer = await add_people(session, vault, 1, 2)
        return person, reviewer, await add_flag(session, vault, person)


async def test_messages_come_oldest_first_and_only_the_newest_of_many(database: Database, vault: Vault) -> None:
    person, _, flag = await both(database, vault)
    async with database.transaction() as session:
        for n in range(12):
            await say(session, vault, flag, person.id, f"Сөз {n} <b>", from_team=False, now=NOW)
    async with database.reading() as session:
        texts = [said.text(vault, flag) for said, _ in await thread(session, flag.id, by_team=True)]
    assert texts == [f"Сөз {n} <b>" for n in range(2, 12)]


async def test_a_text_moved_to_another_message_or_flag_does_not_open(database: Database, vault: Vault) -> None:
    person, _, flag = await both(database, vault)
    async with database.transaction() as session:
        one = await say(session, vault, flag, person.id, "one", from_team=False, now=NOW)
        two = await say(session, vault, flag, person.id, "two", from_team=False, now=NOW)
        other = await add_flag(session, vault, person, "other")
        with pytest.raises(CannotOpen):
            one.text(vault, other)
        two.sealed_text = one.sealed_text
        with pytest.raises(CannotOpen):
            two.text(vault, flag)


async def test_a_question_waits_until_the_person_answers(database: Database, vault: Vault) -> None:
    person, reviewer, flag = await both(database, vault)
    async with database.transaction() as session:
        assert not await asks(session, flag.id)
        asked = await say(session, vault, flag, reviewer.id, "?", from_team=True, now=NOW)
        assert await asks(session, flag.id)
        assert asked.seen_at is None
        await note_seen(session, flag.id, by_team=False, now=NOW)
        await session.refresh(asked)
        assert asked.seen_at == NOW
        assert await asks(session, flag.id)  # read, not answered
        await say(session, vault, flag, person.id, "!", from_team=False, now=NOW)
        assert not await asks(session, flag.id)


async def test_an_answer_shows_that_the_question_was_read(database: Database, vault: Vault) -> None:
    person, reviewer, flag = await both(database, vault)
    async with database.transaction() as session:
        asked = await say(session, vault, flag, reviewer.id, "?", from_team=True, now=NOW)
        await say(session, vault, flag, person.id, "!", from_team=False, now=NOW)
        await session.refresh(asked)
        assert asked.seen_at == NOW


async def test_a_photo_is_seen_by_the_other_side_once_it_is_stored_and_never_if_it_is_refused(
    database: Database, vault: Vault
) -> None:
    _, reviewer, flag = await both(database, vault)
    async with database.transaction() as session:
        said = await say(session, vault, flag, reviewer.id, None, from_team=True, now=NOW)
        piece = await add_piece(
            session,
            vault,
            person_id=reviewer.id,
            kind=Kind.PHOTO,
            file_id="f",
            size=1,
            flag_id=flag.id,
            talk_id=said.id,
            now=NOW,
        )
        assert [shown for _, shown in await thread(session, flag.id, by_team=True)] == [piece]
        assert await thread(session, flag.id, by_team=False) == []
        assert not await asks(session, flag.id)
        await note_seen(session, flag.id, by_team=False, now=NOW)
        await session.refresh(said)
        assert said.seen_at is None  # nobody can have read it
        piece.store(piece.seal(vault, b"x"), 1)
        await session.flush()
        assert await asks(session, flag.id)
    async with database.transaction() as session:
        piece = await session.merge(piece)
        piece.sealed_content = None
        piece.refuse()
        await session.flush()
        for by_team in (False, True):
            assert await thread(session, flag.id, by_team=by_team) == []


async def test_who_has_not_read_the_last_message_is_not_told_of_the_next_for_a_while(
    database: Database, vault: Vault
) -> None:
    person, reviewer, flag = await both(database, vault)
    async with database.transaction() as session:

        async def told(at: timedelta, *, from_team: bool = True) -> bool:
            author = reviewer if from_team else person
            said = await say(session, vault, flag, author.id, "x", from_team=from_team, now=NOW + at)
            return await is_news(session, said)

        minute = timedelta(minutes=1)
        assert await told(0 * minute)
        assert not await told(minute)
        assert await told(minute, from_team=False)
        assert await told(2 * minute)  # the answer shows that the earlier ones were read
        assert not await told(3 * minute)
        assert await told(3 * minute + QUIET_FOR)
        await note_seen(session, flag.id, by_team=False, now=NOW + 15 * minute)
        assert await told(15 * minute)


async def test_a_member_who_deletes_their_data_leaves_the_question_to_the_person(
    database: Database, vault: Vault
) -> None:
    _, _, flag = await both(database, vault)
    async with database.transaction() as session:
        reviewer = await add_person(session, vault, 2)
        await say(session, vault, flag, reviewer.id, "?", from_team=True, now=NOW)
        await session.flush()
        await delete_person(session, reviewer)
    async with database.reading() as session:
        said = await session.scalar(select(Talk))
        assert said is not None
        assert said.author_id is None
        assert said.text(vault, flag) == "?"


async def test_the_place_is_sealed_with_the_flag(database: Database, vault: Vault) -> None:
    person, _, flag = await both(database, vault)
    place = (43.238949, -76.889709)
    async with database.transaction() as session:
        flag = await session.merge(flag)
        assert flag.place(vault) is None
        flag.write_place(vault, place)
        other = await add_flag(session, vault, person, "other")
        other_id, sealed = other.id, flag.sealed_place
    async with database.transaction() as session:
        await session.execute(update(Flag).where(Flag.id == other_id).values(sealed_place=sealed))
    async with database.reading() as session:
        assert (await session.get_one(Flag, flag.id)).place(vault) == place
        with pytest.raises(CannotOpen):
            (await session.get_one(Flag, other_id)).place(vault)
