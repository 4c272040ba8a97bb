"""The audit: who of the team looked at or changed what. Append-only, numbered, chained by HMAC.

Each entry's mark covers the entry and the mark before it; the head's mark covers how many there are. So an edited,
missing or cut-off entry is found. The database itself refuses UPDATE and DELETE on entries (see the migrations).
"""

import hashlib
import hmac
import json
import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identifier, UtcDateTime, words
from models.upsert import insert_new
from models.vault import KEY_BYTES, CannotOpen, Vault

_KEY_PLACE = "audit key"


class Action(StrEnum):
    """What is written down."""

    RECEIVED = "flag received"
    ADDED = "flag added to"
    LISTED = "queue looked at"
    OPENED = "flag opened"
    READ = "words read"
    CLAIMED = "flag claimed"
    RELEASED = "flag released"
    CLOSED = "flag closed"
    WITHDRAWN = "flag withdrawn"
    DELETED = "flag deleted"
    CONSENTED = "consent given"
    CONSENT_REVOKED = "consent taken back"
    REACH_CHANGED = "reach changed"
    BARRED = "reporter barred"
    UNBARRED = "reporter no longer barred"
    DENIED = "refused"
    REVOKED = "certificate revoked"
    COHORT_MADE = "cohort made"
    COHORT_ENDED = "cohort ended"
    COHORT_SEEN = "cohort looked at"
    FIGURES = "figures looked at"
    EXPORTED = "flags exported"


class AuditEntry(Base):
    """One thing that happened."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(Identifier)
    """The member of the team; None for the person who reported. Not a foreign key: entries outlive people."""
    action: Mapped[Action] = mapped_column(words(Action, "action", closed=False))
    flag_id: Mapped[int | None] = mapped_column(Identifier)
    detail: Mapped[str] = mapped_column(String(64))
    mark: Mapped[bytes] = mapped_column(LargeBinary(32))

    def computed_mark(self, key: bytes, before: bytes) -> bytes:
        """The mark that this entry must carry after an entry with the mark `before`."""
        facts = [
            self.number,
            self.at.isoformat(),
            self.actor_id,
            self.action.value,
            self.flag_id,
            self.detail,
        ]
        return hmac.digest(key, before + json.dumps(facts).encode(), hashlib.sha256)


class AuditHead(Base):
    """The end of the chain, and the key of its marks, sealed."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", "single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    entries: Mapped[int]
    last_mark: Mapped[bytes] = mapped_column(LargeBinary(32))
    mark: Mapped[bytes] = mapped_column(LargeBinary(32))

    def computed_mark(self, key: bytes) -> bytes:
        """The mark of a head that has this many entries and this last one."""
        return hmac.digest(key, b"head" + str(self.entries).encode() + self.last_mark, hashlib.sha256)


async def _head(session: AsyncSession, vault: Vault) -> AuditHead:
    head = await session.get(AuditHead, 1, with_for_update=True)
    if head is None:
        key = secrets.token_bytes(KEY_BYTES)
        first = AuditHead(id=1, sealed_key=vault.seal(key, _KEY_PLACE), entries=0, last_mark=bytes(32))
        row = {
            "id": 1,
            "sealed_key": first.sealed_key,
            "entries": 0,
            "last_mark": first.last_mark,
            "mark": first.computed_mark(key),
        }
        await session.execute(insert_new(session, AuditHead), [row])
        head = await session.get_one(AuditHead, 1, with_for_update=True)
    return head


async def record(
    session: AsyncSession,
    vault: Vault,
    action: Action,
    *,
    now: datetime,
    actor_id: int | None = None,
    flag_id: int | None = None,
    detail: str = "",
) -> None:
    """Write an entry in the transaction of what it's about. `detail` holds codes, never words of a person."""
    head = await _head(session, vault)
    key = vault.open(head.sealed_key, _KEY_PLACE)
    entry = AuditEntry(
        number=head.entries + 1, at=now, actor_id=actor_id, action=action, flag_id=flag_id, detail=detail
    )
    entry.mark = entry.computed_mark(key, head.last_mark)
    session.add(entry)
    head.entries, head.last_mark = entry.number, entry.mark
    head.mark = head.computed_mark(key)


async def verify(session: AsyncSession, vault: Vault) -> list[str]:
    """What is wrong with the audit, in plain words; empty when every entry is as it was written."""
    head = await session.get(AuditHead, 1)
    if head is None:
        count = await session.scalar(select(AuditEntry.number).limit(1))
        return [] if count is None else ["the head of the audit is missing"]
    try:
        key = vault.open(head.sealed_key, _KEY_PLACE)
    except CannotOpen as error:
        return [str(error)]
    faults = [] if hmac.compare_digest(head.mark, head.computed_mark(key)) else ["the head was changed"]
    before, expected = bytes(32), 1
    query = select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000)
    async for entry in await session.stream_scalars(query):
        if entry.number != expected:
            faults.append(f"entries {expected} to {entry.number - 1} are missing")
        elif not hmac.compare_digest(entry.mark, entry.computed_mark(key, before)):
            faults.append(f"entry {entry.number} was changed")
        before, expected = entry.mark, entry.number + 1
    if (head.entries, head.last_mark) != (expected - 1, before):
        faults.append(f"the end is cut off: {head.entries} entries were written, {expected - 1} are here")
    return faults


async def rewrap_audit_key(session: AsyncSession, vault: Vault) -> None:
    """Seal the key of the marks with the newest master key."""
    head = await session.get(AuditHead, 1, with_for_update=True)
    if head is not None:
        head.sealed_key = vault.rewrap(head.sealed_key, _KEY_PLACE)
