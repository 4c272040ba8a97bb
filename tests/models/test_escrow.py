"""Escrow: a held flag waits for a second, different person who names the same vehicle; then all that is held goes."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.cars import declare_car
from models.database import Database
from models.details import Aim
from models.escrow import name_vehicle
from models.first_look import FIRST_LOOK
from models.flag_rights import reviewed_flag
from models.flags import Flag, Ride, State, flags_on_vehicle, forget_ended
from models.new_flags import store_flag
from models.people import Person
from models.queue import queue
from models.team import Role
from models.vault import Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY, add_access, add_people, add_person, somebody_waits

PLATE = "123ABC02"


async def told(database: Database, vault: Vault, person: Person, aim: Aim, draft: str = "a", plate: str = PLATE) -> int:
    """Store a flag that names a vehicle; returns its number."""
    async with database.transaction() as session:
        flag, _ = await store_flag(
            session, vault, reporter_id=person.id, draft=draft, codes=["VB2"], ride=Ride.OVER, now=NOW, aim=aim
        )
        await name_vehicle(session, vault, flag, plate, NOW)
        return flag.id


async def states(database: Database) -> list[State]:
    async with database.reading() as session:
        return list(await session.scalars(select(Flag.state).order_by(Flag.id)))


async def people(database: Database, vault: Vault) -> list[Person]:
    async with database.transaction() as session:
        return await add_people(session, vault, 1, 2, 3)


@pytest.mark.parametrize(
    ("aims", "expected"),
    [
        ([(0, Aim.HOLD)], [State.HELD]),
        ([(0, Aim.HOLD), (0, Aim.HOLD)], [State.HELD, State.HELD]),  # one person, twice
        ([(0, Aim.HOLD), (0, Aim.ACT)], [State.HELD, State.NEW]),
        ([(0, Aim.HOLD), (1, Aim.COUNT)], [State.HELD, State.COUNTED]),
        ([(0, Aim.COUNT), (1, Aim.HOLD)], [State.COUNTED, State.HELD]),
        ([(0, Aim.HOLD), (1, Aim.HOLD)], [State.NEW, State.NEW]),
        ([(0, Aim.HOLD), (1, Aim.ACT)], [State.NEW, State.NEW]),
        ([(0, Aim.ACT), (1, Aim.HOLD)], [State.NEW, State.NEW]),
        ([(0, Aim.HOLD), (0, Aim.HOLD), (1, Aim.HOLD)], [State.NEW] * 3),
        ([(0, Aim.HOLD), (1, Aim.COUNT), (2, Aim.HOLD)], [State.NEW, State.COUNTED, State.NEW]),
    ],
)
async def test_what_is_held_goes_when_a_second_different_person_names_the_vehicle(
    database: Database, vault: Vault, aims: list[tuple[int, Aim]], expected: list[State]
) -> None:
    persons = await people(database, vault)
    for number, (who, aim) in enumerate(aims):
        await told(database, vault, persons[who], aim, str(number))
    assert await states(database) == expected


async def test_another_vehicle_and_what_was_withdrawn_match_nothing(database: Database, vault: Vault) -> None:
    one, two, three = await people(database, vault)
    await told(database, vault, one, Aim.HOLD)
    await told(database, vault, two, Aim.HOLD, plate="777ABC02")
    async with database.transaction() as session:
        first = (await session.scalars(select(Flag).order_by(Flag.id).limit(1))).one()
        assert first.withdraw(NOW)
    await told(database, vault, three, Aim.HOLD)
    assert await states(database) == [State.WITHDRAWN, State.HELD, State.HELD]


@pytest.mark.parametrize("second", ["themselves", "from another account"])
async def test_a_driver_learns_nothing_by_naming_a_car_that_they_declared(
    database: Database, vault: Vault, second: str
) -> None:
    one, driver, other = await people(database, vault)
    held = await told(database, vault, one, Aim.HOLD)
    sender = driver if second == "themselves" else other
    async with database.transaction() as session:
        assert await declare_car(session, vault, driver.id, PLATE, NOW)
        flag, _ = await store_flag(
            session, vault, reporter_id=sender.id, draft="x", codes=["VB2"], ride=Ride.OVER, now=NOW, aim=Aim.HOLD
        )
        if sender is other:
            await add_access(session, vault, flag, driver, "құпия сөз 4")
        assert await name_vehicle(session, vault, flag, PLATE, NOW) == []
    assert await states(database) == [State.HELD, State.HELD]
    async with database.transaction() as session:
        [stranger] = await add_people(session, vault, 7)
    await told(database, vault, stranger, Aim.ACT, "z")
    async with database.reading() as session:
        kept = {each.id: each for each in await session.scalars(select(Flag))}
    assert (kept[held].state, kept[flag.id].state) == (State.NEW, State.HELD)


async def test_what_a_barred_person_sends_matches_nothing_and_stays_held(database: Database, vault: Vault) -> None:
    one, barred, other = await people(database, vault)
    await told(database, vault, one, Aim.HOLD)
    async with database.transaction() as session:
        (await session.get_one(Person, barred.id)).barred_at = NOW
    await told(database, vault, barred, Aim.ACT)
    await told(database, vault, barred, Aim.HOLD, "b")
    assert await states(database) == [State.HELD, State.NEW, State.HELD]
    await told(database, vault, other, Aim.HOLD)
    assert await states(database) == [State.NEW, State.NEW, State.HELD, State.NEW]


async def test_what_is_held_or_counted_does_not_exist_for_the_team(database: Database, vault: Vault) -> None:
    one, two, _three = await people(database, vault)
    held, counted = await told(database, vault, one, Aim.HOLD), await told(database, vault, two, Aim.COUNT)
    async with database.transaction() as session:
        reviewer = await add_person(session, vault, 99, Role.OWNER)
    async with database.transaction() as session:
        assert list(await queue(session, reviewer.id, limit=10)) == []
        assert await reviewed_flag(session, reviewer.id, held) is None
        assert await reviewed_flag(session, reviewer.id, counted) is None
        assert list(await flags_on_vehicle(session, vault, PLATE)) == []
    await told(database, vault, two, Aim.ACT, "b")
    async with database.transaction() as session:
        assert len(await queue(session, reviewer.id, limit=10)) == 2
        assert await reviewed_flag(session, reviewer.id, held) is not None


async def test_released_flags_are_looked_at_in_time_from_then_on_and_weigh_more(
    database: Database, vault: Vault
) -> None:
    one, two, _three = await people(database, vault)
    held = await told(database, vault, one, Aim.HOLD)
    later = NOW + timedelta(days=40)
    async with database.transaction() as session:
        flag, _ = await store_flag(
            session, vault, reporter_id=two.id, draft="b", codes=["VB2"], ride=Ride.OVER, now=later, aim=Aim.HOLD
        )
        freed = await name_vehicle(session, vault, flag, PLATE, later)
        assert [each.id for each in freed] == [held, flag.id]
        for each in freed:
            assert (each.severity, each.released_at) == (3, later)
            assert each.due_at == later + FIRST_LOOK[3]


async def test_a_vehicle_is_found_while_keys_are_being_rotated(database: Database) -> None:
    old, both = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY])
    one, two, _three = await people(database, old)
    await told(database, old, one, Aim.HOLD)
    async with database.transaction() as session:
        flag, _ = await store_flag(
            session, both, reporter_id=two.id, draft="b", codes=["VB2"], ride=Ride.OVER, now=NOW, aim=Aim.HOLD
        )
        assert len(await name_vehicle(session, both, flag, PLATE, NOW)) == 2


async def test_two_who_name_it_in_the_same_moment_see_each_other(database: Database, vault: Vault) -> None:
    one, two, _three = await people(database, vault)

    async def hold(person: Person, named: asyncio.Event, go_on: asyncio.Event) -> None:
        async with database.transaction() as session:
            flag, _ = await store_flag(
                session, vault, reporter_id=person.id, draft="a", codes=["VB2"], ride=Ride.OVER, now=NOW, aim=Aim.HOLD
            )
            await name_vehicle(session, vault, flag, PLATE, NOW)
            named.set()
            await go_on.wait()

    first_named, second_named, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(hold(one, first_named, go_on))
    await first_named.wait()
    second = asyncio.create_task(hold(two, second_named, asyncio.Event()))
    if database.is_sqlite:
        await asyncio.sleep(0)
    else:
        await somebody_waits(database)
    assert not second_named.is_set()
    go_on.set()
    await first
    await asyncio.wait_for(second_named.wait(), 20)
    second.cancel()
    await asyncio.wait({second})
    await told(database, vault, two, Aim.HOLD)
    assert await states(database) == [State.NEW, State.NEW]


async def test_what_is_held_longer_than_reports_are_kept_is_deleted(database: Database, vault: Vault) -> None:
    one, two, _three = await people(database, vault)
    await told(database, vault, one, Aim.HOLD)
    await told(database, vault, two, Aim.ACT, plate="777ABC02")
    async with database.transaction() as session:
        await forget_ended(session, vault, NOW, NOW)
    assert len(await states(database)) == 2
    async with database.transaction() as session:
        await forget_ended(session, vault, NOW + timedelta(days=1), NOW)
    assert await states(database) == [State.NEW]
