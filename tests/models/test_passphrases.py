"""A report opened from another account: only by the passphrase, in few tries, and nothing tells which codes exist."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from models.database import Database
from models.deletion import delete_person
from models.flag_rights import flags_of, holders, own_flag, own_flag_of_receipt, reviewed_flag
from models.flags import State
from models.passphrases import (
    A_DAY,
    A_DAY_ON_A_CODE,
    AN_HOUR,
    LEAST,
    MOST,
    Fault,
    Opening,
    Try,
    fault_of_passphrase,
    forget_tries,
    is_passphrase,
    keep_passphrase,
    open_elsewhere,
    tidy_passphrase,
    wait_before_try,
)
from models.people import Person
from models.queue import queue
from models.readers import Reader, count_readers, remove_readers
from models.receipts import new_receipt, show_receipt
from models.team import Role
from models.vault import Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY, add_flag, add_people, add_person

PHRASE = "көгілдір көйлек 7"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

CODE = "482155039172"
"""A receipt code, the same in every process."""


@pytest.mark.parametrize(
    ("typed", "tidy"),
    [
        ("  Көгілдір\n\tКӨЙЛЕК  7 ", "көгілдір көйлек 7"),
        ("И\u0306од И\u0306од", "йод йод"),
        ("STRASSE straße", "strasse strasse"),
        ("", ""),
    ],
)
def test_a_passphrase_is_the_same_however_it_is_typed(typed: str, tidy: str) -> None:
    assert tidy_passphrase(typed) == tidy


@given(st.text())
def test_tidying_twice_changes_nothing(typed: str) -> None:
    assert tidy_passphrase(tidy_passphrase(typed)) == tidy_passphrase(typed)


@pytest.mark.parametrize(
    ("tidy", "fault"),
    [
        ("", Fault.SHORT),
        ("я" * (LEAST - 1), Fault.SHORT),
        ("я" * LEAST, None),
        ("я" * MOST, None),
        ("я" * (MOST + 1), Fault.LONG),
        (CODE, Fault.CODE),
        (show_receipt(CODE), Fault.CODE),
        ("my code is " + CODE, None),
    ],
)
def test_a_passphrase_has_8_to_128_characters_and_is_no_code(tidy: str, fault: Fault | None) -> None:
    assert fault_of_passphrase(tidy) is fault


async def test_only_the_newest_passphrase_of_a_flag_is_right_and_without_one_none_is(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        flag, bare = await add_flag(session, vault, reporter), await add_flag(session, vault, reporter, "bare")
        keep_passphrase(vault, flag, "an earlier one")
        first = flag.sealed_passphrase
        keep_passphrase(vault, flag, PHRASE)
        keep_passphrase(vault, bare, PHRASE)
        assert flag.passphrase(vault) != bare.passphrase(vault), "salted: equal passphrases don't look equal"
        bare.sealed_passphrase = None
        assert flag.sealed_passphrase != first
        assert is_passphrase(vault, flag, PHRASE)
        for wrong in ("an earlier one", PHRASE + " ", "", "\0", "👩" * 100):
            assert not is_passphrase(vault, flag, wrong)
        for wrong in (PHRASE, ""):
            assert not is_passphrase(vault, bare, wrong)
            assert not is_passphrase(vault, None, wrong)


async def try_on(
    database: Database, vault: Vault, person: Person, receipt: str, phrase: str, later: timedelta
) -> Opening:
    async with database.transaction() as session:
        return await open_elsewhere(session, vault, person_id=person.id, receipt=receipt, tidy=phrase, now=NOW + later)


async def test_who_opened_a_flag_may_do_with_it_what_its_sender_may_until_it_is_closed_for_them(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        reporter, other, third = await add_people(session, vault, 1, 2, 3)
        flag = await add_flag(session, vault, reporter)
        keep_passphrase(vault, flag, PHRASE)
        own = await add_flag(session, vault, other, now=NOW - DAY)
        receipt = flag.receipt(vault)
    for _twice in range(2):
        assert (await try_on(database, vault, other, receipt, PHRASE, 0 * HOUR)).flag is not None
    async with database.transaction() as session:
        for person in (reporter, other):
            found = await own_flag(session, person.id, flag.id)
            assert found is not None
            assert await own_flag_of_receipt(session, vault, person.id, receipt) is found
        assert [each.id for each in await flags_of(session, other.id)] == [own.id, flag.id]
        assert [each.id for each in await flags_of(session, reporter.id)] == [flag.id]
        assert await own_flag(session, third.id, flag.id) is None
        assert await own_flag(session, reporter.id, own.id) is None
        assert [each.id for each in await holders(session, found)] == [reporter.id, other.id]
        assert await count_readers(session, flag.id) == 1
        await remove_readers(session, flag.id)
    async with database.transaction() as session:
        assert await own_flag(session, other.id, flag.id) is None
        assert [each.id for each in await flags_of(session, other.id)] == [own.id]
        assert await own_flag(session, reporter.id, flag.id) is not None


async def test_a_reviewer_who_reads_a_flag_as_a_party_no_longer_reviews_it(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        party, colleague = [await add_person(session, vault, i, Role.REVIEWER) for i in (2, 3)]
        flag = await add_flag(session, vault, reporter)
        keep_passphrase(vault, flag, PHRASE)
        assert flag.claim(party.id)
        receipt = flag.receipt(vault)
    opening = await try_on(database, vault, party, receipt, PHRASE, 0 * HOUR)
    assert opening.released
    async with database.transaction() as session:
        assert await reviewed_flag(session, party.id, flag.id) is None
        assert list(await queue(session, party.id, limit=9)) == []
        [waiting] = await queue(session, colleague.id, limit=9)
        assert (waiting.id, waiting.state, waiting.reviewer_id) == (flag.id, State.NEW, None)
        assert await reviewed_flag(session, colleague.id, flag.id) is waiting


async def test_tries_on_codes_that_exist_and_that_don_t_are_limited_alike(database: Database, vault: Vault) -> None:
    """Five an hour and twenty a day; then even the right passphrase opens nothing."""
    async with database.transaction() as session:
        reporter, one, two = await add_people(session, vault, 1, 2, 3)
        receipts = []
        for number in range(4):
            flag = await add_flag(session, vault, reporter, str(number))
            keep_passphrase(vault, flag, PHRASE)
            receipts.append(flag.receipt(vault))
    answers: dict[int, list[tuple[bool, timedelta | None]]] = {}
    for person, codes in ((one, receipts), (two, [new_receipt() for _each in range(4)])):
        answers[person.id] = []
        for number in range(48):  # two in a minute, then an hour's wait, and so on
            hour, minute = divmod(number, 8)
            later = hour * HOUR + minute * timedelta(minutes=1)
            phrase = PHRASE if minute == 7 else "wrong"
            opening = await try_on(database, vault, person, codes[hour % 4], phrase, later)
            until = opening.wait_until
            answers[person.id].append((opening.flag is not None, until - NOW if until else None))
    assert answers[one.id] == answers[two.id]
    assert [until for _opened, until in answers[one.id][:8]] == [None] * AN_HOUR + [HOUR] * 3
    assert sum(until is None for _opened, until in answers[one.id]) == A_DAY
    assert answers[one.id][-1] == (False, DAY)
    assert (await try_on(database, vault, one, receipts[0], PHRASE, DAY)).flag is not None
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Reader)) == 1


async def test_tries_on_one_code_are_limited_over_all_accounts_whether_it_exists_or_not(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        [reporter, *many] = await add_people(session, vault, *range(1, 8))
        flag = await add_flag(session, vault, reporter)
        keep_passphrase(vault, flag, PHRASE)
        receipt = flag.receipt(vault)
    for code in (receipt, new_receipt()):
        for number in range(A_DAY_ON_A_CODE):
            opening = await try_on(database, vault, many[number // 3], code, "wrong", 2 * number * HOUR)
            assert opening.wait_until is None
            assert opening.is_first_today is (code == receipt and number in (0, 6)), "once a day in Kazakhstan"
        opening = await try_on(database, vault, many[5], code, PHRASE, 20 * HOUR)
        assert opening == Opening(wait_until=NOW + DAY)
    async with database.reading() as session:
        assert await wait_before_try(session, vault, many[5].id, new_receipt(), NOW + 20 * HOUR) is None


async def test_deleting_oneself_gives_no_new_tries_on_a_code(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter = await add_person(session, vault, 1)
        flag = await add_flag(session, vault, reporter)
        keep_passphrase(vault, flag, PHRASE)
        receipt = flag.receipt(vault)
    possible = 0
    for _round in range(5):
        async with database.transaction() as session:
            comer = await add_person(session, vault, 2)
        for _each in range(AN_HOUR):
            possible += (await try_on(database, vault, comer, receipt, "wrong", 0 * HOUR)).wait_until is None
        async with database.transaction() as session:
            [comer] = await add_people(session, vault, 2)
            await delete_person(session, comer)
    assert possible == A_DAY_ON_A_CODE
    async with database.reading() as session:
        assert set(await session.scalars(select(Try.person_id))) == {None}


async def test_tries_count_while_keys_are_moved_and_are_forgotten_after_a_day(database: Database) -> None:
    old, both = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY])
    code = new_receipt()
    async with database.transaction() as session:
        people = await add_people(session, old, 1, 2, 3)
    for number in range(A_DAY_ON_A_CODE):
        vault = old if number < 5 else both
        await try_on(database, vault, people[number // 4], code, "wrong", 0 * HOUR)
    async with database.transaction() as session:
        assert await wait_before_try(session, both, 99, code, NOW) == NOW + DAY
        await forget_tries(session, NOW)
        assert await session.scalar(select(func.count()).select_from(Try)) == A_DAY_ON_A_CODE
        await forget_tries(session, NOW + timedelta(microseconds=1))
        assert await session.scalar(select(func.count()).select_from(Try)) == 0


@pytest.mark.parametrize("kind", ["postgres"])
async def test_accounts_that_try_at_the_same_moment_get_no_more_tries_than_one_after_the_other(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        [reporter, *many] = await add_people(session, vault, *range(1, 15))
        flag = await add_flag(session, vault, reporter)
        keep_passphrase(vault, flag, PHRASE)
        receipt = flag.receipt(vault)
    openings = await asyncio.gather(*(try_on(database, vault, each, receipt, "wrong", 0 * HOUR) for each in many))
    assert sum(opening.wait_until is None for opening in openings) == A_DAY_ON_A_CODE


async def test_a_report_goes_for_its_readers_with_its_sender_and_a_reader_takes_only_their_reading_along(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        reporter, reader, other = await add_people(session, vault, 1, 2, 3)
        flag = await add_flag(session, vault, reporter)
        keep_passphrase(vault, flag, PHRASE)
        receipt = flag.receipt(vault)
    for person in (reader, other):
        await try_on(database, vault, person, receipt, PHRASE, 0 * HOUR)
    for telegram_id, numbers, listed in ((2, [], [flag.id]), (1, [flag.id], [])):
        async with database.transaction() as session:
            [person] = await add_people(session, vault, telegram_id)
            assert await delete_person(session, person) == numbers
        async with database.reading() as session:
            assert [each.id for each in await flags_of(session, other.id)] == listed
