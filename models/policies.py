"""Who accepted which version of the zero-tolerance policy, when, and exactly which text they saw."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime, words
from models.people import Language


class PolicyAcceptance(Base):
    """A press on "I accept": of one version, in one language."""

    __tablename__ = "policy_acceptances"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the text that was shown."""
    language: Mapped[Language] = mapped_column(words(Language, "language"))
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def has_accepted(session: AsyncSession, person_id: int, version: int) -> bool:
    """Whether the person accepted this version."""
    return await session.get(PolicyAcceptance, (person_id, version)) is not None
