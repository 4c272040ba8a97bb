"""Updates: each is taken once, in however many replicas it arrives; what can't be handled is kept sealed."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models.database import Database
from models.updates import DeadLetter, SeenUpdate, forget_updates, set_aside, take_new
from models.vault import Vault
from tests.models.helpers import NOW, counted, somebody_waits

DAY = timedelta(days=1)


async def test_an_update_is_new_once(database: Database) -> None:
    async with database.transaction() as session:
        assert await take_new(session, [5, 3, 5, 4], NOW) == {3, 4, 5}
        assert await take_new(session, [5, 6], NOW) == {6}
    async with database.transaction() as session:
        assert await take_new(session, [3, 4, 5, 6], NOW) == set()


async def test_a_lower_number_than_the_last_is_new_too(database: Database) -> None:
    async with database.transaction() as session:
        assert await take_new(session, [2**40], NOW) == {2**40}
        assert await take_new(session, [1], NOW) == {1}


async def test_an_update_whose_transaction_failed_is_still_new(database: Database) -> None:
    class Broken(Exception):
        pass

    try:
        async with database.transaction() as session:
            await take_new(session, [1], NOW)
            raise Broken
    except Broken:
        pass
    async with database.transaction() as session:
        assert await take_new(session, [1], NOW) == {1}


async def test_a_hundred_updates_cost_one_statement(database: Database) -> None:
    async with database.transaction() as session:
        await take_new(session, range(50), NOW)
    with counted(database) as statements:
        async with database.transaction() as session:
            assert await take_new(session, range(100), NOW) == set(range(50, 100))
    assert len([statement for statement in statements if not statement.startswith("BEGIN")]) == 1


async def test_an_update_that_two_replicas_get_at_once_is_new_to_one_of_them(database: Database) -> None:
    replicas = [Database(database.url.render_as_string(hide_password=False)) for _ in range(2)]
    barrier = asyncio.Barrier(2)

    async def take(replica: Database, update_ids: list[int]) -> set[int]:
        await barrier.wait()
        async with replica.transaction() as session:
            return await take_new(session, update_ids, NOW)

    try:
        one, other = await asyncio.gather(
            take(replicas[0], list(range(200))), take(replicas[1], list(range(199, -1, -1)))
        )
    finally:
        for replica in replicas:
            await replica.close()
    assert one | other == set(range(200))
    assert one & other == set()


@pytest.mark.parametrize("kind", ["postgres"])
async def test_two_replicas_never_wait_for_each_others_updates_in_a_circle(database: Database) -> None:
    async def take_both() -> set[int]:
        async with database.transaction() as session:
            return await take_new(session, [9, 5], NOW)

    async with database.transaction() as session:
        await take_new(session, [5], NOW)
        other = asyncio.create_task(take_both())
        await somebody_waits(database)
        assert await take_new(session, [9], NOW) == {9}
    assert await other == set()


async def test_an_update_set_aside_can_be_read_with_the_key_and_is_not_taken_again(
    database: Database, vault: Vault
) -> None:
    update = {"update_id": 9, "message": {"text": "сөз 🙂", "from": {"id": 7}}}
    async with database.transaction() as session:
        assert await set_aside(session, vault, update, None, "KeyError at report.py:7", NOW)
    async with database.transaction() as session:
        assert not await set_aside(session, vault, update, None, "again", NOW)
        assert await take_new(session, [9], NOW) == set()
        letter = (await session.scalars(select(DeadLetter))).one()
    assert json.loads(vault.open(letter.sealed_update, letter.seal_place)) == update
    assert (letter.error, letter.set_aside_at) == ("KeyError at report.py:7", NOW)


async def test_an_error_however_long_does_not_keep_an_update_from_being_set_aside(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        assert await set_aside(session, vault, {"update_id": 1}, None, "x" * 10_000, NOW)


async def test_what_is_older_than_a_moment_is_forgotten_and_the_rest_is_kept(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        for age in range(5):
            await set_aside(session, vault, {"update_id": age}, None, "x", NOW - age * DAY)
        await forget_updates(session, NOW - 2 * DAY)
    async with database.reading() as session:
        assert set(await session.scalars(select(SeenUpdate.update_id))) == {0, 1, 2}
        assert set(await session.scalars(select(DeadLetter.update_id))) == {0, 1, 2}
        assert await session.scalar(select(func.max(SeenUpdate.seen_at))) == NOW
