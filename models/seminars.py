"""Seminars: a trainer opens a scenario, everybody of the cohort votes, the trainer's message shows how.

A vote and the making of the trainer's message lock the scene's row, so each vote is either in the message that is
being made or orders the next one: the last vote is always shown, and at most one order waits.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime

BEHIND = -1
"""In place of a number of votes: the trainer's message is behind, and an order for a new one waits."""


class Scene(Base):
    """A scenario that a trainer opened in a seminar, for everybody in the room to vote on."""

    __tablename__ = "scenes"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), index=True)
    trainer_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    lesson: Mapped[int]
    question: Mapped[str] = mapped_column(String(32))
    message_id: Mapped[int] = mapped_column(Identifier)
    """The trainer's message, which shows the votes."""
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    shown_votes: Mapped[int] = mapped_column(default=0)
    """How many votes the trainer's message shows, or BEHIND."""

    def fall_behind(self) -> bool:
        """Note that the trainer's message has to be made anew; False if an order for that waits already."""
        if self.shown_votes == BEHIND:
            return False
        self.shown_votes = BEHIND
        return True


class Vote(Base):
    """One vote of one person; it may be changed until the scene is closed."""

    __tablename__ = "votes"

    scene_id: Mapped[int] = mapped_column(ForeignKey("scenes.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)
    option: Mapped[str] = mapped_column(String(32))
    voted_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def locked_scene(session: AsyncSession, scene_id: int) -> Scene | None:
    """A scene as it is now; nobody else changes it or votes on it until this transaction ends."""
    query = select(Scene).where(Scene.id == scene_id).with_for_update().execution_options(populate_existing=True)
    return await session.scalar(query)


async def open_scene_of(session: AsyncSession, cohort_id: int) -> Scene | None:
    """The scene that a cohort votes on now."""
    query = select(Scene).where(Scene.cohort_id == cohort_id, Scene.closed_at.is_(None)).order_by(Scene.id.desc())
    return await session.scalar(query.limit(1))


async def vote(session: AsyncSession, scene: Scene, person_id: int, option: str, now: datetime) -> bool:
    """Keep what a person chose in a locked scene, in place of an earlier choice; False if nothing changes by it."""
    if scene.closed_at is not None:
        return False
    given = await session.get(Vote, (scene.id, person_id))
    if given is not None and given.option == option:
        return False
    if given is None:
        session.add(Vote(scene_id=scene.id, person_id=person_id, option=option, voted_at=now))
    else:
        given.option, given.voted_at = option, now
    await session.flush()
    return True


async def vote_of(session: AsyncSession, scene_id: int, person_id: int) -> str | None:
    """The key of the option that a person chose."""
    return await session.scalar(select(Vote.option).where(Vote.scene_id == scene_id, Vote.person_id == person_id))


async def counted(session: AsyncSession, scene_id: int) -> dict[str, int]:
    """How many votes each option has, by its key; options without any are missing."""
    query = select(Vote.option, func.count()).where(Vote.scene_id == scene_id).group_by(Vote.option)
    return dict(iter(await session.execute(query)))


async def voters(session: AsyncSession, scene_id: int) -> Sequence[int]:
    """The ids of everybody who voted."""
    return (await session.scalars(select(Vote.person_id).where(Vote.scene_id == scene_id))).all()
