"""Where a person is in a conversation: the state and data of the bot framework, sealed, one row a person."""

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime
from models.vault import Vault

KEPT = timedelta(days=1)
"""For how long a conversation is kept that nobody goes on with: it may hold words, or a code."""


class Conversation(Base):
    """A conversation that has begun. No row means: nothing is being asked."""

    __tablename__ = "conversations"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"conversation {self.person_id}"

    def read(self, vault: Vault) -> tuple[str | None, dict[str, Any]]:
        """The state's name and its data; raises CannotOpen."""
        state, data = json.loads(vault.open(self.sealed, self.seal_place))
        return state, data

    def write(self, vault: Vault, state: str | None, data: dict[str, Any], now: datetime) -> None:
        """Keep the state and its data (JSON values only)."""
        plain = json.dumps([state, data], ensure_ascii=False).encode()
        self.sealed = vault.seal(plain, self.seal_place)
        self.changed_at = now


async def forget_conversations(session: AsyncSession, before: datetime) -> None:
    """Delete the conversations that nobody has gone on with since a moment."""
    await session.execute(delete(Conversation).where(Conversation.changed_at < before))
