"""The course in figures: a driver's own, and what it has come to for everybody, counted by the database.

Neither the number of queries nor of the rows that they bring back grows with people. What is said of everybody leaves
here only after counts of fewer than five people are hidden, and as many more as would give those away.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Interval,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models.attitudes import ATTITUDES, Agreement, Kind, score
from models.certificates import Certificate
from models.cohort_figures import by_region_and_gender, certified, finished_all
from models.cohorts import Cohort, Participant, newest_cohorts
from models.course import Answer, Attempt
from models.exams import ATTITUDE, Exam, Sitting, SittingAnswer
from models.profiles import UNSAID, Gender, Profile
from models.quiet import ZONE, at_hour, local_day
from models.regions import REGIONS
from models.reviews import ReviewItem
from models.suppression import BOTTOM, LEAST, TOP, Edge, Knot, shown_count, suppress, suppress_flow

DAYS = 60
"""How many days of a driver's answers are told apart, today's included."""
SOON = timedelta(days=7)
COHORTS = 29
"""How many cohorts are told apart, the newest ones; everybody else makes one more row."""
_HARDEST = 5
_CERTIFIED: Knot = ("certified", None)
_KEPT = 1000
"""How much rather a sum is kept than a count: it's told elsewhere."""

K = TypeVar("K", bound=Hashable)


# a driver's own


@dataclass(frozen=True)
class ComingBack:
    """How many questions come back to a driver, and when."""

    now: int
    soon: int
    """Within the next seven days."""
    later: int


async def coming_back(session: AsyncSession, person_id: int, now: datetime) -> ComingBack:
    """What comes back to a person, counted from a moment."""
    due, soon = ReviewItem.due_at, now + SOON
    query = select(
        func.count().filter(due <= now),
        func.count().filter(due > now, due <= soon),
        func.count().filter(due > soon),
    ).where(ReviewItem.person_id == person_id)
    return ComingBack(*(await session.execute(query)).one())


async def answers_by_day(session: AsyncSession, person_id: int, now: datetime) -> list[tuple[date, int, int]]:
    """The days of the last 60 with answers in lessons or tests: (day in Kazakhstan, right, wrong), the oldest first.

    Opinions are neither right nor wrong, and not among them.
    """
    since = at_hour(local_day(now) - timedelta(days=DAYS - 1), 0)
    in_lessons = (
        select(_day(session, Answer.answered_at, now).label("day"), Answer.right.label("right"))
        .join(Attempt, Attempt.id == Answer.attempt_id)
        .where(Attempt.person_id == person_id, Answer.answered_at >= since)
    )
    in_tests = (
        select(_day(session, SittingAnswer.answered_at, now), SittingAnswer.right)
        .join(Sitting, Sitting.id == SittingAnswer.sitting_id)
        .where(Sitting.person_id == person_id, SittingAnswer.answered_at >= since, SittingAnswer.right.is_not(None))
    )
    answers = union_all(in_lessons, in_tests).subquery().c
    right, wrong = func.count().filter(answers.right), func.count().filter(~answers.right)
    query = select(answers.day, right, wrong).group_by(answers.day).order_by(answers.day)
    return [(day, yes, no) for day, yes, no in await session.execute(query)]


def _day(session: AsyncSession, moment: Any, now: datetime) -> ColumnElement[date]:
    """The day of a moment in Kazakhstan, which keeps one distance from UTC all year."""
    ahead = now.astimezone(ZONE).utcoffset() or timedelta()
    if session.get_bind().dialect.name == "sqlite":
        return func.date(moment, f"{ahead.total_seconds():+.0f} seconds", type_=Date())
    return func.date(func.timezone("UTC", moment, type_=DateTime()) + literal(ahead, Interval()), type_=Date())


# everybody's


@dataclass(frozen=True)
class Totals:
    """How many people began a lesson, finished all of them, and hold a valid certificate; None is hidden."""

    started: int | None
    finished: int | None
    certified: int | None


@dataclass(frozen=True)
class Counts:
    """How many people of a group began a lesson, and how many of them hold a valid certificate; None is hidden."""

    started: int | None
    certified: int | None


@dataclass(frozen=True)
class Opinion:
    """The mean scores (1 to 4) of the same people before the course and in a later test.

    Both are None where fewer than five people of that gender answered both times. How many they are isn't told, nor
    the mean of all: from those the hidden ones could be worked out.
    """

    kind: Kind
    gender: Gender
    later: Exam
    before: float | None
    after: float | None

    @property
    def is_worrying(self) -> bool:
        """Whether more blame is put on the person affected than before, by more than rounding."""
        if self.kind is not Kind.BLAME or self.before is None or self.after is None:
            return False
        return round(self.after, 2) > round(self.before, 2)


@dataclass(frozen=True)
class HardQuestion:
    """A question of a lesson, by lesson and key, and the share of right first answers, 0 to 1."""

    lesson: int
    key: str
    right: float


async def totals(session: AsyncSession, lessons: Collection[int], now: datetime) -> Totals:
    """How far people came; `lessons` are the numbers of all lessons."""
    started = await session.scalar(select(func.count()).select_from(_started().subquery())) or 0
    finished = await finished_all(session, _started(), lessons)
    return Totals(*map(shown_count, (started, finished, await certified(session, _started(), now))))


async def by_gender(session: AsyncSession, now: datetime) -> dict[Gender, Counts]:
    """How far women and men came, and those who didn't say."""
    started, holders = [_sums(each, 1) for each in await _by_region_and_gender(session, now)]
    return counts_of(Gender, started, holders)


async def by_region(session: AsyncSession, now: datetime) -> dict[str, Counts]:
    """How far people came in each region where anybody started (ISO 3166-2); "unsaid" is the last.

    Where nothing is told, not even whether anybody started, all regions are there.
    """
    started, holders = [_sums(each, 0) for each in await _by_region_and_gender(session, now)]
    found = counts_of((*REGIONS, UNSAID), started, holders)
    return {region: counts for region, counts in found.items() if counts.started != 0}


async def by_cohort(session: AsyncSession, now: datetime) -> dict[Cohort | None, Counts]:
    """How far the people of the 29 newest cohorts came, and, under None, everybody else.

    Who came to two seminars is counted in both.
    """
    cohorts = await newest_cohorts(session, COHORTS)
    ids = [cohort.id for cohort in cohorts]
    by_id = counts_of(
        [*ids, None],
        await _in_cohorts(session, _started(), ids),
        await _in_cohorts(session, _certified(now), ids),
    )
    return {**{cohort: by_id[cohort.id] for cohort in cohorts}, None: by_id[None]}


async def opinions(session: AsyncSession) -> list[Opinion]:
    """Opinions before the course and in each later test: by kind, then by gender, then by test."""
    found = {later: await _opinions(session, later) for later in (Exam.FINAL, Exam.FOLLOWUP)}
    return [
        Opinion(kind, gender, later, *means.get((kind, gender), (None, None)))
        for kind in Kind
        for gender in Gender
        for later, means in found.items()
    ]


async def hardest(session: AsyncSession, asked: Collection[tuple[int, str]]) -> list[HardQuestion]:
    """The five questions with the lowest share of right answers, the hardest first.

    Only what people answered in their first attempt at a lesson counts, and only from five people on. `asked` are
    the questions that the lessons have today, (lesson, key).
    """
    first = select(func.min(Attempt.id)).group_by(Attempt.person_id, Attempt.lesson)
    query = (
        select(Attempt.lesson, Answer.question, func.count().filter(Answer.right), func.count())
        .join(Attempt, Attempt.id == Answer.attempt_id)
        .where(Attempt.id.in_(first))
        .group_by(Attempt.lesson, Answer.question)
        .having(func.count() >= LEAST)
    )
    found = [
        HardQuestion(lesson, key, right / answers)
        for lesson, key, right, answers in await session.execute(query)
        if (lesson, key) in asked
    ]
    return sorted(found, key=lambda hard: (hard.right, hard.lesson, hard.key))[:_HARDEST]


def _started() -> Select[int]:
    return select(Attempt.person_id).distinct()


def _certified(now: datetime) -> Select[int]:
    valid = (Certificate.revoked_at.is_(None), Certificate.expires_at > now)
    return select(Certificate.person_id).where(*valid, Certificate.person_id.in_(_started())).distinct()


async def _by_region_and_gender(session: AsyncSession, now: datetime) -> list[dict[tuple[str, Gender], int]]:
    """Those who started, and those with a valid certificate."""
    return [await by_region_and_gender(session, people) for people in (_started(), _certified(now))]


def _sums(table: Mapping[tuple[Any, ...], int], place: int) -> Counter[Any]:
    """The sums of a table by one place of its keys."""
    sums: Counter[Any] = Counter()
    for key, number in table.items():
        sums[key[place]] += number
    return sums


async def _in_cohorts(session: AsyncSession, people: Select[int], ids: Sequence[int]) -> dict[int | None, int]:
    """How many of these people are in each cohort, and, under None, in none of them."""
    person = people.subquery()
    member = and_(Participant.person_id == person.c[0], Participant.cohort_id.in_(ids))
    query = (
        select(Participant.cohort_id, func.count())
        .select_from(person)
        .outerjoin(Participant, member)
        .group_by(Participant.cohort_id)
    )
    rows = await session.execute(query)
    return dict(iter(rows))  # a result has keys(), so dict would take it for a mapping


def counts_of(keys: Iterable[K], started: Mapping[K, int], holders: Mapping[K, int]) -> dict[K, Counts]:
    """Both counts of each group, the small ones hidden, and others that they could be worked out from.

    One flow, as those with a certificate are among those who started; how many have none is shown nowhere.
    Both sums are told elsewhere. Where that of certificates would have to be hidden too, all counts of certificates
    are instead; where that of those who started would, everything is.
    """
    keys = list(keys)
    flow: dict[Edge, int] = {(BOTTOM, TOP): 0, (_CERTIFIED, BOTTOM): 0}
    others: dict[Edge, int] = {}
    for key in keys:
        group, first, second = ("group", key), started.get(key, 0), holders.get(key, 0)
        flow[TOP, group], flow[group, _CERTIFIED], others[group, BOTTOM] = first, second, first - second
        flow[BOTTOM, TOP] += first
        flow[_CERTIFIED, BOTTOM] += second
    shown = suppress_flow(flow, {(BOTTOM, TOP): _KEPT, (_CERTIFIED, BOTTOM): _KEPT}, [others], least_unseen=LEAST)
    if shown[BOTTOM, TOP] is None:
        return {key: Counts(None, None) for key in keys}
    if shown[_CERTIFIED, BOTTOM] is None:
        alone = _hidden({key: started.get(key, 0) for key in keys})
        return {key: Counts(alone[key], None) for key in keys}
    return {key: Counts(shown[TOP, ("group", key)], shown[("group", key), _CERTIFIED]) for key in keys}


def _hidden(numbers: Mapping[K, int]) -> Mapping[K, int | None]:
    """The numbers with the small ones hidden, and others that they could be worked out from.

    The sum is told elsewhere. Where it would have to be hidden too, all of them are instead.
    """
    table = suppress({(key, None): number for key, number in numbers.items()})
    return {key: table.cells[key, None] if table.total is not None else None for key in numbers}


async def _opinions(session: AsyncSession, later: Exam) -> dict[tuple[Kind, Gender], tuple[float, float]]:
    """The mean scores before the course and in a later test, of those who gave theirs to a statement both times."""
    before, after = _scores(Exam.PRE), _scores(later)
    person = (
        select(
            before.c.person_id,
            before.c.kind,
            func.avg(before.c.score).label("before"),
            func.avg(after.c.score).label("after"),
        )
        .join(after, and_(after.c.person_id == before.c.person_id, after.c.item == before.c.item))
        .group_by(before.c.person_id, before.c.kind)
        .subquery()
        .c
    )
    gender = func.coalesce(Profile.gender, Gender.UNSAID)
    query = (
        select(person.kind, gender, func.avg(person.before), func.avg(person.after))
        .outerjoin(Profile, Profile.person_id == person.person_id)
        .group_by(person.kind, gender)
        .having(func.count() >= LEAST)
    )
    rows = await session.execute(query)
    return {(Kind(kind), Gender(gender)): (float(before), float(after)) for kind, gender, before, after in rows}


def _scores(exam: Exam) -> Subquery:
    """What people scored in their first test of this kind: person, statement, its kind, score."""
    first = select(func.min(Sitting.id)).where(Sitting.exam == exam, Sitting.finished_at.is_not(None))
    scores = {agreement.value: score(agreement) for agreement in Agreement if score(agreement) is not None}
    kinds = {f"{ATTITUDE}/{attitude.key}": attitude.kind.value for attitude in ATTITUDES}
    return (
        select(
            Sitting.person_id,
            SittingAnswer.item,
            case(kinds, value=SittingAnswer.item).label("kind"),
            case(scores, value=SittingAnswer.option).label("score"),
        )
        .join(Sitting, Sitting.id == SittingAnswer.sitting_id)
        .where(
            Sitting.id.in_(first.group_by(Sitting.person_id)),
            SittingAnswer.item.in_(kinds),
            SittingAnswer.option.in_(scores),
        )
        .subquery()
    )
