"""One at a time among replicas: whoever holds the lease of a name may do that work until it runs out."""

from datetime import datetime, timedelta

from sqlalchemy import String, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime
from models.upsert import insert_new


class Lease(Base):
    """Who does a kind of work, and until when."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


async def hold(session: AsyncSession, name: str, holder: str, now: datetime, length: timedelta) -> bool:
    """Take or renew a lease; False while somebody else holds it."""
    await session.execute(insert_new(session, Lease), [{"name": name, "holder": holder, "until": now}])
    statement = (
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.until <= now))
        .values(holder=holder, until=now + length)
        .returning(Lease.name)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def free(session: AsyncSession, name: str, now: datetime) -> None:
    """Let anybody begin at once, whoever held it, if anybody did."""
    await session.execute(insert_new(session, Lease), [{"name": name, "holder": "", "until": now}])
    await session.execute(update(Lease).where(Lease.name == name, Lease.until > now).values(until=now))


async def held_until(session: AsyncSession, name: str) -> datetime | None:
    """Until when a lease is held, or was; None for one that nobody ever held or freed."""
    return await session.scalar(select(Lease.until).where(Lease.name == name))


async def release(session: AsyncSession, name: str, holder: str, now: datetime) -> None:
    """Let another holder begin at once."""
    await session.execute(update(Lease).where(Lease.name == name, Lease.holder == holder).values(until=now))
