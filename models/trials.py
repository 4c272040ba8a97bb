"""A lesson that an owner tries in the bot before it's in the repository: one a person, sealed, gone after a day."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, String, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime, words
from models.people import Language
from models.vault import Vault

KEPT = timedelta(days=1)


class Trial(Base):
    """The text of a lesson that its author is trying."""

    __tablename__ = "trials"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    language: Mapped[Language] = mapped_column(words(Language, "language"))
    sealed_text: Mapped[bytes] = mapped_column(LargeBinary)
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"trial {self.person_id}"


async def keep_trial(
    session: AsyncSession, vault: Vault, person_id: int, name: str, language: Language, text: str, now: datetime
) -> None:
    """Keep a lesson's text for its author, in place of the one before."""
    trial = Trial(person_id=person_id, name=name, language=language, tried_at=now)
    trial.sealed_text = vault.seal(text.encode(), trial.seal_place)
    await session.merge(trial)


async def trial_of(session: AsyncSession, vault: Vault, person_id: int) -> tuple[str, Language, str] | None:
    """Name, language and text of what the person is trying; raises CannotOpen."""
    trial = await session.get(Trial, person_id)
    if trial is None:
        return None
    return trial.name, trial.language, vault.open(trial.sealed_text, trial.seal_place).decode()


async def forget_trials(session: AsyncSession, before: datetime) -> None:
    """Drop what was tried before a moment."""
    await session.execute(delete(Trial).where(Trial.tried_at < before))
