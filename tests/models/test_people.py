"""People: found by a keyed hash, in however many replicas they arrive, and in their own language."""

import asyncio

import pytest
from sqlalchemy import func, select, text, update

from models.conversation import Conversation
from models.course import Attempt
from models.database import Database
from models.outbox import Priority, post
from models.people import Language, Person, find_person, load_people, mark_blocked
from models.vault import CannotOpen, Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY, add_people, add_person, counted, somebody_waits

RUSSIAN = Language.RUSSIAN


async def language_after(database: Database, vault: Vault, code: str | None) -> Language:
    async with database.transaction() as session:
        people = await load_people(session, vault, {1: code}, default=Language.KAZAKH, now=NOW)
        return people[1].language


async def test_a_person_is_one_row_however_often_they_come(database: Database, vault: Vault) -> None:
    ids = []
    for _ in range(3):
        async with database.transaction() as session:
            ids.append((await add_person(session, vault, 7)).id)
    async with database.reading() as session:
        assert await session.scalar(select(func.count(Person.id))) == 1
    assert len(set(ids)) == 1


async def test_a_telegram_id_comes_back_out_of_its_seal(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        await add_people(session, vault, 7, 2**52 - 1)
    async with database.reading() as session:
        for telegram_id in (7, 2**52 - 1):
            person = await find_person(session, vault, telegram_id)
            assert person is not None
            assert person.telegram_id(vault) == telegram_id
        assert await find_person(session, vault, 8) is None


async def test_a_row_cannot_be_made_to_write_to_somebody_else(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        driver, passenger = await add_people(session, vault, 1, 2)
        stolen = update(Person).where(Person.id == driver.id).values(sealed_telegram_id=passenger.sealed_telegram_id)
        await session.execute(stolen.execution_options(synchronize_session=False))
        await session.refresh(driver)
        with pytest.raises(CannotOpen):
            driver.telegram_id(vault)


async def test_the_language_follows_telegram_until_the_person_chooses(database: Database, vault: Vault) -> None:
    assert await language_after(database, vault, "de") is Language.KAZAKH
    assert await language_after(database, vault, "ru") is Language.RUSSIAN
    assert await language_after(database, vault, None) is Language.RUSSIAN
    assert await language_after(database, vault, "de") is Language.RUSSIAN
    assert await language_after(database, vault, "en-US") is Language.ENGLISH
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        person.language, person.language_chosen = Language.KAZAKH, True
    assert await language_after(database, vault, "en") is Language.KAZAKH


@pytest.mark.parametrize(
    ("code", "language"),
    [("kk", "kk"), ("kk-KZ", "kk"), ("RU", "ru"), ("en-GB", "en"), ("uz", "kk"), ("", "kk"), (None, "kk"), ("r", "kk")],
)
def test_a_language_is_known_by_its_tag(code: str | None, language: str) -> None:
    assert Language.of(code, Language.KAZAKH).value == language


async def test_who_blocked_the_bot_is_back_with_the_next_message(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        gone, here = await add_people(session, vault, 1, 2)
        await mark_blocked(session, [gone.id], NOW)
    async with database.reading() as session:
        blocked = {person.id: person.blocked_at for person in await session.scalars(select(Person))}
    assert blocked == {gone.id: NOW, here.id: None}
    async with database.transaction() as session:
        assert (await add_person(session, vault, 1)).blocked_at is None


async def test_a_person_comes_with_their_conversation_and_the_lessons_they_are_in(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        person, other = await add_people(session, vault, 1, 2)
        person.conversation = Conversation(person_id=person.id)
        person.conversation.write(vault, "state", {"flag": 1}, NOW)
        for who, lesson, finished in ((person, 1, True), (person, 2, False), (other, 3, False)):
            session.add(
                Attempt(
                    person_id=who.id,
                    lesson=lesson,
                    version="1",
                    place="card",
                    started_at=NOW,
                    finished_at=NOW if finished else None,
                    right_answers=1 if finished else None,
                    questions=3 if finished else None,
                )
            )
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        assert person.conversation is not None
        assert person.conversation.read(vault) == ("state", {"flag": 1})
        assert [attempt.lesson for attempt in person.attempts] == [2]


async def test_a_hundred_people_cost_as_many_statements_as_one(database: Database, vault: Vault) -> None:
    costs = []
    for telegram_ids in ([1], range(10, 110), range(10, 110), range(60, 160)):
        with counted(database) as statements:
            async with database.transaction() as session:
                people = await add_people(session, vault, *telegram_ids)
                assert [person.telegram_id(vault) for person in people] == list(telegram_ids)
        costs.append(len(statements))
    newcomer, hundred_new, hundred_known, half_and_half = costs
    assert hundred_new == newcomer
    assert hundred_known < newcomer
    assert half_and_half == newcomer


async def test_a_person_is_found_under_an_old_key_and_not_made_again(database: Database) -> None:
    async with database.transaction() as session:
        before = await add_person(session, Vault([OLD_KEY]), 7)
    both = Vault([NEW_KEY, OLD_KEY])
    async with database.transaction() as session:
        known, new = await add_people(session, both, 7, 8)
        found = await find_person(session, both, 7)
    assert known.id == before.id
    assert found is known
    assert known.telegram_id(both) == 7
    assert new.telegram_id(Vault([NEW_KEY])) == 8


async def test_two_replicas_that_meet_the_same_new_people_make_one_row_of_each(
    database: Database, vault: Vault
) -> None:
    replicas = [Database(database.url.render_as_string(hide_password=False)) for _ in range(2)]
    forwards, backwards = list(range(1, 41)), list(range(40, 0, -1))
    barrier = asyncio.Barrier(2)

    async def meet(replica: Database, telegram_ids: list[int]) -> list[int]:
        await barrier.wait()
        async with replica.transaction() as session:
            return [person.id for person in await add_people(session, vault, *telegram_ids)]

    try:
        for _ in range(3):  # new, then known
            one, other = await asyncio.gather(meet(replicas[0], forwards), meet(replicas[1], backwards))
            assert one == other[::-1]
            assert len(set(one)) == 40
    finally:
        for replica in replicas:
            await replica.close()


@pytest.mark.parametrize("kind", ["postgres"])
async def test_two_replicas_never_wait_for_each_others_new_people_in_a_circle(database: Database, vault: Vault) -> None:
    async def meet_both() -> None:
        async with database.transaction() as session:
            await add_people(session, vault, 9, 5)

    async with database.transaction() as session:
        await add_people(session, vault, 5)
        other = asyncio.create_task(meet_both())
        await somebody_waits(database)
        await add_people(session, vault, 9)
    await other


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_person_in_work_in_one_replica_may_be_posted_to_by_another(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 7)
    async with database.transaction() as session:
        await add_person(session, vault, 7)
        async with database.transaction() as other:
            await other.execute(text("SET LOCAL lock_timeout = '1s'"))
            post(other, vault, person.id, "sendMessage", {"text": "x"}, priority=Priority.ALERT, now=NOW)


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_person_in_work_in_one_replica_is_not_handled_by_another(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        await add_person(session, vault, 7)
    async with database.transaction() as session:
        await add_person(session, vault, 7)
        async with database.transaction() as other:
            query = select(Person.id).with_for_update(skip_locked=True, key_share=True)
            assert (await other.scalars(query)).all() == []


async def test_nobody_asked_for_costs_nothing(database: Database, vault: Vault) -> None:
    with counted(database) as statements:
        async with database.transaction() as session:
            assert await load_people(session, vault, {}, default=RUSSIAN, now=NOW) == {}
    assert statements == []
