"""What a driver is given when a flag is closed, and that its result stands whoever's data goes."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.audit import Action, entries
from models.cars import Driven
from models.consents import Recipient, say
from models.course import Attempt
from models.database import Database
from models.deletion import delete_person
from models.drivers import Given, Remedy
from models.flags import Outcome
from models.matching import lesson_for
from models.merging import with_duplicates
from models.remedies import (
    drop_untold,
    note_passed,
    opens_lesson,
    own_remedy,
    own_remedy_of_handle,
    remedy_of,
    settle_remedy,
    tell_due,
    told_of,
)
from models.vault import Vault
from tests.models.helpers import NOW, add_flag
from tests.models.test_hearings import DAY, LONG_AFTER, Case, a_case, another_driver


async def closed(
    session: AsyncSession, vault: Vault, outcome: Outcome = Outcome.LESSON, codes: tuple[str, ...] = ("SX1",)
) -> Case:
    case = await a_case(session, vault, codes)
    assert case.flag.close(case.reviewer.id, outcome, NOW)
    await session.flush()
    return case


async def given(session: AsyncSession, vault: Vault, case: Case) -> Remedy:
    remedy, told = await settle_remedy(session, vault, case.flag, 7, NOW)
    assert remedy is not None
    assert told is None
    return remedy


async def dropped(session: AsyncSession, case: Case) -> list[str]:
    """What the audit says was not given to the driver after all: whether they had heard of it, oldest first."""
    found = await entries(session, flag_id=case.flag.id, actions=[Action.REMEDY_DROPPED], limit=9)
    return [each.detail for each in reversed(found)]


def an_attempt(case: Case, lesson: int, right: int = 4, questions: int = 5) -> Attempt:
    at = LONG_AFTER + DAY
    attempt = Attempt(person_id=case.driver.id, lesson=lesson, version="1", place="q", started_at=at, finished_at=at)
    attempt.right_answers, attempt.questions = right, questions
    return attempt


@pytest.mark.parametrize("outcome", Outcome)
async def test_only_advice_and_a_lesson_reach_the_driver_and_late(
    database: Database, vault: Vault, outcome: Outcome
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault, ("NV1", "SX1"))
        case.car.say_driven(Driven.NOW_AND_THEN, NOW)
        allowed = set(Recipient)
        assert case.flag.close(case.reviewer.id, outcome, NOW, allowed)
        remedy, told = await settle_remedy(session, vault, case.flag, 7, NOW)
        assert told is None
        assert (remedy is not None) is (outcome in {Outcome.ADVICE, Outcome.LESSON})
        if remedy is not None:
            assert remedy.kind == outcome.value
            assert remedy.lesson == lesson_for(["NV1", "SX1"])
            assert remedy.tell_at >= NOW + 28 * DAY
            assert await tell_due(session, vault, remedy.tell_at - timedelta(seconds=1), 10) == ([], 0)
            assert await own_remedy(session, case.driver.id, remedy.id) is None
            assert not await opens_lesson(session, case.driver.id, remedy.lesson)
            assert await tell_due(session, vault, remedy.tell_at, 10) == ([remedy], 1)
            assert await opens_lesson(session, case.driver.id, remedy.lesson)
            assert not await opens_lesson(session, case.reviewer.id, remedy.lesson)
            its = remedy.handle(vault)
            assert await own_remedy_of_handle(session, vault, case.driver.id, its) == (remedy, case.flag)
            for forged in ("", str(remedy.id), its[:-1], case.flag.handle, "қ" * 22):
                assert await own_remedy_of_handle(session, vault, case.driver.id, forged) is None
            assert await own_remedy_of_handle(session, vault, case.reviewer.id, its) is None
            assert [each.id for each in await told_of(session, case.driver.id)] == [remedy.id]


async def test_nothing_is_given_where_no_driver_is_known_or_the_reporter_said_no(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        await say(session, case.flag.id, Recipient.DRIVER, False, NOW)
        assert await settle_remedy(session, vault, case.flag, 7, NOW) == (None, None)
        await say(session, case.flag.id, Recipient.DRIVER, True, NOW)
        await session.delete(case.car)
        await session.flush()
        assert await settle_remedy(session, vault, case.flag, 7, NOW) == (None, None)


async def test_a_no_until_the_moment_comes_keeps_it_from_the_driver_and_so_does_a_flag_taken_up_again(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        await given(session, vault, case)
        await say(session, case.flag.id, Recipient.DRIVER, False, NOW)
        assert await tell_due(session, vault, LONG_AFTER, 10) == ([], 1)
        assert await remedy_of(session, case.flag.id) is None
        assert await dropped(session, case) == ["untold"]
        await say(session, case.flag.id, Recipient.DRIVER, True, NOW)
        await given(session, vault, case)
        await drop_untold(session, vault, case.flag, NOW)
        assert await remedy_of(session, case.flag.id) is None
        assert await dropped(session, case) == ["untold"] * 2
        await given(session, vault, case)
        case.flag.reopen(case.reviewer.id, LONG_AFTER)
        await session.flush()
        assert await tell_due(session, vault, LONG_AFTER, 10) == ([], 1)
        assert await dropped(session, case) == ["untold"] * 3


@pytest.mark.parametrize(("right", "questions", "passes"), [(4, 5, True), (3, 5, False), (3, 4, False), (4, 4, True)])
async def test_a_lesson_is_passed_by_an_attempt_finished_after_it_was_given_with_80_percent_right(
    database: Database, vault: Vault, right: int, questions: int, passes: bool
) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        remedy = await given(session, vault, case)
        attempt = an_attempt(case, remedy.lesson, right, questions)
        assert await note_passed(session, attempt) == []  # before the driver heard of it, it's no answer to it
        await tell_due(session, vault, LONG_AFTER, 10)
        assert await note_passed(session, an_attempt(case, remedy.lesson + 1)) == []
        open_attempt = Attempt(person_id=case.driver.id, lesson=remedy.lesson)
        assert await note_passed(session, open_attempt) == []
        assert await note_passed(session, attempt) == ([remedy] if passes else [])
        assert remedy.passed_at == (attempt.finished_at if passes else None)
        assert await note_passed(session, attempt) == []


async def test_another_outcome_lifts_what_the_driver_knew_of_and_the_driver_is_to_be_told(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        remedy = await given(session, vault, case)
        await tell_due(session, vault, LONG_AFTER, 10)
        assert await settle_remedy(session, vault, case.flag, 7, LONG_AFTER) == (remedy, None)
        other = await a_second_reviewer_closes(session, vault, case, Outcome.NO_FINDING)
        assert await settle_remedy(session, vault, case.flag, 7, LONG_AFTER) == (None, case.driver.id)
        assert remedy.lifted_at == LONG_AFTER
        assert await dropped(session, case) == ["told"]
        assert not await opens_lesson(session, case.driver.id, remedy.lesson)
        assert await note_passed(session, an_attempt(case, remedy.lesson)) == []
        assert await settle_remedy(session, vault, case.flag, 7, LONG_AFTER) == (None, None)
        assert case.flag.reopen(other, LONG_AFTER)
        assert case.flag.close(other, Outcome.ADVICE, LONG_AFTER)
        again, told = await settle_remedy(session, vault, case.flag, 7, LONG_AFTER)
        assert (again, told) == (remedy, case.driver.id)
        assert (remedy.kind, remedy.told_at, remedy.lifted_at) == (Given.ADVICE, LONG_AFTER, None)


async def test_after_the_plate_was_corrected_the_wrong_driver_hears_nothing_of_it(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        await given(session, vault, case)
        other = await another_driver(session, vault, case)
        assert await tell_due(session, vault, LONG_AFTER, 10) == ([], 1)
        assert await remedy_of(session, case.flag.id) is None
        assert await dropped(session, case) == ["untold"]
        assert (await given(session, vault, case)).driver_id == other.id


async def test_what_the_wrong_driver_knows_of_is_lifted_and_the_right_one_hears_it_in_their_turn(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        first = await given(session, vault, case)
        await tell_due(session, vault, LONG_AFTER, 10)
        other = await another_driver(session, vault, case)
        second, told = await settle_remedy(session, vault, case.flag, 7, LONG_AFTER)
        assert told == case.driver.id
        assert second is not None
        assert (second.driver_id, second.told_at, second.lifted_at) == (other.id, None, None)
        assert await dropped(session, case) == ["told"]
        assert await told_of(session, case.driver.id) == []
        assert await own_remedy(session, case.driver.id, first.id) is None
        assert await settle_remedy(session, vault, case.flag, 7, LONG_AFTER) == (second, None)


async def a_second_reviewer_closes(session: AsyncSession, vault: Vault, case: Case, outcome: Outcome) -> int:
    assert case.flag.reopen(case.reviewer.id, LONG_AFTER)
    assert case.flag.close(case.reviewer.id, outcome, LONG_AFTER)
    await session.flush()
    return case.reviewer.id


async def test_the_result_stands_on_the_flag_when_the_drivers_data_goes(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        remedy = await given(session, vault, case)
        await tell_due(session, vault, LONG_AFTER, 10)
        await note_passed(session, an_attempt(case, remedy.lesson))
        await session.flush()
        await delete_person(session, case.driver)
        kept = await remedy_of(session, case.flag.id)
        assert kept is not None
        assert (kept.driver_id, kept.passed_at) == (None, LONG_AFTER + DAY)
        assert await tell_due(session, vault, LONG_AFTER, 10) == ([], 0)


async def test_with_the_reporters_data_the_flag_goes_and_the_driver_owes_nothing(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        remedy = await given(session, vault, case)
        await tell_due(session, vault, LONG_AFTER, 10)
        number = remedy.id
        session.expunge(remedy)
        await delete_person(session, case.reporter)
        assert await own_remedy(session, case.driver.id, number) is None
        assert await told_of(session, case.driver.id) == []
        assert (await session.scalars(select(Remedy))).all() == []


async def test_the_result_belongs_to_all_that_were_looked_at_together(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        other = await add_flag(session, vault, case.reporter, "other")
        other.merge(case.reviewer.id, case.flag)
        await session.flush()
        assert [flag.id for flag in await with_duplicates(session, case.flag.id)] == [case.flag.id, other.id]
        assert [flag.id for flag in await with_duplicates(session, other.id)] == [other.id]


async def test_a_flag_that_no_key_opens_keeps_no_other_driver_from_hearing(
    database: Database, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        remedy = await given(session, vault, case)
        case.flag.wrapped_key = Vault([b"l" * 32]).seal(b"x" * 32, case.flag._key_place)
        await session.flush()
        assert await tell_due(session, vault, LONG_AFTER, 10) == ([], 1)
        assert remedy.told_at is None
        assert remedy.tell_at == LONG_AFTER + DAY
    assert "1 drivers are not told today" in caplog.text
