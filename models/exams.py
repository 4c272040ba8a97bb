"""The tests around the course: before it, at its end, a month later, and when a certificate is renewed.

A test's questions are drawn from the bank when it begins and kept in its sitting, so that it can be left and gone on
with. What is measured is knowledge, a bystander's confidence and blame; see `models/attitudes.py`.
"""

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.attitudes import ATTITUDES
from models.base import Base, Identifier, UtcDateTime, words
from models.lesson_shape import Level, Question

PASS_SHARE = 0.8
"""The share of right answers that a certificate asks for."""
TRIES, TRIES_WITHIN = 3, timedelta(hours=24)
"""How often a final test may be begun within that time."""
FOLLOWUP_AFTER = timedelta(days=30)
ATTITUDE = "attitude"
"""Marks an item that asks for an opinion: `attitude/KEY`. All others are `LESSON/QUESTION`."""


class Exam(StrEnum):
    """Which test it is."""

    PRE = "before"
    FINAL = "final"
    FOLLOWUP = "after 30 days"
    RENEWAL = "renewal"


@dataclass(frozen=True)
class Plan:
    """How many questions a test has, how many of them at least about zero tolerance, and whether opinions are asked."""

    questions: int
    zero: int
    attitudes: bool
    certifies: bool


PLANS = {
    Exam.PRE: Plan(questions=12, zero=3, attitudes=True, certifies=False),
    Exam.FINAL: Plan(questions=15, zero=5, attitudes=True, certifies=True),
    Exam.FOLLOWUP: Plan(questions=5, zero=1, attitudes=True, certifies=False),
    Exam.RENEWAL: Plan(questions=8, zero=4, attitudes=False, certifies=True),
}
_MIX = {Level.EASY: 0.25, Level.MEDIUM: 0.5, Level.HARD: 0.25}
_OPEN = text("finished_at IS NULL")


class Sitting(Base):
    """One person's way through one test. A person has at most one open sitting of each test."""

    __tablename__ = "sittings"
    __table_args__ = (
        Index("uq_sittings_open", "person_id", "exam", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_sittings_person_id", "person_id", "exam", "started_at"),
        CheckConstraint("(finished_at IS NULL) = (right_answers IS NULL)", "finished"),
        CheckConstraint("(finished_at IS NULL) = (questions IS NULL)", "counted"),
        CheckConstraint("(finished_at IS NULL) = (passed IS NULL)", "judged"),
        CheckConstraint("right_answers BETWEEN 0 AND questions", "score"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    exam: Mapped[Exam] = mapped_column(words(Exam, "exam"))
    items: Mapped[list[str]] = mapped_column(JSON)
    """What is asked, in order: `LESSON/QUESTION` or `attitude/KEY`."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    right_answers: Mapped[int | None] = mapped_column(default=None)
    questions: Mapped[int | None] = mapped_column(default=None)
    """How many questions were counted; opinions are not."""
    passed: Mapped[bool | None] = mapped_column(default=None)


class SittingAnswer(Base):
    """The answer to one item; the first one counts."""

    __tablename__ = "sitting_answers"

    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id", ondelete="CASCADE"), primary_key=True)
    item: Mapped[str] = mapped_column(String(48), primary_key=True)
    option: Mapped[str] = mapped_column(String(32))
    """The key of the option; for an opinion, the agreement."""
    right: Mapped[bool | None]
    """None for an opinion: there's no right one."""
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class Verdict:
    """What a certificate depends on."""

    right: int
    questions: int
    zero_missed: int

    @property
    def passed(self) -> bool:
        """At least 80 % right, and every question about zero tolerance."""
        return self.questions > 0 and self.right >= PASS_SHARE * self.questions and not self.zero_missed


def item_of(question: Question) -> str:
    """The name of a question as an item."""
    return f"{question.lesson}/{question.key}"


def draw(
    pool: Collection[Question], exam: Exam, seen: Mapping[str, int], rng: random.Random | None = None
) -> list[str]:
    """The items of a new sitting: every objective in turn, what the person saw least often first, levels mixed.

    `seen` says how often the person met an item before. The questions about zero tolerance come in anywhere.
    """
    rng = rng or random.SystemRandom()
    plan = PLANS[exam]
    wanted = {level: round(share * plan.questions) for level, share in _MIX.items()}
    lessons = sorted({question.lesson for question in pool})
    rng.shuffle(lessons)
    chosen: list[Question] = []
    per_lesson: Counter[int] = Counter()
    per_level: Counter[Level] = Counter()

    def take(candidates: Sequence[Question]) -> None:
        best = min(
            candidates,
            key=lambda q: (
                per_lesson[q.lesson],
                seen.get(item_of(q), 0),
                per_level[q.level] >= wanted[q.level],
                rng.random(),
            ),
        )
        chosen.append(best)
        per_lesson[best.lesson] += 1
        per_level[best.level] += 1

    left = list(pool)
    while len(chosen) < plan.questions and left:
        zero = [question for question in left if question.zero]
        missing = plan.zero - sum(question.zero for question in chosen)
        take(zero if zero and missing > 0 else left)
        left.remove(chosen[-1])
    rng.shuffle(chosen)
    opinions = [f"{ATTITUDE}/{attitude.key}" for attitude in ATTITUDES] if plan.attitudes else []
    return [*map(item_of, chosen), *opinions]


def judge(questions: Mapping[str, Question], answers: Mapping[str, SittingAnswer]) -> Verdict:
    """The verdict over the questions that still exist, by item."""
    right = sum(bool(answers[item].right) for item in questions if item in answers)
    missed = sum(q.zero and not (item in answers and answers[item].right) for item, q in questions.items())
    return Verdict(right, len(questions), missed)


async def own_sitting(session: AsyncSession, person_id: int, sitting_id: int) -> Sitting | None:
    """The sitting of that number, if it's the person's own."""
    return await session.scalar(select(Sitting).where(Sitting.id == sitting_id, Sitting.person_id == person_id))


async def sittings_of(session: AsyncSession, person_id: int) -> list[Sitting]:
    """All sittings of a person, the newest first."""
    query = select(Sitting).where(Sitting.person_id == person_id).order_by(Sitting.started_at.desc(), Sitting.id.desc())
    return list(await session.scalars(query))


async def answers_of_sitting(session: AsyncSession, sitting: Sitting) -> dict[str, SittingAnswer]:
    """What was answered so far, by item."""
    found = await session.scalars(select(SittingAnswer).where(SittingAnswer.sitting_id == sitting.id))
    return {answer.item: answer for answer in found}


async def times_seen(session: AsyncSession, person_id: int) -> dict[str, int]:
    """How often the person answered each item in tests."""
    query = (
        select(SittingAnswer.item, func.count())
        .join(Sitting, Sitting.id == SittingAnswer.sitting_id)
        .where(Sitting.person_id == person_id)
        .group_by(SittingAnswer.item)
    )
    counts: dict[str, int] = {}
    for item, count in await session.execute(query):
        counts[item] = count
    return counts


async def tries_since(session: AsyncSession, person_id: int, exam: Exam, since: datetime) -> Sequence[datetime]:
    """When this test was begun since a moment, the earliest first."""
    query = (
        select(Sitting.started_at)
        .where(Sitting.person_id == person_id, Sitting.exam == exam, Sitting.started_at > since)
        .order_by(Sitting.started_at)
    )
    return (await session.scalars(query)).all()
