"""Flags: stored once, read by whom they concern, moved only along the lines of their machine."""

import functools
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.audit import BY_BOT, GROUPS, Action, Group, entries, record
from models.behaviours import MAX_SEVERITY, Form
from models.consents import Recipient
from models.database import Database
from models.details import Aim, Platform
from models.flag_rights import flags_of, own_flag, own_flag_of_handle, reviewed_flag
from models.flags import (
    OUTCOME_NAMES,
    OUTCOMES_FOR_REPORTER,
    Flag,
    FlagBehaviour,
    Outcome,
    Ride,
    State,
    flags_on_vehicle,
    forget_ended,
    release_from_leavers,
)
from models.new_flags import store_flag
from models.people import Person
from models.queue import Place, Wanted, count_waiting, is_overdue, place_of, queue
from models.receipts import read_receipt
from models.team import Member, Role
from models.vault import CannotOpen, Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY, add_flag, add_people, add_person

HOUR = timedelta(hours=1)


async def test_a_flag_keeps_what_was_told_and_gives_it_back(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        flag, is_new = await store_flag(
            session, vault, reporter_id=reporter.id, draft="d", codes=["VB2", "SX1", "VB2"], ride=Ride.GOING_ON, now=NOW
        )
        flag.write_words(vault, "сөзбен айтқанда 🙂")
        flag.write_plate(vault, "123ABC02")
        flag.write_contact(vault, "+7 701 000 00 00")
        receipt = flag.receipt(vault)
    async with database.transaction() as session:
        stored = await own_flag(session, reporter.id, flag.id)
        assert stored is not None
        assert is_new
        assert stored.receipt(vault) == receipt == read_receipt(receipt)
        assert stored.words(vault) == "сөзбен айтқанда 🙂"
        assert stored.plate(vault) == "123ABC02"
        assert stored.contact(vault) == "+7 701 000 00 00"
        assert [behaviour.code for behaviour in stored.behaviours] == ["SX1", "VB2"]
        assert (stored.severity, stored.ride, stored.state) == (3, Ride.GOING_ON, State.NEW)
        assert (stored.received_at, stored.due_at) == (NOW, NOW + 4 * HOUR)


async def test_what_was_not_told_is_nothing(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        flag = await add_flag(session, vault, await add_person(session, vault, 1))
        assert (flag.words(vault), flag.plate(vault), flag.contact(vault)) == (None, None, None)


async def test_sent_twice_from_one_draft_it_is_one_flag_with_one_receipt(database: Database, vault: Vault) -> None:
    receipts, numbers, fresh = set(), set(), []
    for codes in (["SX1"], ["SX1"], ["PH3"]):
        async with database.transaction() as session:
            reporter = await add_person(session, vault, 1)
            flag, is_new = await store_flag(
                session, vault, reporter_id=reporter.id, draft="d", codes=codes, ride=Ride.OVER, now=NOW
            )
            receipts.add(flag.receipt(vault))
            numbers.add(flag.id)
            fresh.append(is_new)
            assert flag.severity == 1
    assert (len(receipts), len(numbers), fresh) == (1, 1, [True, False, False])


async def test_another_draft_or_another_person_is_another_flag(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        one, other = await add_people(session, vault, 1, 2)
        flags = [await add_flag(session, vault, who, draft) for who, draft in [(one, "a"), (one, "b"), (other, "a")]]
        assert len({flag.receipt(vault) for flag in flags}) == 3
        assert len({flag.wrapped_key for flag in flags}) == 3


async def test_an_unknown_behaviour_stores_nothing(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        with pytest.raises(KeyError):
            await add_flag(session, vault, reporter, codes=["SX1", "XX9"])
        assert list(await flags_of(session, reporter.id)) == []


async def test_the_words_of_one_flag_do_not_open_in_another(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        one, other = [await add_flag(session, vault, reporter, draft) for draft in "ab"]
        one.write_words(vault, "mine")
        other.sealed_words = one.sealed_words
        with pytest.raises(CannotOpen):
            other.words(vault)
        other.wrapped_key = one.wrapped_key
        with pytest.raises(CannotOpen):
            other.words(vault)
        one.sealed_contact = one.sealed_words
        with pytest.raises(CannotOpen):
            one.contact(vault)


# The machine: from each state, by each move, as the claimer and as a colleague.
ME, COLLEAGUE = 1, 2
POLICE = Outcome.PASSED_TO_POLICE


def main_flag(state: State = State.CLAIMED, reviewer_id: int | None = ME) -> Flag:
    """The flag that others are merged into."""
    ended = {"outcome": POLICE, "ended_at": NOW} if state is State.CLOSED else {}
    return Flag(id=99, state=state, reviewer_id=reviewer_id, severity=1, **ended)


MOVES = {
    "claim": lambda flag: flag.claim(ME),
    "release": lambda flag: flag.release(ME),
    "release a colleague's": lambda flag: flag.release(COLLEAGUE),
    "give": lambda flag: flag.give(COLLEAGUE) and flag.give(ME),
    "take back": lambda flag: flag.take_back(),
    "close": lambda flag: flag.close(ME, Outcome.ADVICE, NOW),
    "close a colleague's": lambda flag: flag.close(COLLEAGUE, Outcome.ADVICE, NOW),
    "pass on": lambda flag: flag.close(ME, POLICE, NOW, {Recipient.POLICE}),
    "pass on without consent": lambda flag: flag.close(ME, POLICE, NOW, {Recipient.PLATFORM}),
    "reopen": lambda flag: flag.reopen(ME, NOW),
    "take up again": lambda flag: flag.take_up_again(NOW, NOW),
    "merge": lambda flag: flag.merge(ME, main_flag()),
    "merge into a colleague's": lambda flag: flag.merge(ME, main_flag(reviewer_id=COLLEAGUE)),
    "merge into a closed one": lambda flag: flag.merge(ME, main_flag(State.CLOSED)),
    "part": lambda flag: flag.part(),
    "end with the main one": lambda flag: flag.follow(main_flag(State.CLOSED)),
    "begin with the main one": lambda flag: flag.follow(main_flag()),
    "withdraw": lambda flag: flag.withdraw(NOW),
    "hand over": lambda flag: flag.hand_over(NOW),
}
TOGETHER, PASSED_ON = "closed with the main one", "passed on"
POSSIBLE = {
    (State.NEW, "claim"): State.CLAIMED,
    (State.NEW, "give"): State.CLAIMED,
    (State.NEW, "merge"): State.MERGED,
    (State.NEW, "withdraw"): State.WITHDRAWN,
    (State.CLAIMED, "release"): State.NEW,
    (State.CLAIMED, "give"): State.CLAIMED,
    (State.CLAIMED, "take back"): State.NEW,
    (State.CLAIMED, "close"): State.CLOSED,
    (State.CLAIMED, "pass on"): State.CLOSED,
    (State.CLAIMED, "merge"): State.MERGED,
    (State.CLAIMED, "withdraw"): State.WITHDRAWN,
    (State.CLOSED, "reopen"): State.CLAIMED,
    (State.CLOSED, "take up again"): State.NEW,
    (PASSED_ON, "reopen"): State.CLAIMED,
    (State.MERGED, "part"): State.NEW,
    (State.MERGED, "end with the main one"): State.CLOSED,
    (State.MERGED, "withdraw"): State.WITHDRAWN,
    (TOGETHER, "begin with the main one"): State.MERGED,
    (State.HELD, "withdraw"): State.WITHDRAWN,
    (State.HELD, "hand over"): State.NEW,
    (State.COUNTED, "hand over"): State.NEW,
}


def facts(flag: Flag) -> tuple[Any, ...]:
    return flag.state, flag.reviewer_id, flag.outcome, flag.ended_at, flag.merged_into_id


def stands(flag: Flag) -> str:
    if flag.state is State.CLOSED and flag.merged_into_id:
        return TOGETHER
    return PASSED_ON if flag.outcome is POLICE else flag.state


def sound(flag: Flag) -> bool:
    """What the constraints of the table say."""
    return (
        (flag.state is not State.CLAIMED or flag.reviewer_id is not None)
        and (flag.state is State.CLOSED) == (flag.outcome is not None)
        and (flag.state in {State.CLOSED, State.WITHDRAWN, State.COUNTED}) == (flag.ended_at is not None)
        and (flag.state is not State.MERGED or flag.merged_into_id is not None)
        and (flag.merged_into_id is None or flag.state in {State.MERGED, State.CLOSED})
        and flag.is_open == (flag.state in {State.NEW, State.CLAIMED, State.MERGED, State.HELD})
    )


def test_no_walk_of_four_moves_leaves_the_machine() -> None:
    visited = set()
    ways = {(begun, None): Flag(id=1, state=begun, severity=1) for begun in (State.NEW, State.HELD, State.COUNTED)}
    ways[State.COUNTED, None].ended_at = NOW
    for _step in range(6):  # every state that so many moves lead to, by every move
        found = {}
        for name, flag in ways.items():
            for move in MOVES:
                walked = Flag(id=1, severity=1, **dict(zip(COLUMNS, facts(flag), strict=True)))
                before = facts(walked)
                expected = POSSIBLE.get((stands(walked), move))
                visited.add((stands(walked), move))
                assert MOVES[move](walked) == (expected is not None), (name, move)
                assert walked.state is (expected or before[0])
                assert expected is not None or facts(walked) == before
                assert sound(walked)
                found[facts(walked), None] = walked
        ways |= found
    assert visited == set(itertools.product((*State, TOGETHER, PASSED_ON), MOVES))


COLUMNS = ("state", "reviewer_id", "outcome", "ended_at", "merged_into_id")


def test_what_was_passed_on_with_the_main_one_is_kept_on_record_where_its_own_person_has_not_agreed() -> None:
    for consents, outcome in (({Recipient.POLICE}, POLICE), ({Recipient.PLATFORM}, Outcome.RECORDED)):
        merged = Flag(id=1, state=State.MERGED, severity=1, merged_into_id=99)
        assert merged.follow(main_flag(State.CLOSED), consents)
        assert (merged.outcome, merged.ended_at) == (outcome, NOW)
        assert not merged.follow(Flag(id=98, state=State.CLAIMED, reviewer_id=ME, severity=1))


def row(reporter: Person, **values: Any) -> dict[str, Any]:
    """A row that the database takes, but for the values."""
    unique = repr(values).encode()
    return {
        "uid": unique[:16],
        "reporter_id": reporter.id,
        "draft": "raw",
        "ride": Ride.OVER,
        "severity": 1,
        "state": State.NEW,
        "received_at": NOW,
        "due_at": NOW,
        "wrapped_key": b"x",
        "receipt_index": unique,
        "sealed_receipt": b"x",
    } | values


IMPOSSIBLE: list[dict[str, Any]] = [
    {"severity": 0},
    {"severity": 5},
    {"state": State.CLAIMED},
    {"state": State.CLOSED, "ended_at": NOW},
    {"state": State.CLOSED, "outcome": Outcome.ADVICE},
    {"state": State.WITHDRAWN},
    {"state": State.COUNTED},
    {"state": State.HELD, "ended_at": NOW},
    {"state": State.WITHDRAWN, "ended_at": NOW, "outcome": Outcome.ADVICE},
    {"outcome": Outcome.ADVICE},
    {"ended_at": NOW},
    {"sealed_plate": b"x"},
    {"plate_index": b"x"},
    {"reporter_id": 999},
    {"reviewer_id": 999},
    {"draft": "taken"},
    {"state": State.MERGED},
    {"state": State.NEW, "merged_into_id": 1},
    {"id": 77, "state": State.MERGED, "merged_into_id": 77},
    {"state": State.MERGED, "merged_into_id": 999},
    {"wrapped_key": None},
]


async def test_the_database_refuses_what_the_code_would_refuse(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        await add_flag(session, vault, reporter, "taken")
    for values in IMPOSSIBLE:
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(insert(Flag).values(row(reporter, **values)))
    async with database.transaction() as session:
        await session.execute(insert(Flag).values(row(reporter)))
        assert len(await flags_of(session, reporter.id)) == 2


async def test_the_database_refuses_words_that_are_not_in_the_lists(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        await add_flag(session, vault, await add_person(session, vault, 1))
    for column, word in (("state", "lost"), ("ride", "soon")):
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(text(f"UPDATE flags SET {column} = '{word}'"))


async def test_a_receipt_and_a_behaviour_of_a_flag_are_there_once(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        flag = await add_flag(session, vault, reporter)
    for statement in (
        insert(Flag).values(row(reporter, receipt_index=flag.receipt_index)),
        insert(Flag).values(row(reporter, uid=flag.uid)),
        insert(FlagBehaviour).values(flag_id=flag.id, code="SX1"),
        insert(FlagBehaviour).values(flag_id=999, code="SX1"),
    ):
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(statement)


async def test_a_flag_is_opened_by_who_sent_it_and_by_the_team_and_by_nobody_else(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        reporter, stranger = await add_people(session, vault, 1, 2)
        reviewer = await add_person(session, vault, 3, Role.REVIEWER)
        owner = await add_person(session, vault, 4, Role.OWNER)
        removed = await add_person(session, vault, 5, Role.REVIEWER)
        both = await add_person(session, vault, 6, Role.REVIEWER)
        await session.execute(delete(Member).where(Member.person_id == removed.id))
        flag, own = await add_flag(session, vault, reporter), await add_flag(session, vault, both)
    people = {"reporter": reporter, "stranger": stranger, "reviewer": reviewer, "owner": owner}
    people |= {"removed": removed, "reporting reviewer": both}
    rights = {}
    for name, person in people.items():
        async with database.transaction() as session:
            found = {
                "own": [each.id for each in (flag, own) if await own_flag_of_handle(session, person.id, each.handle)],
                "reviewed": [each.id for each in (flag, own) if await reviewed_flag(session, person.id, each.id)],
                "queue": [each.id for each in await queue(session, person.id, limit=10)],
                "listed": [each.id for each in await flags_of(session, person.id)],
            }
        rights[name] = tuple(found.values())
    assert rights == {
        "reporter": ([flag.id], [], [], [flag.id]),
        "stranger": ([], [], [], []),
        "reviewer": ([], [flag.id, own.id], [flag.id, own.id], []),
        "owner": ([], [flag.id, own.id], [flag.id, own.id], []),
        "removed": ([], [], [], []),
        "reporting reviewer": ([own.id], [flag.id], [flag.id], [own.id]),
    }


async def test_any_number_of_a_flag_may_be_asked_for(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reviewer = await add_person(session, vault, 1, Role.REVIEWER)
        for number in (0, -1, 999, 2**31, 2**63 - 1, 2**63, 10**30):
            assert await reviewed_flag(session, reviewer.id, number) is None


async def test_a_flag_that_is_opened_is_as_it_is_now_although_it_was_seen_before(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        reviewer = await add_person(session, vault, 2, Role.REVIEWER)
        flag = await add_flag(session, vault, reporter)
    async with database.transaction() as session:
        [seen] = await queue(session, reviewer.id, limit=10)
        assert seen.state is State.NEW
        claimed = update(Flag).values(state=State.CLAIMED, reviewer_id=reporter.id)  # as a colleague elsewhere would
        await session.execute(claimed.execution_options(synchronize_session=False))
        opened = await reviewed_flag(session, reviewer.id, flag.id)
        assert opened is not None
        assert not opened.claim(reviewer.id)


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_flag_in_work_in_one_replica_waits_in_another(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        reviewer = await add_person(session, vault, 2, Role.REVIEWER)
        flag = await add_flag(session, vault, reporter)
    own = functools.partial(own_flag_of_handle, person_id=reporter.id, handle=flag.handle)
    for find in (own, functools.partial(reviewed_flag, reviewer_id=reviewer.id, flag_id=flag.id)):
        async with database.transaction() as one, database.transaction() as other:
            assert await find(one) is not None
            free = text("SELECT id FROM flags FOR UPDATE SKIP LOCKED")
            assert (await other.scalars(free)).all() == []


async def test_the_queue_shows_the_most_severe_first_then_what_is_due_soonest(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        reviewer = await add_person(session, vault, 2, Role.REVIEWER)
        sent = [("SX1", 0), ("PH3", 5), ("SX5", 1), ("PH3", 2), ("SX1", 0), ("SX5", 0), ("SX4", 0), ("PH4", 1)]
        for number, (code, hours) in enumerate(sent):
            flag = await add_flag(session, vault, reporter, str(number), [code], NOW + hours * HOUR)
            if number == 3:
                flag.claim(reviewer.id)
            if number == 6:
                flag.claim(reviewer.id)
                flag.close(reviewer.id, Outcome.RECORDED, NOW)
            if number == 7:
                flag.withdraw(NOW)
    async with database.reading() as session:
        order = [int(flag.draft) for flag in await queue(session, reviewer.id, limit=10)]
    assert order == [3, 1, 5, 2, 0, 4]


async def many_open(session: AsyncSession, vault: Vault, reviewer: Person) -> list[Flag]:
    """Open flags of each severity and form: overdue, opened, claimed, or none of it, as it falls out."""
    flags = []
    for number, (severe, hours) in enumerate(itertools.product(("SX1", "VB2", "PH1", "PH4"), (-80, -5, 0, 7))):
        reporter = await add_person(session, vault, 100 + number)
        flag = await add_flag(session, vault, reporter, str(number), [severe], NOW + hours * HOUR)
        flag.opened_at = NOW if number % 5 == 1 else None
        flag.platform = [Platform.YANDEX, Platform.INDRIVE, None][number % 3]
        flag.region = ["KZ-75", "KZ-71"][number % 2]
        if number % 4 == 3:
            flag.claim(reviewer.id if number % 8 == 3 else reporter.id)
        flags.append(flag)
    await session.flush()
    return flags


def expected_order(flags: list[Flag]) -> list[int]:
    """The most severe first, then the overdue, then the rest; each by severity, then by when they are due."""

    def key(flag: Flag) -> tuple[Any, ...]:
        overdue = flag.opened_at is None and flag.due_at < NOW
        return flag.severity < 4, not overdue and flag.severity < 4, -flag.severity, flag.due_at, flag.id

    return [flag.id for flag in sorted(flags, key=key)]


async def test_the_queue_has_the_overdue_first_and_turns_its_pages_both_ways(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reviewer = await add_person(session, vault, 1, Role.REVIEWER)
        expected = expected_order(await many_open(session, vault, reviewer))

        async def page(**edge: Place) -> list[Flag]:
            return list(await queue(session, reviewer.id, limit=3, now=NOW, **edge))

        whole = list(await queue(session, reviewer.id, limit=100, now=NOW))
        assert [flag.id for flag in whole] == expected
        assert [is_overdue(flag, NOW) for flag in whole][4:].index(False) > 2
        seen, shown = [], await page()
        while shown:
            seen += [flag.id for flag in shown]
            shown = await page(after=place_of(shown[-1], NOW))
        assert seen == expected
        back, shown = [], await page(before=place_of(whole[-1], NOW))
        while shown:
            back = [flag.id for flag in shown] + back
            shown = await page(before=place_of(shown[0], NOW))
        assert back == expected[:-1]
        # A flag that goes while somebody turns pages moves nothing.
        first = await page()
        last = place_of(first[-1], NOW)
        for flag in first:
            flag.withdraw(NOW)
        await session.flush()
        assert [flag.id for flag in await page(after=last)] == expected[3:6]


async def test_the_queue_is_filtered_and_counted(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reviewer = await add_person(session, vault, 1, Role.REVIEWER)
        flags = await many_open(session, vault, reviewer)
        cases: list[tuple[Wanted, Callable[[Flag], bool]]] = [
            (Wanted(state=State.NEW), lambda flag: flag.state is State.NEW),
            (Wanted(state=State.CLAIMED), lambda flag: flag.state is State.CLAIMED),
            (Wanted(mine=True), lambda flag: flag.reviewer_id == reviewer.id),
            (Wanted(overdue=True), lambda flag: is_overdue(flag, NOW)),
            (Wanted(form=Form.PHYSICAL), lambda flag: flag.form is Form.PHYSICAL),
            (Wanted(region="KZ-71"), lambda flag: flag.region == "KZ-71"),
            (Wanted(platform=Platform.INDRIVE), lambda flag: flag.platform is Platform.INDRIVE),
            (
                Wanted(state=State.NEW, form=Form.PHYSICAL, platform=Platform.YANDEX),
                lambda flag: (flag.state, flag.form, flag.platform) == (State.NEW, Form.PHYSICAL, Platform.YANDEX),
            ),
        ]
        for wanted, belongs in cases:
            shown = await queue(session, reviewer.id, limit=100, now=NOW, wanted=wanted)
            expected = expected_order([flag for flag in flags if belongs(flag)])
            assert expected
            assert [flag.id for flag in shown] == expected
        overdue, mine = (sum(map(cases[i][1], flags)) for i in (3, 2))
        assert await count_waiting(session, reviewer.id, NOW) == (len(flags), overdue, mine)
        assert await count_waiting(session, reviewer.id + 999, NOW) == (0, 0, 0)


async def many_flags(database: Database, vault: Vault) -> None:
    """Thousands of flags, of which most have ended."""
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        ended = {"state": State.WITHDRAWN, "ended_at": NOW}
        waiting = {"state": State.NEW, "ended_at": None}
        rows = [
            row(reporter, uid=number.to_bytes(16), receipt_index=number.to_bytes(32), draft=str(number))
            | (ended if number % 3 else waiting)
            | {"due_at": NOW + number * HOUR, "severity": number // 3 % 4 + 1}
            | {"form": Form.PHYSICAL if number // 12 % 2 else Form.VERBAL}
            for number in range(6000)
        ]
        await session.execute(insert(Flag), rows)
        await session.execute(text("ANALYZE"))


async def plans(database: Database, reviewer_id: int, wanted: Wanted) -> list[str]:
    """How the database goes about each query of the queue."""
    asked: list[tuple[str, Any]] = []
    async with database.transaction() as session:
        connection = await session.connection()

        def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        event.listen(connection.sync_connection, "before_cursor_execute", listen)
        now = NOW + 3000 * HOUR
        for severe in range(1, MAX_SEVERITY + 1):  # a page from each shelf on, both ways
            for overdue in (True, False):
                first, last = (NOW, now - HOUR) if overdue else (now + HOUR, NOW + 9000 * HOUR)
                after, before = (place_of(Flag(id=1, severity=severe, due_at=due), now) for due in (first, last))
                await queue(session, reviewer_id, limit=9, now=now, after=after, wanted=wanted)
                await queue(session, reviewer_id, limit=9, now=now, before=before, wanted=wanted)
        if not database.is_sqlite:  # it would rather sort where there are few: ask whether it has to
            await session.execute(text("SET LOCAL enable_sort = off"))
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        return [
            "\n".join(map(str, await connection.exec_driver_sql(explain + statement, parameters)))
            for statement, parameters in [each for each in asked if each[0].startswith("SELECT")]
        ]


async def test_the_queue_is_read_from_its_indexes_without_sorting(database: Database, vault: Vault) -> None:
    await many_flags(database, vault)
    async with database.transaction() as session:
        reviewer_id = (await add_person(session, vault, 2, Role.REVIEWER)).id
    for wanted in (
        Wanted(),
        Wanted(form=Form.PHYSICAL),
        Wanted(overdue=True),
        Wanted(region="KZ-75"),
        Wanted(platform=Platform.APARU),
    ):
        for explained in await plans(database, reviewer_id, wanted):
            why = f"{wanted}\n{explained}"
            assert "ix_flags_queue" in explained or "ix_flags_unopened" in explained, why
            assert "TEMP B-TREE" not in explained, why
            assert "Sort" not in explained, why
            assert "SCAN flags" not in explained, why
            assert "Seq Scan on flags" not in explained, why
            assert "SCAN people" not in explained, why


async def test_flags_on_one_vehicle_are_found_whoever_sent_them_and_under_any_key(database: Database) -> None:
    both = Vault([NEW_KEY, OLD_KEY])
    async with database.transaction() as session:
        flags = []
        for number, (vault, plate) in enumerate(
            [(Vault([OLD_KEY]), "123ABC02"), (both, "777AAA01"), (both, "123ABC02"), (both, None)]
        ):
            flag = await add_flag(session, vault, (await add_people(session, both, number))[0])
            if plate:
                flag.write_plate(vault, plate)
            flags.append(flag)
        await session.flush()
        found = await flags_on_vehicle(session, both, "123ABC02")
        assert [flag.id for flag in found] == [flags[0].id, flags[2].id]
        assert list(await flags_on_vehicle(session, both, "000XXX00")) == []


async def test_the_newest_reports_of_a_person_come_first(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        for draft in "abcde":
            await add_flag(session, vault, reporter, draft)
        assert "".join(flag.draft for flag in await flags_of(session, reporter.id, limit=3)) == "edc"


async def test_the_number_of_a_deleted_flag_is_never_given_again(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        number = (await add_flag(session, vault, reporter, "a")).id
        await session.execute(delete(Flag))
        assert (await add_flag(session, vault, reporter, "b")).id > number


async def test_only_flags_that_ended_long_ago_are_forgotten_and_all_of_them_goes(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        flags = {draft: await add_flag(session, vault, reporter, draft, ["SX1", "SX2"]) for draft in "abcd"}
        flags["a"].withdraw(NOW - 2 * HOUR)
        flags["b"].claim(reporter.id)
        flags["b"].close(reporter.id, Outcome.ADVICE, NOW - HOUR)
        flags["c"].withdraw(NOW)
    async with database.transaction() as session:
        await forget_ended(session, vault, NOW - HOUR, NOW)
        assert {flag.draft for flag in await flags_of(session, reporter.id)} == {"b", "c", "d"}
        behaviours = await session.execute(text("SELECT DISTINCT flag_id FROM flag_behaviours"))
        assert {number for (number,) in behaviours} == {flags[draft].id for draft in "bcd"}
        await forget_ended(session, vault, NOW - HOUR, NOW)


async def test_of_what_is_forgotten_the_audit_keeps_how_many_the_team_knew_of(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        for draft in "abc":
            flag = await add_flag(session, vault, reporter, draft)
            await record(session, vault, Action.RECEIVED, now=NOW, flag_id=flag.id)
            flag.withdraw(NOW)
        for draft, aim in (("d", Aim.COUNT), ("e", Aim.HOLD)):
            await store_flag(
                session, vault, reporter_id=reporter.id, draft=draft, codes=["SX1"], ride=Ride.OVER, now=NOW, aim=aim
            )
    for _again in range(2):
        async with database.transaction() as session:
            await forget_ended(session, vault, NOW + HOUR, NOW + HOUR)
            assert await flags_of(session, reporter.id) == []
            [entry] = await entries(session, limit=9, actions=[Action.FORGOTTEN])
    assert (entry.flag_id, entry.actor_id, entry.detail) == (None, None, "3")
    assert {Action.FORGOTTEN, Action.REMEDY_DROPPED} <= BY_BOT & GROUPS[Group.FLAGS]


def test_every_outcome_has_a_name_for_the_team_and_another_for_who_reported() -> None:
    assert set(OUTCOME_NAMES) == set(OUTCOMES_FOR_REPORTER) == set(Outcome)
    assert not set(OUTCOME_NAMES.values()) & set(OUTCOMES_FOR_REPORTER.values())


async def test_what_a_leaver_had_claimed_waits_in_the_queue_again(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter, stays, leaves = [await add_person(session, vault, i) for i in (1, 2, 3)]
        flags = [await add_flag(session, vault, reporter, draft) for draft in ("one", "two")]
        session.add(Member(person_id=stays.id, role=Role.REVIEWER, since=NOW))
        assert flags[0].claim(stays.id)
        assert flags[1].claim(leaves.id)
    async with database.transaction() as session:
        await release_from_leavers(session, vault, NOW)
    async with database.transaction() as session:
        kept, freed = [await session.get_one(Flag, flag.id) for flag in flags]
        (entry,) = await entries(session, limit=9)
        assert (entry.action, entry.flag_id) == (Action.RELEASED, freed.id)
        assert (kept.state, kept.reviewer_id) == (State.CLAIMED, stays.id)
        assert (freed.state, freed.reviewer_id) == (State.NEW, None)


async def test_what_was_looked_at_late_stays_late_however_severe_it_is_by_then(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        reviewer = await add_person(session, vault, 1, Role.REVIEWER)
        flag = await add_flag(session, vault, await add_person(session, vault, 2), "one", ["PH4"], NOW)
        due = flag.due_at
        assert due < NOW + HOUR
        flag.opened_at = NOW + 3 * HOUR
        flag.claim(reviewer.id)
        assert flag.set_severity(reviewer.id, 1)
        flag.name_again(NOW + 3 * HOUR)
        assert (flag.severity, flag.due_at) == (2, due)
