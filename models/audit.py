"""The audit: who of the team looked at or changed what. Append-only, numbered, chained by HMAC.

Each entry's mark covers the entry and the mark before it; the head's mark covers how many there are. So an edited,
missing or cut-off entry is found. The database itself refuses UPDATE and DELETE on entries (see the migrations).
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import CheckConstraint, ColumnElement, Index, LargeBinary, String, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from models.base import Base, Identifier, UtcDateTime, words
from models.upsert import insert_new
from models.vault import KEY_BYTES, CannotOpen, Vault
from models.words import N_

DENIED_AN_HOUR = 5
"""So many refused tries of one person are written down in an hour: a flood must not fill the audit."""
_KEY_PLACE = "audit key"
_ANCHOR_DIGITS = 16


class Action(StrEnum):
    """What is written down."""

    RECEIVED = "flag received"
    ADDED = "flag added to"
    LISTED = "queue looked at"
    OPENED = "flag opened"
    READ = "words read"
    CLAIMED = "flag claimed"
    RELEASED = "flag released"
    RECATEGORISED = "flag recategorised"
    SEVERITY_SET = "severity set"
    MERGED = "flag merged"
    PARTED = "flag parted"
    CLOSED = "flag closed"
    REOPENED = "flag reopened"
    NOTED = "note written"
    NOTES_READ = "notes read"
    SEARCHED = "searched"
    EVIDENCE = "evidence seen"
    PIECE_REMOVED = "evidence removed"
    QUESTIONED = "person asked"
    ANSWERED = "person wrote"
    TALK = "talk read"
    WITHDRAWN = "flag withdrawn"
    DELETED = "flag deleted"
    CONSENTED = "consent given"
    CONSENT_REVOKED = "consent taken back"
    REACH_CHANGED = "reach changed"
    ON_CALL = "on call"
    OFF_CALL = "off call"
    BARRED = "reporter barred"
    UNBARRED = "reporter no longer barred"
    DENIED = "refused"
    REVOKED = "certificate revoked"
    COHORT_MADE = "cohort made"
    COHORT_ENDED = "cohort ended"
    COHORT_SEEN = "cohort looked at"
    FIGURES = "figures looked at"
    STATEMENT = "statement made"
    PASSPHRASE_SET = "passphrase set"
    PASSPHRASE_REMOVED = "passphrase removed"
    WRONG_PASSPHRASE = "wrong passphrase"
    OPENED_ELSEWHERE = "opened from another account"
    CLOSED_ELSEWHERE = "closed for other accounts"
    HANDED_OVER = "flag handed over"
    CONTACT_SEEN = "contact looked at"
    PURGED = "flag purged"
    ASKED = "approval asked for"
    APPROVED = "approved"
    REFUSED = "approval refused"
    APPROVALS_SEEN = "approvals looked at"
    TEAM_SEEN = "team looked at"
    INVITED = "member invited"
    UNINVITED = "invitation withdrawn"
    JOINED = "member joined"
    ROLE_CHANGED = "role changed"
    REMOVED = "member removed"
    LEFT = "member left"
    AUDIT_SEEN = "audit looked at"
    DRIVER_ASKED = "driver to be asked"
    DRIVER_NOT_ASKED = "driver not to be asked"
    DRIVER_TOLD = "driver told"
    DRIVER_ANSWERED = "driver answered"
    DRIVER_DECLINED = "driver says nothing"
    ANSWER_READ = "driver's answer read"
    REMEDY_DROPPED = "remedy dropped"
    LESSON_PASSED = "lesson passed"
    DRIVER_APPEALED = "driver asks for second look"
    REPORTER_APPEALED = "person asks for second look"
    APPEAL_READ = "appeal read"
    APPEAL_DECIDED = "second look given"
    BROADCASTS_SEEN = "broadcasts looked at"
    BROADCAST_MADE = "broadcast made"
    BROADCAST_STARTED = "broadcast started"
    BROADCAST_PAUSED = "broadcast paused"
    BROADCAST_RESUMED = "broadcast resumed"
    BROADCAST_CANCELLED = "broadcast cancelled"
    BROADCAST_ENDED = "broadcast ended"
    EXPORTED = "flags exported"
    FORGOTTEN = "flags forgotten"


ACTION_NAMES = {
    Action.RECEIVED: N_("flag received"),
    Action.ADDED: N_("flag added to"),
    Action.LISTED: N_("queue looked at"),
    Action.OPENED: N_("flag opened"),
    Action.READ: N_("person's words read"),
    Action.CLAIMED: N_("flag claimed"),
    Action.RELEASED: N_("flag released"),
    Action.RECATEGORISED: N_("category of a flag changed"),
    Action.SEVERITY_SET: N_("severity of a flag changed"),
    Action.MERGED: N_("flag put together with another"),
    Action.PARTED: N_("flag looked at on its own again"),
    Action.CLOSED: N_("flag closed"),
    Action.REOPENED: N_("flag reopened"),
    Action.NOTED: N_("note written"),
    Action.NOTES_READ: N_("notes read"),
    Action.SEARCHED: N_("flags searched for"),
    Action.EVIDENCE: N_("evidence looked at"),
    Action.PIECE_REMOVED: N_("evidence removed by its person"),
    Action.QUESTIONED: N_("person asked"),
    Action.ANSWERED: N_("person wrote"),
    Action.TALK: N_("talk read"),
    Action.WITHDRAWN: N_("flag withdrawn"),
    Action.DELETED: N_("flag deleted by its person"),
    Action.DENIED: N_("try refused"),
    Action.REVOKED: N_("certificate revoked"),
    Action.STATEMENT: N_("statement made"),
    Action.PASSPHRASE_SET: N_("passphrase set"),
    Action.PASSPHRASE_REMOVED: N_("passphrase removed"),
    Action.WRONG_PASSPHRASE: N_("wrong passphrase"),
    Action.OPENED_ELSEWHERE: N_("opened from another account"),
    Action.CLOSED_ELSEWHERE: N_("closed for other accounts"),
    Action.CONSENTED: N_("consent given"),
    Action.CONSENT_REVOKED: N_("consent taken back"),
    Action.REACH_CHANGED: N_("changed whether questions are allowed"),
    Action.ON_CALL: N_("went on call"),
    Action.OFF_CALL: N_("went off call"),
    Action.BARRED: N_("reporter barred"),
    Action.UNBARRED: N_("reporter no longer barred"),
    Action.COHORT_MADE: N_("cohort made"),
    Action.COHORT_ENDED: N_("cohort ended"),
    Action.COHORT_SEEN: N_("cohort looked at"),
    Action.FIGURES: N_("figures looked at"),
    Action.HANDED_OVER: N_("flag handed over"),
    Action.CONTACT_SEEN: N_("contact looked at"),
    Action.PURGED: N_("flag deleted for good"),
    Action.ASKED: N_("approval asked for"),
    Action.APPROVED: N_("approved by a second person"),
    Action.REFUSED: N_("not approved"),
    Action.APPROVALS_SEEN: N_("requests for approval looked at"),
    Action.TEAM_SEEN: N_("team looked at"),
    Action.INVITED: N_("member invited"),
    Action.UNINVITED: N_("invitation withdrawn"),
    Action.JOINED: N_("member joined"),
    Action.ROLE_CHANGED: N_("role changed"),
    Action.REMOVED: N_("member removed"),
    Action.LEFT: N_("left the team"),
    Action.AUDIT_SEEN: N_("audit looked at"),
    Action.DRIVER_ASKED: N_("driver to be asked for their view"),
    Action.DRIVER_NOT_ASKED: N_("driver not to be asked after all"),
    Action.DRIVER_TOLD: N_("driver told"),
    Action.DRIVER_ANSWERED: N_("driver answered"),
    Action.DRIVER_DECLINED: N_("driver would rather say nothing"),
    Action.ANSWER_READ: N_("driver's answer read"),
    Action.REMEDY_DROPPED: N_("advice or lesson for the driver taken back"),
    Action.LESSON_PASSED: N_("lesson passed"),
    Action.DRIVER_APPEALED: N_("driver asked for a second look"),
    Action.REPORTER_APPEALED: N_("person asked for a second look"),
    Action.APPEAL_READ: N_("reasons for a second look read"),
    Action.APPEAL_DECIDED: N_("second look given"),
    Action.BROADCASTS_SEEN: N_("broadcasts looked at"),
    Action.BROADCAST_MADE: N_("broadcast made"),
    Action.BROADCAST_STARTED: N_("broadcast started"),
    Action.BROADCAST_PAUSED: N_("broadcast paused"),
    Action.BROADCAST_RESUMED: N_("broadcast resumed"),
    Action.BROADCAST_CANCELLED: N_("broadcast cancelled"),
    Action.BROADCAST_ENDED: N_("broadcast ended"),
    Action.EXPORTED: N_("flags exported"),
    Action.FORGOTTEN: N_("flags deleted whose time had come"),
}
"""As owners see them."""


BY_DRIVER = frozenset({Action.DRIVER_ANSWERED, Action.DRIVER_DECLINED, Action.LESSON_PASSED, Action.DRIVER_APPEALED})
"""What the driver did, whom no entry names."""
BY_BOT = frozenset(
    {
        Action.DRIVER_TOLD,
        Action.DRIVER_NOT_ASKED,
        Action.REMEDY_DROPPED,
        Action.FORGOTTEN,
        Action.RELEASED,
        Action.PARTED,
        Action.REOPENED,
        Action.SEVERITY_SET,
    }
)
"""What nobody did, where the entry names nobody: its moment had come, or it follows from something else."""
KEPT_OF_ANY = frozenset(
    {
        Action.STATEMENT,
        Action.PASSPHRASE_SET,
        Action.PASSPHRASE_REMOVED,
        Action.WRONG_PASSPHRASE,
        Action.OPENED_ELSEWHERE,
        Action.CLOSED_ELSEWHERE,
    }
)
"""What holders do that is written down of every flag, also of one that the team doesn't know of."""


class Group(StrEnum):
    """Actions that are looked for together."""

    FLAGS = "flags"
    SECOND = "second"
    TEAM = "team"
    COURSE = "course"
    DENIED = "denied"


GROUP_NAMES = {
    Group.FLAGS: N_("Flags"),
    Group.SECOND: N_("Approvals"),
    Group.TEAM: N_("Team, audit, broadcasts"),
    Group.COURSE: N_("Certificates, cohorts, figures"),
    Group.DENIED: N_("Refused tries"),
}
_GROUPS_BUT_FLAGS = {
    Group.SECOND: {
        Action.ASKED,
        Action.APPROVED,
        Action.REFUSED,
        Action.APPROVALS_SEEN,
        Action.CONTACT_SEEN,
        Action.PURGED,
    },
    Group.TEAM: {
        Action.TEAM_SEEN,
        Action.INVITED,
        Action.UNINVITED,
        Action.JOINED,
        Action.ROLE_CHANGED,
        Action.REMOVED,
        Action.LEFT,
        Action.AUDIT_SEEN,
        Action.ON_CALL,
        Action.OFF_CALL,
        Action.BROADCASTS_SEEN,
        Action.BROADCAST_MADE,
        Action.BROADCAST_STARTED,
        Action.BROADCAST_PAUSED,
        Action.BROADCAST_RESUMED,
        Action.BROADCAST_CANCELLED,
        Action.BROADCAST_ENDED,
    },
    Group.COURSE: {
        Action.REVOKED,
        Action.COHORT_MADE,
        Action.COHORT_ENDED,
        Action.COHORT_SEEN,
        Action.FIGURES,
        Action.EXPORTED,
    },
    Group.DENIED: {Action.DENIED},
}
GROUPS = {Group.FLAGS: set(Action).difference(*_GROUPS_BUT_FLAGS.values()), **_GROUPS_BUT_FLAGS}
"""What belongs to each group; all that belongs to none of the others is about flags."""


class AuditEntry(Base):
    """One thing that happened."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_at", "at"),
        Index("ix_audit_actor_id", "actor_id", "number"),
    )

    number: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(Identifier)
    """The member of the team; None for the person whose flag it is. Not a foreign key: entries outlive people."""
    action: Mapped[Action] = mapped_column(words(Action, "action", closed=False))
    flag_id: Mapped[int | None] = mapped_column(Identifier, index=True)
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


async def record_denied(
    session: AsyncSession, vault: Vault, person_id: int | None, detail: str, now: datetime, flag_id: int | None = None
) -> None:
    """Write down that somebody without the right tried a thing, a few times an hour at most.

    Without a `person_id` it was the person whose flag it is, whom no entry names: so often then for each flag.
    """
    query = select(func.count()).where(
        AuditEntry.actor_id == person_id, AuditEntry.action == Action.DENIED, AuditEntry.at > now - timedelta(hours=1)
    )
    if person_id is None:
        query = query.where(AuditEntry.flag_id == flag_id)
    if (await session.scalar(query) or 0) < DENIED_AN_HOUR:
        entry = {"actor_id": person_id, "flag_id": flag_id}
        await record(session, vault, Action.DENIED, now=now, detail=detail[:64], **entry)


# looking through it


async def entries(
    session: AsyncSession,
    *which: ColumnElement[bool],
    limit: int,
    skip: int = 0,
    since: datetime | None = None,
    actor_id: int | None = None,
    actions: Collection[Action] | None = None,
    flag_id: int | None = None,
) -> Sequence[AuditEntry]:
    """The newest entries of which all that is given is true, after so many of them.

    As the team may read them: nothing tells of a flag that never came to it. So a page begins at a place among those
    that are shown: by the numbers of two entries one could count what isn't shown between them.
    """
    query = select(AuditEntry).where(or_(AuditEntry.action.not_in(KEPT_OF_ANY), _came_to_team()), *which)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if actor_id is not None:
        query = query.where(AuditEntry.actor_id == actor_id)
    if actions is not None:
        query = query.where(AuditEntry.action.in_(actions))
    if flag_id is not None:
        query = query.where(AuditEntry.flag_id == flag_id)
    return (await session.scalars(query.order_by(AuditEntry.number.desc()).offset(skip).limit(limit))).all()


def _came_to_team() -> ColumnElement[bool]:
    """A condition for entries: the flag that they are about was received, by now."""
    received = aliased(AuditEntry)
    return exists().where(received.flag_id == AuditEntry.flag_id, received.action == Action.RECEIVED)


async def history_of(
    session: AsyncSession, flag_id: int, actions: Collection[Action], limit: int, *which: ColumnElement[bool]
) -> tuple[Sequence[AuditEntry], list[int]]:
    """The newest entries of these actions about a flag, oldest first; and who of the team is in any of them.

    Only entries for which further conditions hold. The members stand in the order in which they first appear, so that
    they can be counted without being named.
    """
    about = (AuditEntry.flag_id == flag_id, AuditEntry.action.in_(actions), *which)
    newest = select(AuditEntry).where(*about).order_by(AuditEntry.number.desc()).limit(limit)
    entries = (await session.scalars(newest)).all()
    actors = select(AuditEntry.actor_id).where(*about, AuditEntry.actor_id.is_not(None)).group_by(AuditEntry.actor_id)
    members = await session.scalars(actors.order_by(func.min(AuditEntry.number)))
    return entries[::-1], [member for member in members if member is not None]


# proving it


class Anchor(NamedTuple):
    """Where the audit stood once, kept outside the database: how many entries, and the mark of the last."""

    entries: int
    mark: str
    """16 hexadecimal digits, the beginning of the mark."""

    def __str__(self) -> str:
        return f"{self.entries}:{self.mark}"

    @classmethod
    def read(cls, text: str) -> "Anchor":
        """The anchor that a text such as "1532:0a1b2c3d4e5f6071" names; raises ValueError."""
        count, _, mark = text.strip().lower().partition(":")
        if not (count.isascii() and count.isdigit() and int(count) > 0):
            raise ValueError("an anchor begins with the number of entries")
        if len(bytes.fromhex(mark)) * 2 != _ANCHOR_DIGITS or len(mark) != _ANCHOR_DIGITS:
            raise ValueError("an anchor ends with 16 hexadecimal digits")
        return cls(int(count), mark)


async def anchor(session: AsyncSession) -> Anchor | None:
    """Where the audit stands now; None as long as it's empty."""
    head = await session.get(AuditHead, 1)
    if head is None or head.entries == 0:
        return None
    return Anchor(head.entries, head.last_mark.hex()[:_ANCHOR_DIGITS])


async def verify(session: AsyncSession, vault: Vault, anchors: Collection[Anchor] = ()) -> list[str]:
    """What is wrong with the audit, in plain words; empty when every entry is as it was written.

    `anchors` find what the database alone can't show: an audit that was cut or written anew together with its head.
    """
    head = await session.get(AuditHead, 1)
    if head is None:
        count = await session.scalar(select(AuditEntry.number).limit(1))
        return [] if count is None and not anchors else ["the head of the audit is missing"]
    try:
        key = vault.open(head.sealed_key, _KEY_PLACE)
    except CannotOpen as error:
        return [str(error)]
    faults = [] if hmac.compare_digest(head.mark, head.computed_mark(key)) else ["the head was changed"]
    before, expected, there = bytes(32), 1, {anchor.entries: "" for anchor in anchors}
    query = select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000)
    async for entry in await session.stream_scalars(query):
        if entry.number != expected:
            faults.append(f"entries {expected} to {entry.number - 1} are missing")
        elif not hmac.compare_digest(entry.mark, entry.computed_mark(key, before)):
            faults.append(f"entry {entry.number} was changed")
        if entry.number in there:
            there[entry.number] = entry.mark.hex()[:_ANCHOR_DIGITS]
        before, expected = entry.mark, entry.number + 1
    if (head.entries, head.last_mark) != (expected - 1, before):
        faults.append(f"the end is cut off: {head.entries} entries were written, {expected - 1} are here")
    for held in anchors:
        if not there[held.entries]:
            faults.append(f"the anchor {held} is of {held.entries} entries, {expected - 1} are here")
        elif not hmac.compare_digest(there[held.entries], held.mark):
            faults.append(f"entry {held.entries} is not the one of the anchor {held}")
    return faults


async def rewrap_audit_key(session: AsyncSession, vault: Vault) -> None:
    """Seal the key of the marks with the newest master key."""
    head = await session.get(AuditHead, 1, with_for_update=True)
    if head is not None:
        head.sealed_key = vault.rewrap(head.sealed_key, _KEY_PLACE)
