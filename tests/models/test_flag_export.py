"""The rows of an export: nobody in them, the rare ones coarser or left out, in an order that says nothing."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.database import Database
from models.details import Platform, Teller
from models.flag_export import CHUNK, OTHER, ExportRow, Group, Source, coarser
from models.flags import Outcome, Ride, State
from models.plates import REGION_DIGITS, region_of
from models.profiles import UNSAID
from models.regions import REGIONS
from tests.models.helpers import NOW
from tests.models.test_flag_figures import DAY, flags

REST: dict[str, Any] = {"regions": [*list(REGIONS)[:4], UNSAID], "forms": ["SX", "VB", "OT"]}
GROUPS = st.builds(
    Group,
    st.sampled_from(["2025-12", "2026-01", "2026-03", "2026-04", "2026-11"]),
    st.sampled_from(REST["regions"]),
    st.sampled_from(REST["forms"]),
)


async def exported(database: Database) -> list[ExportRow]:
    async with database.reading() as session:
        source = Source(session)
        await source.prepare()
        rows = [row async for chunk in source.chunks() for row in chunk]
    assert len(rows) == source.number
    return rows


async def test_a_row_says_what_happened_and_nothing_of_anybody(database: Database) -> None:
    look = NOW + timedelta(minutes=30)
    closed = {"state": State.CLOSED, "outcome": Outcome.ADVICE, "ended_at": NOW + DAY, "opened_at": look}
    async with database.transaction() as session:
        same: dict[str, Any] = {"region": "KZ-75", "platform": Platform.INDRIVE, "teller": Teller.WITNESS}
        await flags(session, 5, "VB1", "PH3", ride=Ride.GOING_ON, **same, **closed)
        await flags(session, 5, "OT", state=State.COUNTED, ended_at=NOW)
        await flags(session, 9, "OT", state=State.HELD)
        await flags(session, 9, "OT", state=State.WITHDRAWN, ended_at=NOW)
        await flags(session, 9, "OT", consent=None)
        await flags(session, 9, "OT", revoked_at=NOW)
    known = Group("2026-11", "KZ-75", "PH")
    assert Counter(await exported(database)) == {
        ExportRow(known, "PH3 VB1", 4, "now", "witness", "indrive", "closed", "advice", 30, 1440): 5,
        ExportRow(Group("2026-11", UNSAID, "OT"), "OT", 1, "over", None, None, "counted", None, None, None): 5,
    }


async def test_rare_rows_lose_region_and_month_then_form_and_behaviours_or_are_left_out(database: Database) -> None:
    async with database.transaction() as session:
        await flags(session, 6, "SX1", region="KZ-75")
        await flags(session, 3, "SX1", region="KZ-10")
        await flags(session, 2, "SX2", region="KZ-11", received_at=NOW - 30 * DAY)
        await flags(session, 2, "VB1", region="KZ-75")
        await flags(session, 3, "NV1", region="KZ-71", received_at=NOW - 200 * DAY)
        await flags(session, 4, "ST1", received_at=NOW - 400 * DAY)
    assert Counter((row.group, row.behaviours) for row in await exported(database)) == {
        (Group("2026-11", "KZ-75", "SX"), "SX1"): 6,
        (Group("2026-Q4", OTHER, "SX"), "SX1"): 3,
        (Group("2026-Q4", OTHER, "SX"), "SX2"): 2,
        (Group("2026", OTHER, OTHER), ""): 5,
    }


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(GROUPS, st.integers(1, 7)))
def test_whatever_there_is_no_combination_is_shared_by_fewer_than_five(found: dict[Group, int]) -> None:
    sizes: Counter[Group] = Counter()
    became = coarser(found)
    for group, now in became.items():
        if now is not None:
            sizes[now] += found[group]
        if found[group] >= 5:
            assert now == group
    assert all(size >= 5 for size in sizes.values())
    lost = Counter(group.period[:4] for group, now in became.items() for _ in range(found[group]) if now is None)
    assert all(number < 5 for number in lost.values())


async def test_the_order_of_the_rows_says_nothing_and_many_of_them_come_in_chunks(database: Database) -> None:
    async with database.transaction() as session:
        for severity in (1, 2, 3, 4):
            await flags(session, 1 + CHUNK // 4, severity=severity)
    first, second = [[row.severity for row in await exported(database)] for _ in range(2)]
    assert first != second
    assert sorted(first) == sorted(second) != first
    assert len(first) == CHUNK + 4


def test_the_region_stands_on_plates_of_the_format_since_2012_alone() -> None:
    assert set(REGION_DIGITS.values()) == set(REGIONS)
    assert (region_of("123ABC02"), region_of("123AB17")) == ("KZ-75", "KZ-79")
    for plate in ("", "A123BCD", "123ABC21", "ABC02", "123ABC0", "B12302"):
        assert region_of(plate) is None
