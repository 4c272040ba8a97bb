"""What deleting must not reset: that an owner barred somebody, and how often they reported or tried in the last day.

Nothing of it is kept as long as the person and their reports are there. Deleted, they leave these rows: a Telegram id,
sealed, under an index of its own, so that nobody finds other rows by it; what it's about, and the moment.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.vault import Vault

KEPT = timedelta(days=1)
"""For how long moments are kept, as long as they count; a bar is kept until the person is back."""


class What(StrEnum):
    """What a row is about."""

    BAR = "bar"
    REPORT = "report"
    TRY = "try"
    """A wrong passphrase."""


class Limit(Base):
    """What is kept of somebody who deleted something."""

    __tablename__ = "limits"
    __table_args__ = (Index("ix_limits_whose", "whose", "what", "at"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    whose: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_telegram_id: Mapped[bytes] = mapped_column(LargeBinary)
    """Only to move to another key with it."""
    what: Mapped[What] = mapped_column(words(What, "what"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    def rekey(self, vault: Vault) -> None:
        """Move what hangs on the master keys to the newest one."""
        self.whose, self.sealed_telegram_id = _sealed(vault, vault.open(self.sealed_telegram_id, _place(self.whose)))


def _place(index: bytes) -> str:
    return f"limit {index.hex()}"


def _sealed(vault: Vault, plain: bytes) -> tuple[bytes, bytes]:
    index = vault.index(plain, "limit")
    return index, vault.seal(plain, _place(index))


def hold_on_to(
    session: AsyncSession, vault: Vault, telegram_id: int, what: What, moments: Iterable[datetime], now: datetime
) -> None:
    """Keep these moments, as far as they still count."""
    for at in moments:
        if what is What.BAR or at > now - KEPT:
            index, sealed = _sealed(vault, str(telegram_id).encode())
            session.add(Limit(whose=index, sealed_telegram_id=sealed, what=what, at=at))


async def moments_of(
    session: AsyncSession, vault: Vault, telegram_id: int, what: What, since: datetime
) -> Sequence[datetime]:
    """The kept moments after one, newest first."""
    whose = Limit.whose.in_(vault.indexes(str(telegram_id).encode(), "limit"))
    query = select(Limit.at).where(whose, Limit.what == what, Limit.at > since).order_by(Limit.at.desc())
    return (await session.scalars(query)).all()


async def take_bars(session: AsyncSession, vault: Vault, telegram_ids: Collection[int]) -> dict[int, datetime]:
    """Since when these people are barred, by Telegram id; from now on their own rows say so."""
    by_index = {index: i for i in telegram_ids for index in vault.indexes(str(i).encode(), "limit")}
    query = select(Limit).where(Limit.whose.in_(by_index), Limit.what == What.BAR)
    rows = (await session.scalars(query)).all()
    for row in rows:
        await session.delete(row)
    return {by_index[row.whose]: row.at for row in rows}


async def forget_limits(session: AsyncSession, before: datetime) -> None:
    """Delete the moments from before one; bars stay."""
    await session.execute(delete(Limit).where(Limit.at < before, Limit.what != What.BAR))
