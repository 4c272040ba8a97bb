"""Searching: what is typed is read as a code, a number, days, a form or a plate; only what may be seen is found."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from models.database import Database
from models.details import Aim
from models.flags import Ride
from models.new_flags import store_flag
from models.search import By, Found, Search, read_search, search
from models.team import Role
from models.vault import Vault
from tests.models.helpers import NOW, add_flag, add_people, add_person

TODAY = date(2026, 11, 21)
RECEIPT = "482155039174"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("12", (By.NUMBER, "12")),
        (" №12 ", (By.NUMBER, "12")),
        ("9" * 30, (By.PLATE, "9" * 16)),
        ("01.11-15.11", (By.DAYS, "2026-11-01/2026-11-15")),
        ("1.11 – 15.11.2026", (By.DAYS, "2026-11-01/2026-11-15")),
        ("05.11.2026", (By.DAYS, "2026-11-05/2026-11-05")),
        ("25.12-05.01", (By.DAYS, "2025-12-25/2026-01-05")),
        ("ph", (By.FORM, "PH")),
        ("kz 123-авс 02", (By.PLATE, "123ABC02")),
        ("45.13-15.11", (By.PLATE, "45131511")),
        ("15.11.2026-01.11.2026", (By.PLATE, "1511202601112026")),
        ("  ", None),
        ("!?", None),
    ],
)
def test_what_is_typed_is_read_as_what_it_looks_like(typed: str, expected: tuple[By, str] | None) -> None:
    assert read_search(typed, TODAY) == (Search(*expected) if expected else None)


@given(st.text())
def test_anything_may_be_typed(typed: str) -> None:
    read_search(typed, TODAY)


async def test_only_flags_that_the_person_may_review_are_found_by_whatever_way(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        [reporter] = await add_people(session, vault, 1)
        reviewer = await add_person(session, vault, 2, Role.REVIEWER)
        flag, own = await add_flag(session, vault, reporter), await add_flag(session, vault, reviewer)
        kept = [flag, own]
        for aim in (Aim.HOLD, Aim.COUNT):
            other, _ = await store_flag(
                session, vault, reporter_id=reporter.id, draft=aim, codes=["SX1"], ride=Ride.OVER, now=NOW, aim=aim
            )
            kept.append(other)
        for each in kept:
            each.write_plate(vault, "123ABC02")
        await session.flush()
        for each in kept:
            for by, value in (
                (By.RECEIPT, each.receipt(vault)),
                (By.NUMBER, str(each.id)),
                (By.PLATE, "123ABC02"),
                (By.FORM, "SX"),
                (By.DAYS, f"{TODAY}/{TODAY}"),
            ):
                found = await search(session, vault, reviewer.id, Search(by, value), limit=10)
                narrow = by in {By.RECEIPT, By.NUMBER} and each is not flag
                assert [one.id for one in found] == ([] if narrow else [flag.id])
                assert list(await search(session, vault, reporter.id, Search(by, value), limit=10)) == []
        assert list(await search(session, vault, reviewer.id, Search(By.NUMBER, "9" * 19), limit=10)) == []


async def test_days_are_those_of_kazakhstan_and_pages_follow_each_other(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        [reporter] = await add_people(session, vault, 1)
        reviewer = await add_person(session, vault, 2, Role.REVIEWER)
        midnight = NOW.replace(hour=19, minute=0, second=0, microsecond=0) - timedelta(days=1)
        for number in range(10):  # from 20:00 of the day before on
            at = midnight + timedelta(hours=4 * (number // 2) - 4)
            await add_flag(session, vault, reporter, str(number), now=at)
        what, seen, after = Search(By.DAYS, f"{TODAY}/{TODAY}"), [], None
        while shown := await search(session, vault, reviewer.id, what, limit=3, after=after):
            seen += [int(flag.draft) for flag in shown]
            after = Found(shown[-1].received_at, shown[-1].id)
        assert seen == [9, 8, 7, 6, 5, 4, 3, 2]


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    ("what", "index"),
    [
        (Search(By.RECEIPT, RECEIPT), "sqlite_autoindex_flags"),
        (Search(By.PLATE, "123ABC02"), "ix_flags_plate_index"),
        (Search(By.FORM, "PH"), "ix_flags_form"),
        (Search(By.DAYS, "2026-11-01/2026-11-15"), "ix_flags_received"),
    ],
    ids=str,
)
async def test_each_search_has_its_index(database: Database, vault: Vault, what: Search, index: str) -> None:
    async with database.transaction() as session:
        connection = await session.connection()
        asked: list[tuple[str, Any]] = []

        def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        event.listen(connection.sync_connection, "before_cursor_execute", listen)
        await search(session, vault, 1, what, limit=9, after=Found(NOW, 7))
        statement, parameters = asked[0]
        explained = str((await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)).all())
        assert "SEARCH flags USING INDEX" in explained
        assert index in explained
        assert "SCAN flags" not in explained
        assert what.by in {By.RECEIPT, By.PLATE} or "TEMP B-TREE" not in explained
