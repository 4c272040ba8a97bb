"""Leases: one at a time, and nobody waits for the dead."""

import asyncio
from datetime import timedelta

from models.database import Database
from models.leases import hold, release
from tests.models.helpers import NOW

TERM = timedelta(seconds=30)
SOON = timedelta(seconds=1)


async def holds(database: Database, holder: str, at: timedelta, name: str = "outbox") -> bool:
    async with database.transaction() as session:
        return await hold(session, name, holder, NOW + at, TERM)


async def test_a_lease_is_held_by_one_until_it_runs_out(database: Database) -> None:
    assert await holds(database, "one", 0 * SOON)
    assert not await holds(database, "two", 0 * SOON)
    assert not await holds(database, "two", TERM - SOON)
    assert await holds(database, "two", TERM)
    assert not await holds(database, "one", TERM + SOON)


async def test_a_holder_renews_a_lease(database: Database) -> None:
    assert await holds(database, "one", 0 * SOON)
    assert await holds(database, "one", 20 * SOON)
    assert not await holds(database, "two", 40 * SOON)
    assert await holds(database, "two", 50 * SOON)


async def test_a_lease_given_back_is_free_at_once_and_only_its_holder_gives_it_back(database: Database) -> None:
    assert await holds(database, "one", 0 * SOON)
    async with database.transaction() as session:
        await release(session, "outbox", "two", NOW + SOON)
    assert not await holds(database, "two", 2 * SOON)
    async with database.transaction() as session:
        await release(session, "outbox", "one", NOW + 3 * SOON)
    assert await holds(database, "two", 3 * SOON)


async def test_leases_of_different_names_have_nothing_to_do_with_each_other(database: Database) -> None:
    assert await holds(database, "one", 0 * SOON)
    assert await holds(database, "two", 0 * SOON, "housekeeping")


async def test_of_many_that_reach_for_a_lease_at_once_one_gets_it(database: Database) -> None:
    for at in (0 * SOON, 2 * TERM):  # never held before, then run out
        got = await asyncio.gather(*(holds(database, f"replica {i}", at) for i in range(8)))
        assert sum(got) == 1
