"""The week of the team in numbers: what came, what was looked at in time, what was closed, what still waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.flags import UNSEEN, Flag, State
from models.quiet import at_hour, local_day, monday_of

WEEK = timedelta(days=7)
SUMMARY_HOUR = 10
"""Of Mondays in Kazakhstan."""


@dataclass(frozen=True)
class Week:
    """Counts of flags; withdrawn ones are in none but `received`."""

    received: int
    in_time: int
    """Of those received, how many somebody opened in time."""
    due: int
    """Of those received, how many were opened or should have been by now."""
    closed: int
    waiting: int
    overdue: int
    """Of those waiting, how many nobody has opened in time."""


async def week_of(session: AsyncSession, now: datetime) -> Week:
    """The seven days before a moment."""
    came = func.coalesce(Flag.released_at, Flag.received_at)
    counted = and_(came > now - WEEK, came <= now, Flag.state.not_in(UNSEEN))
    is_open = Flag.state.in_((State.NEW, State.CLAIMED))
    looked_at = and_(counted, Flag.state != State.WITHDRAWN)
    conditions = (
        counted,
        and_(looked_at, Flag.opened_at <= Flag.due_at),
        and_(looked_at, (Flag.opened_at.is_not(None)) | (Flag.due_at <= now)),
        and_(Flag.state == State.CLOSED, Flag.ended_at > now - WEEK),
        is_open,
        and_(is_open, Flag.opened_at.is_(None), Flag.due_at <= now),
    )
    query = select(*(func.count().filter(condition) for condition in conditions)).select_from(Flag)
    counts = (await session.execute(query)).one()
    return Week(**dict(zip(Week.__dataclass_fields__, counts, strict=True)))


def next_summary(now: datetime) -> datetime:
    """The next Monday's hour of the summary after a moment."""
    monday = monday_of(local_day(now))
    at = at_hour(monday, SUMMARY_HOUR)
    return at if at > now else at_hour(monday + WEEK, SUMMARY_HOUR)
