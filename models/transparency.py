"""What is published of a quarter: a few of the figures, small counts hidden, in which nobody can be recognised."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.behaviours import Form
from models.certificates import Certificate
from models.course import Attempt
from models.flag_figures import Reaction, by_kind, by_outcome, reactions, totals
from models.periods import Period
from models.suppression import shown_count


@dataclass(frozen=True)
class Quarter:
    """The figures of a quarter; None is hidden."""

    period: Period
    flags: int | None
    forms: Mapping[Form, int | None]
    severities: Mapping[int, int | None]
    reactions: Mapping[int | None, Reaction]
    outcomes: Mapping[str, int | None]
    certificates: int | None
    """How many were issued."""
    lessons: int | None
    """How many lessons people finished; a lesson that one person took twice counts once."""


async def quarter_figures(session: AsyncSession, period: Period, now: datetime) -> Quarter:
    """The figures of a quarter as they are at a moment: what came of a flag may still change."""
    lessons = select(Attempt.person_id, Attempt.lesson).where(*_within(Attempt.finished_at, period)).distinct()
    certificates = select(Certificate.id).where(*_within(Certificate.issued_at, period))
    numbers = [
        await session.scalar(select(func.count()).select_from(query.subquery())) or 0
        for query in (certificates, lessons)
    ]
    kinds = await by_kind(session, period)
    return Quarter(
        period=period,
        flags=(await totals(session, period)).flags,
        forms=kinds.forms,
        severities=kinds.severities,
        reactions=await reactions(session, period, now),
        outcomes=await by_outcome(session, period),
        certificates=shown_count(numbers[0]),
        lessons=shown_count(numbers[1]),
    )


def _within(moment: Any, period: Period) -> list[ColumnElement[bool]]:
    return [moment >= period.since, moment < period.until]
