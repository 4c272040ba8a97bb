"""Who wants no messages that the team sends to many people at once. Everything else still arrives."""

from datetime import datetime

from sqlalchemy import ForeignKey, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime
from models.upsert import insert_new


class OptOut(Base):
    """A person who wants no broadcasts."""

    __tablename__ = "opt_outs"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


async def opt_out(session: AsyncSession, person_id: int, now: datetime) -> None:
    """Send the person no broadcasts from now on; twice is harmless."""
    await session.execute(insert_new(session, OptOut), [{"person_id": person_id, "since": now}])


async def opt_in(session: AsyncSession, person_id: int) -> None:
    """Send the person broadcasts again."""
    await session.execute(delete(OptOut).where(OptOut.person_id == person_id))


async def has_opted_out(session: AsyncSession, person_id: int) -> bool:
    """Whether the person wants no broadcasts."""
    return await session.get(OptOut, person_id) is not None
