"""Spaced review: what comes back when, who is reminded, and never twice a day or at night."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from models.database import Database
from models.people import Person
from models.quiet import at_hour, local_day, next_at_hour
from models.reviews import (
    A_DAY,
    PAUSE,
    ReviewItem,
    ReviewPlan,
    answer_due,
    choose_hour,
    due_items,
    due_people,
    note_reminded,
    plan_of,
    remember,
    set_next,
)
from models.vault import Vault
from tests.models.helpers import NOW, add_people, add_person, counted

DAY = timedelta(days=1)
HOUR = 18


async def learner(database: Database, vault: Vault, right: bool = True) -> Person:
    """A person who answered seven questions and chose an hour."""
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        await remember(session, person.id, [(1, f"q{i}", right) for i in range(7)], NOW)
        await session.flush()
        await choose_hour(session, await plan_of(session, person.id), HOUR, NOW)
    return person


async def test_a_wrong_answer_comes_back_sooner_and_a_right_one_later_each_time(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        await remember(session, person.id, [(1, "wrong", False), (1, "right", True)], NOW)
    async with database.transaction() as session:
        wrong = await session.get_one(ReviewItem, (person.id, 1, "wrong"))
        right = await session.get_one(ReviewItem, (person.id, 1, "right"))
        assert NOW < wrong.due_at < right.due_at
        gaps = []
        for _time in range(4):
            at = right.due_at
            await remember(session, person.id, [(1, "right", True)], at)
            gaps.append(right.due_at - at)
        assert DAY <= gaps[0] < gaps[1] < gaps[-1] <= timedelta(days=200)
        at = right.due_at
        await remember(session, person.id, [(1, "right", False)], at)
        assert right.due_at - at < gaps[-1]


async def test_a_clock_set_back_loses_nothing(database: Database, vault: Vault) -> None:
    person = await learner(database, vault)
    async with database.transaction() as session:
        plan = await plan_of(session, person.id)
        item = await session.get_one(ReviewItem, (person.id, 1, "q1"))
        await answer_due(session, plan, item, True, NOW + 3 * DAY)
        await answer_due(session, plan, item, True, NOW + 2 * DAY)
        await answer_due(session, plan, item, True, NOW + 3 * DAY)
        assert plan.days == 1
        assert item.due_at > NOW + 3 * DAY


async def test_today_has_five_questions_at_most_and_tomorrow_five_more(database: Database, vault: Vault) -> None:
    person = await learner(database, vault, right=False)
    async with database.transaction() as session:
        plan, now = await plan_of(session, person.id), NOW + 2 * DAY
        for left in range(A_DAY, 0, -1):
            assert plan.left_today(now) == left
            await answer_due(session, plan, (await due_items(session, person.id, now))[0], True, now)
        assert plan.left_today(now) == 0
        assert len(await due_items(session, person.id, now)) == 2
        assert plan.left_today(now + DAY) == A_DAY


async def test_a_missed_day_freezes_the_streak_and_does_not_break_it(database: Database, vault: Vault) -> None:
    person = await learner(database, vault, right=False)
    async with database.transaction() as session:
        plan = await plan_of(session, person.id)
        for day, expected in ((2, 1), (2, 1), (3, 2), (9, 3)):
            now = NOW + day * DAY
            item = (await due_items(session, person.id, now))[0]
            await answer_due(session, plan, item, False, now)
            assert plan.days == expected


async def test_a_person_is_reminded_at_the_chosen_hour_once_a_day_and_only_when_something_is_due(
    database: Database, vault: Vault
) -> None:
    person = await learner(database, vault)
    async with database.transaction() as session:
        first_due = await session.scalar(select(func.min(ReviewItem.due_at)))
        plan = await plan_of(session, person.id)
        assert first_due is not None
        assert plan.next_at == next_at_hour(first_due, HOUR)
        now = plan.next_at
        await session.flush()
        assert await due_people(session, now - timedelta(seconds=1), 10) == []
        due = await due_people(session, now, 10)
        assert due == [(person.id, HOUR, None)]
        assert await note_reminded(session, due, now) == [person.id]
        await session.refresh(plan)
        assert plan.next_at == at_hour(local_day(now) + DAY, HOUR)
        # The same day again, as after a clock that jumped: the reminder moves to the next day, and none goes out.
        plan.next_at = now
        await session.flush()
        assert await note_reminded(session, await due_people(session, now, 10), now + timedelta(minutes=5)) == []
        await session.refresh(plan)
        assert plan.next_at == at_hour(local_day(now) + DAY, HOUR)
        # Practised before the hour: that day has had its questions.
        tomorrow = plan.next_at - timedelta(hours=5)
        await answer_due(session, plan, (await due_items(session, person.id, tomorrow))[0], True, tomorrow)
        assert local_day(plan.next_at) == local_day(tomorrow) + DAY


async def test_at_night_nobody_is_due(database: Database, vault: Vault) -> None:
    person = await learner(database, vault)
    async with database.transaction() as session:
        plan = await plan_of(session, person.id)
        day = local_day(NOW + 9 * DAY)
        assert await due_people(session, at_hour(day, 20) + timedelta(hours=1), 10) == []
        assert await due_people(session, at_hour(day, 9) - timedelta(seconds=1), 10) == []
        assert [each.person_id for each in await due_people(session, at_hour(day, 9), 10)] == [person.id]
        for hour in (0, 8, 21, 23):
            with pytest.raises(ValueError, match="quiet"):
                await choose_hour(session, plan, hour, NOW)


async def test_who_stopped_meanwhile_or_blocked_the_bot_is_not_reminded(database: Database, vault: Vault) -> None:
    at = at_hour(local_day(NOW), 10)
    async with database.transaction() as session:
        people = await add_people(session, vault, 1, 2, 3)
        people[1].blocked_at = NOW
        session.add_all([ReviewPlan(person_id=p.id, hour=10, next_at=at) for p in people])
    async with database.transaction() as session:
        due = await due_people(session, at, 10)
        assert len(due) == 3
        stopped = await plan_of(session, people[0].id)
        stopped.hour = stopped.next_at = None
        await session.flush()
        assert await note_reminded(session, due, at) == [people[2].id]
        assert await due_people(session, at, 10) == []


async def test_a_pause_lasts_a_week_and_a_stop_for_good(database: Database, vault: Vault) -> None:
    person = await learner(database, vault, right=False)
    async with database.transaction() as session:
        plan, now = await plan_of(session, person.id), NOW + 2 * DAY
        await set_next(session, plan, now, not_before=now + PAUSE)
        assert plan.next_at is not None
        assert plan.next_at >= now + PAUSE
        plan.hour = plan.next_at = None
        await session.flush()
        await set_next(session, plan, now)
        assert plan.next_at is None
        assert await due_people(session, now + 99 * DAY, 10) == []


async def test_the_due_are_found_by_their_index_and_in_one_query(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        people = await add_people(session, vault, *range(1, 21))
        at = at_hour(local_day(NOW), 10)
        session.add_all([ReviewPlan(person_id=p.id, hour=10, next_at=at + (p.id % 5) * DAY) for p in people])
    with counted(database) as statements:
        async with database.transaction() as session:
            due = await due_people(session, at + timedelta(hours=1), 3)
    assert [each.person_id % 5 for each in due] == [0] * 3
    (statement,) = [s for s in statements if "review_plans" in s]
    asked = " ".join(statement.split())
    for part in (
        "FROM review_plans WHERE review_plans.next_at <=",
        "ORDER BY review_plans.next_at LIMIT",
    ):
        assert part in asked
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    async with database.transaction() as session:
        if not database.is_sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))
        found = await session.execute(
            text(
                f"{explain} SELECT person_id, hour, reminded_on FROM review_plans "
                "WHERE next_at <= '2026-01-01' ORDER BY next_at LIMIT 3"
            )
        )
        assert "ix_review_plans_next_at" in "\n".join(map(str, found))


async def test_a_plan_without_an_hour_or_at_night_is_refused_by_the_database(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
    for values in ({"hour": 8}, {"hour": 21}, {"hour": None, "next_at": datetime.now(tz=NOW.tzinfo)}):
        with pytest.raises(Exception, match=r"(?i)check"):
            async with database.transaction() as session:
                session.add(ReviewPlan(person_id=person.id, **values))
