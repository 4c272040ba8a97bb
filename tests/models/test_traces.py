"""Which messages stand in a chat: each once, each person's own, and only for as long as they can be deleted."""

from datetime import timedelta

from sqlalchemy import select

from models.database import Database
from models.deletion import delete_person
from models.people import present
from models.traces import KEPT, Trace, forget_traces, keep_traces, take_traces
from models.vault import Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY, add_people

HOUR = timedelta(hours=1)


async def all_traces(database: Database) -> set[tuple[int, int]]:
    async with database.reading() as session:
        return {(trace.person_id, trace.message_id) for trace in await session.scalars(select(Trace))}


async def test_each_message_is_kept_once_with_the_time_at_which_it_was_first_seen(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        one, other = (person.id for person in await add_people(session, vault, 1, 2))
        await keep_traces(session, [(other, 7, NOW), (one, 8, NOW), (one, 7, NOW - HOUR)])
        await keep_traces(session, [(one, 7, NOW), (one, 2**62, NOW)])
        await keep_traces(session, [])
    assert await all_traces(database) == {(one, 7), (one, 8), (one, 2**62), (other, 7)}
    async with database.transaction() as session:
        assert await take_traces(session, one, NOW) == [2**62, 8]


async def test_who_takes_theirs_gets_the_newest_first_without_the_old_ones_and_nobody_elses(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        one, other = (person.id for person in await add_people(session, vault, 1, 2))
        await keep_traces(session, [(one, i, NOW - i * HOUR) for i in range(1, 60)] + [(other, 99, NOW)])
    async with database.transaction() as session:
        assert await take_traces(session, one, NOW - KEPT) == list(range(48, 0, -1))
    assert await all_traces(database) == {(other, 99)}
    async with database.transaction() as session:
        assert await take_traces(session, one, NOW - KEPT) == []


async def test_what_telegram_no_longer_deletes_is_forgotten_and_a_person_takes_theirs_along(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        one, other = await add_people(session, vault, 1, 2)
        await keep_traces(session, [(one.id, 1, NOW - KEPT), (one.id, 2, NOW - KEPT - HOUR), (other.id, 3, NOW)])
    async with database.transaction() as session:
        await forget_traces(session, NOW - KEPT)
    assert await all_traces(database) == {(one.id, 1), (other.id, 3)}
    async with database.transaction() as session:
        (person,) = await add_people(session, vault, 1)
        await delete_person(session, person)
    assert await all_traces(database) == {(other.id, 3)}


async def test_who_is_present_is_found_with_the_older_key_too_and_nobody_else(database: Database) -> None:
    async with database.transaction() as session:
        one, other = await add_people(session, Vault([OLD_KEY]), 1, 2)
    async with database.transaction() as session:
        assert await present(session, Vault([NEW_KEY, OLD_KEY]), [1, 2, 3]) == {1: one.id, 2: other.id}
        assert await present(session, Vault([NEW_KEY]), [1, 2]) == {}
        assert await present(session, Vault([OLD_KEY]), []) == {}
