"""Action plans: three commitments, own words sealed, and answers that can be changed until all are given."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.action_plans import (
    ActionPlan,
    Kept,
    Pledge,
    PledgeCheck,
    PledgeRemark,
    check_pledge,
    checks_of,
    make_plan,
    newest_plan,
    own_plan,
)
from models.base import Base
from models.commitments import COMMITMENTS, Commitment
from models.database import Database
from models.rotation import rotate_keys
from models.vault import CannotOpen, Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY, add_people, add_person
from tests.models.test_certificates import parts_of
from tests.models.test_stolen_file import whole

OWN = "Күн сайын есікті өзім ашамын, every passenger"
REMARK = "Жұмсақ музыка көмектесті, the reminders helped"
CHOICES = [COMMITMENTS[4], OWN, COMMITMENTS[0]]


async def add_plan(
    session: AsyncSession, vault: Vault, choices: Sequence[Commitment | str] = CHOICES, telegram_id: int = 1
) -> ActionPlan:
    person = await add_person(session, vault, telegram_id)
    return await make_plan(session, vault, person.id, choices, NOW)


async def count(session: AsyncSession, table: type[Base]) -> int:
    return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_plan_is_three_commitments_in_the_order_in_which_they_were_chosen(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        plan = await add_plan(session, vault)
    async with database.reading() as session:
        found = await own_plan(session, plan.person_id, plan.id)
        assert found is not None
        assert [pledge.chosen(vault) for pledge in found.pledges] == CHOICES
        assert [(pledge.key, pledge.sealed_words is None) for pledge in found.pledges] == [
            ("hands", True),
            (None, False),
            ("mirror", True),
        ]
        assert await own_plan(session, plan.person_id + 1, plan.id) is None


async def test_a_plan_of_fewer_or_more_than_three_is_none(database: Database, vault: Vault) -> None:
    wrong = [[], CHOICES[:2], [*CHOICES, "x"], ["same", "same", "x"], [COMMITMENTS[0]] * 3]
    async with database.transaction() as session:
        for choices in wrong:
            with pytest.raises(ValueError, match="3"):
                await add_plan(session, vault, choices)
        assert await count(session, ActionPlan) == await count(session, Pledge) == 0


async def test_a_commitment_that_cannot_be_is_refused_by_the_database(database: Database, vault: Vault) -> None:
    impossible: list[dict[str, Any]] = [
        {"position": 0, "key": "mirror"},
        {"position": 4, "key": "mirror"},
        {"position": 1},
        {"position": 1, "key": "mirror", "sealed_words": b"x"},
    ]
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        bare = ActionPlan(person_id=person.id, made_at=NOW)
        session.add(bare)
    for values in impossible:
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(insert(Pledge).values(plan_id=bare.id, **values))


async def test_a_commitment_that_left_the_list_stands_for_itself(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        plan = await add_plan(session, vault)
        plan.pledges[0].key = "long-ago"
        assert plan.pledges[0].chosen(vault) == "long-ago"


async def test_the_newest_plan_counts(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person, other = await add_people(session, vault, 1, 2)
        assert await newest_plan(session, person.id) is None
        plans = [
            await make_plan(session, vault, person.id, CHOICES, NOW + timedelta(days=days)) for days in (2, 3, 1, 3)
        ]
        await make_plan(session, vault, other.id, CHOICES, NOW + timedelta(days=9))
        assert await newest_plan(session, person.id) is plans[3]


async def test_an_answer_can_be_changed_until_all_three_are_given(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        plan = await add_plan(session, vault)

        async def say(position: int, kept: Kept, days: int = 7) -> dict[int, Kept]:
            await check_pledge(session, plan, position, days, kept, NOW)
            await session.flush()
            return await checks_of(session, plan, days)

        assert await say(1, Kept.YES) == {1: Kept.YES}
        assert await say(1, Kept.YES) == {1: Kept.YES}
        assert await say(1, Kept.NO) == {1: Kept.NO}
        assert await say(3, Kept.PARTLY) == {1: Kept.NO, 3: Kept.PARTLY}
        full = {1: Kept.NO, 2: Kept.YES, 3: Kept.PARTLY}
        assert await say(2, Kept.YES) == full
        assert await say(2, Kept.NO) == full
        assert await checks_of(session, plan, 30) == {}
        assert await say(1, Kept.YES, 30) == {1: Kept.YES}


async def test_an_answer_that_cannot_be_changes_nothing(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        plan = await add_plan(session, vault)
        for position, days in ((0, 7), (4, 7), (-1, 30), (1, 8), (1, 0)):
            await check_pledge(session, plan, position, days, Kept.YES, NOW)
    async with database.reading() as session:
        assert await count(session, PledgeCheck) == 0


async def test_a_remark_is_kept_for_each_time_and_can_be_written_anew(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        plan = await add_plan(session, vault)
        for days, words in ((7, "first"), (30, "a month"), (7, REMARK)):
            plan.remark(vault, days, words, NOW + timedelta(days=days))
    async with database.reading() as session:
        found = await session.get_one(ActionPlan, plan.id)
        assert {remark.after_days: remark.words(vault) for remark in found.remarks} == {7: REMARK, 30: "a month"}


async def test_a_deleted_person_leaves_nothing_of_a_plan(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        plan = await make_plan(session, vault, person.id, CHOICES, NOW)
        plan.remark(vault, 7, REMARK, NOW)
        await check_pledge(session, plan, 1, 7, Kept.YES, NOW)
        await session.flush()
        await session.delete(person)
        await session.flush()
        for table in (ActionPlan, Pledge, PledgeCheck, PledgeRemark):
            assert await count(session, table) == 0


async def test_a_stolen_database_shows_no_own_words(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        plan = await add_plan(session, vault)
        plan.remark(vault, 7, REMARK, NOW)
    stolen = await whole(database)
    assert b"mirror" in stolen
    assert [part for part in parts_of(OWN, REMARK) if part in stolen] == []


async def test_own_words_moved_to_another_place_do_not_open(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        first, second = [await add_plan(session, vault, telegram_id=number) for number in (1, 2)]
        second.pledges[1].sealed_words = first.pledges[1].sealed_words
        with pytest.raises(CannotOpen):
            second.pledges[1].chosen(vault)


async def test_with_a_new_key_own_words_and_remarks_move_to_it(database: Database) -> None:
    old, both, new = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY]), Vault([NEW_KEY])
    async with database.transaction() as session:
        plan = await add_plan(session, old)
        plan.remark(old, 30, REMARK, NOW)
    moved = [each.rows async for each in rotate_keys(database, both) if each.table == ActionPlan.__tablename__]
    assert moved == [1]
    async with database.reading() as session:
        found = await session.get_one(ActionPlan, plan.id)
        assert [pledge.chosen(new) for pledge in found.pledges] == CHOICES
        assert [remark.words(new) for remark in found.remarks] == [REMARK]
        with pytest.raises(CannotOpen):
            found.pledges[1].chosen(old)
