"""The team: what the database says now, not what anybody remembers."""

import pytest
from sqlalchemy import delete, literal, select, text
from sqlalchemy.exc import IntegrityError

from models.database import Database
from models.people import Language
from models.team import Member, Role, appoint_owners, members, reviews, role_of
from models.vault import Vault
from tests.models.helpers import NOW, add_people, add_person


async def appoint(database: Database, vault: Vault, *telegram_ids: int) -> dict[int, Role]:
    async with database.transaction() as session:
        await appoint_owners(session, vault, telegram_ids, default=Language.RUSSIAN, now=NOW)
    async with database.reading() as session:
        return {person.telegram_id(vault): member.role for member, person in await members(session)}


async def test_the_owners_are_those_whom_the_settings_name(database: Database, vault: Vault) -> None:
    assert await appoint(database, vault, 1, 2) == {1: Role.OWNER, 2: Role.OWNER}
    assert await appoint(database, vault, 1, 2) == {1: Role.OWNER, 2: Role.OWNER}
    assert await appoint(database, vault, 2, 3) == {2: Role.OWNER, 3: Role.OWNER}
    assert await appoint(database, vault) == {}


async def test_reviewers_stay_when_the_owners_change(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        await add_person(session, vault, 5, Role.REVIEWER)
    assert await appoint(database, vault, 1) == {1: Role.OWNER, 5: Role.REVIEWER}
    assert await appoint(database, vault, 5) == {5: Role.OWNER}


async def test_a_role_is_what_the_table_says_at_that_moment(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reviewer = await add_person(session, vault, 1, Role.REVIEWER)
        [passenger] = await add_people(session, vault, 2)
        assert await role_of(session, reviewer.id) is Role.REVIEWER
        assert await role_of(session, passenger.id) is None
        await session.execute(delete(Member).where(Member.person_id == reviewer.id))
        assert await role_of(session, reviewer.id) is None


async def test_the_condition_for_queries_is_true_for_members_only(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        ids = [(await add_person(session, vault, number, role)).id for number, role in enumerate([*Role, None])]
        allowed = [await session.scalar(select(literal("yes")).where(reviews(i))) for i in [*ids, 999]]
    assert allowed == ["yes"] * len(Role) + [None, None]


async def test_nobody_is_twice_in_the_team_or_in_it_with_a_made_up_role(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        member = await add_person(session, vault, 1, Role.REVIEWER)
        stranger = await add_person(session, vault, 2)
    team = text("INSERT INTO team (person_id, role, since, by_settings) VALUES (:person, :role, '2026-11-21', false)")
    for person, role in ((member.id, "owner"), (999, "owner"), (stranger.id, "god")):
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(team, {"person": person, "role": role})
    async with database.transaction() as session:
        await session.execute(team, {"person": stranger.id, "role": "owner"})
