"""What the team writes about a flag for itself: notes, and the reasons of its decisions.

Sealed with the key of the flag, so that it goes with it. The person who reported is never shown any of it.
"""

import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identifier, UtcDateTime, words
from models.flags import Flag
from models.vault import Vault

NOTE_LIMIT, REASON_LIMIT = 4000, 500
"""Characters of a note, and of the reason of a decision, as Telegram counts them."""


class Kind(StrEnum):
    """A note of its own, or the reason of which decision."""

    NOTE = "note"
    CLOSED = "closed"
    REOPENED = "reopened"
    RECATEGORISED = "recategorised"
    SEVERITY = "severity"
    SECOND_LOOK = "second look"


class Note(Base):
    """Something that a member of the team wrote about a flag."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    uid: Mapped[bytes] = mapped_column(LargeBinary(16))
    """Random; ties the sealed text to this row."""
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind", closed=False))
    sealed_text: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def _place(self) -> str:
        return f"note {self.uid.hex()}"

    def text(self, vault: Vault, flag: Flag) -> str:
        """What was written about this flag; a reason that was picked is a text of the catalogues."""
        return flag.open_part(vault, self.sealed_text, self._place)


async def write_note(
    session: AsyncSession, vault: Vault, flag: Flag, author_id: int, kind: Kind, text: str, now: datetime
) -> Note:
    """Keep a note about a flag."""
    uid = secrets.token_bytes(16)
    note = Note(uid=uid, flag_id=flag.id, author_id=author_id, kind=kind, written_at=now)
    note.sealed_text = flag.seal_part(vault, text, note._place)
    session.add(note)
    await session.flush()
    return note


async def count_notes(session: AsyncSession, flag_id: int) -> int:
    """How many there are about a flag."""
    return await session.scalar(select(func.count()).select_from(Note).where(Note.flag_id == flag_id)) or 0


async def note_at(session: AsyncSession, flag_id: int, at: int) -> Note | None:
    """The one at a position, the oldest at 0."""
    query = select(Note).where(Note.flag_id == flag_id).order_by(Note.id).offset(at).limit(1)
    return await session.scalar(query)


async def newest_reason(session: AsyncSession, flag_id: int, kind: Kind) -> Note | None:
    """The last one of a kind about a flag."""
    query = select(Note).where(Note.flag_id == flag_id, Note.kind == kind).order_by(Note.id.desc()).limit(1)
    return await session.scalar(query)
