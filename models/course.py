"""A driver's way through the lessons: an attempt at a lesson, and the answers given in it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identifier, UtcDateTime

_OPEN = text("finished_at IS NULL")


class Attempt(Base):
    """One way through one lesson. A person has at most one open attempt at each lesson."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("uq_attempts_open", "person_id", "lesson", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_attempts_finished", "person_id", "finished_at"),
        CheckConstraint("(finished_at IS NULL) = (right_answers IS NULL)", "finished"),
        CheckConstraint("(finished_at IS NULL) = (questions IS NULL)", "counted"),
        CheckConstraint("right_answers BETWEEN 0 AND questions", "score"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    lesson: Mapped[int]
    """The number of the lesson in the curriculum."""
    version: Mapped[str] = mapped_column(String(64))
    """The version of the lesson's text that the attempt began with."""
    place: Mapped[str] = mapped_column(String(32))
    """The key of the card or question that the person sees."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    right_answers: Mapped[int | None] = mapped_column(default=None)
    questions: Mapped[int | None] = mapped_column(default=None)


class Answer(Base):
    """The first answer to a question in an attempt; later presses don't change it."""

    __tablename__ = "answers"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id", ondelete="CASCADE"), primary_key=True)
    question: Mapped[str] = mapped_column(String(32), primary_key=True)
    option: Mapped[str] = mapped_column(String(32))
    right: Mapped[bool]
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def answers_of(session: AsyncSession, attempt: Attempt) -> dict[str, Answer]:
    """The answers given in an attempt, by the key of the question."""
    found = await session.scalars(select(Answer).where(Answer.attempt_id == attempt.id))
    return {answer.question: answer for answer in found}


async def last_finished(session: AsyncSession, person_id: int) -> dict[int, Attempt]:
    """The newest finished attempt at each lesson, by the lesson's number."""
    query = (
        select(Attempt)
        .where(Attempt.person_id == person_id, Attempt.finished_at.is_not(None))
        .order_by(Attempt.finished_at)
    )
    return {attempt.lesson: attempt for attempt in await session.scalars(query)}
