"""How a cohort stands: who took part, how far they came, what they learned. Counted in the database.

The counts work for any group: `people` is a query for the ids of those in it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.certificates import Certificate
from models.cohorts import participants_of
from models.course import Attempt
from models.gain import Gain, gain
from models.profiles import UNSAID, Gender, Profile
from models.suppression import Suppressed, suppress


@dataclass(frozen=True)
class CohortFigures:
    """What is shown of a cohort. `people` has a row for each region (ISO 3166-2 or "unsaid"), a column by gender."""

    people: Suppressed[str, Gender]
    finished: int
    """How many finished every lesson."""
    certified: int
    """How many hold a certificate that is valid."""
    gain: Gain | None


async def cohort_figures(
    session: AsyncSession, cohort_id: int, lessons: Collection[int], now: datetime
) -> CohortFigures:
    """The figures of a cohort; `lessons` are the numbers of all lessons."""
    people = participants_of(cohort_id)
    return CohortFigures(
        people=suppress(await by_region_and_gender(session, people)),
        finished=await finished_all(session, people, lessons),
        certified=await certified(session, people, now),
        gain=await gain(session, people),
    )


async def by_region_and_gender(session: AsyncSession, people: Select[int]) -> dict[tuple[str, Gender], int]:
    """How many there are of each region and gender; who did not say so, or wasn't asked yet, is "unsaid"."""
    person = people.subquery()
    region, gender = func.coalesce(Profile.region, UNSAID), func.coalesce(Profile.gender, Gender.UNSAID)
    query = (
        select(region, gender, func.count())
        .select_from(person)
        .outerjoin(Profile, Profile.person_id == person.c[0])
        .group_by(region, gender)
    )
    return {(region, Gender(gender)): number for region, gender, number in await session.execute(query)}


async def finished_all(session: AsyncSession, people: Select[int], lessons: Collection[int]) -> int:
    """How many finished every one of these lessons."""
    complete = (
        select(Attempt.person_id)
        .where(Attempt.person_id.in_(people), Attempt.lesson.in_(lessons), Attempt.finished_at.is_not(None))
        .group_by(Attempt.person_id)
        .having(func.count(Attempt.lesson.distinct()) == len(set(lessons)))
    )
    return await session.scalar(select(func.count()).select_from(complete.subquery())) or 0


async def certified(session: AsyncSession, people: Select[int], now: datetime) -> int:
    """How many hold a certificate that is valid at a moment."""
    query = select(func.count(Certificate.person_id.distinct())).where(
        Certificate.person_id.in_(people), Certificate.revoked_at.is_(None), Certificate.expires_at > now
    )
    return await session.scalar(query) or 0
