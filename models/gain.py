"""Knowledge gain: by how much more is right in the first final test than in the test before the course.

The mean over the people who took both, in percentage points, with its 95 % confidence interval by Student's t. It's
computed from sums that the database makes, whoever the people are.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.exams import Exam, Sitting
from models.suppression import LEAST

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Gain:
    """The mean gain of `people` persons and its 95 % confidence interval, in percentage points from -100 to 100."""

    people: int
    mean: float
    low: float
    high: float


async def gain(session: AsyncSession, people: Select[int] | None = None) -> Gain | None:
    """The gain of the people whose ids the query gives, else of everybody; None for fewer than 5 who took both."""
    share = Sitting.right_answers * 1.0 / Sitting.questions
    nth = func.row_number().over(
        partition_by=(Sitting.person_id, Sitting.exam), order_by=(Sitting.finished_at, Sitting.id)
    )
    query = select(Sitting.person_id, Sitting.exam, share.label("share"), nth.label("nth")).where(
        Sitting.exam.in_((Exam.PRE, Exam.FINAL)), Sitting.finished_at.is_not(None), Sitting.questions > 0
    )
    if people is not None:
        query = query.where(Sitting.person_id.in_(people))
    taken = query.subquery("taken")
    before, after = (
        func.max(case((taken.c.exam == exam, taken.c.share))).label(name)
        for exam, name in ((Exam.PRE, "before"), (Exam.FINAL, "after"))
    )
    both = select(before, after).where(taken.c.nth == 1).group_by(taken.c.person_id).subquery("both")
    more = both.c.after - both.c.before
    sums = select(func.count(more), func.sum(more), func.sum(more * more))
    number, total, squares = (await session.execute(sums)).one()
    return gain_of(number, float(total), float(squares)) if number >= LEAST else None


def gain_of(people: int, total: float, squares: float) -> Gain:
    """The gain of at least 2 people, from the sum of their gains and the sum of the squares; gains are from -1 to 1."""
    mean = total / people
    variance = max(0.0, squares - people * mean * mean) / (people - 1)
    margin = student_quantile((1 + _CONFIDENCE) / 2, people - 1) * sqrt(variance / people)
    return Gain(people, *(100 * max(-1.0, min(1.0, value)) for value in (mean, mean - margin, mean + margin)))


def student_quantile(probability: float, freedom: int) -> float:
    """The quantile of Student's t, for a probability between 0 and 1 and at least 1 degree of freedom.

    By the expansion 26.7.5 of Abramowitz and Stegun; from 4 degrees on it's right to 0.1 % at 97.5 %.
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(z + sum(term / freedom**power for power, term in enumerate(terms, 1)))
