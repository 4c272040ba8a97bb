"""Spaced review: questions come back before they are forgotten, a few a day, at an hour that the driver chose.

Each question a person has met is a review item; fsrs says when it's due again. A plan says when to remind: due people
are found by its index alone, without looking at anybody's items.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from fsrs import Card, Rating, Scheduler, State
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime
from models.people import Person
from models.quiet import HOURS, at_hour, local_day, next_at_hour, quiet_until

A_DAY = 5
"""Questions in a day's set, at most."""
PAUSE = timedelta(days=7)

# Whole days only: a set comes once a day, so steps of minutes would mean nothing.
_SCHEDULER = Scheduler(learning_steps=(), relearning_steps=(), maximum_interval=180)
_REMINDED = text("next_at IS NOT NULL")


class ReviewItem(Base):
    """A question that a person has met, and how well it's remembered (the values of fsrs)."""

    __tablename__ = "review_items"
    __table_args__ = (Index("ix_review_items_due_at", "person_id", "due_at"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    lesson: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    question: Mapped[str] = mapped_column(String(32), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stability: Mapped[float]
    """Days after which it's remembered with a probability of 90 %."""
    difficulty: Mapped[float]
    """1 to 10."""
    reviewed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReviewPlan(Base):
    """When a person is reminded, and how many days they have practised."""

    __tablename__ = "review_plans"
    __table_args__ = (
        Index("ix_review_plans_next_at", "next_at", sqlite_where=_REMINDED, postgresql_where=_REMINDED),
        CheckConstraint("hour BETWEEN 9 AND 20", "awake"),
        CheckConstraint("next_at IS NULL OR hour IS NOT NULL", "asked_for"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    hour: Mapped[int | None] = mapped_column(default=None)
    """The hour in Kazakhstan at which to remind; None until the person chose one."""
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When to remind next; None while nothing is asked for."""
    reminded_on: Mapped[date | None] = mapped_column(default=None)
    practised_on: Mapped[date | None] = mapped_column(default=None)
    done_that_day: Mapped[int] = mapped_column(default=0)
    """How many questions were answered on `practised_on`."""
    days: Mapped[int] = mapped_column(default=0)
    """The streak: days on which something was answered. A missed day freezes it and doesn't break it."""

    def left_today(self, now: datetime) -> int:
        """How many more questions today's set may have."""
        today = self.practised_on is not None and self.practised_on >= local_day(now)
        return max(0, A_DAY - (self.done_that_day if today else 0))


async def plan_of(session: AsyncSession, person_id: int) -> ReviewPlan:
    """The person's plan; a new one asks for no reminders."""
    plan = await session.get(ReviewPlan, person_id)
    if plan is None:
        plan = ReviewPlan(person_id=person_id, done_that_day=0, days=0)
        session.add(plan)
    return plan


async def remember(
    session: AsyncSession, person_id: int, answered: Iterable[tuple[int, str, bool]], now: datetime
) -> None:
    """Note answers given in lessons and tests, each (lesson, question, right): a wrong one comes back sooner."""
    answers = list(answered)
    lessons = {lesson for lesson, _question, _right in answers}
    query = select(ReviewItem).where(ReviewItem.person_id == person_id, ReviewItem.lesson.in_(lessons))
    known = {(item.lesson, item.question): item for item in await session.scalars(query)}
    for lesson, question, right in answers:
        item = known.get((lesson, question))
        if item is None:
            values = _scheduled(Card(), right, now)
            item = ReviewItem(person_id=person_id, lesson=lesson, question=question, **values)
            session.add(item)
            known[lesson, question] = item
        else:
            rate(item, right, now)


def rate(item: ReviewItem, right: bool, now: datetime) -> None:
    """Set when an item comes back, by whether it was answered rightly now."""
    card = Card(
        state=State.Review,
        stability=item.stability,
        difficulty=item.difficulty,
        due=item.due_at,
        last_review=min(item.reviewed_at, now.astimezone(UTC)),  # a clock that was set back makes no time negative
    )
    for name, value in _scheduled(card, right, now).items():
        setattr(item, name, value)


def _scheduled(card: Card, right: bool, now: datetime) -> dict[str, Any]:
    now = now.astimezone(UTC)
    card, _log = _SCHEDULER.review_card(card, Rating.Good if right else Rating.Again, review_datetime=now)
    return {"due_at": card.due, "stability": card.stability, "difficulty": card.difficulty, "reviewed_at": now}


async def due_items(session: AsyncSession, person_id: int, now: datetime) -> Sequence[ReviewItem]:
    """What is due, the longest overdue first. The caller cuts it to what today's set may still have."""
    query = (
        select(ReviewItem)
        .where(ReviewItem.person_id == person_id, ReviewItem.due_at <= now)
        .order_by(ReviewItem.due_at, ReviewItem.lesson, ReviewItem.question)
    )
    return (await session.scalars(query)).all()


async def answer_due(session: AsyncSession, plan: ReviewPlan, item: ReviewItem, right: bool, now: datetime) -> None:
    """Note an answer of today's set, and when to remind next."""
    today = local_day(now)
    if plan.practised_on is None or plan.practised_on < today:  # a clock that was set back gives no day twice
        plan.practised_on, plan.done_that_day = today, 0
        plan.days += 1
    plan.done_that_day += 1
    rate(item, right, now)
    await session.flush()
    await set_next(session, plan, now)


async def set_next(session: AsyncSession, plan: ReviewPlan, now: datetime, not_before: datetime | None = None) -> None:
    """Set the next reminder: at the chosen hour of the first day on which something is due, and once a day at most."""
    if plan.hour is None:
        return
    first_due = await session.scalar(select(func.min(ReviewItem.due_at)).where(ReviewItem.person_id == plan.person_id))
    if first_due is None:
        plan.next_at = None
        return
    earliest = max(now, first_due, not_before or now)
    busy = [day for day in (plan.reminded_on, plan.practised_on) if day is not None]
    at = next_at_hour(earliest, plan.hour)
    if busy and local_day(at) <= max(busy):
        at = at_hour(max(busy) + timedelta(days=1), plan.hour)
    plan.next_at = at


async def choose_hour(session: AsyncSession, plan: ReviewPlan, hour: int, now: datetime) -> None:
    """Remind at this hour from now on; raises ValueError for an hour at night."""
    if hour not in HOURS:
        raise ValueError(f"{hour} lies in the quiet hours")
    plan.hour = hour
    await set_next(session, plan, now)


class Due(NamedTuple):
    """Somebody whose reminder is due."""

    person_id: int
    hour: int
    reminded_on: date | None


async def due_people(session: AsyncSession, now: datetime, limit: int) -> Sequence[Due]:
    """Who is to be reminded now, the longest due first, found by index; nobody in the quiet hours."""
    if quiet_until(now) is not None:
        return []
    query = (
        select(ReviewPlan.person_id, ReviewPlan.hour, ReviewPlan.reminded_on)
        .where(ReviewPlan.next_at <= now)
        .order_by(ReviewPlan.next_at)
        .limit(limit)
    )
    rows = await session.execute(query)
    return [Due(person_id, hour, day) for person_id, hour, day in rows if hour is not None]


async def note_reminded(session: AsyncSession, due: Sequence[Due], now: datetime) -> list[int]:
    """Set the next day's reminder for these people; whom to remind today: who wasn't yet.

    Who stopped the reminders meanwhile is passed over, and so is who blocked the bot.
    """
    today = local_day(now)
    reminded: list[int] = []
    for hour in sorted({each.hour for each in due}):
        for again in (False, True):
            ids = [e.person_id for e in due if e.hour == hour and _had_today(e.reminded_on, today) is again]
            if not ids:
                continue
            statement = (
                update(ReviewPlan)
                .where(ReviewPlan.person_id.in_(ids), ReviewPlan.next_at <= now)
                .values(next_at=at_hour(today + timedelta(days=1), hour))
                .returning(ReviewPlan.person_id)
                .execution_options(synchronize_session=False)
            )
            moved = await session.scalars(statement if again else statement.values(reminded_on=today))
            if not again:
                reminded += moved
    return list(await session.scalars(select(Person.id).where(Person.id.in_(reminded), Person.blocked_at.is_(None))))


def _had_today(reminded_on: date | None, today: date) -> bool:
    return reminded_on is not None and reminded_on >= today
