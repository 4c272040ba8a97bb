"""Tests around the course: what is drawn, when one is passed, and that a sitting keeps what it asked."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from models.attitudes import ATTITUDES
from models.database import Database
from models.exams import (
    ATTITUDE,
    PLANS,
    Exam,
    Sitting,
    SittingAnswer,
    Verdict,
    draw,
    item_of,
    judge,
    own_sitting,
    sittings_of,
    times_seen,
)
from models.lessons import Level, Option, Question, Rich
from models.vault import Vault
from tests.models.helpers import NOW, add_people

LEVELS = [Level.EASY, Level.MEDIUM, Level.MEDIUM, Level.HARD]


def question(lesson: int, at: int, *, zero: bool = False) -> Question:
    text = Rich(text="?")
    options = tuple(Option(key=key, text=key, right=key == "a", why=text) for key in "abc")
    return Question(
        lesson=lesson, key=f"q{at}", level=LEVELS[at % 4], zero=zero, scenario=text, options=options, screen=text
    )


POOL = [question(lesson, at, zero=at == 5) for lesson in range(1, 13) for at in range(8)]
BY_ITEM = {item_of(q): q for q in POOL}


def questions_of(items: list[str]) -> list[Question]:
    return [BY_ITEM[item] for item in items if not item.startswith(ATTITUDE)]


@pytest.mark.parametrize("exam", Exam)
@given(seed=st.integers())
@settings(max_examples=25)
def test_a_test_asks_each_objective_in_turn_all_levels_and_enough_about_zero_tolerance(exam: Exam, seed: int) -> None:
    items = draw(POOL, exam, {}, random.Random(seed))
    plan, drawn = PLANS[exam], questions_of(items)
    assert len(drawn) == plan.questions
    assert len(set(items)) == len(items)
    per_lesson = Counter(q.lesson for q in drawn)
    assert max(per_lesson.values()) - min(per_lesson.get(lesson, 0) for lesson in range(1, 13)) <= 1
    assert sum(q.zero for q in drawn) >= plan.zero
    levels = Counter(q.level for q in drawn)
    assert levels[Level.EASY] >= plan.questions // 6
    assert levels[Level.HARD] >= plan.questions // 6
    opinions = [f"{ATTITUDE}/{attitude.key}" for attitude in ATTITUDES]
    assert items[plan.questions :] == (opinions if plan.attitudes else [])


def test_the_next_test_asks_what_was_not_asked_before() -> None:
    seen: Counter[str] = Counter()
    first = draw(POOL, Exam.FINAL, seen, random.Random(1))
    seen.update(first)
    second = draw(POOL, Exam.FINAL, seen, random.Random(2))
    again = {q.key for q in questions_of(first)} and set(first) & set(second) - {
        f"{ATTITUDE}/{a.key}" for a in ATTITUDES
    }
    assert not again


def test_a_bank_that_is_too_small_gives_what_it_has() -> None:
    assert len(questions_of(draw(POOL[:3], Exam.FINAL, {}))) == 3


def answered(items: dict[str, Question], wrong: set[str]) -> dict[str, SittingAnswer]:
    return {
        item: SittingAnswer(sitting_id=1, item=item, option="a", right=item not in wrong, answered_at=NOW)
        for item in items
    }


def test_a_test_is_passed_with_four_fifths_and_every_answer_about_zero_tolerance() -> None:
    items = {item_of(q): q for q in POOL[:10]}  # the one about zero tolerance is 1/q5
    assert judge(items, answered(items, set())) == Verdict(10, 10, 0)
    assert judge(items, answered(items, {"1/q0", "1/q1"})).passed
    assert not judge(items, answered(items, {"1/q0", "1/q1", "1/q2"})).passed
    zero = judge(items, answered(items, {"1/q5"}))
    assert (zero.right, zero.zero_missed, zero.passed) == (9, 1, False)
    without_answer = {item: answer for item, answer in answered(items, set()).items() if item != "1/q5"}
    assert not judge(items, without_answer).passed
    assert not judge({}, {}).passed


async def test_a_person_sits_each_test_once_at_a_time_and_sees_only_their_own(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person, other = await add_people(session, vault, 1, 2)
        session.add_all(
            [
                Sitting(person_id=person.id, exam=Exam.PRE, items=["1/q1"], started_at=NOW),
                Sitting(person_id=person.id, exam=Exam.FINAL, items=["2/q2", "attitude/clothes"], started_at=NOW),
                Sitting(person_id=other.id, exam=Exam.PRE, items=[], started_at=NOW),
            ]
        )
    async with database.transaction() as session:
        [final] = [sitting for sitting in await sittings_of(session, person.id) if sitting.exam is Exam.FINAL]
        assert final.items == ["2/q2", "attitude/clothes"]
        assert await own_sitting(session, other.id, final.id) is None
        session.add(SittingAnswer(sitting_id=final.id, item="2/q2", option="a", right=True, answered_at=NOW))
        await session.flush()
        assert await times_seen(session, person.id) == {"2/q2": 1}
        assert await times_seen(session, other.id) == {}
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            session.add(Sitting(person_id=person.id, exam=Exam.PRE, items=[], started_at=NOW))
