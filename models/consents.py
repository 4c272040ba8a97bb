"""Consents: who else may know of a flag, said by the person who reported, for each recipient, and taken back at will.

The team reads every flag that was sent to it. Nothing is passed on to anybody else without a consent that stands.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime, words
from models.words import N_


class Recipient(StrEnum):
    """Who else may know, each a step further."""

    STATISTICS = "statistics"
    PLATFORM = "platform"
    LEGAL_AID = "legal aid"
    POLICE = "police"
    DRIVER = "driver"
    """Who is told no more than `models/coarse.py` says."""


RECIPIENT_NAMES = {
    Recipient.STATISTICS: N_("Statistics, without any detail of you"),
    Recipient.PLATFORM: N_("The app through which the ride was ordered"),
    Recipient.LEGAL_AID: N_("An organisation that gives legal help"),
    Recipient.POLICE: N_("The police"),
    Recipient.DRIVER: N_("The driver: only the kind and the week, later"),
}
AT_FIRST = frozenset({Recipient.STATISTICS})
"""What stands as long as nothing else was said: a number among others names nobody."""


class Consent(Base):
    """That a recipient may know of a flag; withdrawn, the row says since when not any more."""

    __tablename__ = "consents"

    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), primary_key=True)
    recipient: Mapped[Recipient] = mapped_column(words(Recipient, "recipient", closed=False), primary_key=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


async def consents_of(session: AsyncSession, flag_id: int, *, lock: bool = False) -> set[Recipient]:
    """The recipients that may know of a flag now; with `lock` none is taken back until the transaction ends."""
    query = select(Consent.recipient).where(Consent.flag_id == flag_id, Consent.revoked_at.is_(None))
    return set(await session.scalars(query.with_for_update() if lock else query))


async def says_yes_to(session: AsyncSession, flag_id: int, recipient: Recipient) -> bool | None:
    """Whether a consent stands, or was taken back or refused; None if nothing was said. It stays so until the
    transaction ends.
    """
    consent = await session.get(Consent, (flag_id, recipient), with_for_update=True, populate_existing=True)
    return None if consent is None else consent.revoked_at is None


async def say(session: AsyncSession, flag_id: int, recipient: Recipient, yes: bool, now: datetime) -> None:
    """Give a consent, or refuse it; a refusal stands like a consent that was taken back."""
    consent = await session.get(Consent, (flag_id, recipient), with_for_update=True, populate_existing=True)
    if consent is None:
        consent = Consent(flag_id=flag_id, recipient=recipient, given_at=now)
        session.add(consent)
    elif yes and consent.revoked_at is not None:
        consent.given_at = now
    consent.revoked_at = None if yes else consent.revoked_at or now
    await session.flush()


async def set_consents(session: AsyncSession, flag_id: int, recipients: Collection[Recipient], now: datetime) -> None:
    """Give the consents of a flag that has none yet."""
    session.add_all(Consent(flag_id=flag_id, recipient=each, given_at=now) for each in dict.fromkeys(recipients))
    await session.flush()
