"""A driver's action plan: three commitments, and what became of them after 7 and after 30 days.

After UNDP's anti-harassment training, whose participants left with an action plan of their own. Own words lie sealed.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Identifier, UtcDateTime, words
from models.commitments import Commitment, commitment
from models.vault import Vault

PLEDGES = 3
"""Commitments in a plan."""
WORDS_LIMIT = 200
"""Characters of a commitment in one's own words."""
ASKED_AFTER = (7, 30)
"""Days after which a plan is asked about."""


class Kept(StrEnum):
    """Whether a commitment was kept."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class ActionPlan(Base):
    """Three commitments made together. The newest plan of a person is the one that counts."""

    __tablename__ = "action_plans"
    __table_args__ = (Index("ix_action_plans_person_id", "person_id", "made_at"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    pledges: Mapped[list["Pledge"]] = relationship(
        lazy="selectin", order_by="Pledge.position", cascade="all, delete-orphan", passive_deletes=True
    )
    remarks: Mapped[list["PledgeRemark"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )

    def remark(self, vault: Vault, after_days: int, words: str, now: datetime) -> None:
        """Keep what the driver wrote after so many days, in place of what was there."""
        remark = next((remark for remark in self.remarks if remark.after_days == after_days), None)
        if remark is None:
            remark = PledgeRemark(plan_id=self.id, after_days=after_days)
            self.remarks.append(remark)
        remark.sealed_words, remark.written_at = vault.seal(words.encode(), remark.seal_place), now

    def rekey(self, vault: Vault) -> None:
        """Seal what is sealed with the newest key."""
        for pledge in self.pledges:
            if pledge.sealed_words is not None:
                pledge.sealed_words = vault.rewrap(pledge.sealed_words, pledge.seal_place)
        for remark in self.remarks:
            remark.sealed_words = vault.rewrap(remark.sealed_words, remark.seal_place)


class Pledge(Base):
    """One commitment: chosen from the list, or in the driver's own words."""

    __tablename__ = "pledges"
    __table_args__ = (
        CheckConstraint("position BETWEEN 1 AND 3", "position"),
        CheckConstraint('("key" IS NULL) <> (sealed_words IS NULL)', "chosen_or_own"),
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("action_plans.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    key: Mapped[str | None] = mapped_column(String(32), default=None)
    """The key of a commitment in `models/commitments.py`."""
    sealed_words: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"pledge {self.plan_id} {self.position}"

    def chosen(self, vault: Vault) -> Commitment | str:
        """The commitment from the list, or the driver's own words; raises CannotOpen.

        A key that the list no longer has stands for itself.
        """
        if self.sealed_words is not None:
            return vault.open(self.sealed_words, self.seal_place).decode()
        return commitment(self.key or "") or self.key or ""


class PledgeCheck(Base):
    """What a driver said about a commitment after 7 or 30 days."""

    __tablename__ = "pledge_checks"
    __table_args__ = (CheckConstraint("after_days IN (7, 30)", "asked_after"),)

    plan_id: Mapped[int] = mapped_column(ForeignKey("action_plans.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    after_days: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    kept: Mapped[Kept] = mapped_column(words(Kept, "kept"))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PledgeRemark(Base):
    """What helped, or got in the way, in the driver's own words; sealed."""

    __tablename__ = "pledge_remarks"
    __table_args__ = (CheckConstraint("after_days IN (7, 30)", "asked_after"),)

    plan_id: Mapped[int] = mapped_column(ForeignKey("action_plans.id", ondelete="CASCADE"), primary_key=True)
    after_days: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    sealed_words: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"pledge remark {self.plan_id} {self.after_days}"

    def words(self, vault: Vault) -> str:
        """What the driver wrote; raises CannotOpen."""
        return vault.open(self.sealed_words, self.seal_place).decode()


async def make_plan(
    session: AsyncSession, vault: Vault, person_id: int, choices: Sequence[Commitment | str], now: datetime
) -> ActionPlan:
    """Store a plan of three different commitments, from the list or in own words; ValueError for anything else."""
    if len(set(choices)) != PLEDGES or len(choices) != PLEDGES:
        raise ValueError(f"a plan has {PLEDGES} different commitments")
    plan = ActionPlan(person_id=person_id, made_at=now, pledges=[], remarks=[])
    session.add(plan)
    await session.flush()  # own words are sealed for their place, which has the plan's number
    for position, choice in enumerate(choices, 1):
        pledge = Pledge(plan_id=plan.id, position=position)
        if isinstance(choice, Commitment):
            pledge.key = choice.key
        else:
            pledge.sealed_words = vault.seal(choice.encode(), pledge.seal_place)
        plan.pledges.append(pledge)
    await session.flush()
    return plan


async def newest_plan(session: AsyncSession, person_id: int) -> ActionPlan | None:
    """The plan that counts."""
    query = select(ActionPlan).where(ActionPlan.person_id == person_id)
    return await session.scalar(query.order_by(ActionPlan.made_at.desc(), ActionPlan.id.desc()).limit(1))


async def own_plan(session: AsyncSession, person_id: int, plan_id: int) -> ActionPlan | None:
    """The plan of that number, if it's the person's own."""
    return await session.scalar(select(ActionPlan).where(ActionPlan.id == plan_id, ActionPlan.person_id == person_id))


async def checks_of(session: AsyncSession, plan: ActionPlan, after_days: int) -> dict[int, Kept]:
    """What was said of a plan after so many days, by the position of the commitment."""
    query = select(PledgeCheck).where(PledgeCheck.plan_id == plan.id, PledgeCheck.after_days == after_days)
    return {check.position: check.kept for check in await session.scalars(query)}


async def check_pledge(
    session: AsyncSession, plan: ActionPlan, position: int, after_days: int, kept: Kept, now: datetime
) -> None:
    """Keep an answer. It may be changed until all three are given; later ones, and impossible ones, change nothing."""
    given = await checks_of(session, plan, after_days)
    if len(given) == PLEDGES or position not in range(1, PLEDGES + 1) or after_days not in ASKED_AFTER:
        return
    await session.merge(
        PledgeCheck(plan_id=plan.id, position=position, after_days=after_days, kept=kept, answered_at=now)
    )
