"""Appeals: once, the driver or whoever reported may ask that somebody else looks at how a flag was closed.

Whoever closed it can't decide on the appeal: the query says so, and a constraint of the table too. An appeal about a
duplicate is decided on its main flag: what comes of that one comes of all that were closed with it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import LARGEST_IDENTIFIER, NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.consents import Recipient
from models.drivers import Remedy
from models.flag_rights import reviewable
from models.flags import Flag, Outcome, State
from models.late_news import as_shown
from models.team import Member
from models.vault import Vault

APPEAL_LIMIT = 4000
"""Characters of what is said in an appeal, as Telegram counts them."""
_UNDECIDED = text("decided_at IS NULL")


class Side(StrEnum):
    """Who asks for a second look."""

    DRIVER = "driver"
    REPORTER = "reporter"


class Appeal(Base):
    """That somebody else is to look at how a flag was closed."""

    __tablename__ = "appeals"
    __table_args__ = (
        UniqueConstraint("flag_id", "side"),
        Index("ix_appeals_undecided", "made_at", "id", sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),
        CheckConstraint("decided_by <> closed_by", "decided_by_somebody_else"),
        CheckConstraint("(decided_at IS NULL) = (changed IS NULL)", "decided"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"))
    side: Mapped[Side] = mapped_column(words(Side, "side"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    """Who asked."""
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    """Who had closed the flag."""
    sealed_words: Mapped[bytes] = mapped_column(LargeBinary)
    """Why they ask, sealed with the key of the flag."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    changed: Mapped[bool | None] = mapped_column(default=None)
    """Whether the outcome was changed."""

    @property
    def _place(self) -> str:
        return f"appeal {self.flag_id} {self.side.value}"

    def write(self, vault: Vault, flag: Flag, words: str) -> None:
        """Keep why they ask."""
        self.sealed_words = flag.seal_part(vault, words, self._place)

    def words(self, vault: Vault, flag: Flag) -> str:
        """What was said; raises CannotOpen."""
        return flag.open_part(vault, self.sealed_words, self._place)


def may_appeal(closed_at: datetime | None, term_days: int, now: datetime) -> bool:
    """Whether the term of an appeal still runs, which began when the person could know of the outcome."""
    return closed_at is not None and now <= closed_at + timedelta(days=term_days)


async def appeal_of(session: AsyncSession, flag_id: int, side: Side) -> Appeal | None:
    """What this side asked for."""
    return await session.scalar(select(Appeal).where(Appeal.flag_id == flag_id, Appeal.side == side))


async def appeal_by_driver(
    session: AsyncSession, vault: Vault, remedy: Remedy, flag: Flag, text: str, term_days: int, now: datetime
) -> Appeal | None:
    """The driver's appeal against what was given to them; None if the term is over, it was lifted, or asked before.

    If the flag was taken up again meanwhile, of which the driver hears nothing, the appeal waits until it's closed.
    """
    if remedy.lifted_at is not None or remedy.driver_id is None or not may_appeal(remedy.told_at, term_days, now):
        return None
    return await _appeal(session, vault, flag, Side.DRIVER, remedy.driver_id, text, now)


async def appeal_by_reporter(
    session: AsyncSession, vault: Vault, flag: Flag, person_id: int, text: str, term_days: int, now: datetime
) -> Appeal | None:
    """The same by whoever reported; what was closed with a main flag asks for a second look at that one."""
    shown = as_shown(flag, now)
    runs = shown.state is State.CLOSED and may_appeal(shown.ended_at, term_days, now)
    if not runs:
        return None
    return await _appeal(session, vault, flag, Side.REPORTER, person_id, text, now)


async def _appeal(
    session: AsyncSession, vault: Vault, flag: Flag, side: Side, person_id: int, text: str, now: datetime
) -> Appeal | None:
    if await appeal_of(session, flag.id, side) is not None:
        return None
    appeal = Appeal(flag_id=flag.id, side=side, person_id=person_id, closed_by=flag.reviewer_id, made_at=now)
    appeal.write(vault, flag, text)
    session.add(appeal)
    await session.flush()
    return appeal


def _decides(person_id: int) -> list[ColumnElement[bool]]:
    """Conditions for a query of appeals with their flags: this person may decide on them now."""
    somebody_else = or_(Appeal.closed_by.is_(None), Appeal.closed_by != person_id)
    not_the_last = or_(Flag.reviewer_id.is_(None), Flag.reviewer_id != person_id)
    return [
        Appeal.decided_at.is_(None),
        somebody_else,
        not_the_last,
        Flag.state == State.CLOSED,
        Appeal.person_id != person_id,
        *reviewable(person_id),
    ]


async def appeals_for(session: AsyncSession, person_id: int, limit: int = 20) -> Sequence[tuple[Appeal, Flag]]:
    """The appeals on which this member of the team may decide, the oldest first."""
    query = select(Appeal, Flag).join(Flag, Flag.id == Appeal.flag_id).where(*_decides(person_id))
    return [(appeal, flag) for appeal, flag in await session.execute(query.order_by(Appeal.id).limit(limit))]


async def decidable(session: AsyncSession, person_id: int, appeal_id: int) -> tuple[Appeal, Flag] | None:
    """An appeal on which this person may decide, nobody else's until the transaction ends. Any number may be asked."""
    if not 0 < appeal_id <= LARGEST_IDENTIFIER:
        return None
    query = select(Appeal, Flag).join(Flag, Flag.id == Appeal.flag_id).where(Appeal.id == appeal_id)
    query = query.where(*_decides(person_id)).with_for_update(of=[Appeal, Flag])
    found = (await session.execute(query.execution_options(populate_existing=True))).one_or_none()
    return (found[0], found[1]) if found is not None else None


async def who_may_decide(session: AsyncSession, appeal: Appeal) -> list[int]:
    """The members of the team who may decide on an appeal; empty if nobody is there but those who may not."""
    found = []
    for member in await session.scalars(select(Member.person_id).order_by(Member.person_id)):
        query = select(Appeal.id).join(Flag, Flag.id == Appeal.flag_id).where(Appeal.id == appeal.id)
        if await session.scalar(query.where(*_decides(member))) is not None:
            found.append(member)
    return found


def confirm(appeal: Appeal, reviewer_id: int, now: datetime) -> None:
    """The outcome stays. Who may decide is the query's to know: see `decidable`."""
    appeal.decided_at, appeal.decided_by, appeal.changed = now, reviewer_id, False


def change(
    appeal: Appeal, flag: Flag, reviewer_id: int, outcome: Outcome, consents: Collection[Recipient], now: datetime
) -> bool:
    """Another outcome stands in its place, if the consents allow it; the flag, a main one, is closed by who decided."""
    if outcome is flag.outcome or not flag.decide_anew(reviewer_id, outcome, consents, now):
        return False
    appeal.decided_at, appeal.decided_by, appeal.changed = now, reviewer_id, True
    return True
