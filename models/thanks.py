"""Thanks to drivers: kept by week and never by day or hour, told once a week as a count.

A driver who heard of each thanks at once would know who it came from. So no screen counts them in between, and what
was said is told only where several said something.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ForeignKey, Index, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime, words
from models.cars import Car
from models.people import Person
from models.quiet import at_hour, local_day, monday_of, quiet_until
from models.upsert import insert_new
from models.words import N_

HOUR = 10
"""The hour on Mondays, in Kazakhstan, at which drivers are told."""
WORDS_FROM = 3
"""From how many thanks on the kind words are told: of one or two a driver may guess whose they are."""
KEPT = timedelta(weeks=5)
"""For how long it's known who thanked which car: long enough to tell the driver after a long outage."""
WEEK = timedelta(weeks=1)
_EXPECTED = text("next_at IS NOT NULL")


class KindWord(StrEnum):
    """What a passenger may say beside the thanks."""

    CALM = "calm"
    POLITE = "polite"
    QUIET = "quiet"
    LUGGAGE = "luggage"
    CHILD = "child"


KIND_WORDS = {
    KindWord.CALM: N_("Calm driving"),
    KindWord.POLITE: N_("Polite"),
    KindWord.QUIET: N_("A quiet ride"),
    KindWord.LUGGAGE: N_("Helped with luggage"),
    KindWord.CHILD: N_("Respectful to my child"),
}


_ORDER = {kind: place for place, kind in enumerate(KIND_WORDS)}


class Thanks(Base):
    """That a person thanked for a ride in a car, in a week."""

    __tablename__ = "thanks"
    __table_args__ = (Index("ix_thanks_week", "week"),)

    car_id: Mapped[int] = mapped_column(ForeignKey("cars.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)
    """Who thanked; the driver never learns it."""
    week: Mapped[date] = mapped_column(primary_key=True)
    """The Monday of the week in Kazakhstan."""
    kind: Mapped[KindWord | None] = mapped_column(words(KindWord, "kind", closed=False), default=None)


class ThanksPlan(Base):
    """When a driver is told of thanks next."""

    __tablename__ = "thanks_plans"
    __table_args__ = (Index("ix_thanks_plans_next_at", "next_at", sqlite_where=_EXPECTED, postgresql_where=_EXPECTED),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """A Monday at 10:00; None while there is nothing to tell."""
    told_until: Mapped[date]
    """The Monday before which every thanks was told, or was not wanted."""
    stopped: Mapped[bool] = mapped_column(default=False)
    """Whether the driver wants to hear of none."""


def week_of(at: datetime) -> date:
    """The Monday of the week of a moment, in Kazakhstan."""
    return monday_of(local_day(at))


async def thank(session: AsyncSession, car: Car, person_id: int, kind: KindWord | None, now: datetime) -> bool:
    """Keep a person's thanks for a car; False if they gave one this week, or the car is their own."""
    week = week_of(now)
    if person_id == car.person_id or await session.get(Thanks, (car.id, person_id, week)) is not None:
        return False
    plan = await plan_of(session, car.person_id, now)  # locked first: see `note_told`
    if not plan.stopped and plan.next_at is None:
        plan.next_at = _after(week)
    session.add(Thanks(car_id=car.id, person_id=person_id, week=week, kind=kind))
    await session.flush()
    return True


def _after(week: date) -> datetime:
    """When the thanks of a week are told."""
    return at_hour(week + WEEK, HOUR)


async def plan_of(session: AsyncSession, person_id: int, now: datetime) -> ThanksPlan:
    """The driver's plan, nobody else's to change until the transaction ends; a new one expects nothing."""
    row = {"person_id": person_id, "told_until": week_of(now), "stopped": False}
    await session.execute(insert_new(session, ThanksPlan), [row])
    query = select(ThanksPlan).where(ThanksPlan.person_id == person_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def tells_thanks(session: AsyncSession, person_id: int) -> bool:
    """Whether a driver is told of thanks: yes, until they stop it."""
    plan = await session.get(ThanksPlan, person_id)
    return plan is None or not plan.stopped


async def stop_telling(session: AsyncSession, person_id: int, now: datetime) -> None:
    """Tell this driver of no thanks any more."""
    plan = await plan_of(session, person_id, now)
    plan.stopped, plan.next_at = True, None


async def tell_again(session: AsyncSession, person_id: int, now: datetime) -> None:
    """Tell this driver of thanks again, from this week on."""
    plan = await plan_of(session, person_id, now)
    if plan.stopped:
        plan.stopped, plan.told_until = False, max(plan.told_until, week_of(now))
        await session.flush()
        plan.next_at = (await _next_times(session, [plan])).get(person_id)


class Told(NamedTuple):
    """Whom to tell of which thanks: those from the week of `since` on, and before the week of `until`."""

    person_id: int
    since: date
    until: date


async def note_told(session: AsyncSession, now: datetime, limit: int) -> tuple[list[Told], int]:
    """Whom to tell now, found by index and told once a week; and how many plans were due. Nobody in the quiet hours.

    Who blocked the bot is passed over. A plan that somebody is just changing is left for the next time, and whoever
    thanks afterwards sees what is written here: so no thanks falls between two weeks.
    """
    if quiet_until(now) is not None:
        return [], 0
    query = select(ThanksPlan).where(ThanksPlan.next_at <= now).order_by(ThanksPlan.next_at).limit(limit)
    query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    plans = (await session.scalars(query)).all()
    until = week_of(now)
    told = [Told(plan.person_id, plan.told_until, until) for plan in plans if plan.told_until < until]
    for plan in plans:
        plan.told_until = max(plan.told_until, until)
    times = await _next_times(session, plans)
    for plan in plans:
        plan.next_at = times.get(plan.person_id)
    blocked = select(Person.id).where(Person.id.in_([each.person_id for each in told]), Person.blocked_at.is_not(None))
    unreachable = set(await session.scalars(blocked))
    return [each for each in told if each.person_id not in unreachable], len(plans)


async def _next_times(session: AsyncSession, plans: Sequence[ThanksPlan]) -> dict[int, datetime]:
    """When these drivers are told of what is not told yet; who has nothing to be told is not among them."""
    query = (
        select(ThanksPlan.person_id, func.max(Thanks.week))
        .join(Car, Car.person_id == ThanksPlan.person_id)
        .join(Thanks, Thanks.car_id == Car.id)
        .where(ThanksPlan.person_id.in_([plan.person_id for plan in plans]), Thanks.week >= ThanksPlan.told_until)
        .group_by(ThanksPlan.person_id)
    )
    return {person_id: _after(week) for person_id, week in await session.execute(query)}


@dataclass(frozen=True)
class Gathered:
    """The thanks of one or several weeks."""

    first: date
    """The first day of the first week."""
    last: date
    """The last day of the last week."""
    total: int
    kinds: Mapping[KindWord, int]
    """How often each kind word was said, the most frequent first; empty where too few thanked."""


async def gather(session: AsyncSession, told: Told) -> Gathered | None:
    """The thanks that a driver is to be told of; None if there are none (any more)."""
    query = (
        select(Thanks.kind, func.count(), func.min(Thanks.week), func.max(Thanks.week))
        .join(Car, Car.id == Thanks.car_id)
        .where(Car.person_id == told.person_id, Thanks.week >= told.since, Thanks.week < told.until)
        .group_by(Thanks.kind)
    )
    rows = (await session.execute(query)).all()
    if not rows:
        return None
    total = sum(count for _kind, count, _first, _last in rows)
    counts = {kind: count for kind, count, _first, _last in rows if kind is not None}
    shown = sorted(counts, key=lambda kind: (-counts[kind], _ORDER[kind])) if total >= WORDS_FROM else []
    return Gathered(
        first=min(first for _kind, _count, first, _last in rows),
        last=max(last for _kind, _count, _first, last in rows) + timedelta(days=6),
        total=total,
        kinds={kind: counts[kind] for kind in shown},
    )


async def forget_thanks(session: AsyncSession, before: date) -> None:
    """Delete the thanks of weeks before a day."""
    await session.execute(delete(Thanks).where(Thanks.week < before))
