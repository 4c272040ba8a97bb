"""A driver's way through the lessons: one open attempt at each, the first answer counts, results stay."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from models.course import Answer, Attempt, answers_of, last_finished
from models.database import Database
from models.people import Person
from models.vault import Vault
from tests.models.helpers import NOW, add_people, add_person

HOUR = timedelta(hours=1)


def attempt(person: Person, lesson: int, finished: timedelta | None = None, **values: Any) -> Attempt:
    if finished is not None:
        values = {"finished_at": NOW + finished, "right_answers": 2, "questions": 3} | values
    return Attempt(person_id=person.id, lesson=lesson, version="1", place="card", started_at=NOW, **values)


def answer(of: Attempt, question: str, *, right: bool = True) -> Answer:
    return Answer(attempt_id=of.id, question=question, option="a", right=right, answered_at=NOW)


async def test_a_person_is_in_each_lesson_once_at_a_time(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person, other = await add_people(session, vault, 1, 2)
        session.add_all([attempt(person, 1, HOUR), attempt(person, 1), attempt(person, 2), attempt(other, 1)])
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            session.add(attempt(person, 1))


IMPOSSIBLE: list[dict[str, Any]] = [
    {"finished_at": None, "right_answers": 2, "questions": 3},
    {"right_answers": None},
    {"questions": None},
    {"right_answers": 4},
    {"right_answers": -1},
]


async def test_a_result_that_cannot_be_is_refused_by_the_database(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
    for values in IMPOSSIBLE:
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                session.add(attempt(person, 1, HOUR, **values))


async def test_the_newest_result_of_each_lesson_counts(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person, other = await add_people(session, vault, 1, 2)
        session.add_all(
            [
                attempt(person, 1, 3 * HOUR, right_answers=3),
                attempt(person, 1, HOUR, right_answers=1),
                attempt(person, 2, 2 * HOUR),
                attempt(person, 3),
                attempt(other, 4, HOUR),
            ]
        )
    async with database.reading() as session:
        results = await last_finished(session, person.id)
    assert {lesson: found.right_answers for lesson, found in results.items()} == {1: 3, 2: 2}


async def test_the_first_answer_to_a_question_stays(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        mine, earlier = attempt(person, 1), attempt(person, 1, HOUR)
        session.add_all([mine, earlier])
        await session.flush()
        session.add_all([answer(mine, "q1", right=False), answer(mine, "q2"), answer(earlier, "q3")])
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(
                insert(Answer).values(attempt_id=mine.id, question="q1", option="b", right=True, answered_at=NOW)
            )
    async with database.reading() as session:
        given = await answers_of(session, mine)
    assert {question: found.right for question, found in given.items()} == {"q1": False, "q2": True}


async def test_answers_go_with_their_attempt(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        mine = attempt(await add_person(session, vault, 1), 1)
        session.add(mine)
        await session.flush()
        session.add(answer(mine, "q1"))
        await session.flush()
        await session.execute(delete(Attempt))
        assert await session.scalar(select(func.count()).select_from(Answer)) == 0
