"""Cohorts: who came by a code, how they are counted, what they learned, and how a room votes."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import sqrt
from statistics import mean, stdev

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.certificates import Certificate
from models.cohort_figures import CohortFigures, by_region_and_gender, certified, cohort_figures, finished_all
from models.cohorts import (
    CODE_LENGTH,
    Cohort,
    Participant,
    cohort_of_code,
    is_in,
    join_cohort,
    make_cohort,
    new_code,
    newest_cohorts,
    participants_of,
    read_code,
)
from models.course import Attempt
from models.database import Database
from models.deletion import delete_person
from models.exams import Exam, Sitting
from models.gain import gain, gain_of, student_quantile
from models.people import Language, Person
from models.profiles import UNSAID, Gender, Profile, profile_of
from models.seminars import BEHIND, Scene, Vote, counted, locked_scene, open_scene_of, vote, vote_of, voters
from models.vault import Vault
from tests.models.helpers import NOW, add_people, add_person

DAY = timedelta(days=1)
LESSONS = range(1, 13)
PILOT = {("KZ-75", Gender.WOMAN): 11, ("KZ-75", Gender.MAN): 37}
SEMINARS = {
    ("KZ-75", Gender.WOMAN): 120,
    ("KZ-75", Gender.MAN): 101,
    ("KZ-31", Gender.WOMAN): 95,
    ("KZ-31", Gender.MAN): 130,
    ("KZ-39", Gender.WOMAN): 88,
    ("KZ-39", Gender.MAN): 117,
    ("KZ-15", Gender.WOMAN): 102,
    ("KZ-15", Gender.MAN): 118,
}


async def new_cohort(session: AsyncSession, owner: Person, name: str = "Drivers") -> Cohort:
    return await make_cohort(
        session,
        name=name,
        organisation="OSCE",
        region="KZ-75",
        held_on=date(2026, 11, 21),
        owner_id=owner.id,
        now=NOW,
    )


async def crowd(session: AsyncSession, vault: Vault, cohort: Cohort, answers: Iterable[tuple[str, Gender]]) -> None:
    """A participant for each answer to the two questions."""
    answers = list(answers)
    first = 1000 * cohort.id
    people = await add_people(session, vault, *range(first, first + len(answers)))
    session.add_all(Participant(cohort_id=cohort.id, person_id=person.id, joined_at=NOW) for person in people)
    session.add_all(
        Profile(person_id=person.id, gender=gender, region=region)
        for person, (region, gender) in zip(people, answers, strict=True)
    )
    await session.flush()


def sitting(person: Person, exam: Exam, right: int, of: int = 10, day: int = 0) -> Sitting:
    return Sitting(
        person_id=person.id,
        exam=exam,
        items=[],
        started_at=NOW + day * DAY,
        finished_at=NOW + day * DAY,
        right_answers=right,
        questions=of,
        passed=False,
    )


async def figures_of(session: AsyncSession, cohort: Cohort) -> CohortFigures:
    return await cohort_figures(session, cohort.id, LESSONS, NOW)


# codes


def test_a_code_is_read_in_either_case_and_alphabet() -> None:
    assert read_code(" ак2сх3 ") == read_code("AK2CX3") == read_code("ak2cx3") == "AK2CX3"
    assert read_code("м9н4тр") == "M9H4TP"
    assert read_code("Е22222") == "E22222"


@pytest.mark.parametrize(
    "text", ["", "ракета", "РАКЕТА", "AKC2X", "AKC2XMM", "AKC 2XM", "AKC1XM", "AKC2XB", "AKC2XM\n."]
)
def test_a_word_or_anything_else_is_no_code(text: str) -> None:
    assert read_code(text) is None


def test_new_codes_are_codes_and_differ() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) > 490
    assert all(read_code(code) == code and len(code) == CODE_LENGTH for code in codes)
    assert not any(re.search("[A-Z]{3}", code) for code in codes)


# joining


async def test_a_person_joins_once_and_not_after_the_end(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        owner, early, late = await add_people(session, vault, 1, 2, 3)
        cohort = await new_cohort(session, owner)
        assert await cohort_of_code(session, cohort.code) is cohort
        assert not await is_in(session, cohort.id, early.id)
        assert await join_cohort(session, cohort, early.id, NOW)
        assert await join_cohort(session, cohort, early.id, NOW + DAY)
        assert cohort.end(NOW)
        assert not cohort.end(NOW + DAY)
        assert cohort.ended_at == NOW
        assert await join_cohort(session, cohort, early.id, NOW)
        assert not await join_cohort(session, cohort, late.id, NOW)
    async with database.reading() as session:
        (row,) = await session.scalars(select(Participant))
        assert (row.cohort_id, row.person_id, row.joined_at) == (cohort.id, early.id, NOW)
        assert (await session.scalars(participants_of(cohort.id))).all() == [early.id]


async def test_the_newest_cohort_comes_first_and_each_has_a_code_of_its_own(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["A2A2A2", "A2A2A2", "K3K3K3", "A2A2A2", "X4X4X4"])
    monkeypatch.setattr("models.cohorts.new_code", lambda: next(codes))
    async with database.transaction() as session:
        owner = await add_person(session, vault, 1)
        for name in "abc":
            await new_cohort(session, owner, name)
        first, second = await newest_cohorts(session, 2), await newest_cohorts(session, 2, 2)
        assert [cohort.name for cohort in [*first, *second]] == ["c", "b", "a"]
        assert [cohort.code for cohort in [*first, *second]] == ["X4X4X4", "K3K3K3", "A2A2A2"]


async def test_a_cohort_outlives_its_owner_and_forgets_who_is_deleted(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        owner, driver = await add_people(session, vault, 1, 2)
        cohort = await new_cohort(session, owner)
        await join_cohort(session, cohort, driver.id, NOW)
        profile = await profile_of(session, driver.id)
        assert (profile.gender, profile.region) == (None, None)
        assert await profile_of(session, driver.id) is profile
        profile.gender, profile.region = Gender.MAN, UNSAID
    async with database.transaction() as session:
        for person in (owner, driver):
            await delete_person(session, await session.get_one(Person, person.id))
    async with database.reading() as session:
        assert (await session.get_one(Cohort, cohort.id)).owner_id is None
        assert not (await session.scalars(select(Participant))).all()
        assert not (await session.scalars(select(Profile))).all()


# figures


async def test_the_tables_come_out_as_the_osce_printed_them(database: Database, vault: Vault) -> None:
    """48 drivers: 11 women, 37 men. 871 people: 405 women, 466 men, in Almaty, Zhambyl, Kostanay and Aktobe."""
    async with database.transaction() as session:
        owner = await add_person(session, vault, 1)
        pilot, seminars = await new_cohort(session, owner), await new_cohort(session, owner)
        await crowd(session, vault, pilot, [answer for answer, number in PILOT.items() for _ in range(number)])
        await crowd(session, vault, seminars, [answer for answer, number in SEMINARS.items() for _ in range(number)])
        few, many = (await figures_of(session, pilot)).people, (await figures_of(session, seminars)).people
    assert (few.total, few.columns) == (48, {Gender.WOMAN: 11, Gender.MAN: 37})
    assert (few.cells, few.rows) == (PILOT, {"KZ-75": 48})
    assert (many.total, many.columns) == (871, {Gender.WOMAN: 405, Gender.MAN: 466})
    assert (many.cells, many.rows) == (SEMINARS, {"KZ-75": 221, "KZ-31": 225, "KZ-39": 205, "KZ-15": 220})


async def test_who_said_nothing_is_counted_as_such_and_others_are_not_counted(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        owner, silent, half, full, elsewhere = await add_people(session, vault, 1, 2, 3, 4, 5)
        cohort, other = await new_cohort(session, owner), await new_cohort(session, owner)
        for person in (silent, half, full):
            await join_cohort(session, cohort, person.id, NOW)
        await join_cohort(session, other, elsewhere.id, NOW)
        await profile_of(session, half.id)
        session.add(Profile(person_id=full.id, gender=Gender.WOMAN, region="KZ-10"))
        session.add(Profile(person_id=elsewhere.id, gender=Gender.MAN, region="KZ-10"))
        await session.flush()
        counts = await by_region_and_gender(session, participants_of(cohort.id))
        assert counts == {(UNSAID, Gender.UNSAID): 2, ("KZ-10", Gender.WOMAN): 1}
        assert (await figures_of(session, cohort)).people.total is None


async def test_finished_means_every_lesson_and_certified_means_valid_today(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        owner, full, twice, partly, stranger = await add_people(session, vault, 1, 2, 3, 4, 5)
        cohort = await new_cohort(session, owner)
        for person in (full, twice, partly):
            await join_cohort(session, cohort, person.id, NOW)

        def attempt(person: Person, lesson: int, *, done: bool = True) -> Attempt:
            result = {"finished_at": NOW, "right_answers": 1, "questions": 3} if done else {}
            return Attempt(person_id=person.id, lesson=lesson, version="v", place="p", started_at=NOW, **result)

        def certificate(person: Person, number: str, held: Sitting, *, days: int = 365) -> Certificate:
            return Certificate(
                person_id=person.id,
                sitting_id=held.id,
                number=number,
                sealed_name=b"",
                language=Language.ENGLISH,
                issued_at=NOW - 2 * DAY,
                expires_at=NOW - 2 * DAY + days * DAY,
            )

        for lesson in LESSONS:
            session.add_all([attempt(full, lesson), attempt(twice, lesson), attempt(stranger, lesson)])
            session.add(attempt(partly, lesson, done=lesson != 12))
        session.add(attempt(twice, 1))
        sittings = [sitting(person, Exam.FINAL, 9) for person in (full, full, twice, partly, stranger)]
        session.add_all(sittings)
        await session.flush()
        revoked = certificate(partly, "3", sittings[3])
        revoked.revoke(vault, "reason", NOW)
        session.add_all(
            [
                certificate(full, "1", sittings[0]),
                certificate(full, "2", sittings[1]),
                revoked,
                certificate(twice, "4", sittings[2], days=1),
                certificate(stranger, "5", sittings[4]),
            ]
        )
        await session.flush()
        assert await finished_all(session, participants_of(cohort.id), LESSONS) == 2
        assert await certified(session, participants_of(cohort.id), NOW) == 1
        figures = await figures_of(session, cohort)
        assert (figures.finished, figures.certified) == (2, 1)


@pytest.mark.parametrize(("freedom", "expected"), [(4, 2.7764), (9, 2.2622), (29, 2.0452), (47, 2.0117), (870, 1.9627)])
def test_the_quantile_is_student_s(freedom: int, expected: float) -> None:
    assert student_quantile(0.975, freedom) == pytest.approx(expected, rel=1e-3)


def test_a_gain_stays_between_the_ends_of_the_scale() -> None:
    certain = gain_of(5, 5.0, 5.0)
    assert (certain.mean, certain.low, certain.high) == (100, 100, 100)
    assert gain_of(5, 4.0, 4.0).high == 100


async def test_gain_is_the_mean_over_those_who_took_both_tests_with_its_interval(
    database: Database, vault: Vault
) -> None:
    pairs = [(2, 9), (5, 8), (4, 4), (7, 6), (3, 10), (6, 9)]
    async with database.transaction() as session:
        owner, *people, only_before, only_after, elsewhere = await add_people(session, vault, *range(1, 11))
        cohort = await new_cohort(session, owner)
        for person in (*people, only_before, only_after):
            await join_cohort(session, cohort, person.id, NOW)
        for person, (before, after) in zip(people, pairs, strict=True):
            session.add_all([sitting(person, Exam.PRE, before), sitting(person, Exam.FINAL, after * 2, 20, day=2)])
        session.add(sitting(people[0], Exam.FINAL, 0, day=3))  # a later one doesn't count
        session.add(sitting(people[0], Exam.FOLLOWUP, 0, day=1))
        session.add_all([sitting(only_before, Exam.PRE, 0), sitting(only_after, Exam.FINAL, 10)])
        session.add_all([sitting(elsewhere, Exam.PRE, 0), sitting(elsewhere, Exam.FINAL, 10)])
        still_open = Sitting(person_id=only_before.id, exam=Exam.FINAL, items=[], started_at=NOW)
        session.add(still_open)
        await session.flush()
        four = participants_of(cohort.id).where(Participant.person_id.in_([person.id for person in people[:4]]))
        assert await gain(session, four) is None
        found, everybody = await gain(session, participants_of(cohort.id)), await gain(session)
    gains = [10.0 * (after - before) for before, after in pairs]
    margin = 2.5706 * stdev(gains) / sqrt(6)
    assert found is not None
    assert found.people == 6
    assert (found.mean, found.low, found.high) == pytest.approx(
        (mean(gains), mean(gains) - margin, mean(gains) + margin), abs=0.02
    )
    assert everybody is not None
    assert everybody.people == 7
    assert everybody.mean == pytest.approx(mean([*gains, 100.0]))


# seminars


async def new_scene(session: AsyncSession, cohort: Cohort, trainer: Person) -> Scene:
    scene = Scene(
        cohort_id=cohort.id,
        trainer_id=trainer.id,
        lesson=2,
        question="figure",
        message_id=7,
        opened_at=NOW,
    )
    session.add(scene)
    await session.flush()
    return scene


async def room(database: Database, vault: Vault, size: int) -> tuple[Scene, Sequence[Person]]:
    """An open scene, and so many people."""
    async with database.transaction() as session:
        trainer, *people = await add_people(session, vault, *range(1, size + 2))
        return await new_scene(session, await new_cohort(session, trainer), trainer), people


async def test_a_vote_may_be_changed_until_the_scene_is_closed(database: Database, vault: Vault) -> None:
    scene, (anna, bolat) = await room(database, vault, 2)
    async with database.transaction() as session:
        await new_scene(session, await new_cohort(session, anna), anna)  # of another cohort
        found = await open_scene_of(session, scene.cohort_id)
        assert found is not None
        assert found.id == scene.id
        locked = await locked_scene(session, scene.id)
        assert locked is not None
        assert await vote(session, locked, anna.id, "a", NOW)
        assert not await vote(session, locked, anna.id, "a", NOW)
        assert await vote(session, locked, bolat.id, "a", NOW)
        assert await counted(session, scene.id) == {"a": 2}
        assert await vote(session, locked, anna.id, "b", NOW + DAY)
        assert await counted(session, scene.id) == {"a": 1, "b": 1}
        locked.closed_at = NOW
        assert not await vote(session, locked, bolat.id, "b", NOW)
        assert await open_scene_of(session, scene.cohort_id) is None
        assert await vote_of(session, scene.id, bolat.id) == "a"
        assert sorted(await voters(session, scene.id)) == sorted([anna.id, bolat.id])
        assert (await session.get_one(Vote, (scene.id, anna.id))).voted_at == NOW + DAY


async def test_many_who_vote_at_once_order_one_message_and_the_next_vote_orders_another(
    database: Database, vault: Vault
) -> None:
    scene, people = await room(database, vault, 9)

    async def voted(person: Person, option: str = "a") -> bool:
        async with database.transaction() as session:
            locked = await locked_scene(session, scene.id)
            assert locked is not None
            return await vote(session, locked, person.id, option, NOW) and locked.fall_behind()

    assert sum(await asyncio.gather(*map(voted, people))) == 1
    async with database.transaction() as session:
        locked = await locked_scene(session, scene.id)
        assert locked is not None
        assert locked.shown_votes == BEHIND
        assert await counted(session, scene.id) == {"a": 9}
        locked.shown_votes = 9
    assert not await voted(people[0])
    assert await voted(people[0], "b")
    assert not await voted(people[1], "b")
