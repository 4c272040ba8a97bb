"""The right of reply: who is asked, when they hear of it, what they may answer, and who can stop it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.approvals import Fault, Kind, ask, fault_of, may_ask
from models.audit import Action, entries, record
from models.cars import Car, CarIndex, Driven, declare_car, index_cars
from models.consents import Recipient, say
from models.database import Database
from models.deletion import delete_person
from models.drivers import Hearing
from models.escrow import name_vehicle
from models.flag_rights import parties, reviewed_flag
from models.flags import Flag, Outcome
from models.hearings import (
    answer,
    ask_driver,
    decline,
    hearing_of,
    may_hear,
    open_hearings,
    own_hearing,
    own_hearing_of_handle,
    read_answer,
    take_back,
    tell_due,
)
from models.known_drivers import Unknown, delay_of, driver_of
from models.merging import merge
from models.people import Person
from models.queue import queue
from models.quiet import local_day
from models.rotation import rotate_keys
from models.team import Member, Role
from models.vault import Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY, add_flag, add_people, add_person

PLATE, OTHER, DAY = "123ABC02", "777ABE05", timedelta(days=1)
LONG_AFTER = NOW + 30 * DAY


class Case:
    """A claimed flag on a car whose driver named it the day before."""

    reporter: Person
    driver: Person
    reviewer: Person
    flag: Flag
    car: Car


async def a_case(session: AsyncSession, vault: Vault, codes: tuple[str, ...] = ("SX1",)) -> Case:
    case = Case()
    case.reporter, case.driver = await add_people(session, vault, 1, 2)
    case.reviewer = await add_person(session, vault, 3, Role.REVIEWER)
    car = await declare_car(session, vault, case.driver.id, PLATE, NOW - DAY)
    assert car is not None
    case.car = car
    case.flag = await add_flag(session, vault, case.reporter, codes=codes)
    case.flag.write_plate(vault, PLATE)
    case.flag.claim(case.reviewer.id)
    await session.flush()
    return case


async def asked(session: AsyncSession, vault: Vault, case: Case) -> Hearing:
    hearing = await ask_driver(session, vault, case.flag, case.reviewer.id, 7, NOW)
    assert hearing is not None
    return hearing


async def told(session: AsyncSession, vault: Vault, case: Case) -> Hearing:
    await asked(session, vault, case)
    [hearing], due = await tell_due(session, vault, LONG_AFTER, 14, 10)
    assert due == 1
    return hearing


async def test_the_driver_is_who_named_the_plate_in_time_and_only_if_nobody_else_did(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        assert await driver_of(session, vault, case.flag) == case.driver.id
        case.car.end(NOW - timedelta(minutes=1))  # on the same day: it was still theirs
        assert await driver_of(session, vault, case.flag) == case.driver.id
        case.car.ended_at = NOW - 3 * DAY
        assert await driver_of(session, vault, case.flag) is Unknown.NOBODY
        case.car.ended_at = None
        case.flag.happened_on = (NOW - 2 * DAY).date()
        assert await driver_of(session, vault, case.flag) is Unknown.NOBODY  # named after the day in question
        case.flag.happened_on = None
        [curious] = await add_people(session, vault, 4)
        await declare_car(session, vault, curious.id, PLATE, NOW)
        assert await driver_of(session, vault, case.flag) == case.driver.id  # whoever comes too late changes nothing
        await declare_car(session, vault, case.reviewer.id, PLATE, NOW - DAY)
        assert await driver_of(session, vault, case.flag) is Unknown.SEVERAL


async def test_whoever_reported_their_own_car_is_not_asked_as_its_driver(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        case.car.person_id = case.reporter.id
        await session.flush()
        assert await driver_of(session, vault, case.flag) is Unknown.NOBODY
        assert await ask_driver(session, vault, case.flag, case.reviewer.id, 7, NOW) is None


async def test_only_who_works_on_a_flag_can_ask_and_asked_twice_it_is_one_hearing(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        other = await add_person(session, vault, 5, Role.OWNER)
        assert await ask_driver(session, vault, case.flag, other.id, 7, NOW) is None
        hearing = await asked(session, vault, case)
        assert await asked(session, vault, case) is hearing
        assert not await take_back(session, case.flag, other.id)
        assert await take_back(session, case.flag, case.reviewer.id)
        assert await hearing_of(session, case.flag.id) is None


async def test_the_driver_hears_nothing_before_the_moment_has_come(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        hearing = await asked(session, vault, case)
        assert hearing.tell_at >= NOW + 6 * DAY
        assert await tell_due(session, vault, hearing.tell_at - timedelta(seconds=1), 14, 10) == ([], 0)
        assert await own_hearing(session, case.driver.id, hearing.id) is None
        assert not answer(vault, case.flag, hearing, "too soon", NOW)
        assert await open_hearings(session, case.driver.id, NOW) == []
        at = hearing.tell_at
        assert await tell_due(session, vault, at, 14, 10) == ([hearing], 1)
        assert (hearing.told_at, hearing.answer_by) == (at, at + 14 * DAY)
        assert await tell_due(session, vault, at + DAY, 14, 10) == ([], 0)


async def test_the_driver_hears_after_as_long_as_several_rides_take_in_the_car_of_the_flag(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        other = await declare_car(session, vault, case.driver.id, OTHER, NOW - DAY)
        assert other is not None
        other.say_driven(Driven.MOST_DAYS, NOW - DAY)
        assert await delay_of(session, vault, case.flag, 7) == 14
        case.car.say_driven(Driven.NOW_AND_THEN, NOW - DAY)
        hearing = await asked(session, vault, case)
        decided = hearing.tell_at
        assert timedelta(days=28) <= local_day(decided) - local_day(NOW) <= timedelta(days=28 + 6 + 6)

        case.car.say_driven(Driven.MOST_DAYS, NOW)  # once it came, nothing makes it come sooner
        assert (await asked(session, vault, case)).tell_at == decided
        assert await delay_of(session, vault, case.flag, 7) == 28
        later = await add_flag(session, vault, case.reporter, "later", now=NOW + 7 * DAY)
        later.write_plate(vault, PLATE)
        assert await delay_of(session, vault, later, 7) == 7

        case.car.end(NOW)
        again = await declare_car(session, vault, case.driver.id, PLATE, NOW - timedelta(hours=1))
        assert again is not None
        again.say_driven(Driven.MOST_DAYS, NOW)
        assert await delay_of(session, vault, case.flag, 7) == 28  # named twice: the longer one
        case.flag.write_plate(vault, "ODD1")
        assert await delay_of(session, vault, case.flag, 7) == 14


async def test_a_no_of_whoever_reported_ends_it_before_the_driver_hears(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        await asked(session, vault, case)
        await say(session, case.flag.id, Recipient.DRIVER, False, NOW)
        assert await may_hear(session, case.flag) is False
        assert await tell_due(session, vault, LONG_AFTER, 14, 10) == ([], 1)
        assert await hearing_of(session, case.flag.id) is None
        assert await ask_driver(session, vault, case.flag, case.reviewer.id, 7, NOW) is None


@pytest.mark.parametrize("why", ["most severe", "retaliation"])
async def test_where_it_may_be_dangerous_the_driver_hears_only_after_a_yes(
    database: Database, vault: Vault, why: str
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault, ("PH3",) if why == "most severe" else ("SX1",))
        case.flag.retaliation = why == "retaliation"
        hearing = await asked(session, vault, case)
        assert await tell_due(session, vault, LONG_AFTER, 14, 10) == ([], 1)
        assert await tell_due(session, vault, LONG_AFTER, 14, 10) == ([], 0)  # looked at again a day later
        await say(session, case.flag.id, Recipient.DRIVER, True, LONG_AFTER)
        assert await tell_due(session, vault, LONG_AFTER + DAY, 14, 10) == ([hearing], 1)


async def another_driver(session: AsyncSession, vault: Vault, case: Case) -> Person:
    """The plate was a slip: of the right one another driver is known."""
    [other] = await add_people(session, vault, 6)
    assert await declare_car(session, vault, other.id, "777ABC02", NOW - DAY)
    case.flag.write_plate(vault, "777ABC02")
    await session.flush()
    return other


async def test_after_the_plate_was_corrected_nobody_hears_who_did_not_drive(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        first = await asked(session, vault, case)
        other = await another_driver(session, vault, case)
        second = await asked(session, vault, case)
        assert (first.driver_id, second.driver_id) == (case.driver.id, other.id)
        assert [each.id for each in await session.scalars(select(Hearing))] == [second.id]
        case.flag.write_plate(vault, PLATE)
        await session.flush()
        assert await tell_due(session, vault, LONG_AFTER, 14, 10) == ([], 1)
        assert await hearing_of(session, case.flag.id) is None
        dropped = [each.action for each in await entries(session, flag_id=case.flag.id, limit=9)]
        assert dropped == [Action.DRIVER_NOT_ASKED] * 2


async def test_who_was_told_of_a_wrong_plate_is_not_forgotten_when_another_is_asked(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        hearing = await told(session, vault, case)
        await another_driver(session, vault, case)
        assert await asked(session, vault, case) is hearing


async def test_a_flag_that_is_looked_at_with_another_asks_no_driver_on_its_own(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        await asked(session, vault, case)
        main = await add_flag(session, vault, case.reporter, "main")
        main.claim(case.reviewer.id)
        assert case.flag.merge(case.reviewer.id, main)
        await session.flush()
        assert await tell_due(session, vault, LONG_AFTER, 14, 10) == ([], 1)
        assert await hearing_of(session, case.flag.id) is None


@pytest.mark.parametrize("end", ["withdrawn", "closed"])
async def test_a_flag_that_has_ended_asks_nobody_any_more(database: Database, vault: Vault, end: str) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        await asked(session, vault, case)
        if end == "withdrawn":
            case.flag.withdraw(NOW)
        else:
            case.flag.close(case.reviewer.id, Outcome.RECORDED, NOW)
        await session.flush()
        assert await tell_due(session, vault, LONG_AFTER, 14, 10) == ([], 1)
        assert await hearing_of(session, case.flag.id) is None


async def test_the_answer_is_sealed_replaced_within_the_term_and_nobody_elses_to_give(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        hearing = await told(session, vault, case)
        its = hearing.handle(vault)
        assert await own_hearing_of_handle(session, vault, case.driver.id, its) == (hearing, case.flag)
        for forged in ("", str(hearing.id), its[:-1], case.flag.handle, "қ" * 22):
            assert await own_hearing_of_handle(session, vault, case.driver.id, forged) is None
        for other in (case.reporter, case.reviewer):
            assert await own_hearing(session, other.id, hearing.id) is None
            assert await own_hearing_of_handle(session, vault, other.id, its) is None
        assert [each.id for each in await open_hearings(session, case.driver.id, LONG_AFTER)] == [hearing.id]
        assert answer(vault, case.flag, hearing, "first", LONG_AFTER)
        assert answer(vault, case.flag, hearing, "Кешіріңіз 🙏", LONG_AFTER + DAY)
        assert not decline(hearing, LONG_AFTER + DAY)
        assert hearing.answer_by is not None
        assert not answer(vault, case.flag, hearing, "late", hearing.answer_by + timedelta(seconds=1))
    async with database.transaction() as session:
        kept = (await session.scalars(select(Hearing))).one()
        flag = await session.get_one(Flag, kept.flag_id)
        assert read_answer(vault, flag, kept) == "Кешіріңіз 🙏"
        assert "Кеш".encode() not in (kept.sealed_answer or b"")


async def test_who_declined_is_not_asked_again_and_a_withdrawn_flag_shows_nothing(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        hearing = await told(session, vault, case)
        assert decline(hearing, LONG_AFTER)
        assert not answer(vault, case.flag, hearing, "after all", LONG_AFTER)
        assert await open_hearings(session, case.driver.id, LONG_AFTER) == []
        hearing.declined_at = None
        case.flag.withdraw(LONG_AFTER)
        await session.flush()
        assert await open_hearings(session, case.driver.id, LONG_AFTER) == []
        assert await own_hearing(session, case.driver.id, hearing.id) is None


async def test_an_answer_before_anybody_was_told_is_refused_by_the_database(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        hearing = await asked(session, vault, case)
        hearing.sealed_answer, hearing.answered_at = b"forged", NOW
        with pytest.raises(IntegrityError):
            await session.flush()
        await session.rollback()


@pytest.mark.parametrize("who", ["driver", "reporter"])
async def test_with_either_persons_data_the_hearing_and_its_answer_go(
    database: Database, vault: Vault, who: str
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        hearing = await told(session, vault, case)
        answer(vault, case.flag, hearing, "mine", LONG_AFTER)
        await session.flush()
        session.expunge(hearing)
        await delete_person(session, getattr(case, who))
        assert (await session.scalars(select(Hearing))).all() == []
        assert len((await session.scalars(select(Flag.id))).all()) == (who == "driver")


async def test_a_reviewer_who_drives_the_car_can_not_open_the_flag_nor_see_it_in_the_queue(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        unplated = await add_flag(session, vault, case.reporter, "unplated")
        session.add(Member(person_id=case.driver.id, role=Role.OWNER, since=NOW))
        await session.flush()
        assert await reviewed_flag(session, case.driver.id, case.flag.id) is None
        assert [flag.id for flag in await queue(session, case.driver.id, limit=9)] == [unplated.id]
        assert await reviewed_flag(session, case.reviewer.id, case.flag.id) is not None
        hearing = await told(session, vault, case)
        await session.delete(case.car)  # long after its end it's forgotten; who was asked stays a party
        await session.flush()
        assert hearing.driver_id == case.driver.id
        assert await reviewed_flag(session, case.driver.id, case.flag.id) is None


async def test_nor_say_yes_to_what_takes_two_people_about_such_a_flag(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        session.add(Member(person_id=case.driver.id, role=Role.OWNER, since=NOW))
        case.flag.write_contact(vault, "+7 701")
        await session.flush()
        reason = {"requester_id": case.reviewer.id, "reason": "needed", "flag_id": case.flag.id}
        contact = await ask(session, vault, Kind.CONTACT, now=NOW, **reason)
        assert contact is not None
        assert await fault_of(session, contact, case.driver.id, NOW) is Fault.PARTY
        assert not await may_ask(session, Kind.PURGE, case.driver.id, case.flag)
        assert await parties(session, case.flag) == {case.reporter.id, case.driver.id}


async def test_nor_while_keys_change_whichever_key_the_plate_stands_under(database: Database) -> None:
    old, both = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY])
    async with database.transaction() as session:
        case = await a_case(session, old)
        session.add(Member(person_id=case.driver.id, role=Role.OWNER, since=NOW))

    async def assert_hidden() -> None:
        async with database.transaction() as session:
            for flag in await session.scalars(select(Flag).where(Flag.plate_index.is_not(None))):
                assert await reviewed_flag(session, case.driver.id, flag.id) is None
                assert case.driver.id in await parties(session, flag)

    await assert_hidden()
    async with database.transaction() as session:  # the bot starts with another key
        await index_cars(session, both)
        reporter = await session.get_one(Person, case.reporter.id)
        (await add_flag(session, both, reporter, "with the new key")).write_plate(both, case.car.plate(both))
        other = await add_person(session, both, 77)
        later = await declare_car(session, both, other.id, case.car.plate(both), NOW)
        assert later is not None
        assert other.id in await parties(session, case.flag)
    await assert_hidden()
    async for _table in rotate_keys(database, both):
        await assert_hidden()
    async with database.transaction() as session:  # and then with that one alone
        await index_cars(session, Vault([NEW_KEY]))
        assert set(await session.scalars(select(CarIndex.plate_index))) == set(
            await session.scalars(select(Flag.plate_index).where(Flag.plate_index.is_not(None)))
        )
    await assert_hidden()


async def test_nor_a_flag_that_is_looked_at_together_with_one_on_their_car(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        main = await add_flag(session, vault, case.reporter, "main")
        main.claim(case.reviewer.id)
        case.flag.merge(case.reviewer.id, main)
        session.add(Member(person_id=case.driver.id, role=Role.OWNER, since=NOW))
        await session.flush()
        assert await reviewed_flag(session, case.driver.id, main.id) is None
        assert await reviewed_flag(session, case.reviewer.id, main.id) is not None


@pytest.mark.parametrize(
    ("code", "same_vehicle", "severity", "retaliation", "delicate"),
    [
        ("PH3", None, 4, None, True),
        ("PH1", None, 3, None, False),
        ("PH1", True, 4, None, False),  # raised because another person named the vehicle
        ("PH1", True, 4, True, True),
        ("PH1", None, 4, None, True),  # set by the team
        ("SX1", True, 4, None, True),  # by the team too: one report more is one level more
        ("PH3", True, 3, None, True),  # told as most severe, whatever the team thinks
    ],
)
async def test_a_yes_is_needed_by_what_was_told_or_by_the_teams_judgement_not_by_what_others_reported(
    database: Database,
    vault: Vault,
    code: str,
    same_vehicle: bool | None,
    severity: int,
    retaliation: bool | None,
    delicate: bool,
) -> None:
    async with database.transaction() as session:
        [person] = await add_people(session, vault, 1)
        flag = await add_flag(session, vault, person, codes=[code])
        flag.same_vehicle, flag.severity, flag.retaliation = same_vehicle, severity, retaliation
        assert await may_hear(session, flag) is (None if delicate else True)


async def test_no_yes_is_needed_because_a_duplicates_vehicle_is_named_again_but_because_of_what_it_tells(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault, ("PH1",))
        hearing = await asked(session, vault, case)
        two, three = await add_people(session, vault, 7, 8)
        double = await add_flag(session, vault, two, "double", codes=["PH1"])
        await name_vehicle(session, vault, double, OTHER, NOW)
        assert await merge(session, case.reviewer.id, double, case.flag)
        await name_vehicle(session, vault, await add_flag(session, vault, three, "third"), OTHER, NOW)
        assert [case.flag.severity, double.severity] == [4, 4]
        assert [await may_hear(session, each) for each in (case.flag, double)] == [True, True]
        assert await tell_due(session, vault, LONG_AFTER, 14, 10) == ([hearing], 1)

        double.add_behaviours(["PH3"])
        assert [await may_hear(session, each) for each in (case.flag, double)] == [None, None]
        assert double.part()
        await session.flush()
        double.retaliation = True
        assert await may_hear(session, double) is None


async def test_a_yes_that_the_team_found_needful_stays_so_when_a_vehicle_is_named_again(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault, ("PH1",))
        await name_vehicle(session, vault, await add_flag(session, vault, case.reporter, "again"), PLATE, NOW)
        assert (case.flag.severity, await may_hear(session, case.flag)) == (4, True)
        for level, heard in ((2, True), (4, None), (3, True), (4, None)):
            assert case.flag.set_severity(case.reviewer.id, level)
            by = {"actor_id": case.reviewer.id, "flag_id": case.flag.id, "detail": str(level)}
            await record(session, vault, Action.SEVERITY_SET, now=NOW, **by)
            assert await may_hear(session, case.flag) is heard


async def test_a_flag_that_no_key_opens_keeps_no_other_driver_from_hearing(
    database: Database, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    async with database.transaction() as session:
        case = await a_case(session, vault)
        bad = await ask_driver(session, vault, case.flag, case.reviewer.id, 7, NOW)
        assert bad is not None
        await declare_car(session, vault, case.driver.id, OTHER, NOW - DAY)
        flag = await add_flag(session, vault, case.reporter, "other")
        flag.write_plate(vault, OTHER)
        flag.claim(case.reviewer.id)
        good = await ask_driver(session, vault, flag, case.reviewer.id, 7, NOW)
        assert good is not None
        bad.tell_at = good.tell_at - DAY
        case.flag.wrapped_key = Vault([NEW_KEY]).seal(b"x" * 32, case.flag._key_place)
        await session.flush()
        assert await tell_due(session, vault, LONG_AFTER, 14, 10) == ([good], 2)
        assert bad.told_at is None
        assert bad.tell_at == LONG_AFTER + DAY
    assert "1 drivers are not told today" in caplog.text
