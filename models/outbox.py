"""The outbox: what must arrive. Written in the transaction that decides it, delivered afterwards.

A row is sealed, because it holds what only its person may read. It's leased to a sender for a while, so that a
sender that dies loses nothing, and it goes out at least once.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    delete,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.people import Person
from models.quiet import quiet_until
from models.vault import CannotOpen, Vault

LEASE = timedelta(seconds=60)
"""How long a sender may take for a row before another may try. Longer than any request to Telegram."""


class Priority(IntEnum):
    """Lower goes first."""

    RECEIPT = 0
    ALERT = 1
    RELAY = 2
    REMINDER = 3
    BROADCAST = 4


class Delivery(StrEnum):
    """Where a row stands."""

    WAITING = "waiting"
    SENT = "sent"
    UNSURE = "unsure"
    """Perhaps sent, and not to be repeated."""
    UNREACHABLE = "unreachable"
    """The person blocked the bot or is gone."""
    REFUSED = "refused"
    """Telegram refuses it for what it is; repeating would not help."""


_WAITING = text("status = 'waiting'")


_POSTED = "has posted"


class Parcel(Base):
    """One row of the outbox: a method of the Bot API for one person."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "priority", "due_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_outbox_settled_at", "settled_at"),
        CheckConstraint("priority BETWEEN 0 AND 4", "priority"),
        CheckConstraint("(status = 'waiting') = (settled_at IS NULL)", "settled"),
        CheckConstraint("(status = 'waiting') = (sealed IS NOT NULL)", "emptied"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    priority: Mapped[int] = mapped_column(SmallInteger)
    repeatable: Mapped[bool]
    """Whether it does no harm to arrive twice."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Method and parameters; emptied once the row is settled."""
    status: Mapped[Delivery] = mapped_column(words(Delivery, "status"), default=Delivery.WAITING)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Since when it may go out: when it was posted, or the time asked for."""
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Not before this moment: a time asked for, a wait after a failure, or the end of a lease."""
    tries: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    error: Mapped[str | None] = mapped_column(String(200), default=None)

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"outbox {self.person_id}"

    def read(self, vault: Vault) -> tuple[str, dict[str, Any]]:
        """The method's name and its parameters, without the chat."""
        method, parameters = json.loads(vault.open(self.sealed or b"", self.seal_place))
        return method, parameters

    def settle(self, status: Delivery, now: datetime, error: str | None = None) -> None:
        """Finish the row and forget what it held."""
        self.status, self.settled_at, self.error, self.sealed = status, now, error, None

    def postpone(self, at: datetime) -> None:
        """Don't send it before a moment, as if it had been asked for then."""
        self.created_at = self.due_at = at

    def retry(self, at: datetime, error: str) -> None:
        """Try again at a later moment."""
        self.due_at, self.error = at, error


def post(
    session: AsyncSession,
    vault: Vault,
    person_id: int,
    method: str,
    parameters: Mapping[str, Any],
    *,
    priority: Priority,
    now: datetime,
    due_at: datetime | None = None,
    repeatable: bool = True,
) -> None:
    """Put a message in the outbox; it leaves after this transaction is committed.

    `method` and `parameters` are those of the Bot API (JSON values), without `chat_id`.
    """
    due_at = due_at or now
    parcel = Parcel(person_id=person_id, priority=priority, repeatable=repeatable, created_at=due_at, due_at=due_at)
    plain = json.dumps([method, parameters], ensure_ascii=False).encode()
    parcel.sealed = vault.seal(plain, parcel.seal_place)
    session.add(parcel)
    session.info[_POSTED] = True


def has_posted(session: AsyncSession) -> bool:
    """Whether anything was put in the outbox in this session."""
    return _POSTED in session.info


async def lease(session: AsyncSession, now: datetime, limit: int) -> Sequence[tuple[Parcel, Person]]:
    """The next rows to send, most urgent first, with their persons; others leave them alone for a while.

    Reminders whose time has slipped into the quiet hours are postponed to the morning.
    """
    query = (
        select(Parcel, Person)
        .join(Person, Person.id == Parcel.person_id)
        .where(Parcel.status == Delivery.WAITING, Parcel.due_at <= now)
        .order_by(Parcel.priority, Parcel.due_at, Parcel.id)
        .limit(limit)
        .with_for_update(of=Parcel, skip_locked=True)
    )
    rows = [(parcel, person) for parcel, person in await session.execute(query)]
    morning = quiet_until(now)
    awake = []
    for parcel, person in rows:
        if parcel.priority == Priority.REMINDER and morning is not None:
            parcel.postpone(morning)
            continue
        parcel.due_at = now + LEASE
        parcel.tries += 1
        awake.append((parcel, person))
    return awake


async def keep(session: AsyncSession, parcel_id: int, now: datetime) -> None:
    """Lease a row for longer, that takes long to make."""
    query = update(Parcel).where(Parcel.id == parcel_id, Parcel.status == Delivery.WAITING)
    await session.execute(query.values(due_at=now + LEASE).execution_options(synchronize_session=False))


async def locked(session: AsyncSession, parcel_ids: Collection[int]) -> dict[int, Parcel]:
    """Rows by their numbers, as they stand now, for this transaction alone to change; those that are gone are left out.

    Always locked in the order of their numbers, so that two transactions don't wait for each other in a circle.
    """
    query = select(Parcel).where(Parcel.id.in_(parcel_ids)).order_by(Parcel.id).with_for_update()
    return {parcel.id: parcel for parcel in await session.scalars(query)}


async def is_waiting(session: AsyncSession, parcel_id: int) -> bool:
    """Whether a row is still to be sent."""
    return bool(await session.scalar(select(exists().where(Parcel.id == parcel_id, Parcel.status == Delivery.WAITING))))


async def take_back(
    session: AsyncSession, vault: Vault, person_id: int, methods: Collection[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Take out of the outbox what waits for a person under one of these methods; gives it, as `Parcel.read` does.

    A sender that has leased a row finds it gone: it sends it no more, or deletes what it has just sent.
    """
    query = (
        select(Parcel)
        .where(Parcel.person_id == person_id, Parcel.status == Delivery.WAITING)
        .order_by(Parcel.id)
        .with_for_update()
    )
    taken = []
    for parcel in (await session.scalars(query)).all():
        try:
            read = parcel.read(vault)
        except CannotOpen:  # its sender finds that out too, and sends nothing
            continue
        if read[0] in methods:
            taken.append(read)
            await session.delete(parcel)
    await session.flush()
    return taken


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next row is due, if any waits."""
    return await session.scalar(select(func.min(Parcel.due_at)).where(Parcel.status == Delivery.WAITING))


async def is_urgent(session: AsyncSession, now: datetime) -> bool:
    """Whether anything is due that goes before a broadcast."""
    due = exists().where(Parcel.status == Delivery.WAITING, Parcel.priority < Priority.BROADCAST, Parcel.due_at <= now)
    return bool(await session.scalar(select(due)))


async def waiting(session: AsyncSession) -> tuple[int, datetime | None]:
    """How many rows wait, those for a later time included, and since when the oldest may go out."""
    query = select(func.count(), func.min(Parcel.created_at)).where(Parcel.status == Delivery.WAITING)
    count, oldest = (await session.execute(query)).one()
    return count, oldest


async def forget_settled(session: AsyncSession, before: datetime) -> None:
    """Drop rows that were settled before a moment."""
    await session.execute(delete(Parcel).where(Parcel.settled_at < before))
