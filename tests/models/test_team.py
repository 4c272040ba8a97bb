"""The team: what the database says now, not what anybody remembers."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, literal, select, text
from sqlalchemy.exc import IntegrityError

from models.audit import Action, entries
from models.database import Database
from models.flags import State
from models.invites import (
    TERM,
    Invite,
    accept,
    forget_invites,
    invite,
    invite_of_code,
    waiting_invites,
    withdraw_invite,
)
from models.membership import Hindrance, change_role, open_flags, remove_member, why_staying
from models.people import Language
from models.team import Member, Role, appoint_owners, labels, members, reviews, role_of
from models.vault import Vault
from tests.models.helpers import NOW, add_flag, add_people, add_person


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


async def test_owners_appointed_in_the_bot_stay_whatever_the_settings_say(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        await add_person(session, vault, 7, Role.OWNER)
        await add_person(session, vault, 8, Role.SUPERVISOR)
    kept = {7: Role.OWNER, 8: Role.SUPERVISOR}
    assert await appoint(database, vault, 1) == {1: Role.OWNER, **kept}
    assert await appoint(database, vault) == kept
    assert await appoint(database, vault, 7) == kept  # named now, so from now on the settings decide
    assert await appoint(database, vault) == {8: Role.SUPERVISOR}


async def test_an_owner_is_one_since_the_day_they_became_it_and_who_left_is_named(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        reviewer = await add_person(session, vault, 2, Role.REVIEWER)
        for days, named, left in ((1, (1, 2), []), (2, (1, 2), []), (3, (1,), [reviewer.id]), (4, (1,), [])):
            now = NOW + timedelta(days=days)
            assert await appoint_owners(session, vault, named, default=Language.RUSSIAN, now=now) == left
            await session.flush()
        [(member, _person)] = await members(session)
        assert (member.since, member.by_settings) == (NOW + timedelta(days=1), True)
        written = [(entry.action, entry.detail) for entry in reversed(await entries(session, limit=9))]
    assert sorted(written[:2]) == [
        (Action.JOINED, f"{member.person_id} owner"),
        (Action.ROLE_CHANGED, f"{reviewer.id} owner"),
    ]
    assert written[2:] == [(Action.REMOVED, str(reviewer.id))]


async def test_the_settings_name_nobody_but_owners(database: Database, vault: Vault) -> None:
    await appoint(database, vault, 1)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(text("UPDATE team SET role = 'reviewer'"))


async def test_one_owner_stays_and_who_leaves_gives_their_flags_back(database: Database, vault: Vault) -> None:
    await appoint(database, vault, 1)
    async with database.transaction() as session:
        [settings] = [member.person_id for member, _person in await members(session)]
        reporter = await add_person(session, vault, 9)
        owner, worker = (
            await add_person(session, vault, 2, Role.OWNER),
            await add_person(session, vault, 3, Role.REVIEWER),
        )
        flag = await add_flag(session, vault, reporter)
        flag.claim(worker.id)
        await session.flush()
        assert await open_flags(session) == {worker.id: 1}
        assert await change_role(session, settings, Role.REVIEWER) is Hindrance.SETTINGS
        assert await remove_member(session, vault, settings, NOW) is Hindrance.SETTINGS
        assert await remove_member(session, vault, reporter.id, NOW) is Hindrance.UNKNOWN
        assert await change_role(session, worker.id, Role.SUPERVISOR) is None
        assert await why_staying(session, settings) is Hindrance.SETTINGS
        assert await why_staying(session, worker.id) is None
        assert await remove_member(session, vault, worker.id, NOW) == [flag]
        await session.refresh(flag)
        assert (flag.state, flag.reviewer_id) == (State.NEW, None)
        await session.execute(delete(Member).where(Member.person_id == settings))
        assert await remove_member(session, vault, owner.id, NOW) is Hindrance.LAST_OWNER
        assert await change_role(session, owner.id, Role.SUPERVISOR) is Hindrance.LAST_OWNER
        assert await change_role(session, owner.id, Role.OWNER) is None


async def test_of_two_owners_who_remove_each_other_at_once_one_stays(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        ids = [(await add_person(session, vault, number, Role.OWNER)).id for number in (1, 2)]

    async def remove(person_id: int) -> bool:
        async with database.transaction() as session:
            return await remove_member(session, vault, person_id, NOW) is Hindrance.LAST_OWNER

    found = await asyncio.gather(*map(remove, ids))
    assert sorted(found) == [False, True]


async def test_an_invitation_makes_one_member_once_and_in_time(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        owner, first, second = [
            await add_person(session, vault, number, role) for number, role in ((1, Role.OWNER), (2, None), (3, None))
        ]
        made, code = await invite(session, vault, role=Role.SUPERVISOR, label="Аяжан", made_by=owner.id, now=NOW)
        assert code.encode() not in made.code_hash + made.sealed_label
        end = NOW + TERM
        assert await invite_of_code(session, code, end) is None
        assert await invite_of_code(session, code[:-1], NOW) is None
        found = await invite_of_code(session, code, end - timedelta(microseconds=1))
        assert found is made
        member = await accept(session, vault, made, first.id, NOW)
        assert (member.role, member.label(vault), member.by_settings) == (Role.SUPERVISOR, "Аяжан", False)
        assert await labels(session, vault) == {owner.id: None, first.id: "Аяжан"}
        assert await invite_of_code(session, code, NOW) is None

        made, code = await invite(session, vault, role=Role.OWNER, label="x", made_by=owner.id, now=NOW)
        assert [each.id for each in await waiting_invites(session, NOW)] == [made.id]
        assert await waiting_invites(session, end) == []
        (await session.get_one(Member, owner.id)).role = Role.SUPERVISOR
        assert await invite_of_code(session, code, NOW) is None  # its maker may not invite any more
        assert await withdraw_invite(session, made.id)
        assert not await withdraw_invite(session, made.id)
        await invite(session, vault, role=Role.OWNER, label="x", made_by=second.id, now=NOW)
        await forget_invites(session, end)
        assert list(await session.scalars(select(Invite))) == []
