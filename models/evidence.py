"""Evidence: photos and voice messages of a report, each sealed with a key of its own.

A piece belongs to a draft until that is sent, then to its flag; or to one message of the talk about a flag. Noted at
once, it's fetched from Telegram and checked later: until then only its file id is here, and that is sealed too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    delete,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, undefer

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.drafts import Draft
from models.handles import Handled, new_uid, uid_of
from models.vault import Box, Vault

LARGEST = 20 * 1024 * 1024
"""Bytes of a piece as it comes; more than that Telegram gives to no bot."""
LONGEST_VOICE = timedelta(minutes=5)
TALK_LIMIT = 10
"""How many pieces of a kind one side may send in the talk about one flag."""


class Kind(StrEnum):
    """What it is."""

    PHOTO = "photo"
    VOICE = "voice"


LIMITS = {Kind.PHOTO: 5, Kind.VOICE: 3}
"""How many pieces of each kind a report may have."""


class Status(StrEnum):
    """Where a piece stands."""

    WAITING = "waiting"
    """Still to be fetched."""
    STORED = "stored"
    REFUSED = "refused"
    """It was not what it was sent as, or Telegram doesn't give it out; nothing of it is kept."""


_OF_DRAFT = text("draft IS NOT NULL")


class Evidence(Handled, Base):
    """One photo or voice message."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_draft", "person_id", "draft", sqlite_where=_OF_DRAFT, postgresql_where=_OF_DRAFT),
        CheckConstraint("(draft IS NULL) <> (flag_id IS NULL)", "of_draft_or_flag"),
        CheckConstraint("talk_id IS NULL OR flag_id IS NOT NULL", "talk_of_flag"),
        CheckConstraint("(status = 'waiting') = (sealed_file IS NOT NULL)", "file_while_waiting"),
        CheckConstraint("(status = 'stored') = (sealed_content IS NOT NULL)", "content_once_stored"),
        CheckConstraint("(kind = 'voice') = (seconds IS NOT NULL)", "voice_has_seconds"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    uid: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    """Random; ties the wrapped key to this row, and is its handle."""
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    """Who sent it."""
    flag_id: Mapped[int | None] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), index=True)
    talk_id: Mapped[int | None] = mapped_column(ForeignKey("talk.id", ondelete="CASCADE"), index=True)
    """The message that it is, if it was sent in the talk."""
    draft: Mapped[str | None] = mapped_column(String(16))
    """The key of the draft that it belongs to, until that is sent."""
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind"))
    status: Mapped[Status] = mapped_column(words(Status, "status"), default=Status.WAITING)
    seconds: Mapped[int | None] = mapped_column(default=None)
    size: Mapped[int]
    """Bytes: as Telegram says while it waits, of the content once that is stored."""
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_file: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """The file id in Telegram, while it waits."""
    sealed_content: Mapped[bytes | None] = mapped_column(LargeBinary, default=None, deferred=True)
    """Megabytes, so loaded only by `content_of`."""

    @property
    def _key_place(self) -> str:
        return f"evidence {self.uid.hex()}"

    def _box(self, vault: Vault) -> Box:
        return vault.unwrap(self.wrapped_key, self._key_place)

    def file_id(self, vault: Vault) -> str:
        """The file id in Telegram; empty once it's fetched or refused."""
        return self._box(vault).open(self.sealed_file, "file").decode() if self.sealed_file else ""

    def seal(self, vault: Vault, content: bytes) -> bytes:
        """The content as it's to be stored; megabytes take a moment, so outside of any transaction."""
        return self._box(vault).seal(content, "content")

    def store(self, sealed: bytes, size: int) -> None:
        """Keep the content that `seal` gave, `size` bytes when open."""
        self.status, self.sealed_file, self.sealed_content, self.size = Status.STORED, None, sealed, size

    def refuse(self) -> None:
        """Keep nothing of it but that it came."""
        self.status, self.sealed_file, self.size = Status.REFUSED, None, 0

    def rekey(self, vault: Vault) -> None:
        """Move its key to the newest master key."""
        self.wrapped_key = vault.rewrap(self.wrapped_key, self._key_place)


async def add_piece(
    session: AsyncSession,
    vault: Vault,
    *,
    person_id: int,
    kind: Kind,
    file_id: str,
    size: int,
    now: datetime,
    seconds: int | None = None,
    draft: str | None = None,
    flag_id: int | None = None,
    talk_id: int | None = None,
) -> Evidence:
    """Note a piece that came, for a draft, a flag or a message of its talk; `seconds` only of a voice message."""
    uid = new_uid()
    box, wrapped_key = vault.new_key(f"evidence {uid.hex()}")
    piece = Evidence(
        uid=uid,
        person_id=person_id,
        kind=kind,
        status=Status.WAITING,
        seconds=seconds,
        size=size,
        received_at=now,
        draft=draft,
        flag_id=flag_id,
        talk_id=talk_id,
        wrapped_key=wrapped_key,
        sealed_file=box.seal(file_id.encode(), "file"),
    )
    session.add(piece)
    await session.flush()
    return piece


async def pieces_of_draft(session: AsyncSession, person_id: int, draft: str) -> Sequence[Evidence]:
    """What a person has sent for a draft, oldest first; without what was refused."""
    mine = (Evidence.person_id == person_id, Evidence.draft == draft)
    query = select(Evidence).where(*mine, Evidence.status != Status.REFUSED).order_by(Evidence.id)
    return (await session.scalars(query)).all()


async def pieces_of_flag(session: AsyncSession, flag_id: int) -> Sequence[Evidence]:
    """What belongs to a flag itself, not to its talk, oldest first; without what was refused."""
    its = (Evidence.flag_id == flag_id, Evidence.talk_id.is_(None))
    query = select(Evidence).where(*its, Evidence.status != Status.REFUSED).order_by(Evidence.id)
    return (await session.scalars(query)).all()


async def sent_in_talk(session: AsyncSession, flag_id: int, person_id: int, kind: Kind) -> int:
    """How many pieces of a kind a person has sent in the talk about a flag."""
    theirs = (Evidence.flag_id == flag_id, Evidence.person_id == person_id, Evidence.kind == kind)
    query = select(func.count()).where(*theirs, Evidence.talk_id.is_not(None), Evidence.status != Status.REFUSED)
    return await session.scalar(query) or 0


async def attach(session: AsyncSession, person_id: int, draft: str, flag_id: int) -> None:
    """What was sent for a draft belongs to the flag that came of it."""
    mine = (Evidence.person_id == person_id, Evidence.draft == draft)
    await session.execute(update(Evidence).where(*mine).values(draft=None, flag_id=flag_id))


async def locked_piece(session: AsyncSession, piece_id: int) -> Evidence | None:
    """A piece as it is now, nobody else's to change until the transaction ends."""
    return await _locked(session, Evidence.id == piece_id)


async def own_piece(session: AsyncSession, person_id: int, handle: str) -> Evidence | None:
    """The same of what this person sent. Any handle may be asked for: it may come from a forged button."""
    uid = uid_of(handle)
    return await _locked(session, Evidence.uid == uid, Evidence.person_id == person_id) if uid is not None else None


async def _locked(session: AsyncSession, *conditions: ColumnElement[bool]) -> Evidence | None:
    query = select(Evidence).where(*conditions).with_for_update(of=Evidence)
    return await session.scalar(query.execution_options(populate_existing=True))


async def content_of(session: AsyncSession, vault: Vault, piece_id: int) -> bytes | None:
    """The content of a piece, once it's stored; raises CannotOpen."""
    query = select(Evidence).where(Evidence.id == piece_id).options(undefer(Evidence.sealed_content))
    found = await session.scalar(query)
    if found is None or found.sealed_content is None:
        return None
    return found._box(vault).open(found.sealed_content, "content")


async def forget_of_draft(session: AsyncSession, person_id: int, draft: str) -> None:
    """Delete what was sent for a draft, with its keys."""
    await session.execute(delete(Evidence).where(Evidence.person_id == person_id, Evidence.draft == draft))


async def forget_of_lost_drafts(session: AsyncSession) -> None:
    """Delete what was sent for drafts that are no longer there."""
    lives = exists().where(Draft.person_id == Evidence.person_id, Draft.key == Evidence.draft)
    await session.execute(delete(Evidence).where(_OF_DRAFT, ~lives).execution_options(synchronize_session=False))
