"""A second look: once for each side, within the term, and by somebody who didn't close the flag."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.appeals import (
    Appeal,
    Side,
    appeal_by_driver,
    appeal_by_reporter,
    appeal_of,
    appeals_for,
    change,
    confirm,
    decidable,
    may_appeal,
    who_may_decide,
)
from models.database import Database
from models.deletion import delete_person
from models.drivers import Remedy
from models.flags import Outcome, State
from models.merging import follow, main_of
from models.people import Person
from models.remedies import tell_due
from models.team import Role
from models.vault import Vault
from tests.models.helpers import NOW, add_flag, add_person
from tests.models.test_hearings import DAY, LONG_AFTER, Case
from tests.models.test_remedies import closed, given

WORDS = "Мен олай айтқан жоқпын"


async def appealed(session: AsyncSession, vault: Vault) -> tuple[Case, Appeal, Person]:
    """A case whose driver disagrees with the lesson, and another reviewer."""
    case = await closed(session, vault)
    other = await add_person(session, vault, 7, Role.REVIEWER)
    remedy = await given(session, vault, case)
    assert await appeal_by_driver(session, vault, remedy, case.flag, WORDS, 30, NOW) is None  # nobody told them yet
    await tell_due(session, vault, LONG_AFTER, 10)
    appeal = await appeal_by_driver(session, vault, remedy, case.flag, WORDS, 30, LONG_AFTER)
    assert appeal is not None
    return case, appeal, other


def test_the_term_runs_from_when_the_outcome_could_be_known() -> None:
    assert may_appeal(NOW, 30, NOW + 30 * DAY)
    assert not may_appeal(NOW, 30, NOW + 30 * DAY + timedelta(seconds=1))
    assert not may_appeal(None, 30, NOW)


async def test_a_driver_may_ask_once_and_within_the_term(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case, appeal, _other = await appealed(session, vault)
        remedy = (await session.scalars(select(Remedy))).one()
        assert await appeal_by_driver(session, vault, remedy, case.flag, "again", 30, LONG_AFTER) is None
        assert appeal.words(vault, case.flag) == WORDS
        assert WORDS.encode() not in appeal.sealed_words
        await session.delete(appeal)
        await session.flush()
        assert await appeal_by_driver(session, vault, remedy, case.flag, WORDS, 30, LONG_AFTER + 31 * DAY) is None
        remedy.lifted_at = LONG_AFTER
        assert await appeal_by_driver(session, vault, remedy, case.flag, WORDS, 30, LONG_AFTER) is None


async def test_whoever_closed_the_flag_can_not_decide_and_the_database_refuses_it_too(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case, appeal, other = await appealed(session, vault)
        assert await decidable(session, case.reviewer.id, appeal.id) is None
        assert await appeals_for(session, case.reviewer.id) == []
        assert await who_may_decide(session, appeal) == [other.id]
        for nobody in (case.driver.id, case.reporter.id):
            assert await decidable(session, nobody, appeal.id) is None
        for forged in (0, -5, 2**70, appeal.id + 1):
            assert await decidable(session, other.id, forged) is None
        assert await decidable(session, other.id, appeal.id) == (appeal, case.flag)
        confirm(appeal, case.reviewer.id, LONG_AFTER)
        with pytest.raises(IntegrityError):
            await session.flush()
        await session.rollback()


async def test_whoever_closed_a_duplicate_with_its_main_flag_can_not_decide_about_it_either(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        other = await add_person(session, vault, 7, Role.REVIEWER)
        double = await add_flag(session, vault, case.reporter, "double")
        double.state, double.merged_into_id = State.MERGED, case.flag.id
        await session.flush()
        assert await follow(session, case.flag) == [double]
        await session.delete(case.flag)  # so the other one stands alone
        await session.flush()
        await session.refresh(double)
        appeal = await appeal_by_reporter(session, vault, double, case.reporter.id, WORDS, 30, NOW)
        assert appeal is not None
        assert await who_may_decide(session, appeal) == [other.id]
        assert not double.decide_anew(case.reviewer.id, Outcome.ADVICE, set(), NOW)


async def test_a_duplicate_that_is_open_again_is_in_nobodys_hands(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault)
        double = await add_flag(session, vault, case.reporter, "double")
        double.state, double.merged_into_id = State.MERGED, case.flag.id
        await session.flush()
        await follow(session, case.flag)
        assert case.flag.reopen(case.reviewer.id, NOW)
        assert await follow(session, case.flag) == [double]
        assert (double.state, double.reviewer_id) == (State.MERGED, None)


async def test_nobody_may_decide_where_only_who_closed_it_is_left(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        _case, appeal, other = await appealed(session, vault)
        await delete_person(session, other)
        assert await who_may_decide(session, appeal) == []


async def test_confirmed_the_outcome_stays_and_it_is_decided_once(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case, appeal, other = await appealed(session, vault)
        confirm(appeal, other.id, LONG_AFTER)
        await session.flush()
        assert (case.flag.outcome, case.flag.reviewer_id) == (Outcome.LESSON, case.reviewer.id)
        assert appeal.changed is False
        assert await decidable(session, other.id, appeal.id) is None


async def test_changed_the_flag_is_closed_anew_by_who_decided_and_its_duplicates_follow(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case, appeal, other = await appealed(session, vault)
        double = await add_flag(session, vault, case.reporter, "double")
        double.state, double.merged_into_id = State.MERGED, case.flag.id
        await session.flush()
        assert await follow(session, case.flag) == [double]
        assert double.outcome is Outcome.LESSON
        assert not change(appeal, case.flag, other.id, Outcome.LESSON, set(), LONG_AFTER)
        assert not change(appeal, case.flag, other.id, Outcome.PASSED_TO_POLICE, set(), LONG_AFTER)
        assert appeal.decided_at is None
        assert change(appeal, case.flag, other.id, Outcome.NO_FINDING, set(), LONG_AFTER)
        await session.flush()
        assert (case.flag.outcome, case.flag.reviewer_id) == (Outcome.NO_FINDING, other.id)
        assert await follow(session, case.flag) == [double]
        assert (double.outcome, double.ended_at) == (Outcome.NO_FINDING, LONG_AFTER)
        assert await follow(session, case.flag) == []


async def test_who_changed_the_outcome_can_not_decide_on_the_other_sides_appeal(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case, appeal, other = await appealed(session, vault)
        theirs = await appeal_by_reporter(session, vault, case.flag, case.reporter.id, "look", 30, NOW)
        assert theirs is not None
        assert len(await appeals_for(session, other.id)) == 2
        assert change(appeal, case.flag, other.id, Outcome.NO_FINDING, set(), LONG_AFTER)
        await session.flush()
        assert await appeals_for(session, other.id) == []
        assert await who_may_decide(session, theirs) == []
        third = await add_person(session, vault, 8, Role.REVIEWER)
        assert await who_may_decide(session, theirs) == [third.id]


async def test_a_flag_that_is_taken_up_again_waits_with_its_appeal(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case, appeal, other = await appealed(session, vault)
        assert case.flag.reopen(case.reviewer.id, LONG_AFTER)
        await session.flush()
        assert await decidable(session, other.id, appeal.id) is None
        assert case.flag.close(case.reviewer.id, Outcome.LESSON, LONG_AFTER)
        await session.flush()
        assert await decidable(session, other.id, appeal.id) is not None


async def test_a_reporter_may_ask_once_of_a_closed_flag_and_of_a_duplicate_for_its_main_one(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await closed(session, vault, Outcome.NO_FINDING)
        me = case.reporter.id
        still_open = await add_flag(session, vault, case.reporter, "open")
        assert await appeal_by_reporter(session, vault, still_open, me, WORDS, 30, NOW) is None
        assert await appeal_by_reporter(session, vault, case.flag, me, WORDS, 30, NOW + 31 * DAY) is None
        assert await appeal_by_reporter(session, vault, case.flag, me, WORDS, 30, NOW) is not None
        assert await appeal_by_reporter(session, vault, case.flag, me, WORDS, 30, NOW) is None
        double = still_open
        double.state, double.merged_into_id = State.MERGED, case.flag.id
        await session.flush()
        assert await appeal_by_reporter(session, vault, double, me, WORDS, 30, NOW) is None
        await follow(session, case.flag)
        appeal = await appeal_by_reporter(session, vault, double, me, WORDS, 30, NOW)
        assert appeal is not None
        assert appeal.words(vault, double) == WORDS
        other = await add_person(session, vault, 7, Role.REVIEWER)
        assert await who_may_decide(session, appeal) == [other.id]
        main = await main_of(session, double)
        assert main is case.flag
        assert not change(appeal, double, other.id, Outcome.ADVICE, set(), NOW)  # only on the main one
        assert change(appeal, main, other.id, Outcome.ADVICE, set(), NOW)
        assert await follow(session, main) == [double]
        assert (double.outcome, double.reviewer_id) == (Outcome.ADVICE, other.id)


async def test_an_appeal_goes_with_the_data_of_whoever_asked_and_outlives_who_closed(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case, appeal, other = await appealed(session, vault)
        await delete_person(session, case.reviewer)
        await session.refresh(appeal)
        assert appeal.closed_by is None
        assert await who_may_decide(session, appeal) == [other.id]
        session.expunge(appeal)
        await delete_person(session, case.driver)
        assert await appeal_of(session, case.flag.id, Side.DRIVER) is None
