"""Deleting resets no limit: neither a bar nor how often somebody reported, or tried a passphrase, in the last day."""

from datetime import timedelta

from sqlalchemy import func, select

from models.database import Database
from models.deletion import delete_flag, delete_person, keep_limits, keep_limits_of_flag
from models.limits import KEPT, Limit, What, moments_of
from models.new_flags import wait_before_next
from models.passphrases import AN_HOUR, Try, wait_before_try
from models.people import Person
from models.receipts import new_receipt
from models.vault import Vault
from tests.models.helpers import NOW, add_flag, add_person

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURLY = {"an_hour": 5, "a_day": 20, "now": NOW}


async def test_a_deleted_report_counts_on_for_a_day(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        for draft in "abcde":
            flag = await add_flag(session, vault, person, draft, now=NOW - HOUR / 2)
        old = await add_flag(session, vault, person, "old", now=NOW - DAY)
        for each in (flag, old):
            await keep_limits_of_flag(session, vault, each, NOW)
            await delete_flag(session, each)
        deleted = await moments_of(session, vault, 1, What.REPORT, NOW - KEPT)
        assert deleted == [NOW - HOUR / 2]
        assert await wait_before_next(session, person.id, **HOURLY) is None
        assert await wait_before_next(session, person.id, **HOURLY, deleted=deleted) == NOW + HOUR / 2
        assert await moments_of(session, vault, 2, What.REPORT, NOW - KEPT) == []


async def test_who_deletes_everything_and_comes_back_finds_every_limit_where_it_was(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        person, other = await add_person(session, vault, 1), await add_person(session, vault, 2)
        for draft in "abcde":
            await add_flag(session, vault, person, draft)
        session.add_all(Try(person_id=person.id, code_index=b"x", at=NOW - i * HOUR / 9) for i in range(AN_HOUR))
        person.barred_at = NOW - 9 * DAY
        for each in (person, other):
            await keep_limits(session, vault, each, NOW)
            await delete_person(session, each)
    async with database.transaction() as session:
        back, other = await add_person(session, vault, 1), await add_person(session, vault, 2)
        assert (back.barred_at, other.barred_at) == (NOW - 9 * DAY, None)
        deleted = await moments_of(session, vault, 1, What.REPORT, NOW - KEPT)
        assert await wait_before_next(session, back.id, **HOURLY, deleted=deleted) == NOW + HOUR
        assert await wait_before_try(session, vault, back.id, new_receipt(), NOW) == NOW + 5 * HOUR / 9
        assert await wait_before_try(session, vault, other.id, new_receipt(), NOW) is None
        assert await session.scalar(select(func.count()).where(Limit.what == What.BAR)) == 0
        back.barred_at = None  # an owner took it back
    async with database.transaction() as session:
        back = await add_person(session, vault, 1)
        await keep_limits(session, vault, back, NOW)
        await delete_person(session, back)
    async with database.transaction() as session:
        await add_person(session, vault, 1)
        assert (await session.scalars(select(Person.barred_at))).all() == [None, None]
