"""Who is still to get a broadcast: a slim row for each person, which goes once it's known what became of them.

So afterwards only counts are left, and the database tells nobody who was written to.

Rows are written by the database itself, a range of people at a time. A sender marks a few of them as taken, commits,
sends, and then deletes and counts them. Telegram can't be asked whether a message was sent, so after a kill nobody
knows it of those that were taken. They are not repeated: nobody gets a broadcast twice. They are not passed over in
silence either: they're counted as "perhaps sent". They are few, because a sender takes people only when it may write
to them that very moment.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    CursorResult,
    ForeignKey,
    SmallInteger,
    String,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime
from models.broadcasts import Broadcast, Fate, Stage, recipients_of
from models.opt_outs import OptOut
from models.people import Person

RANGE = 10_000
"""Numbers of people looked at in one transaction: a receipt must not wait for a broadcast to be queued."""
_LOOK_AHEAD = 4
"""How many rows are looked at for one that may be sent to."""
_QUIET = {"synchronize_session": False}

Key = tuple[int, int]
"""The numbers of a broadcast and of a person."""


class Recipient(Base):
    """A person who is still to get a broadcast."""

    __tablename__ = "recipients"
    __table_args__ = ({"sqlite_with_rowid": False},)

    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)
    tries: Mapped[int] = mapped_column(SmallInteger)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """Not before this moment, after a failure."""
    taken_by: Mapped[str | None] = mapped_column(String(16), default=None)
    """The sender that is writing to them."""


_FREE = Recipient.taken_by.is_(None)


async def next_broadcast(session: AsyncSession) -> Broadcast | None:
    """The one to work on: one that is to be queued, one that was cancelled and has rows left, then the oldest."""
    left = exists().where(Recipient.broadcast_id == Broadcast.id)
    for wanted in (
        Broadcast.stage == Stage.QUEUEING,
        (Broadcast.stage == Stage.CANCELLED) & left,
        Broadcast.stage == Stage.SENDING,
    ):
        found = await session.scalar(select(Broadcast).where(wanted).order_by(Broadcast.started_at).limit(1))
        if found is not None:
            return found
    return None


async def queue_some(session: AsyncSession, broadcast_id: int) -> None:
    """Write down the recipients of the next range of people; after the last one the broadcast is being sent."""
    broadcast = await session.get_one(Broadcast, broadcast_id, with_for_update=True)
    if broadcast.stage is not Stage.QUEUEING:
        return
    assert broadcast.started_at is not None
    upto = min(broadcast.reached + RANGE, broadcast.newest_person)
    chosen = select(literal(broadcast.id), Person.id, literal(0)).where(
        Person.id > broadcast.reached, Person.id <= upto, *recipients_of(broadcast, broadcast.started_at)
    )
    columns = ["broadcast_id", "person_id", "tries"]
    written = await session.execute(insert(Recipient.__table__).from_select(columns, chosen))  # type: ignore[arg-type]
    broadcast.total += cast("CursorResult[Any]", written).rowcount
    broadcast.reached = upto
    if upto == broadcast.newest_person:
        broadcast.stage = Stage.SENDING


async def take(
    session: AsyncSession, broadcast: Broadcast, holder: str, limit: int, now: datetime
) -> Sequence[tuple[Person, int]]:
    """The next people to write to, marked as taken by `holder`, and how often it was tried before: at most `limit`.

    Who blocked the bot or opted out meanwhile is counted, and not among them.
    """
    due = or_(Recipient.due_at.is_(None), Recipient.due_at <= now)
    query = (
        select(Person, Recipient.tries, exists().where(OptOut.person_id == Person.id))
        .join(Recipient, Recipient.person_id == Person.id)
        .where(Recipient.broadcast_id == broadcast.id, _FREE, due)
        .order_by(Recipient.person_id)
        .limit(_LOOK_AHEAD * limit)
        .with_for_update(of=Recipient, skip_locked=True)
    )
    taken: list[tuple[Person, int]] = []
    unwilling: dict[int, Fate] = {}
    for person, tries, opted_out in await session.execute(query):
        if person.blocked_at is not None:
            unwilling[person.id] = Fate.BLOCKED
        elif opted_out or person.language not in broadcast.readers:
            unwilling[person.id] = Fate.SKIPPED
        elif len(taken) < limit:
            taken.append((person, tries))
        else:
            break
    mine = _of(broadcast.id, [*unwilling, *(person.id for person, _tries in taken)])
    await session.execute(
        update(Recipient).where(*mine).values(taken_by=holder, tries=Recipient.tries + 1).execution_options(**_QUIET)
    )
    await settle(session, broadcast.id, holder, unwilling)
    return taken


async def settle(session: AsyncSession, broadcast_id: int, holder: str, fates: Mapping[int, Fate]) -> None:
    """Count what became of people that `holder` had taken, and let their rows go; who is gone isn't counted twice."""
    if not fates:
        return
    gone = await session.scalars(
        delete(Recipient)
        .where(*_of(broadcast_id, fates), Recipient.taken_by == holder)
        .returning(Recipient.person_id)
        .execution_options(**_QUIET)
    )
    await _count(session, broadcast_id, Counter(fates[person_id] for person_id in gone))


async def try_again(session: AsyncSession, key: Key, holder: str, at: datetime) -> None:
    """Write to a person whom `holder` had taken at a later moment: Telegram didn't take the message."""
    await session.execute(
        update(Recipient)
        .where(*_of(key[0], [key[1]]), Recipient.taken_by == holder)
        .values(taken_by=None, due_at=at)
        .execution_options(**_QUIET)
    )


async def recover(session: AsyncSession, holder: str, in_work: Collection[Key]) -> None:
    """Bring order into what is marked as taken, after a start or a failure.

    What another sender had taken was perhaps sent. What this one had taken and is not at work on was never sent.
    """
    lost = await session.execute(
        delete(Recipient)
        .where(Recipient.taken_by != holder)
        .returning(Recipient.broadcast_id, Recipient.person_id)
        .execution_options(**_QUIET)
    )
    for broadcast_id, number in Counter(broadcast_id for broadcast_id, _person in lost).items():
        await _count(session, broadcast_id, Counter({Fate.UNSURE: number}))
    own = select(Recipient.broadcast_id, Recipient.person_id).where(Recipient.taken_by == holder)
    for broadcast_id, person_id in [(b, p) for b, p in await session.execute(own) if (b, p) not in in_work]:
        await session.execute(
            update(Recipient).where(*_of(broadcast_id, [person_id])).values(taken_by=None).execution_options(**_QUIET)
        )


async def finish(session: AsyncSession, broadcast: Broadcast, now: datetime) -> bool:
    """End a broadcast that nobody waits for any more; False if somebody does, or it isn't being sent."""
    if broadcast.stage is not Stage.SENDING:
        return False
    if await session.scalar(select(exists().where(Recipient.broadcast_id == broadcast.id))):
        return False
    broadcast.stage, broadcast.ended_at, broadcast.expected_at = Stage.DONE, now, None
    return True


async def clear_some(session: AsyncSession, broadcast_id: int) -> None:
    """Drop the next rows of a broadcast that was cancelled; those that are being written to are counted first."""
    some = select(Recipient.person_id).where(Recipient.broadcast_id == broadcast_id, _FREE)
    ids = some.order_by(Recipient.person_id).limit(RANGE)
    await session.execute(
        delete(Recipient)
        .where(Recipient.broadcast_id == broadcast_id, Recipient.person_id.in_(ids.scalar_subquery()), _FREE)
        .execution_options(**_QUIET)
    )


def _of(broadcast_id: int, person_ids: Collection[int]) -> tuple[Any, Any]:
    return Recipient.broadcast_id == broadcast_id, Recipient.person_id.in_(person_ids)


async def _count(session: AsyncSession, broadcast_id: int, fates: Mapping[Fate, int]) -> None:
    if fates:
        added = {fate.value: getattr(Broadcast, fate.value) + number for fate, number in fates.items()}
        await session.execute(
            update(Broadcast).where(Broadcast.id == broadcast_id).values(added).execution_options(**_QUIET)
        )
