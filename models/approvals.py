"""What takes two people: one asks with a reason, another says yes within half an hour, and then it's done once.

The other is a supervisor or an owner, not the one who asked, and no party to what it's about: neither the person who
reported, nor who works on the flag, nor who has read the person's words.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, delete, exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.audit import Action, AuditEntry
from models.base import LARGEST_IDENTIFIER, NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.certificates import Certificate
from models.details import Reach
from models.flag_rights import parties
from models.flags import Flag
from models.merging import part_before_deletion, worker_on, works_on
from models.people import Person
from models.team import OWNING, SUPERVISING, Member, Role, members, role_of
from models.vault import Vault
from models.words import N_

TERM = timedelta(minutes=30)
"""For how long a request waits, and for how long what was approved may be looked at."""
APART = timedelta(minutes=1)
"""So far apart the clocks of replicas may be. What lies further ahead was written before the clock was set back."""
KEPT = timedelta(days=90)
"""How long requests and their reasons are kept."""
REASON_LIMIT = 300
"""Characters of a reason."""


class Kind(StrEnum):
    """What takes two."""

    CONTACT = "contact"
    EXPORT = "export"
    PURGE = "purge"
    REVOCATION = "revocation"


KIND_NAMES = {
    Kind.CONTACT: N_("See how the person can be reached"),
    Kind.EXPORT: N_("Export reports with their full texts"),
    Kind.PURGE: N_("Delete a flag for good"),
    Kind.REVOCATION: N_("Revoke a certificate"),
}
ASKERS: Mapping[Kind, Collection[Role]] = {
    Kind.CONTACT: frozenset(Role),
    Kind.EXPORT: frozenset(Role),
    Kind.PURGE: OWNING,
    Kind.REVOCATION: OWNING,
}
"""Whose request it may be, when it's asked for and still when it's approved."""
READING = frozenset({Action.READ, Action.CONTACT_SEEN})
"""Actions of the audit that make a member a reader of a flag."""


class Standing(StrEnum):
    """Where a request stands; one that nobody decided in time just ran out."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


class Fault(StrEnum):
    """Why somebody can't decide on a request."""

    UNKNOWN = "unknown"
    DECIDED = "decided"
    LATE = "late"
    OWN = "own"
    PARTY = "party"
    LAPSED = "lapsed"
    """Who asked may no longer ask for it."""
    QUIET = "quiet"
    """The news of its flag waits: it may be refused, but not approved."""


_WAITING = text("standing = 'waiting'")


class Approval(Base):
    """A request for a second person's yes."""

    __tablename__ = "approvals"
    __table_args__ = (
        Index("ix_approvals_waiting", "asked_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_approvals_asked_at", "asked_at"),
        CheckConstraint("(standing = 'waiting') = (decided_at IS NULL)", "decided"),
        CheckConstraint("approver_id IS NULL OR approver_id <> requester_id", "two_people"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind", closed=False))
    requester_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    """Who decided."""
    flag_id: Mapped[int | None] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), index=True)
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificates.id", ondelete="CASCADE"), index=True)
    scope: Mapped[str] = mapped_column(String(64), default="")
    """What an export is to hold, in codes; empty for all else."""
    sealed_reason: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Why, in the words of who asked; gone with a purged flag."""
    standing: Mapped[Standing] = mapped_column(words(Standing, "standing"), default=Standing.WAITING)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"approval {self.kind} by {self.requester_id} at {self.asked_at.isoformat()}"

    def reason(self, vault: Vault) -> str:
        """Why it was asked for; raises CannotOpen."""
        return vault.open(self.sealed_reason, self.seal_place).decode() if self.sealed_reason else ""

    def rekey(self, vault: Vault) -> None:
        """Seal the reason with the newest key."""
        if self.sealed_reason is not None:
            self.sealed_reason = vault.rewrap(self.sealed_reason, self.seal_place)

    def is_over(self, now: datetime) -> bool:
        """Whether its half hour has passed: to decide, and once decided, to use it.

        Where the clock was set back it's over too: nobody knows how long it has waited.
        """
        since = self.decided_at or self.asked_at
        return not since - APART <= now < since + TERM


async def may_ask(session: AsyncSession, kind: Kind, person_id: int, now: datetime, flag: Flag | None = None) -> bool:
    """Whether this member may ask for that now; of a flag whose news waits, nobody may."""
    return not _is_quiet(flag, now) and await _is_theirs_to_ask(session, kind, person_id, flag)


def _is_quiet(flag: Flag | None, now: datetime) -> bool:
    return flag is not None and flag.is_quiet(now)


async def _is_theirs_to_ask(session: AsyncSession, kind: Kind, person_id: int, flag: Flag | None) -> bool:
    """Whether it may be this member's request, now or once the news of the flag is told."""
    if await role_of(session, person_id) not in ASKERS[kind]:
        return False
    if kind is Kind.CONTACT:
        if flag is None or not await works_on(session, flag, person_id):
            return False
        return flag.reach is Reach.CONTACT and flag.sealed_contact is not None
    if kind is Kind.PURGE:
        return flag is not None and person_id not in await parties(session, flag)
    return True


async def ask(
    session: AsyncSession,
    vault: Vault,
    kind: Kind,
    *,
    requester_id: int,
    reason: str,
    now: datetime,
    flag_id: int | None = None,
    certificate_id: int | None = None,
    scope: str = "",
) -> Approval:
    """Ask for it; the same request that still waits is asked anew, with the newer reason."""
    same = select(Approval).where(
        Approval.kind == kind,
        Approval.requester_id == requester_id,
        Approval.flag_id.is_(None) if flag_id is None else Approval.flag_id == flag_id,
        Approval.certificate_id.is_(None) if certificate_id is None else Approval.certificate_id == certificate_id,
        Approval.scope == scope,
        Approval.standing == Standing.WAITING,
    )
    for earlier in await session.scalars(same.with_for_update()):
        await session.delete(earlier)
    approval = Approval(
        kind=kind,
        requester_id=requester_id,
        flag_id=flag_id,
        certificate_id=certificate_id,
        scope=scope,
        standing=Standing.WAITING,
        asked_at=now,
    )
    approval.sealed_reason = vault.seal(reason.encode(), approval.seal_place)
    session.add(approval)
    await session.flush()
    return approval


async def approval_of(session: AsyncSession, approval_id: int) -> Approval | None:
    """A request by number, as it is now and nobody else's to decide until the transaction ends.

    So is the flag that it's about: what was found out about it still holds when the request is decided. It's locked
    before its requests, as everywhere.
    """
    if not 0 < approval_id <= LARGEST_IDENTIFIER:
        return None
    flag_id = await session.scalar(select(Approval.flag_id).where(Approval.id == approval_id))
    if flag_id is not None:
        await session.get(Flag, flag_id, with_for_update={"of": Flag}, populate_existing=True)
    query = select(Approval).where(Approval.id == approval_id).with_for_update(of=Approval)
    return await session.scalar(query.execution_options(populate_existing=True))


async def fault_of(session: AsyncSession, approval: Approval, person_id: int, now: datetime) -> Fault | None:
    """What keeps this person from deciding on the request; None if they may.

    That news waits is found last: nobody who has to do with the flag learns of it here.
    """
    if await role_of(session, person_id) not in SUPERVISING:
        return Fault.UNKNOWN
    if approval.requester_id == person_id:
        return Fault.OWN
    if approval.standing is not Standing.WAITING:
        return Fault.DECIDED
    if approval.is_over(now):
        return Fault.LATE
    flag = await session.get(Flag, approval.flag_id) if approval.flag_id is not None else None
    if not await _is_theirs_to_ask(session, approval.kind, approval.requester_id, flag):
        return Fault.LAPSED
    if await _is_party(session, approval.flag_id, approval.certificate_id, person_id):
        return Fault.PARTY
    return Fault.QUIET if _is_quiet(flag, now) else None


async def _is_party(session: AsyncSession, flag_id: int | None, certificate_id: int | None, person_id: int) -> bool:
    if certificate_id is not None:
        certificate = await session.get(Certificate, certificate_id)
        return certificate is not None and certificate.person_id == person_id
    if flag_id is None:
        return False
    flag = await session.get_one(Flag, flag_id)
    if person_id in {flag.reviewer_id, await worker_on(session, flag)} | await parties(session, flag):
        return True
    read = exists().where(
        AuditEntry.actor_id == person_id, AuditEntry.flag_id == flag_id, AuditEntry.action.in_(READING)
    )
    return bool(await session.scalar(select(read)))


async def decide(
    session: AsyncSession, approval: Approval, person_id: int, *, approved: bool, now: datetime
) -> Fault | None:
    """Say yes or no, once; what keeps this person from it, if anything does. The row must come from `approval_of`."""
    fault = await fault_of(session, approval, person_id, now)
    if fault is Fault.QUIET and not approved:
        fault = None
    if fault is None:
        approval.standing = Standing.APPROVED if approved else Standing.REFUSED
        approval.approver_id, approval.decided_at = person_id, now
    return fault


async def approvers(
    session: AsyncSession, requester_id: int, *, flag_id: int | None = None, certificate_id: int | None = None
) -> list[tuple[Member, Person]]:
    """Who might say yes to such a request; nobody, if the team has no second person for it."""
    return [
        (member, person)
        for member, person in await members(session)
        if member.role in SUPERVISING
        and member.person_id != requester_id
        and not await _is_party(session, flag_id, certificate_id, member.person_id)
    ]


async def waiting_for(session: AsyncSession, person_id: int, now: datetime) -> Sequence[Approval]:
    """The requests on which this person may decide now, if only with a no, the oldest first."""
    query = select(Approval).where(_WAITING, Approval.asked_at.between(now - TERM, now + APART))
    query = query.order_by(Approval.asked_at, Approval.id)
    found = (await session.scalars(query)).all()
    decidable = {None, Fault.QUIET}
    return [approval for approval in found if await fault_of(session, approval, person_id, now) in decidable]


async def granted(
    session: AsyncSession, kind: Kind, person_id: int, now: datetime, flag_id: int | None = None
) -> Approval | None:
    """The newest yes to this member's request that is less than half an hour old, by a clock that wasn't set back."""
    query = select(Approval).where(
        Approval.kind == kind,
        Approval.requester_id == person_id,
        Approval.flag_id.is_(None) if flag_id is None else Approval.flag_id == flag_id,
        Approval.standing == Standing.APPROVED,
        Approval.decided_at > now - TERM,
        Approval.decided_at <= now + APART,
    )
    return await session.scalar(query.order_by(Approval.id.desc()).limit(1))


async def purge(session: AsyncSession, approval: Approval) -> bool:
    """Delete the flag of an approved request, its key with it; False if it was gone already.

    The request stays, without the flag and without its reason, so that who asked finds the answer.
    """
    flag_id, approval.flag_id, approval.sealed_reason = approval.flag_id, None, None
    await session.flush()
    await part_before_deletion(session, Flag.id == flag_id)
    gone = await session.scalar(delete(Flag).where(Flag.id == flag_id).returning(Flag.id))
    return gone is not None


async def forget_approvals(session: AsyncSession, before: datetime) -> None:
    """Drop requests from before a moment."""
    await session.execute(delete(Approval).where(Approval.asked_at < before))
