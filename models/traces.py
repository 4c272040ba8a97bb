"""Which messages stand in a person's chat, theirs and the bot's: numbers only, for as long as they can be deleted.

Known for one thing: so that a quick exit takes them all. Telegram deletes messages for 48 hours, so older ones are
forgotten.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime
from models.upsert import insert_new

KEPT = timedelta(hours=48)
"""For how long Telegram lets a bot delete a message."""


class Trace(Base):
    """A message in the private chat of a person."""

    __tablename__ = "traces"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    """When it was sent."""


async def keep_traces(session: AsyncSession, rows: Iterable[tuple[int, int, datetime]]) -> None:
    """Remember messages: the person's number, the message's, and when it was sent. Known ones stay as they are.

    They're inserted in order, so that two transactions with the same ones don't wait for each other in a circle.
    """
    values = [{"person_id": person, "message_id": message, "seen_at": at} for person, message, at in sorted(rows)]
    if values:
        await session.execute(insert_new(session, Trace), values)


async def take_traces(session: AsyncSession, person_id: int, since: datetime) -> list[int]:
    """The messages of a person that were sent since a moment, newest first; all of the person's are forgotten."""
    gone = delete(Trace).where(Trace.person_id == person_id).returning(Trace.message_id, Trace.seen_at)
    rows = [(message, at) for message, at in await session.execute(gone)]
    return sorted((message for message, at in rows if at >= since), reverse=True)


async def forget_traces(session: AsyncSession, before: datetime) -> None:
    """Forget messages that were sent before a moment."""
    await session.execute(delete(Trace).where(Trace.seen_at < before))
