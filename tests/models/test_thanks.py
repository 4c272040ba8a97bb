"""Thanks: once a week for a car, told once a week as a count, and neither who nor when."""

import asyncio
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.cars import Car, declare_car
from models.database import Database
from models.deletion import delete_person
from models.people import Person, mark_blocked
from models.quiet import ZONE, at_hour
from models.thanks import (
    KEPT,
    WEEK,
    KindWord,
    Thanks,
    ThanksPlan,
    Told,
    forget_thanks,
    gather,
    note_told,
    stop_telling,
    tell_again,
    tells_thanks,
    thank,
    week_of,
)
from models.vault import Vault
from tests.models.helpers import add_people

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def at(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment so many days after the first Monday, in Kazakhstan."""
    return at_hour(MONDAY + day * DAY, hour) + timedelta(minutes=minute)


async def one_car(session: AsyncSession, vault: Vault) -> tuple[Person, Car, list[Person]]:
    """A driver with a car, and passengers."""
    driver, *passengers = await add_people(session, vault, *range(1, 8))
    car = await declare_car(session, vault, driver.id, "123ABC02", at(0))
    assert car is not None
    return driver, car, passengers


async def told_at(database: Database, now: datetime, limit: int = 10) -> list[tuple[date, date]]:
    """The weeks of which drivers are told at a moment."""
    async with database.transaction() as session:
        told, _due = await note_told(session, now, limit)
    return [(each.since, each.until) for each in told]


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        (datetime(2026, 11, 29, 23, 59, tzinfo=ZONE), MONDAY),
        (datetime(2026, 11, 30, 0, 0, tzinfo=ZONE), MONDAY + WEEK),  # in UTC still Sunday
        (datetime(2026, 11, 23, 0, 0, tzinfo=ZONE), MONDAY),
        (datetime(2027, 1, 1, 12, tzinfo=ZONE), date(2026, 12, 28)),
    ],
)
def test_a_week_begins_on_monday_in_kazakhstan(moment: datetime, week: date) -> None:
    assert week_of(moment) == week


async def test_a_person_thanks_once_a_week_for_a_car_and_nobody_themselves(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        driver, car, passengers = await one_car(session, vault)
        other = await declare_car(session, vault, driver.id, "777ABE05", at(0))
        assert other is not None
        one = passengers[0].id
        assert await thank(session, car, one, KindWord.CALM, at(0))
        assert not await thank(session, car, one, KindWord.POLITE, at(6))
        assert not await thank(session, car, driver.id, KindWord.POLITE, at(1))
        assert await thank(session, other, one, None, at(6))
        assert await thank(session, car, passengers[1].id, None, at(6))
        assert await thank(session, car, one, None, at(7))
    async with database.reading() as session:
        rows = (await session.scalars(select(Thanks).order_by(Thanks.week, Thanks.car_id, Thanks.person_id))).all()
    assert [(row.week, row.kind) for row in rows] == [
        (MONDAY, KindWord.CALM),
        (MONDAY, None),
        (MONDAY, None),
        (MONDAY + WEEK, None),
    ]


async def test_a_driver_is_told_on_monday_at_ten_and_once(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        _driver, car, passengers = await one_car(session, vault)
        await thank(session, car, passengers[0].id, KindWord.CALM, at(2))
    assert await told_at(database, at(7, 9, 59)) == []
    async with database.transaction() as session:  # before ten, but of the new week
        await thank(session, car, passengers[1].id, None, at(7, 9, 59))
    assert await told_at(database, at(7, 10)) == [(MONDAY, MONDAY + WEEK)]
    for again in (at(7, 10), at(7, 11), at(13, 20), at(14, 9)):
        assert await told_at(database, again) == []
    assert await told_at(database, at(14, 10)) == [(MONDAY + WEEK, MONDAY + 2 * WEEK)]
    async with database.reading() as session:
        assert (await session.scalars(select(ThanksPlan.next_at))).all() == [None]
    assert await told_at(database, at(21, 10)) == []


async def test_a_clock_that_was_set_back_makes_nobody_told_twice_a_week(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        _driver, car, passengers = await one_car(session, vault)
        await thank(session, car, passengers[0].id, None, at(2))
    assert len(await told_at(database, at(7, 10))) == 1
    async with database.transaction() as session:
        await thank(session, car, passengers[1].id, None, at(6))
    assert await told_at(database, at(7, 11)) == []


async def test_after_an_outage_they_are_told_later_of_all_that_came_in_one_message_and_never_at_night(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        driver, car, passengers = await one_car(session, vault)
        await thank(session, car, passengers[0].id, KindWord.CALM, at(2))
    for night in (at(7, 21), at(8, 8, 59)):
        assert await told_at(database, night) == []
    async with database.transaction() as session:
        await thank(session, car, passengers[0].id, KindWord.CALM, at(8))
        await thank(session, car, passengers[1].id, KindWord.QUIET, at(16))
    [(since, until)] = await told_at(database, at(16))
    assert (since, until) == (MONDAY, MONDAY + 2 * WEEK)
    async with database.reading() as session:
        gathered = await gather(session, Told(driver.id, since, until))
    assert gathered is not None
    assert (gathered.first, gathered.last, gathered.total) == (MONDAY, MONDAY + 2 * WEEK - DAY, 2)
    assert await told_at(database, at(17)) == []
    assert len(await told_at(database, at(21, 10))) == 1


async def test_words_are_told_where_several_thanked_the_most_frequent_first(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        driver, car, passengers = await one_car(session, vault)
        told = Told(driver.id, MONDAY, MONDAY + WEEK)
        assert await gather(session, told) is None
        said = [KindWord.CHILD, None, KindWord.LUGGAGE, KindWord.CALM, KindWord.LUGGAGE]
        seen = []
        for passenger, kind in zip(passengers, said, strict=False):
            await thank(session, car, passenger.id, kind, at(1))
            gathered = await gather(session, told)
            assert gathered is not None
            seen.append((gathered.total, list(gathered.kinds.items())))
    assert seen == [
        (1, []),
        (2, []),
        (3, [(KindWord.LUGGAGE, 1), (KindWord.CHILD, 1)]),
        (4, [(KindWord.CALM, 1), (KindWord.LUGGAGE, 1), (KindWord.CHILD, 1)]),
        (5, [(KindWord.LUGGAGE, 2), (KindWord.CALM, 1), (KindWord.CHILD, 1)]),
    ]


async def test_who_stopped_hears_nothing_until_they_ask_again_and_then_of_the_week_that_goes_on(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        driver, car, passengers = await one_car(session, vault)
        await thank(session, car, passengers[0].id, None, at(1))
        assert await tells_thanks(session, driver.id)
        await stop_telling(session, driver.id, at(2))
        assert not await tells_thanks(session, driver.id)
        assert await thank(session, car, passengers[1].id, None, at(3))
    assert await told_at(database, at(7, 10)) == []
    async with database.transaction() as session:
        assert await thank(session, car, passengers[2].id, None, at(8))
        await tell_again(session, driver.id, at(9))
        await tell_again(session, driver.id, at(9))
    assert await told_at(database, at(14, 10)) == [(MONDAY + WEEK, MONDAY + 2 * WEEK)]


async def test_who_blocked_the_bot_is_passed_over(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        driver, car, passengers = await one_car(session, vault)
        await thank(session, car, passengers[0].id, None, at(1))
        await mark_blocked(session, [driver.id], at(2))
    assert await told_at(database, at(7, 10)) == []
    async with database.reading() as session:
        assert (await session.scalars(select(ThanksPlan.next_at))).all() == [None]


async def test_of_two_replicas_one_tells(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        for number in range(10, 30):
            driver, passenger = await add_people(session, vault, number, 100 + number)
            car = await declare_car(session, vault, driver.id, "123ABC02", at(0))
            assert car is not None
            await thank(session, car, passenger.id, None, at(1))
    told = await asyncio.gather(*(told_at(database, at(7, 10), 50) for _replica in range(3)))
    assert sum(map(len, told)) == 20
    assert [len(await told_at(database, at(7, 11), 50))] == [0]


async def test_thanks_given_while_others_are_told_wait_for_their_own_week(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        _driver, car, passengers = await one_car(session, vault)
        await thank(session, car, passengers[0].id, None, at(1))

    async def give(person_id: int) -> None:
        async with database.transaction() as session:
            await thank(session, await session.get_one(Car, car.id), person_id, None, at(7, 10))

    [_first, told, _second] = await asyncio.gather(
        give(passengers[1].id), told_at(database, at(7, 10)), give(passengers[2].id)
    )
    told += await told_at(database, at(7, 11))  # a plan that was being changed is left for the next look
    assert told == [(MONDAY, MONDAY + WEEK)]
    assert await told_at(database, at(14, 10)) == [(MONDAY + WEEK, MONDAY + 2 * WEEK)]


async def test_a_deleted_passengers_thanks_are_gone_and_old_ones_are_forgotten(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        driver, car, passengers = await one_car(session, vault)
        for passenger in passengers[:2]:
            await thank(session, car, passenger.id, None, at(0))
        await thank(session, car, passengers[0].id, None, at(7))
        told = Told(driver.id, MONDAY, MONDAY + 2 * WEEK)
        await delete_person(session, passengers[1])
        gathered = await gather(session, told)
        assert gathered is not None
        assert gathered.total == 2
        await forget_thanks(session, MONDAY + WEEK)
        assert list(await session.scalars(select(Thanks.week))) == [MONDAY + WEEK]
    assert KEPT > 2 * WEEK


async def test_who_is_due_is_found_by_index(database: Database) -> None:
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    async with database.transaction() as session:
        if not database.is_sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))
        found = await session.execute(
            text(f"{explain} SELECT * FROM thanks_plans WHERE next_at <= :now ORDER BY next_at LIMIT 10"),
            {"now": at(0) if not database.is_sqlite else "2026-11-23 05:00:00.000000"},
        )
        assert "ix_thanks_plans_next_at" in " ".join(str(part) for row in found for part in row)
