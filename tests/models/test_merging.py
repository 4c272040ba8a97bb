"""Duplicates: looked at, closed and reopened as one, and apart again when the main one goes."""

from models.cars import declare_car
from models.consents import Recipient, set_consents
from models.database import Database
from models.flag_rights import parties, reviewed_flag
from models.flags import Flag, Outcome, State
from models.merging import differs, follow, merge, merged_with, part_from
from models.queue import queue
from models.team import Member, Role
from models.vault import Vault
from tests.models.helpers import NOW, add_access, add_flag, add_people, add_person


async def test_duplicates_end_and_begin_with_the_main_one_each_by_its_own_consents(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        people = await add_people(session, vault, 1, 2, 3)
        reviewer = await add_person(session, vault, 9, Role.REVIEWER)
        first, main, last = [await add_flag(session, vault, each) for each in people]
        for each, recipients in ((main, [Recipient.POLICE]), (first, [Recipient.POLICE]), (last, [])):
            await set_consents(session, each.id, recipients, NOW)
        assert not await merge(session, reviewer.id, first, main)  # nobody works on it yet
        first.claim(reviewer.id)
        assert await merge(session, reviewer.id, last, first)
        main.claim(reviewer.id)
        assert await merge(session, reviewer.id, first, main)  # and what was merged with it
        assert [each.id for each in await merged_with(session, main.id)] == [first.id, last.id]
        assert [each.id for each in await queue(session, reviewer.id, limit=9)] == [main.id]
        assert main.close(reviewer.id, Outcome.PASSED_TO_POLICE, NOW, {Recipient.POLICE})
        assert len(await follow(session, main)) == 2
        assert [each.outcome for each in (first, last)] == [Outcome.PASSED_TO_POLICE, Outcome.RECORDED]
        assert await follow(session, main) == []
        assert main.reopen(reviewer.id, NOW)
        assert len(await follow(session, main)) == 2
        assert {each.state for each in (first, last)} == {State.MERGED}
        assert main.withdraw(NOW)
        assert len(await part_from(session, main)) == 2
        assert {each.state for each in (first, last)} == {State.NEW}


async def test_nobody_reviews_what_a_report_of_their_own_is_merged_into(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        [reporter] = await add_people(session, vault, 1)
        one, other = [await add_person(session, vault, i, Role.REVIEWER) for i in (8, 9)]
        main, theirs = await add_flag(session, vault, reporter), await add_flag(session, vault, one)
        main.claim(other.id)
        assert await merge(session, other.id, theirs, main)
        await session.flush()
        assert await reviewed_flag(session, one.id, main.id) is None
        assert list(await queue(session, one.id, limit=9)) == []
        assert await reviewed_flag(session, other.id, theirs.id) is not None


async def test_nor_what_is_merged_into_their_own_or_with_it_and_they_hear_nothing_of_it(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        reporter, reader, driver = await add_people(session, vault, 1, 2, 3)
        for each in (reporter, reader, driver):
            session.add(Member(person_id=each.id, role=Role.REVIEWER, since=NOW))
        [stranger] = await add_people(session, vault, 4)
        worker = await add_person(session, vault, 9, Role.REVIEWER)
        main, told, sibling, apart = [
            await add_flag(session, vault, who, draft)
            for who, draft in ((reporter, "main"), (stranger, "told"), (stranger, "sibling"), (stranger, "apart"))
        ]
        await add_access(session, vault, told, reader, "a passphrase of hers")
        told.write_plate(vault, "123ABC02")
        await declare_car(session, vault, driver.id, "123ABC02", NOW)
        main.claim(worker.id)
        for each in (told, sibling):
            assert await merge(session, worker.id, each, main)
        await session.flush()
        family = (main, told, sibling)
        for party in (reporter, reader, driver):
            assert [await reviewed_flag(session, party.id, each.id) for each in family] == [None] * 3
            assert [each.id for each in await queue(session, party.id, limit=9)] == [apart.id]
        for each in family:
            assert await reviewed_flag(session, worker.id, each.id) is each
            assert await parties(session, each) == {reporter.id, reader.id, driver.id, stranger.id}
        assert await parties(session, apart) == {stranger.id}


def test_two_plates_are_the_same_another_or_unknown() -> None:
    assert [differs("A", "A"), differs("A", "B"), differs("A", None), differs(None, None)] == [False, True, None, None]


def test_a_flag_is_not_merged_into_itself() -> None:
    flag = Flag(id=1, state=State.CLAIMED, reviewer_id=1)
    assert not flag.merge(1, flag)
