"""Readers: other accounts that opened a report with its code and passphrase, and may do with it what its sender may."""

from datetime import datetime

from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime
from models.upsert import insert_new


class Reader(Base):
    """A person who may open a flag that was sent from another account."""

    __tablename__ = "readers"

    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


async def add_reader(session: AsyncSession, flag_id: int, person_id: int, now: datetime) -> None:
    """Let a person open a flag from now on; again, it changes nothing."""
    await session.execute(insert_new(session, Reader), [{"flag_id": flag_id, "person_id": person_id, "since": now}])


async def count_readers(session: AsyncSession, flag_id: int) -> int:
    """How many other accounts may open a flag."""
    return await session.scalar(select(func.count()).where(Reader.flag_id == flag_id)) or 0


async def remove_readers(session: AsyncSession, flag_id: int) -> None:
    """Close a flag for all other accounts."""
    await session.execute(delete(Reader).where(Reader.flag_id == flag_id))
