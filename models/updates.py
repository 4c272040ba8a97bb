"""What has been taken from Telegram: each update once, and those that could not be handled set aside.

Update ids are remembered by unique key, never as "the highest seen": Telegram starts them anew at random
after a quiet week. Telegram itself forgets an update after 24 hours, so 8 days are more than enough.
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identifier, UtcDateTime
from models.upsert import insert_new
from models.vault import Vault


class SeenUpdate(Base):
    """An update that was taken."""

    __tablename__ = "seen_updates"

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class DeadLetter(Base):
    """An update that raised twice: sealed, with the name of what it raised, for the operator to look at."""

    __tablename__ = "dead_letters"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    update_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    """Whose it is, so that it goes with them."""
    set_aside_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    error: Mapped[str] = mapped_column(String(200))
    """Type and place of the error, never its text: that may quote the person."""
    sealed_update: Mapped[bytes] = mapped_column(LargeBinary)

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"dead letter {self.update_id}"


async def set_aside(
    session: AsyncSession, vault: Vault, update: Mapping[str, Any], person_id: int | None, error: str, now: datetime
) -> bool:
    """Keep an update that could not be handled; False if it was taken before after all."""
    update_id = int(update["update_id"])
    if update_id not in await take_new(session, [update_id], now):
        return False
    letter = DeadLetter(update_id=update_id, person_id=person_id, set_aside_at=now, error=error[:200])
    letter.sealed_update = vault.seal(json.dumps(update).encode(), letter.seal_place)
    session.add(letter)
    return True


async def take_new(session: AsyncSession, update_ids: Collection[int], now: datetime) -> set[int]:
    """Remember the ids and return those that were not taken before.

    They're inserted in order, so that two replicas with the same ids don't wait for each other in a circle.
    """
    rows = [{"update_id": i, "seen_at": now} for i in sorted(set(update_ids))]
    if not rows:
        return set()
    statement = insert_new(session, SeenUpdate).returning(SeenUpdate.update_id)
    return set(await session.scalars(statement, rows))


async def forget_updates(session: AsyncSession, before: datetime) -> None:
    """Drop what was seen before a moment, and dead letters with it."""
    await session.execute(delete(SeenUpdate).where(SeenUpdate.seen_at < before))
    await session.execute(delete(DeadLetter).where(DeadLetter.set_aside_at < before))
