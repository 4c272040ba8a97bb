"""Who is on call, and what becomes of flags that nobody looks at: a reminder before the time is over, then more people.

    received ──⅔ of the time──▶ on call reminded ──due──▶ everybody ──half as long again──▶ owners ──▶ owners, daily

A flag that somebody has opened is no longer waited for here. The moment of the next alert stands in the row, so that
deadlines survive restarts. That nobody is on call is an alert itself, told once until somebody was on call again, and
anew for what is urgent.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntEnum

from sqlalchemy import ForeignKey, delete, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime
from models.behaviours import MAX_SEVERITY
from models.first_look import first_look
from models.flags import ALERTS_DUE, Flag, State
from models.leases import free, held_until, hold
from models.people import Person, barred
from models.team import Member

AGAIN = timedelta(days=1)
"""How often owners hear of what is still not looked at."""
URGENT = 3
"""From this severity on, the team is woken at night too."""
_NOBODY, _FOREVER = "nobody on call", timedelta(days=36_500)


class Duty(Base):
    """A member of the team who is on call."""

    __tablename__ = "duty"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class Alert(IntEnum):
    """Who hears next that a flag waits."""

    ON_CALL = 0
    EVERYBODY = 1
    OWNERS = 2


async def is_on_call(session: AsyncSession, person_id: int) -> bool:
    """Whether this person is on call."""
    return await session.get(Duty, person_id) is not None


async def set_duty(session: AsyncSession, person_id: int, on: bool, now: datetime) -> bool:
    """Go on call or off; whether that changed anything."""
    duty = await session.get(Duty, person_id)
    if (duty is not None) is on:
        return False
    if duty is None:
        session.add(Duty(person_id=person_id, since=now))
    else:
        await session.delete(duty)
    await session.flush()
    await free(session, _NOBODY, now)
    return True


async def on_call(session: AsyncSession) -> list[Person]:
    """The members of the team who are on call."""
    query = (
        select(Person).join(Member, Member.person_id == Person.id).where(exists().where(Duty.person_id == Person.id))
    )
    return list(await session.scalars(query.order_by(Person.id)))


async def nobody_to_tell(session: AsyncSession, now: datetime, waiting: Sequence[Flag] = ()) -> Sequence[Flag] | None:
    """Whether to say now that nobody is on call, which then counts as said; None if there's nothing to say.

    It's said once, however the last one went: off call, out of the team, or with all their data. It's said again when
    somebody was on call since, or when something urgent has come since; where nobody ever was on call, once something
    is urgent or is `waiting` too long. Returns the flags for which it's said, none if it's for the last one who went.
    """
    await session.execute(delete(Duty).where(Duty.person_id.not_in(select(Member.person_id))))
    until = await held_until(session, _NOBODY)
    if await on_call(session):
        if until is None or until > now:
            await free(session, _NOBODY, now)
        return None
    flags: Sequence[Flag] = []
    if until is None or until > now:
        flags = await _urgent_since(session, until - _FOREVER if until is not None else None)
        if not flags and until is None:
            flags = waiting
        if not flags:
            return None
        await free(session, _NOBODY, now)
    return flags if await hold(session, _NOBODY, secrets.token_hex(8), now, _FOREVER) else None


async def _urgent_since(session: AsyncSession, since: datetime | None) -> Sequence[Flag]:
    """Some urgent flags that nobody has opened and that came after a moment; of a barred person, the most severe."""
    came = func.coalesce(Flag.released_at, Flag.received_at)
    query = (
        select(Flag)
        .where(ALERTS_DUE, Flag.opened_at.is_(None), Flag.state.in_([State.NEW, State.CLAIMED]))
        .where(Flag.severity >= URGENT, or_(Flag.severity == MAX_SEVERITY, not_(barred(Flag.reporter_id))))
    )
    if since is not None:
        query = query.where(came > since)
    return (await session.scalars(query.order_by(Flag.id.desc()).limit(20))).all()


def _next_alert(flag: Flag) -> datetime:
    """When the alert after the first one is due."""
    look = first_look(flag, flag.severity)
    return flag.due_at if flag.alerts == Alert.EVERYBODY else flag.due_at + look / 2


async def waiting_too_long(session: AsyncSession, now: datetime, limit: int) -> Sequence[tuple[Flag, Alert]]:
    """The flags whose next alert is due now, found by index, with who is to hear of it; each is then set to its next.

    What was opened or has ended meanwhile drops out, and so does what a barred person sent unless it's most severe.
    """
    query = (
        select(Flag, Person.barred_at)
        .join(Person, Person.id == Flag.reporter_id)
        .where(ALERTS_DUE, Flag.alert_at <= now)
        .order_by(Flag.alert_at)
        .limit(limit)
        .with_for_update(of=Flag, skip_locked=True)
    )
    found: list[tuple[Flag, Alert]] = []
    for flag, barred_at in await session.execute(query):
        unwanted = barred_at is not None and flag.severity < MAX_SEVERITY
        if flag.opened_at is not None or flag.state not in {State.NEW, State.CLAIMED} or unwanted:
            flag.alert_at = None
            continue
        alert = Alert(min(flag.alerts, Alert.OWNERS))
        found.append((flag, alert))
        flag.alerts += 1
        flag.alert_at = _next_alert(flag) if alert is not Alert.OWNERS else now + AGAIN
    return found


async def wait_again_for(session: AsyncSession, person_id: int, now: datetime) -> None:
    """What this person sent and nobody has opened comes to the team at last: its time to look begins now."""
    theirs = (Flag.reporter_id == person_id, Flag.state.in_((State.NEW, State.CLAIMED)), Flag.opened_at.is_(None))
    for flag in await session.scalars(select(Flag).where(*theirs, Flag.alert_at.is_(None)).with_for_update(of=Flag)):
        flag.set_due(now)
