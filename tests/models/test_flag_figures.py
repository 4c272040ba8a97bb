"""The flags in figures: only what may be counted, each once, the small counts hidden and whatever gives them away."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count, product
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.behaviours import BEHAVIOURS, Form
from models.consents import Consent, Recipient
from models.database import Database
from models.details import Platform, Teller
from models.first_look import FIRST_LOOK
from models.flag_figures import (
    COUNTED,
    NOTHING,
    OPEN,
    Reaction,
    Totals,
    by_behaviour,
    by_form,
    by_hour,
    by_kind,
    by_outcome,
    by_platform,
    by_region,
    by_severity,
    by_teller,
    hidden,
    reactions,
    told,
    totals,
)
from models.flag_kinds import SEVERITIES, Circumstances, Place, kinds_of
from models.flags import Flag, FlagBehaviour, Outcome, Ride, State
from models.people import Person
from models.periods import ALL, Period, last_quarter, period_of
from models.profiles import UNSAID
from tests.models.helpers import NOW, counted

EVER = Period(ALL)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_numbers = count(5000)


async def somebody(session: AsyncSession) -> int:
    """A person who reports."""
    number = next(_numbers)
    person = {"id": number, "telegram_index": number.to_bytes(32), "sealed_telegram_id": b"", "joined_at": NOW}
    await session.execute(insert(Person), [{**person, "language": "ru", "language_chosen": False}])
    return number


async def flags(
    session: AsyncSession,
    number: int,
    *codes: str,
    consent: Recipient | None = Recipient.STATISTICS,
    revoked_at: datetime | None = None,
    **values: Any,
) -> list[int]:
    """So many flags of these behaviours, by one person, with a consent that stands unless it's said otherwise."""
    codes = codes or ("VB2",)
    reporter = await somebody(session)
    level = max(BEHAVIOURS[code].severity for code in codes)
    received = values.get("received_at", NOW)
    same: dict[str, Any] = {
        "reporter_id": reporter,
        "ride": Ride.OVER,
        "severity": level,
        "state": State.NEW,
        "received_at": received,
        "due_at": received + FIRST_LOOK[values.get("severity", level)],
        "wrapped_key": b"",
        "sealed_receipt": b"",
        "opened_at": None,
        "ended_at": None,
        "outcome": None,
        "reviewer_id": None,
    }
    ids = [next(_numbers) for _ in range(number)]
    rows = [
        {"id": i, "uid": i.to_bytes(16), "draft": f"{i}", "receipt_index": i.to_bytes(32), **same, **values}
        for i in ids
    ]
    await session.execute(insert(Flag), rows)
    await session.execute(insert(FlagBehaviour), [{"flag_id": i, "code": code} for i in ids for code in codes])
    if consent is not None:
        given = {"recipient": consent, "given_at": NOW, "revoked_at": revoked_at}
        await session.execute(insert(Consent), [{"flag_id": i, **given} for i in ids])
    return ids


def some(numbers: Mapping[Any, int | None]) -> dict[Any, int | None]:
    """What isn't zero."""
    return {key: number for key, number in numbers.items() if number != 0}


async def test_only_what_stands_for_statistics_is_counted(database: Database) -> None:
    async with database.transaction() as session:
        await flags(session, 5)
        await flags(session, 6, state=State.COUNTED, ended_at=NOW)
        await flags(session, 7, consent=None)
        await flags(session, 8, consent=Recipient.POLICE)
        await flags(session, 9, revoked_at=NOW)
        await flags(session, 10, state=State.HELD)
        await flags(session, 11, state=State.WITHDRAWN, ended_at=NOW)
    async with database.reading() as session:
        assert (await totals(session, EVER)).flags == 11
        assert some(await by_form(session, EVER)) == {Form.VERBAL: 11}
        assert some(await by_outcome(session, EVER)) == {OPEN: 5, COUNTED: 6}


async def test_each_flag_is_counted_once_by_its_most_severe_behaviour(database: Database) -> None:
    async with database.transaction() as session:
        await flags(session, 5, "SX1", "VB1", "PH3", region="KZ-75", platform=Platform.INDRIVE, teller=Teller.WITNESS)
        await flags(session, 6, "SX1", "OT", ride=Ride.GOING_ON, severity=2, region="KZ-10")
        await flags(session, 20, "VB3", received_at=NOW + 11 * HOUR + timedelta(minutes=29))
    async with database.reading() as session:
        assert some(await by_behaviour(session, EVER)) == {"PH3": 5, "SX1": 6, "VB3": 20}
        assert some(await by_form(session, EVER)) == {Form.PHYSICAL: 5, Form.SEXUALISED: 6, Form.VERBAL: 20}
        assert await by_severity(session, EVER) == {4: 5, 3: 20, 2: 6, 1: 0}
        assert some(await by_region(session, EVER)) == {"KZ-75": 5, "KZ-10": 6, UNSAID: 20}
        assert await by_platform(session, EVER) == {**dict.fromkeys(Platform, 0), Platform.INDRIVE: 5, None: 26}
        assert await by_teller(session, EVER) == {**dict.fromkeys(Teller, 0), Teller.WITNESS: 5, None: 26}
        # 07:30 UTC is 12:30 in Kazakhstan.
        assert some(await by_hour(session, EVER)) == {12: 11, 23: 20}
        counted_all = await totals(session, EVER)
    assert (counted_all.flags, counted_all.by_ride) == (31, {Ride.GOING_ON: 6, Ride.OVER: 25})


async def test_a_period_begins_and_ends_at_midnight_in_kazakhstan(database: Database) -> None:
    midnight = NOW.replace(hour=19, minute=0, second=0, microsecond=0) - DAY
    async with database.transaction() as session:
        await flags(session, 5, received_at=midnight)
        await flags(session, 6, received_at=midnight - timedelta(seconds=1))
        await flags(session, 7, received_at=midnight - 6 * DAY)
        await flags(session, 8, received_at=midnight - 6 * DAY - timedelta(seconds=1))
        await flags(session, 9, received_at=NOW.replace(month=9, day=30, hour=18, minute=59))
    expected = {
        "7": 18,
        "30": 26,
        "90": 35,
        "year": 35,
        ALL: 35,
        "2026-11": 26,
        "2026-09": 9,
        "2026-Q3": 9,
        "2025-12": 0,
    }
    async with database.reading() as session:
        for name, number in expected.items():
            period = period_of(name, NOW)
            assert period is not None
            assert (await totals(session, period)).flags == number, name


def test_periods_have_names_that_people_can_type() -> None:
    assert last_quarter(NOW).name == "2026-Q3"
    assert last_quarter(NOW.replace(month=1)).name == "2025-Q4"
    assert period_of("2026q3", NOW) == last_quarter(NOW)
    for nonsense in ("", "8", "2026-13", "2026-00", "1999-01", "2026-Q5", "۲۰۲۶-01", "all "):
        assert period_of(nonsense, NOW) is None


@pytest.mark.parametrize("number", [1, 4])
async def test_a_small_count_is_hidden_with_what_it_could_be_worked_out_from(database: Database, number: int) -> None:
    async with database.transaction() as session:
        await flags(session, 12, "SX1", region="KZ-75", platform=Platform.INDRIVE)
        await flags(session, number, "SX2", region="KZ-10", platform=Platform.YANDEX)
        await flags(session, 30, "VB1", region="KZ-71", platform=Platform.APARU)
    async with database.reading() as session:
        assert (await totals(session, EVER)).flags == 42 + number
        # The other behaviour of the form is hidden, so that the form can be shown.
        assert some(await by_behaviour(session, EVER)) == {"SX1": None, "SX2": None, "VB1": 30}
        assert some(await by_form(session, EVER)) == {Form.SEXUALISED: 12 + number, Form.VERBAL: 30}
        assert some(await by_region(session, EVER)) == {"KZ-75": None, "KZ-10": None, "KZ-71": 30}
        assert some(await by_platform(session, EVER)) == {
            Platform.INDRIVE: None,
            Platform.YANDEX: None,
            Platform.APARU: 30,
        }


async def test_a_small_form_hides_another_form_and_not_the_total(database: Database) -> None:
    async with database.transaction() as session:
        await flags(session, 3, "PH4")
        await flags(session, 8, "VB1")
        await flags(session, 9, "VB2")
        await flags(session, 40, "SX1")
    async with database.reading() as session:
        assert (await totals(session, EVER)).flags == 60
        forms, codes = await by_form(session, EVER), await by_behaviour(session, EVER)
    assert forms[Form.PHYSICAL] is None
    assert codes["PH4"] is None
    assert [forms[Form.VERBAL], forms[Form.SEXUALISED]].count(None) == 1
    for form in Form:
        shown = [codes[code] for code, each in BEHAVIOURS.items() if each.form is form]
        assert forms[form] is not None or None in shown  # a hidden form isn't the sum of what is shown


async def test_what_raises_a_severity_and_who_told_it_have_a_say_in_what_is_hidden(database: Database) -> None:
    usual = Circumstances(Ride.OVER, by_driver=False, same_vehicle=False)
    raised = [("VB1", 1, 1), ("VB2", 2, 1), ("DR1", 1, 6)], ("VB1", 2, 6)
    told = [("DR1", 1, 1), ("SX6", 4, 9)], ("VB1", 1, 6)
    cases: list[tuple[str, Any, Circumstances, Any]] = [
        ("2026-09", {"ride": Ride.GOING_ON}, usual._replace(ride=Ride.GOING_ON), raised),
        ("2026-10", {"same_vehicle": True}, usual._replace(same_vehicle=True), raised),
        ("2026-11", {"teller": Teller.DRIVER}, usual._replace(by_driver=True), told),
    ]
    for month, values, circumstances, (others, special) in cases:
        period = period_of(month, NOW)
        assert period is not None
        async with database.transaction() as session:
            for (code, level, number), said in [*((each, {}) for each in others), (special, values)]:
                await flags(session, number, code, severity=level, received_at=period.since, **said)
        world = {(usual, Place(code, level)): number for code, level, number in others}
        place = Place(*special[:2])
        async with database.reading() as session:
            found = await by_kind(session, period)
        assert found == kinds_of({**world, (circumstances, place): special[2]})
        assert found != kinds_of({**world, (usual, place): special[2]}), "it would be told too much"


async def test_so_few_that_nothing_can_be_told_are_hidden_everywhere(database: Database) -> None:
    async with database.transaction() as session:
        await flags(session, 2, "SX1", region="KZ-75")
        await flags(session, 2, "VB1", region="KZ-10", ride=Ride.GOING_ON)
    async with database.reading() as session:
        few = await totals(session, EVER)
        assert (few.flags, set(few.by_ride.values())) == (None, {None})
        for table in (by_form, by_behaviour, by_severity, by_region, by_platform, by_teller, by_hour, by_outcome):
            assert set((await table(session, EVER)).values()) == {None}, table


async def test_one_ride_or_vehicle_that_raised_a_severity_is_not_told_from_none(database: Database) -> None:
    vehicle = {"sealed_plate": b"", "plate_index": b"twice" * 6}
    async with database.transaction() as session:
        await flags(session, 5, "VB1", severity=1)
        await flags(session, 6, "VB2", severity=2)
    for raised in (None, {"ride": Ride.GOING_ON, **vehicle}, vehicle):
        if raised is not None:
            async with database.transaction() as session:
                await flags(session, 1, "VB1", severity=2, **raised)
        async with database.reading() as session:
            few = await totals(session, EVER)
            assert (set(few.by_ride.values()), few.vehicles) == ({None}, None)
            assert None not in {*(await by_severity(session, EVER)).values()}
    async with database.reading() as session:
        assert await totals(session, period_of("2025-12", NOW) or EVER) == Totals(0, dict.fromkeys(Ride, 0), 0)


async def test_vehicles_that_were_reported_again(database: Database) -> None:
    async with database.transaction() as session:
        for vehicle in range(5):
            plate = {"sealed_plate": b"", "plate_index": bytes([vehicle] * 32)}
            await flags(session, 2, **plate)
        await flags(session, 1, sealed_plate=b"", plate_index=b"once" * 8)
        await flags(session, 1, sealed_plate=b"", plate_index=b"held" * 8)
        await flags(session, 1, sealed_plate=b"", plate_index=b"held" * 8, state=State.HELD)
    async with database.reading() as session:
        assert (await totals(session, EVER)).vehicles is None  # of a dozen flags, two at most could be of drivers
    async with database.transaction() as session:
        await flags(session, 4)
    async with database.reading() as session:
        assert (await totals(session, EVER)).vehicles == 5
    async with database.transaction() as session:
        await session.delete(await session.get_one(Flag, (await _first_with_plate(session)).id))
    async with database.reading() as session:
        assert (await totals(session, EVER)).vehicles is None  # four: too few to tell


async def _first_with_plate(session: AsyncSession) -> Flag:
    from sqlalchemy import select

    found = await session.scalar(select(Flag).where(Flag.plate_index == bytes([0] * 32)).limit(1))
    assert found is not None
    return found


def seen(received: datetime, *hours: float) -> Sequence[datetime]:
    return [received + each * HOUR for each in hours]


async def test_how_soon_the_team_looked_and_answered(database: Database) -> None:
    async with database.transaction() as session:
        for at in seen(NOW, 1, 2, 3, 5, 9, 10):  # four hours are the time for this one
            await flags(session, 1, "VB3", opened_at=at)
        for at in seen(NOW, 1, 1, 1, 2):  # only four: too few to tell
            await flags(session, 1, "VB1", opened_at=at)
        await flags(session, 5, "VB1")
        # Held for a day, then handed over: the time begins there.
        late = {"received_at": NOW - DAY, "released_at": NOW, "due_at": NOW + DAY}
        closed = {"state": State.CLOSED, "outcome": Outcome.ADVICE}
        for at in seen(NOW, 3, 4, 6, 7, 26):
            await flags(session, 1, "VB2", opened_at=at, ended_at=at + HOUR, **closed, **late)
        await flags(session, 5, "PH4", state=State.COUNTED, ended_at=NOW)
        await flags(session, 6, "VB3")  # nobody has looked, and their time is over
    async with database.reading() as session:
        found = await reactions(session, EVER, NOW + 2 * DAY)
        assert found[4] == NOTHING
        assert found[3] == Reaction(4 * HOUR, None, pytest.approx(3 / 12), 0)
        assert found[2] == Reaction(6 * HOUR, 7 * HOUR, pytest.approx(4 / 5), 1)
        assert found[1] == Reaction(None, None, None, 0)
        assert found[None].in_time == pytest.approx(7 / 17)
        assert found[None].answered == pytest.approx(5 / 26)
        assert found[None].first_look == 3 * HOUR
        # Earlier there was still time, for those that were looked at as well.
        assert (await reactions(session, EVER, NOW))[3].in_time is None


async def test_a_share_tells_no_count_that_is_hidden_among_the_outcomes(database: Database) -> None:
    async with database.transaction() as session:
        closed = {"state": State.CLOSED, "outcome": Outcome.ADVICE, "opened_at": NOW, "ended_at": NOW}
        await flags(session, 3, "VB2", **closed)
        await flags(session, 7, "VB2", opened_at=NOW)
    async with database.reading() as session:
        assert (await by_outcome(session, EVER))["advice"] is None
        later = NOW + 30 * DAY
        assert (await reactions(session, EVER, later))[None] == Reaction(None, None, 1, None)
    async with database.transaction() as session:
        await flags(session, 2, "VB2", state=State.COUNTED, ended_at=NOW)
    async with database.reading() as session:
        assert set((await reactions(session, EVER, later)).values()) == {NOTHING}


async def test_nothing_is_told_of_how_soon_the_team_looked_at_flags_whose_number_is_hidden(database: Database) -> None:
    async with database.transaction() as session:
        for number, code in ((3, "PH4"), (7, "VB3"), (20, "VB2")):
            await flags(session, number, code, opened_at=NOW)
    async with database.reading() as session:
        assert await by_severity(session, EVER) == {4: None, 3: None, 2: 20, 1: 0}
        found = await reactions(session, EVER, NOW + 30 * DAY)
        assert (found[4], found[3]) == (NOTHING, NOTHING)
        assert [found[level].in_time for level in (2, None)] == [1, 1]


STANDINGS = (OPEN, COUNTED, "advice", "lesson", "recorded", "no_finding")
SEEN = ("in time", "late", "not", "early", "not yet")
OVER, OPENED = SEEN[:3], ("in time", "late", "early")
Kind = tuple[int, str, str]
"""Severity, what came of it, and when somebody looked: "early" somebody did, while there's still time to."""
KINDS: list[Kind] = [
    (level, standing, seen)
    for level in SEVERITIES
    for standing in STANDINGS
    for seen in SEEN
    if not (standing in STANDINGS[2:] and seen.startswith("not"))
]


def count_of(world: Mapping[Kind, int], level: int | None, standings: Sequence[str], seen: Sequence[str] = SEEN) -> int:
    return sum(n for (a, b, c), n in world.items() if level in {None, a} and b in standings and c in seen)


def two_tables(world: Mapping[Kind, int]) -> tuple[dict[int, int], dict[str, int]]:
    """By severity and by what came of them, with nothing hidden."""
    by_level = {level: count_of(world, level, STANDINGS) for level in SEVERITIES}
    return by_level, {standing: count_of(world, None, [standing]) for standing in STANDINGS}


def what_is_told(world: Mapping[Kind, int], *tables: Mapping[Any, int | None]) -> Mapping[int | None, Reaction]:
    """The reactions as they're shown beside the tables, in whole per cent."""
    sent = [standing for standing in STANDINGS if standing != COUNTED]
    known: dict[int | None, Reaction] = {}
    for level in (*SEVERITIES, None):
        opened, closed = count_of(world, level, sent, OPENED), count_of(world, level, sent[1:])
        over, all_sent = count_of(world, level, sent, OVER), count_of(world, level, sent)
        small = {closed, all_sent - closed} & set(range(1, 5))
        known[level] = Reaction(
            first_look=HOUR if opened >= 5 else None,
            closing=HOUR if closed >= 5 else None,
            in_time=round(100 * count_of(world, level, sent, SEEN[:1]) / over) if over >= 5 else None,
            answered=round(100 * closed / all_sent) if all_sent >= 5 and not small else None,
        )
    return told(known, *tables)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KINDS), st.integers(1, 12), min_size=1, max_size=7))
@example({(4, OPEN, "in time"): 2, (4, "advice", "late"): 1, (3, OPEN, "in time"): 6, (3, OPEN, "late"): 1})
@example({(4, "advice", "in time"): 6, (3, "advice", "in time"): 4, (3, OPEN, "late"): 1})
@example({(2, "advice", "late"): 1, (2, "lesson", "late"): 1, (2, "recorded", "late"): 1, (2, OPEN, "not"): 6,
          (2, "no_finding", "late"): 1})  # fmt: skip
@example({(2, COUNTED, "not"): 3, (2, OPEN, "in time"): 6, (2, OPEN, "late"): 1, (1, OPEN, "in time"): 30})
def test_no_hidden_count_can_be_worked_out_from_all_that_is_shown(world: dict[Kind, int]) -> None:
    """For each hidden count there's another world that looks the same and in which it's another one."""
    assume(sum(world.values()) >= 5)  # of fewer nothing is told at all
    levels, outcomes = two_tables(world)
    usual = Circumstances(Ride.OVER, by_driver=False, same_vehicle=False)
    kinds = kinds_of({(usual, Place("VB1", level)): number for level, number in levels.items()})
    shown = {**kinds.severities, **hidden(outcomes, STANDINGS)}
    tables = {key: shown[key] for key in SEVERITIES}, {key: shown[key] for key in STANDINGS}
    rest = what_is_told(world, *tables)
    unsure = {key for key, number in shown.items() if number is None}
    for one, other in product(world, KINDS):
        moved = Counter(world)
        moved.subtract([one])
        moved.update([other])
        counts = {key: number for table in two_tables(moved) for key, number in table.items()}
        fits = all(counts[key] > 0 if number is None else counts[key] == number for key, number in shown.items())
        if fits and what_is_told(moved, *tables) == rest:
            unsure -= {key for key, number in counts.items() if number != {**levels, **outcomes}[key]}
        if not unsure:
            break
    assert not unsure


async def test_figures_take_the_same_few_queries_however_many_flags_there_are(database: Database) -> None:
    async with database.transaction() as session:
        await flags(session, 300, "SX1")
    with counted(database) as statements:
        async with database.transaction() as session:
            await by_form(session, EVER)
            await reactions(session, EVER, NOW)
            await totals(session, EVER)
    assert len([each for each in statements if each.startswith("SELECT")]) == 11
