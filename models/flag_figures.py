"""Flags in figures: how many of each kind, and how soon the team looked at them; counted by the database.

What counts: flags whose consent for statistics stands, once somebody else may know that they exist (a held flag is
nobody's business yet) and as long as they aren't withdrawn. The same flags count everywhere, also where only the work
of the team is measured: who does not want to be counted is in no number. A flag of several behaviours is counted once,
by the most severe one. The moment that counts is when it was received.

Everybody of the team sees the same figures, also who has reported something: if their own flags were left out for them
alone, two of the team who compare figures would see who has reported. The same holds for the rows of an export. What
is only counted stays a number: nothing here, and nothing in an export, leads to one flag.

Counts of fewer than five never leave here, nor what they could be worked out from, also from one table about another
(`models/flag_kinds.py`); the total is told beside each table. How soon the team reacted is told as medians and shares,
from five flags on, and only as far as no hidden count can be worked out from them (`told`). Two overlapping periods can
be subtracted from each other: so these figures are for the team, and what is published (`models/transparency.py`) is of
whole quarters.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Float,
    Integer,
    Interval,
    String,
    Subquery,
    and_,
    case,
    cast,
    exists,
    extract,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models.behaviours import BEHAVIOURS, Form
from models.consents import Consent, Recipient
from models.details import Platform, Teller
from models.flag_kinds import SEVERITIES, Circumstances, Kinds, Place, kinds_of
from models.flags import Flag, FlagBehaviour, Outcome, Ride, State
from models.periods import Period
from models.profiles import UNSAID
from models.quiet import ZONE
from models.regions import REGIONS
from models.suppression import LEAST, shown_count, suppress

K = TypeVar("K", bound=Hashable)

OPEN = "open"
"""Stands among the outcomes for what has none yet."""
COUNTED = "counted"
"""Stands among the outcomes for what was sent to be counted only."""
_KEPT = 1000
"""How much rather the total is kept than the sum of a row: it's told elsewhere."""
_RANKED = sorted(BEHAVIOURS.values(), key=lambda behaviour: -behaviour.severity)
RANKS = {behaviour.code: rank for rank, behaviour in enumerate(_RANKED)}
"""How behaviours stand beside each other, the most severe first."""
CODES = [behaviour.code for behaviour in _RANKED]
"""The code by its rank."""


@dataclass(frozen=True)
class Totals:
    """How many flags there are, of how many of them the ride was going on, and on how many vehicles there are two."""

    flags: int | None
    by_ride: Mapping[Ride, int | None]
    vehicles: int | None
    """Vehicles with two flags or more; None is hidden."""


@dataclass(frozen=True)
class Reaction:
    """How the team reacted to flags of a severity; None where fewer than five say so, or it tells too much."""

    first_look: timedelta | None
    """The median time from when the team could see a flag to the first look at it."""
    closing: timedelta | None
    """The median time until its outcome."""
    in_time: float | None
    """The share (0 to 1) that somebody looked at in time, of those whose time to look is over."""
    answered: float | None
    """The share (0 to 1) that has an outcome."""


NOTHING = Reaction(None, None, None, None)


# what counts


def counts(period: Period) -> list[ColumnElement[bool]]:
    """The conditions for a flag to count in a period."""
    consent = exists().where(
        Consent.flag_id == Flag.id, Consent.recipient == Recipient.STATISTICS, Consent.revoked_at.is_(None)
    )
    conditions = [Flag.state.not_in((State.HELD, State.WITHDRAWN)), consent]
    if period.since is not None:
        conditions.append(Flag.received_at >= period.since)
    if period.until is not None:
        conditions.append(Flag.received_at < period.until)
    return conditions


def rank() -> ColumnElement[int]:
    """The rank of a flag's most severe behaviour, see `CODES`."""
    query = select(func.min(case(RANKS, value=FlagBehaviour.code))).where(FlagBehaviour.flag_id == Flag.id)
    return query.scalar_subquery()


def local(session: AsyncSession, moment: Any, sqlite: str, postgres: str) -> ColumnElement[str]:
    """A moment in Kazakhstan, which keeps one distance from UTC all year, written in the format of each database."""
    ahead = datetime(2026, 1, 1, tzinfo=ZONE).utcoffset() or timedelta()
    if is_sqlite(session):
        return func.strftime(sqlite, moment, f"{ahead.total_seconds():+.0f} seconds", type_=String())
    there = func.timezone("UTC", moment, type_=DateTime()) + literal(ahead, Interval())
    return func.to_char(there, postgres, type_=String())


def seconds(session: AsyncSession, since: Any, until: Any) -> ColumnElement[float]:
    """The seconds between two moments."""
    if is_sqlite(session):
        return (func.julianday(until, type_=Float()) - func.julianday(since, type_=Float())) * 86400
    return cast(extract("epoch", until - since), Float())


def shown_at() -> ColumnElement[datetime]:
    """Since when the team could see a flag."""
    return func.coalesce(Flag.released_at, Flag.received_at)


def is_sqlite(session: AsyncSession) -> bool:
    """Which of the two databases it is."""
    return session.get_bind().dialect.name == "sqlite"


# how many


async def totals(session: AsyncSession, period: Period) -> Totals:
    """How many flags there are, and how many vehicles that were reported more than once.

    By ride, and of vehicles, nothing is told where it would be fewer than five, not even zero: both raise a severity.
    Who knew that there is one, and sees that one severity was raised, would know that there is just one. And as a
    driver tells of no vehicle, enough flags must be left that aren't on such vehicles.
    """
    rides = await _by(session, period, Flag.ride)
    flags = sum(rides.values())
    again = (
        select(Flag.plate_index)
        .where(*counts(period), Flag.plate_index.is_not(None))
        .group_by(Flag.plate_index)
        .having(func.count() > 1)
        .subquery()
    )
    vehicles = await session.scalar(select(func.count()).select_from(again)) or 0
    rides_told = not flags or min(rides.get(ride, 0) for ride in Ride) >= LEAST
    vehicles_told = not flags or min(vehicles, flags - 2 * vehicles) >= LEAST
    return Totals(
        flags=shown_count(flags),
        by_ride={ride: rides.get(ride, 0) if rides_told else None for ride in Ride},
        vehicles=vehicles if vehicles_told else None,
    )


async def by_form(session: AsyncSession, period: Period) -> Mapping[Form, int | None]:
    """Flags by the form of their most severe behaviour, in the order in which forms are offered."""
    return (await by_kind(session, period)).forms


async def by_behaviour(session: AsyncSession, period: Period) -> Mapping[str, int | None]:
    """Flags by the code of their most severe behaviour, in the order in which behaviours are offered."""
    return (await by_kind(session, period)).behaviours


async def by_severity(session: AsyncSession, period: Period) -> Mapping[int, int | None]:
    """Flags by severity, the most severe first."""
    return (await by_kind(session, period)).severities


async def by_kind(session: AsyncSession, period: Period) -> Kinds:
    """Flags by form, by behaviour and by severity, counted and hidden together."""
    columns = (rank().label("rank"), Flag.severity, Flag.ride, Flag.teller, Flag.same_vehicle)
    flag = select(*columns).where(*counts(period)).subquery()
    rows = await session.execute(select(flag, func.count()).group_by(*flag.c))
    numbers: Counter[tuple[Circumstances, Place]] = Counter()
    for place, level, ride, teller, again, number in rows:
        circumstances = Circumstances(ride, by_driver=teller is Teller.DRIVER, same_vehicle=bool(again))
        numbers[circumstances, Place(CODES[place], level)] += number
    return kinds_of(numbers)


async def by_region(session: AsyncSession, period: Period) -> Mapping[str, int | None]:
    """Flags by region (ISO 3166-2), the unsaid ones last."""
    regions = await _by(session, period, func.coalesce(Flag.region, UNSAID))
    return hidden(regions, (*REGIONS, UNSAID))


async def by_platform(session: AsyncSession, period: Period) -> Mapping[Platform | None, int | None]:
    """Flags by where the ride was ordered; None is unsaid."""
    return hidden(await _by(session, period, Flag.platform), (*Platform, None))


async def by_teller(session: AsyncSession, period: Period) -> Mapping[Teller | None, int | None]:
    """Flags by who told them; None is unsaid."""
    return hidden(await _by(session, period, Flag.teller), (*Teller, None))


async def by_hour(session: AsyncSession, period: Period) -> Mapping[int, int | None]:
    """Flags by the hour in Kazakhstan at which they were received, 0 to 23."""
    hours = await _by(session, period, local(session, Flag.received_at, "%H", "HH24"))
    return hidden({int(hour): number for hour, number in hours.items()}, range(24))


async def by_outcome(session: AsyncSession, period: Period) -> Mapping[str, int | None]:
    """Flags by what came of them; "open" has no outcome yet, "counted" was sent for the statistics alone."""
    states = {State.COUNTED.value: COUNTED} | dict.fromkeys((State.NEW, State.CLAIMED, State.MERGED), OPEN)
    came = case(states, value=cast(Flag.state, String), else_=cast(Flag.outcome, String))
    return hidden(await _by(session, period, came), (*map(str, Outcome), OPEN, COUNTED))


async def _by(session: AsyncSession, period: Period, key: Any) -> dict[Any, int]:
    """How many flags there are of each key."""
    flag = select(key.label("key")).where(*counts(period)).subquery().c
    rows = await session.execute(select(flag.key, func.count()).group_by(flag.key))
    return dict(iter(rows))  # a result has keys(), so dict would take it for a mapping


def hidden(numbers: Mapping[Any, int], keys: Iterable[K]) -> Mapping[K, int | None]:
    """The number of each key, the small ones hidden, and others that they could be worked out from.

    The total is told elsewhere. Where it would have to be hidden too, all of them are instead.
    """
    table = suppress({(key, None): numbers.get(key, 0) for key in keys}, total_is_worth=_KEPT)
    return {key: number if table.total is not None else None for (key, _), number in table.cells.items()}


# how soon


async def reactions(session: AsyncSession, period: Period, now: datetime) -> Mapping[int | None, Reaction]:
    """How the team reacted to flags of each severity, the most severe first, and, under None, to all of them.

    Flags that were only counted are not among them: nobody was to look at them.
    """
    known = await _reactions(session, period, now, Flag.severity)
    known |= await _reactions(session, period, now, None)
    return told(known, await by_severity(session, period), await by_outcome(session, period))


def told(
    known: Mapping[int | None, Reaction], severities: Mapping[int, int | None], outcomes: Mapping[str, int | None]
) -> Mapping[int | None, Reaction]:
    """What may be told of the reactions beside these two tables.

    Nothing of a severity whose count is hidden. Nothing at all while it's hidden how many flags were only counted: a
    share of the rest would tell it. Only the share looked at in time while it's hidden how many have no outcome yet:
    whether flags have an outcome, or were opened at all, has no part in that share.

    What is told of all together tells no severity that is hidden: when somebody looked, it may have been another one.
    """
    levels = {level: level is None or severities[level] is not None for level in (*SEVERITIES, None)}
    found = {level: known.get(level, NOTHING) if shown else NOTHING for level, shown in levels.items()}
    if outcomes[COUNTED] is None:
        return dict.fromkeys(found, NOTHING)
    if outcomes[OPEN] is None:
        return {level: replace(NOTHING, in_time=each.in_time) for level, each in found.items()}
    return found


async def _reactions(session: AsyncSession, period: Period, now: datetime, level: Any) -> dict[int | None, Reaction]:
    key = literal(None, Integer) if level is None else level
    sent = (*counts(period), Flag.state != State.COUNTED)
    due = Flag.due_at <= now
    query = select(
        func.count(),
        func.count().filter(due),
        func.count().filter(and_(due, Flag.opened_at <= Flag.due_at)),
        func.count().filter(Flag.state == State.CLOSED),
    ).where(*sent)
    shares = await session.execute(query if level is None else query.add_columns(level).group_by(level))
    looks = await _medians(session, key, seconds(session, shown_at(), Flag.opened_at), sent)
    endings = await _medians(
        session, key, seconds(session, shown_at(), Flag.ended_at), (*sent, Flag.outcome.is_not(None))
    )
    return {
        (at[0] if at else None): Reaction(
            first_look=looks.get(at[0] if at else None),
            closing=endings.get(at[0] if at else None),
            in_time=_share(in_time, over),
            answered=None if _tells_hidden(answered, flags) else _share(answered, flags),
        )
        for flags, over, in_time, answered, *at in shares
    }


def _share(part: int, of: int) -> float | None:
    return part / of if of >= LEAST else None


def _tells_hidden(part: int, of: int) -> bool:
    """Whether a share would tell a small count, of the part or of the rest."""
    return not {part, of - part}.isdisjoint(range(1, LEAST))


async def _medians(
    session: AsyncSession,
    key: ColumnElement[Any],
    value: ColumnElement[float],
    conditions: Sequence[ColumnElement[bool]],
) -> dict[int | None, timedelta]:
    """The median of each key with five values at least; values that there aren't don't count."""
    raw = select(key.label("key"), value.label("value")).where(*conditions).subquery().c
    place = func.row_number().over(partition_by=raw.key, order_by=raw.value)
    number = func.count().over(partition_by=raw.key)
    rows: Subquery = (
        select(raw.key, raw.value, place.label("place"), number.label("number"))
        .where(raw.value.is_not(None))
        .subquery()
    )
    row = rows.c
    # The one in the middle, or the two.
    middle = and_(2 * row.place >= row.number, 2 * row.place <= row.number + 2, row.number >= LEAST)
    query = select(row.key, func.avg(row.value)).where(middle).group_by(row.key)
    return {level: timedelta(seconds=max(0, round(found))) for level, found in await session.execute(query)}
