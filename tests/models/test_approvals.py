"""What takes two people: who may ask, who may say yes, for how long, and how often."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.approvals import (
    ASKERS,
    KIND_NAMES,
    READING,
    TERM,
    Approval,
    Fault,
    Kind,
    Standing,
    approval_of,
    approvers,
    ask,
    decide,
    fault_of,
    forget_approvals,
    granted,
    may_ask,
    purge,
    waiting_for,
)
from models.audit import record
from models.certificates import newest_certificate
from models.database import Database
from models.details import Reach
from models.flags import Flag
from models.handover import colleagues, may_review
from models.merging import merge
from models.people import Person
from models.team import Member, Role
from models.vault import Vault
from tests.models.helpers import NOW, add_course, add_flag, add_person, somebody_waits

MOMENT = timedelta(microseconds=1)


async def team(session: AsyncSession, vault: Vault) -> tuple[Flag, Person, Person, Person]:
    """A flag that a reviewer works on, with a contact; the reviewer, a supervisor, an owner."""
    reporter = await add_person(session, vault, 9)
    reviewer, supervisor, owner = [await add_person(session, vault, n, role) for n, role in enumerate(Role, 1)]
    flag = await add_flag(session, vault, reporter)
    flag.write_contact(vault, "contact")
    flag.claim(reviewer.id)
    await session.flush()
    return flag, reviewer, supervisor, owner


async def asked(session: AsyncSession, vault: Vault, flag: Flag, by: Person, kind: Kind = Kind.CONTACT) -> Approval:
    return await ask(session, vault, kind, requester_id=by.id, reason="reason", now=NOW, flag_id=flag.id)


async def test_who_may_ask_for_what(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        flag, reviewer, supervisor, owner = await team(session, vault)
        for person, kinds in (
            (reviewer, {Kind.CONTACT, Kind.EXPORT}),
            (supervisor, {Kind.EXPORT}),  # works on another flag
            (owner, {Kind.EXPORT, Kind.PURGE, Kind.REVOCATION}),
        ):
            assert {kind for kind in Kind if await may_ask(session, kind, person.id, NOW, flag)} == kinds
        flag.quiet_until = NOW + MOMENT  # whoever reported would hear by it that another person has
        assert not await may_ask(session, Kind.CONTACT, reviewer.id, NOW, flag)
        assert not await may_ask(session, Kind.PURGE, owner.id, NOW, flag)
        assert await may_ask(session, Kind.PURGE, owner.id, NOW + MOMENT, flag)
        flag.quiet_until = None
        stranger = await session.get_one(Person, flag.reporter_id)
        assert not [kind for kind in Kind if await may_ask(session, kind, stranger.id, NOW, flag)]
        session.add(Member(person_id=stranger.id, role=Role.OWNER, since=NOW))
        await session.flush()
        assert not await may_ask(session, Kind.PURGE, stranger.id, NOW, flag)
        for reach in set(Reach) - {Reach.CONTACT}:  # whatever is stored, it's no longer what the person wants
            flag.reach = reach
            assert not await may_ask(session, Kind.CONTACT, reviewer.id, NOW, flag)
        flag.reach, flag.sealed_contact = Reach.CONTACT, None
        assert not await may_ask(session, Kind.CONTACT, reviewer.id, NOW, flag)
    assert set(ASKERS) == set(KIND_NAMES) == set(Kind)


async def test_only_another_uninvolved_supervisor_or_owner_decides(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        flag, reviewer, supervisor, owner = await team(session, vault)
        other = await add_person(session, vault, 7, Role.REVIEWER)
        reporter = await session.get_one(Person, flag.reporter_id)
        approval = await asked(session, vault, flag, reviewer)
        session.add(Member(person_id=reporter.id, role=Role.OWNER, since=NOW))
        await session.flush()
        faults = {
            person.id: await fault_of(session, approval, person.id, NOW)
            for person in (reviewer, other, reporter, supervisor, owner)
        }
        assert list(faults.values()) == [Fault.UNKNOWN, Fault.UNKNOWN, Fault.PARTY, None, None]
        may = [person.id for _member, person in await approvers(session, reviewer.id, flag_id=flag.id)]
        assert may == [supervisor.id, owner.id]
        for action in READING:
            reads = await add_person(session, vault, 20 + len(action), Role.SUPERVISOR)
            await record(session, vault, action, now=NOW, actor_id=reads.id, flag_id=flag.id)
            assert await fault_of(session, approval, reads.id, NOW) is Fault.PARTY
        assert await fault_of(session, approval, 10**6, NOW) is Fault.UNKNOWN
        member = await session.get_one(Member, reviewer.id)
        member.role = Role.SUPERVISOR
        assert await fault_of(session, approval, reviewer.id, NOW) is Fault.OWN


async def test_the_contact_of_a_duplicate_is_for_who_works_on_its_main_flag_and_they_do_not_approve_it(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        double, reviewer, supervisor, owner = await team(session, vault)
        main = await add_flag(session, vault, await session.get_one(Person, double.reporter_id), "main")
        main.claim(reviewer.id)
        assert await merge(session, reviewer.id, double, main)
        await session.flush()
        assert await may_ask(session, Kind.CONTACT, reviewer.id, NOW, double)
        assert not await may_ask(session, Kind.CONTACT, supervisor.id, NOW, double)
        approval = await asked(session, vault, double, reviewer)
        assert await fault_of(session, approval, supervisor.id, NOW) is None
        assert main.give(supervisor.id)
        await session.flush()
        assert await fault_of(session, approval, owner.id, NOW) is Fault.LAPSED
        approval = await asked(session, vault, double, supervisor)
        assert await fault_of(session, approval, owner.id, NOW) is None
        assert main.give(owner.id)
        await session.flush()
        assert owner.id not in {person.id for _, person in await approvers(session, reviewer.id, flag_id=double.id)}


async def test_who_holds_a_certificate_does_not_decide_on_it(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        _flag, _reviewer, supervisor, owner = await team(session, vault)
        await add_course(session, vault, supervisor)
        certificate = await newest_certificate(session, supervisor.id)
        assert certificate is not None
        assert await approvers(session, owner.id, certificate_id=certificate.id) == []


async def test_a_request_is_decided_once_within_half_an_hour(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        flag, reviewer, supervisor, owner = await team(session, vault)
        approval = await asked(session, vault, flag, reviewer)
        late = NOW + TERM
        assert await decide(session, approval, owner.id, approved=True, now=late) is Fault.LATE
        assert [each.id for each in await waiting_for(session, owner.id, late - MOMENT)] == [approval.id]
        assert await waiting_for(session, owner.id, late) == []
        assert await waiting_for(session, reviewer.id, NOW) == []
        assert await granted(session, Kind.CONTACT, reviewer.id, NOW, flag.id) is None
        assert await decide(session, approval, owner.id, approved=True, now=late - MOMENT) is None
        for person in (owner, supervisor):
            assert await decide(session, approval, person.id, approved=False, now=NOW) is Fault.DECIDED
        assert (approval.standing, approval.approver_id) == (Standing.APPROVED, owner.id)
        end = late - MOMENT + TERM
        assert await granted(session, Kind.CONTACT, reviewer.id, end - MOMENT, flag.id) is approval
        assert await granted(session, Kind.CONTACT, reviewer.id, end, flag.id) is None
        assert await granted(session, Kind.CONTACT, reviewer.id, late - TERM, flag.id) is None  # the clock was set back
        assert await granted(session, Kind.CONTACT, supervisor.id, NOW, flag.id) is None
        assert await granted(session, Kind.EXPORT, reviewer.id, NOW) is None
        for number in (0, -1, 2**63, 999):
            assert await approval_of(session, number) is None


async def test_who_may_no_longer_ask_gets_no_yes(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        flag, reviewer, supervisor, owner = await team(session, vault)
        approval = await asked(session, vault, flag, reviewer)
        flag.release(reviewer.id)
        assert await decide(session, approval, owner.id, approved=True, now=NOW) is Fault.LAPSED
        deletion = await asked(session, vault, flag, owner, Kind.PURGE)
        (await session.get_one(Member, owner.id)).role = Role.SUPERVISOR
        await session.flush()
        assert await decide(session, deletion, supervisor.id, approved=True, now=NOW) is Fault.LAPSED
        await session.delete(await session.get_one(Member, owner.id))
        await session.flush()
        assert await decide(session, deletion, supervisor.id, approved=True, now=NOW) is Fault.LAPSED


async def test_while_the_news_of_a_flag_waits_a_request_may_be_refused_but_not_approved(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        flag, reviewer, supervisor, owner = await team(session, vault)
        reporter = await session.get_one(Person, flag.reporter_id)
        session.add(Member(person_id=reporter.id, role=Role.OWNER, since=NOW))
        contact = await asked(session, vault, flag, reviewer)
        deletion = await asked(session, vault, flag, owner, Kind.PURGE)
        flag.quiet_until = news = NOW + TERM - MOMENT
        assert await decide(session, contact, supervisor.id, approved=True, now=NOW) is Fault.QUIET
        assert await decide(session, contact, reporter.id, approved=True, now=NOW) is Fault.PARTY
        assert await waiting_for(session, supervisor.id, NOW) == [contact, deletion]
        assert await waiting_for(session, reporter.id, NOW) == []
        assert await decide(session, contact, supervisor.id, approved=False, now=NOW) is None
        assert await fault_of(session, deletion, supervisor.id, NOW + TERM) is Fault.LATE
        assert await decide(session, deletion, supervisor.id, approved=True, now=news) is None
        assert [contact.standing, deletion.standing] == [Standing.REFUSED, Standing.APPROVED]


async def test_a_flag_whose_vehicle_is_named_while_its_deletion_is_decided_is_not_deleted(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        flag, _reviewer, supervisor, owner = await team(session, vault)
        deletion = await asked(session, vault, flag, owner, Kind.PURGE)
    named, go_on = asyncio.Event(), asyncio.Event()

    async def name() -> None:
        async with database.transaction() as session:
            held = await session.get_one(Flag, flag.id, with_for_update=True)
            held.quiet_until = NOW + TERM
            await session.flush()
            named.set()
            await go_on.wait()

    async def approve() -> Fault | None:
        async with database.transaction() as session:
            await session.get_one(Flag, flag.id)  # as it stood before
            approval = await approval_of(session, deletion.id)
            assert approval is not None
            fault = await decide(session, approval, supervisor.id, approved=True, now=NOW)
            if fault is None:
                await purge(session, approval)
            return fault

    naming = asyncio.create_task(name())
    await named.wait()
    deciding = asyncio.create_task(approve())
    if database.is_sqlite:
        await asyncio.sleep(0)
    else:
        await somebody_waits(database)
    go_on.set()
    await naming
    assert await deciding is Fault.QUIET


async def test_asked_again_while_it_waits_it_is_one_request_with_the_newer_reason(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        flag, reviewer, _supervisor, owner = await team(session, vault)
        for reason in ("first", "second"):
            values = {"requester_id": reviewer.id, "reason": reason, "now": NOW, "flag_id": flag.id}
            await ask(session, vault, Kind.CONTACT, **values)
        await asked(session, vault, flag, owner, Kind.PURGE)
        for scope in ("2026-10", "2026-11"):
            await ask(session, vault, Kind.EXPORT, requester_id=owner.id, reason="x", now=NOW, scope=scope)
    async with database.reading() as session:
        kept = [
            (each.kind, each.reason(vault)) for each in await session.scalars(select(Approval).order_by(Approval.id))
        ]
    assert kept == [(Kind.CONTACT, "second"), (Kind.PURGE, "reason"), (Kind.EXPORT, "x"), (Kind.EXPORT, "x")]


async def test_a_purge_leaves_the_answer_without_flag_and_reason(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        flag, reviewer, supervisor, owner = await team(session, vault)
        await asked(session, vault, flag, reviewer)
        deletion = await asked(session, vault, flag, owner, Kind.PURGE)
        assert await decide(session, deletion, supervisor.id, approved=True, now=NOW) is None
        assert await purge(session, deletion)
        assert not await purge(session, deletion)
    async with database.reading() as session:
        assert list(await session.scalars(select(Flag))) == []
        (left,) = list(await session.scalars(select(Approval)))
    assert (left.kind, left.standing, left.reason(vault)) == (Kind.PURGE, Standing.APPROVED, "")


async def test_the_database_takes_no_yes_of_the_one_who_asked(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        flag, reviewer, _supervisor, _owner = await team(session, vault)
        await asked(session, vault, flag, reviewer)
    for change in (
        "standing = 'approved', decided_at = asked_at, approver_id = requester_id",
        "standing = 'approved'",
        "standing = 'perhaps', decided_at = asked_at",
    ):
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(text(f"UPDATE approvals SET {change}"))


async def test_requests_are_forgotten_in_time(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        flag, reviewer, _supervisor, owner = await team(session, vault)
        await asked(session, vault, flag, reviewer)
        later = NOW + MOMENT
        await ask(session, vault, Kind.PURGE, requester_id=owner.id, reason="x", now=later, flag_id=flag.id)
        await forget_approvals(session, later)
        assert [each.kind for each in await session.scalars(select(Approval))] == [Kind.PURGE]


async def test_a_flag_is_handed_to_any_member_but_the_one_who_reported(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        flag, _reviewer, supervisor, owner = await team(session, vault)
        session.add(Member(person_id=flag.reporter_id, role=Role.REVIEWER, since=NOW))
        await session.flush()
        listed = [member.person_id for member in await colleagues(session, flag)]
        assert sorted(listed) == sorted([supervisor.id, owner.id, flag.reporter_id])  # the list gives nobody away
        for nobody in (flag.reporter_id, 10**6):
            assert not await may_review(session, flag, nobody)
        assert await may_review(session, flag, owner.id)
        assert flag.give(owner.id)
        assert flag.reviewer_id == owner.id
        assert flag.take_back()
        assert not flag.take_back()
        assert flag.give(supervisor.id)
        flag.withdraw(NOW)
        assert not flag.give(owner.id)
