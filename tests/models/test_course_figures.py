"""The course in figures: a driver's days, what comes back, how far people came, and nobody to be recognised."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from itertools import count, product
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.attitudes import ATTITUDES, Agreement, Kind
from models.certificates import Certificate
from models.cohorts import Cohort, Participant
from models.course import Answer, Attempt
from models.course_figures import (
    COHORTS,
    Counts,
    HardQuestion,
    Opinion,
    Totals,
    answers_by_day,
    by_cohort,
    by_gender,
    by_region,
    coming_back,
    counts_of,
    hardest,
    opinions,
    totals,
)
from models.database import Database
from models.exams import ATTITUDE, Exam, Sitting, SittingAnswer
from models.gain import gain
from models.people import Person
from models.profiles import UNSAID, Gender, Profile
from models.regions import REGIONS
from models.reviews import ReviewItem
from models.suppression import LEAST
from tests.models.helpers import NOW, counted

LESSONS = (1, 2)
DAY = timedelta(days=1)
MIDNIGHT = NOW.replace(hour=19, minute=0, second=0, microsecond=0) - DAY
"""When the day of NOW began in Kazakhstan."""
_numbers = count(1000)


async def add(session: AsyncSession, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await session.execute(insert(table), rows)


async def drivers(
    session: AsyncSession,
    number: int,
    *,
    finished: Collection[int] = (),
    gender: Gender | None = None,
    region: str | None = None,
    cohorts: Collection[int] = (),
    certified: bool = False,
) -> list[int]:
    """People who began the first lesson, and finished these."""
    ids = [next(_numbers) for _ in range(number)]
    people = [
        {"id": i, "telegram_index": i.to_bytes(32), "sealed_telegram_id": b"", "language": "ru", "joined_at": NOW}
        for i in ids
    ]
    await add(session, Person, [{**person, "language_chosen": False} for person in people])
    await attempts(session, ids, lesson=1)
    for lesson in finished:
        await attempts(session, ids, lesson=lesson, right_answers=2, questions=3, finished_at=NOW)
    if gender or region:
        await add(session, Profile, [{"person_id": i, "gender": gender, "region": region} for i in ids])
    members = [{"cohort_id": cohort, "person_id": i, "joined_at": NOW} for cohort in cohorts for i in ids]
    await add(session, Participant, members)
    if certified:
        await certify(session, ids)
    return ids


async def attempts(session: AsyncSession, people: Sequence[int], **values: Any) -> list[int]:
    rows = [{"id": next(_numbers), "person_id": i, "version": "1", "place": "card", "started_at": NOW} for i in people]
    await add(session, Attempt, [row | values for row in rows])
    return [row["id"] for row in rows]


async def sittings(
    session: AsyncSession,
    people: Sequence[int],
    exam: Exam,
    right: int = 5,
    given: Mapping[str, Agreement] | None = None,
) -> list[int]:
    """One finished test each, of ten questions, with these opinions by the keys of their statements."""
    rows = [
        {
            "id": next(_numbers),
            "person_id": i,
            "exam": exam,
            "items": [],
            "started_at": NOW,
            "finished_at": NOW,
            "right_answers": right,
            "questions": 10,
            "passed": right >= 8,
        }
        for i in people
    ]
    await add(session, Sitting, rows)
    answers = [
        {"sitting_id": row["id"], "item": f"{ATTITUDE}/{key}", "option": agreement, "right": None, "answered_at": NOW}
        for row in rows
        for key, agreement in (given or {}).items()
    ]
    await add(session, SittingAnswer, answers)
    return [row["id"] for row in rows]


async def certify(session: AsyncSession, people: Sequence[int], **values: Any) -> None:
    passed = await sittings(session, people, Exam.FINAL, right=9)
    rows = [
        {
            "person_id": i,
            "sitting_id": sitting,
            "number": f"{sitting:010}",
            "sealed_name": b"",
            "language": "kk",
            "issued_at": NOW - 300 * DAY,
            "expires_at": NOW + 65 * DAY,
        }
        for i, sitting in zip(people, passed, strict=True)
    ]
    await add(session, Certificate, [row | values for row in rows])


async def answers(session: AsyncSession, attempt_ids: Sequence[int], **right: bool) -> None:
    """The answer to each of these questions, in each attempt."""
    rows = [
        {"attempt_id": i, "question": question, "option": "a", "right": value, "answered_at": NOW}
        for i in attempt_ids
        for question, value in right.items()
    ]
    await add(session, Answer, rows)


async def add_cohorts(session: AsyncSession, number: int) -> list[int]:
    ids = [next(_numbers) for _ in range(number)]
    rows = [{"id": i, "code": f"{i:06}", "name": "Seminar", "organisation": "", "held_on": NOW.date()} for i in ids]
    await add(session, Cohort, [row | {"made_at": NOW} for row in rows])
    return ids


# a driver's own


async def test_answers_are_counted_by_the_day_in_kazakhstan(database: Database) -> None:
    async with database.transaction() as session:
        person, other = await drivers(session, 2)
        in_lesson = await attempts(session, [person, other], lesson=2)
        in_test = await sittings(session, [person, other], Exam.PRE)
        first = MIDNIGHT - 59 * DAY
        given = [
            ("q1", True, first - timedelta(microseconds=1)),
            ("q2", True, first),
            ("q3", False, MIDNIGHT - timedelta(seconds=1)),
            ("q4", True, MIDNIGHT),
            ("q5", True, NOW),
        ]
        rows = [
            {"question": key, "option": "a", "right": right, "answered_at": at, "attempt_id": i}
            for key, right, at in given
            for i in in_lesson
        ]
        await add(session, Answer, rows[::2])
        await add(session, Answer, rows[1:4:2])
        in_tests = [
            {"item": item, "option": "a", "right": right, "answered_at": NOW, "sitting_id": in_test[0]}
            for item, right in {"1/q1": False, "1/q2": True, "attitude/late": None}.items()
        ]
        in_tests.append({**in_tests[-1], "item": "attitude/ride", "answered_at": NOW - 9 * DAY})
        await add(session, SittingAnswer, in_tests)
    async with database.reading() as session:
        days = await answers_by_day(session, person, NOW)
        assert days == [(date(2026, 9, 23), 1, 0), (date(2026, 11, 20), 0, 1), (date(2026, 11, 21), 3, 1)]
        assert [type(day) for day, *_ in days] == [date] * 3
        assert await answers_by_day(session, other, NOW) == [(date(2026, 9, 23), 1, 0)]
        assert await answers_by_day(session, other, NOW + 100 * DAY) == []


async def test_what_comes_back_is_counted_by_when(database: Database) -> None:
    async with database.transaction() as session:
        person, other = await drivers(session, 2)
        soon = NOW + 7 * DAY
        due = [NOW - DAY, NOW, NOW + timedelta(seconds=1), soon, soon + timedelta(seconds=1), NOW + 90 * DAY]
        rows = [
            {"person_id": i, "lesson": 1, "question": f"q{at}", "due_at": moment}
            for i, moments in ((person, due), (other, [NOW]))
            for at, moment in enumerate(moments)
        ]
        values = {"stability": 1.0, "difficulty": 5.0, "reviewed_at": NOW}
        await add(session, ReviewItem, [row | values for row in rows])
    async with database.reading() as session:
        back = await coming_back(session, person, NOW)
        assert (back.now, back.soon, back.later) == (2, 2, 2)
        assert (await coming_back(session, -1, NOW)).now == 0


# everybody's


async def test_totals_count_people_once_and_only_valid_certificates(database: Database) -> None:
    async with database.transaction() as session:
        await drivers(session, 7)
        await drivers(session, 6, finished=[1, 1, 2], certified=True)
        await drivers(session, 5, finished=[1, 1])
        renewed = await drivers(session, 5, finished=[2, 1], certified=True)
        await certify(session, renewed)
        await certify(session, await drivers(session, 5), expires_at=NOW)
        await certify(session, await drivers(session, 5), revoked_at=NOW - DAY, sealed_reason=b"")
    async with database.reading() as session:
        assert await totals(session, LESSONS, NOW) == Totals(started=33, finished=11, certified=11)
        assert (await by_gender(session, NOW))[Gender.UNSAID] == Counts(33, 11)


async def test_fewer_than_five_people_are_not_counted_out(database: Database) -> None:
    async with database.transaction() as session:
        await drivers(session, 4, finished=[1, 2])
    async with database.reading() as session:
        assert await totals(session, LESSONS, NOW) == Totals(started=None, finished=None, certified=0)
        for table in (by_gender, by_region, by_cohort):
            assert set((await table(session, NOW)).values()) == {Counts(None, None)}, table


async def test_a_small_group_cannot_be_worked_out_from_the_others(database: Database) -> None:
    async with database.transaction() as session:
        await drivers(session, 12, gender=Gender.WOMAN, region="KZ-39", certified=True)
        await drivers(session, 7, gender=Gender.MAN, region="KZ-75", certified=True)
        await drivers(session, 2, gender=Gender.UNSAID, region="KZ-71")
        await drivers(session, 1)
    async with database.reading() as session:
        assert (await totals(session, LESSONS, NOW)).started == 22
        assert await by_gender(session, NOW) == {
            Gender.WOMAN: Counts(12, 12),
            Gender.MAN: Counts(None, 7),
            Gender.UNSAID: Counts(None, 0),
        }
        regions = await by_region(session, NOW)
        assert list(regions) == ["KZ-71", "KZ-75", "KZ-39", "unsaid"]
        assert [each.started for each in regions.values()] == [None, 7, 12, None]
        assert [each.certified for each in regions.values()] == [0, 7, 12, 0]


async def test_where_the_sum_gives_all_away_everything_is_hidden(database: Database) -> None:
    async with database.transaction() as session:
        for region in ("KZ-71", "KZ-75", "KZ-79", "KZ-10", "KZ-11"):
            await drivers(session, 1, region=region)
    async with database.reading() as session:
        assert (await totals(session, LESSONS, NOW)).started == 5
        # Not even where: five people in five regions would be one in each.
        assert await by_region(session, NOW) == dict.fromkeys((*REGIONS, UNSAID), Counts(None, None))


TOLD = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=4)


def around(numbers: Sequence[int], shown: Sequence[int | None]) -> list[Sequence[int]]:
    """Numbers of the same sum that look the same, each hidden one another by one at most."""
    least = 0 if set(shown) == {None} else 1  # else zeros are shown
    steps = [(n - 1, n, n + 1) if told is None else (n,) for n, told in zip(numbers, shown, strict=True)]
    hidden = [at for at, told in enumerate(shown) if told is None]
    return [each for each in product(*steps) if sum(each) == sum(numbers) and all(each[at] >= least for at in hidden)]


@settings(max_examples=200, deadline=None)
@given(TOLD)
@example([(0, 1), (6, 0), (0, 9), (0, 0)])  # all six hold a certificate, so six there started, and one elsewhere
@example([(1, 0), (2, 0), (5, 3)])  # eight started, five hold a certificate: three don't
def test_who_started_cannot_be_worked_out_from_who_is_certified(groups: list[tuple[int, int]]) -> None:
    holders = [certified for certified, _rest in groups]
    started = [certified + rest for certified, rest in groups]
    found = counts_of(range(len(groups)), dict(enumerate(started)), dict(enumerate(holders)))
    shown = [(each.started, each.certified) for each in found.values()]
    firsts, seconds = around(started, [first for first, _ in shown]), around(holders, [second for _, second in shown])
    worlds = [
        (first, second)
        for first, second in product(firsts, seconds)
        if all(some >= part for some, part in zip(first, second, strict=True))
    ]
    for at, (first, second) in enumerate(shown):
        if first is None:
            assert len({one[at] for one, _two in worlds}) > 1 or set(shown) == {(None, None)}
        if second is None:
            assert len({two[at] for _one, two in worlds}) > 1 or {told for _, told in shown} == {None}
        if 0 < groups[at][1] < LEAST:  # nor how many have none
            assert len({one[at] - two[at] for one, two in worlds}) > 1 or {told for _, told in shown} == {None}


async def test_cohorts_are_counted_and_everybody_else_beside_them(database: Database) -> None:
    async with database.transaction() as session:
        older, newer, empty = await add_cohorts(session, 3)
        await drivers(session, 6, cohorts=[older], certified=True)
        await drivers(session, 5, cohorts=[older, newer], certified=True)
        await drivers(session, 8, cohorts=[newer])
        await drivers(session, 9)
    async with database.reading() as session:
        found = await by_cohort(session, NOW)
    counts = {cohort.id if cohort else None: each for cohort, each in found.items()}
    assert list(counts) == [empty, newer, older, None]
    assert counts == {empty: Counts(0, 0), newer: Counts(13, 5), older: Counts(11, 11), None: Counts(9, 0)}


async def test_old_cohorts_join_everybody_else(database: Database) -> None:
    async with database.transaction() as session:
        oldest, *others = await add_cohorts(session, COHORTS + 1)
        await drivers(session, 6, cohorts=[oldest])
        await drivers(session, 7, cohorts=[oldest, others[0]])
    async with database.reading() as session:
        found = await by_cohort(session, NOW)
    assert len(found) == COHORTS + 1
    assert found[None] == Counts(6, 0)
    assert {cohort.id: each.started for cohort, each in found.items() if cohort and each.started} == {others[0]: 7}


BLAME = [attitude.key for attitude in ATTITUDES if attitude.kind is Kind.BLAME]
CONFIDENCE = [attitude.key for attitude in ATTITUDES if attitude.kind is Kind.CONFIDENCE]
AGREE, RATHER, DISAGREE = Agreement.AGREE, Agreement.RATHER_AGREE, Agreement.DISAGREE


async def changed(session: AsyncSession) -> dict[tuple[Kind, Gender, Exam], Opinion]:
    return {(each.kind, each.gender, each.later): each for each in await opinions(session)}


async def test_opinions_are_compared_of_the_same_people_by_gender(database: Database) -> None:
    async with database.transaction() as session:
        women = await drivers(session, 6, gender=Gender.WOMAN)
        await sittings(session, women, Exam.PRE, given={BLAME[0]: AGREE, BLAME[1]: RATHER, CONFIDENCE[0]: DISAGREE})
        await sittings(session, women, Exam.FINAL, given={BLAME[0]: DISAGREE, BLAME[1]: RATHER, CONFIDENCE[0]: AGREE})
        await sittings(session, women, Exam.FINAL, given={BLAME[0]: AGREE, BLAME[1]: AGREE})
        await sittings(session, women[:5], Exam.FOLLOWUP, given={BLAME[1]: AGREE, BLAME[2]: DISAGREE})
        men = await drivers(session, 9, gender=Gender.MAN)
        await sittings(session, men, Exam.PRE, given={BLAME[0]: RATHER})
        await sittings(session, men[:4], Exam.FINAL, given={BLAME[0]: AGREE})
        only_before = await drivers(session, 5)
        await sittings(session, only_before, Exam.PRE, given={BLAME[0]: AGREE})
    async with database.reading() as session:
        found = await changed(session)
    assert len(found) == 2 * 3 * 2
    after = found[Kind.BLAME, Gender.WOMAN, Exam.FINAL]
    assert (after.before, after.after, after.is_worrying) == (3.5, 2.0, False)
    month_later = found[Kind.BLAME, Gender.WOMAN, Exam.FOLLOWUP]
    assert (month_later.before, month_later.after, month_later.is_worrying) == (3.0, 4.0, True)
    confidence = found[Kind.CONFIDENCE, Gender.WOMAN, Exam.FINAL]
    assert (confidence.before, confidence.after, confidence.is_worrying) == (1.0, 4.0, False)
    told = {(kind, gender) for (kind, gender, _), each in found.items() if each.before is not None}
    assert told == {(Kind.BLAME, Gender.WOMAN), (Kind.CONFIDENCE, Gender.WOMAN)}


async def test_who_would_rather_not_say_is_left_out(database: Database) -> None:
    async with database.transaction() as session:
        willing = await drivers(session, 5)
        await sittings(session, willing, Exam.PRE, given={BLAME[0]: AGREE, BLAME[1]: Agreement.RATHER_NOT_SAY})
        await sittings(session, willing, Exam.FINAL, given={BLAME[0]: RATHER, BLAME[1]: AGREE})
        silent = await drivers(session, 5, gender=Gender.UNSAID)
        await sittings(session, silent, Exam.PRE, given={BLAME[0]: DISAGREE})
        await sittings(session, silent, Exam.FINAL, given={BLAME[0]: Agreement.RATHER_NOT_SAY})
    async with database.reading() as session:
        found = (await changed(session))[Kind.BLAME, Gender.UNSAID, Exam.FINAL]
    assert (found.before, found.after) == (4.0, 3.0)


async def test_the_hardest_questions_come_from_first_attempts_of_five_people_or_more(database: Database) -> None:
    async with database.transaction() as session:
        people = await drivers(session, 6)
        first = await attempts(session, people, lesson=2, finished_at=NOW, right_answers=1, questions=3)
        again = await attempts(session, people, lesson=2)
        await answers(session, first[:3], hard=False, easy=True, gone=False)
        await answers(session, first[3:5], hard=True, easy=True, gone=False)
        await answers(session, first[:4], rare=False)
        await answers(session, again, easy=False, rare=False)
        more = await attempts(session, people, lesson=3)
        await answers(session, more, **{f"q{n}": n > 3 for n in range(1, 7)})
    asked = {(2, "hard"), (2, "easy"), (2, "rare"), *((3, f"q{n}") for n in range(1, 7))}
    async with database.reading() as session:
        found = await hardest(session, asked)
    assert found == [
        *(HardQuestion(3, f"q{n}", 0.0) for n in (1, 2, 3)),
        HardQuestion(2, "hard", 0.4),
        HardQuestion(2, "easy", 1.0),
    ]


async def every_figure(session: AsyncSession) -> None:
    await totals(session, LESSONS, NOW)
    await gain(session)
    for grouped in (by_gender, by_region, by_cohort):
        await grouped(session, NOW)
    await opinions(session)
    await hardest(session, {(1, "q1")})


async def filled(session: AsyncSession, people: int) -> None:
    """Half of them women, a tenth of them certified, with ten answers and an opinion before and after each."""
    for gender in (Gender.WOMAN, Gender.MAN):
        half = await drivers(session, people // 2, gender=gender, region="KZ-75", finished=[1])
        taken = await attempts(session, half, lesson=2)
        await answers(session, taken, **{f"q{n}": n % 2 == 0 for n in range(10)})
        await sittings(session, half, Exam.PRE, right=5, given={BLAME[0]: RATHER})
        await sittings(session, half, Exam.FINAL, right=7, given={BLAME[0]: RATHER})
        await certify(session, half[: people // 20])


async def test_two_thousand_people_cost_no_more_queries_than_twenty(database: Database) -> None:
    async with database.transaction() as session:
        await filled(session, 20)
        with counted(database) as few:
            await every_figure(session)
        await filled(session, 2000)
        with counted(database) as many:
            await every_figure(session)
    assert len(many) == len(few) <= 16
    async with database.reading() as session:
        assert await totals(session, [1], NOW) == Totals(started=2020, finished=2020, certified=202)
        assert (await by_gender(session, NOW))[Gender.WOMAN] == Counts(1010, 101)
        assert (await hardest(session, {(2, "q1")})) == [HardQuestion(2, "q1", 0.0)]
        gained = await gain(session)
        assert gained is not None
        assert (gained.people, round(gained.mean, 6)) == (2020, 20.0)
