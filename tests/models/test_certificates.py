"""Certificates: numbers that can't be forged by a slip, names that fit, and one certificate for one passed test."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models import certificates
from models.certificates import (
    Certificate,
    NameFault,
    Standing,
    certifiable,
    certificate_of_number,
    certificates_of,
    end_of_term,
    fault_of_name,
    issue,
    may_renew,
    new_number,
    newest_certificate,
    own_certificate,
    read_number,
    revoke_all,
    short_name,
    show_number,
    tidy_name,
)
from models.database import Database
from models.exams import Exam, Sitting
from models.people import Language
from models.quiet import ZONE
from models.rotation import rotate_keys
from models.vault import CannotOpen, Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY, add_people, add_person
from tests.models.test_stolen_file import spellings, whole

DAY = timedelta(days=1)
NAME, REASON = "Ерлан Смагулов", "Жолаушыны ренжітті, three passengers told the same"


async def add_sitting(
    session: AsyncSession, person_id: int, exam: Exam = Exam.FINAL, *, at: datetime = NOW, passed: bool = True
) -> Sitting:
    sitting = Sitting(
        person_id=person_id,
        exam=exam,
        items=[],
        started_at=at,
        finished_at=at,
        right_answers=15 if passed else 3,
        questions=15,
        passed=passed,
    )
    session.add(sitting)
    await session.flush()
    return sitting


async def add_certificate(
    session: AsyncSession, vault: Vault, person_id: int, *, at: datetime = NOW, name: str = NAME
) -> Certificate:
    sitting = await add_sitting(session, person_id, at=at)
    certificate, is_new = await issue(session, vault, sitting, name, Language.RUSSIAN, at)
    assert is_new
    return certificate


# numbers


def test_a_number_is_ten_digits_and_read_as_people_write_it() -> None:
    for _ in range(200):
        number = new_number()
        assert len(number) == 10
        shown = show_number(number)
        assert len(shown) == 11
        arabic = number.translate({48 + i: 0x660 + i for i in range(10)})
        for typed in (number, shown, f" №{shown[:5]} – {shown[6:]}\n", " ".join(number), arabic):
            assert read_number(typed) == number, typed


def test_numbers_are_not_given_one_after_another() -> None:
    numbers = [int(new_number()) for _ in range(50)]
    assert len(set(numbers)) == 50
    assert numbers != sorted(numbers)
    assert max(numbers) > 10**9


def test_every_wrong_digit_and_every_swap_of_neighbours_is_noticed() -> None:
    number = new_number()
    for at, digit in enumerate(number):
        for other in set("0123456789") - {digit}:
            assert read_number(number[:at] + other + number[at + 1 :]) is None
    for at in range(9):
        if number[at] != number[at + 1]:
            assert read_number(number[:at] + number[at + 1] + number[at] + number[at + 2 :]) is None


@pytest.mark.parametrize("typed", ["", "abc", "1", "0" * 9, "0" * 11, "٠" * 3, "²" * 10, "<b>"])
def test_what_is_no_number_is_none(typed: str) -> None:
    assert read_number(typed) is None


# names

FINE = {
    "Ерлан Смагулов": "Ерлан С.",
    "Әйгерім Қожахметқызы": "Әйгерім Қ.",
    "  Ерлан \n  Серикович   Смагулов ": "Ерлан С.",
    "Zhanna d’Arc": "Zhanna D.",
    "Анна‑Мария Ким": "Анна-Мария К.",
    "Е. Смагулов": "Е С.",
    "Ерлан.Смагулов": "Ерлан С.",
    "Ерлан С.": "Ерлан С.",
    "Ерлан": "Ерлан",
    "Ли Ё": "Ли Ё.",
    "Нұрсұлтан Һәкім - ": "Нұрсұлтан Һ.",
    "ы" * 60: "ы" * 60,
}
WRONG = {
    NameFault.EMPTY: ["", "   ", "-", " . ' "],
    NameFault.LONG: ["ы" * 61, "Ерлан " * 40],
    NameFault.DIGITS: ["Ерлан 2", "Ерлан٢", "Ерлан Ⅻ", "½"],
    NameFault.SIGNS: [
        "<b>Ерлан</b>",
        "Ерлан & Co",
        "Ерлан 🚗",
        "Ер_лан",
        "ерлан@mail.kz",
        "Ерлан\u202eволамс",
        "Ер\u200bлан",
        "Γιώργος",
        "王小明",
        "Ерлан, Асель",
    ],
}


@pytest.mark.parametrize(("typed", "seen"), FINE.items())
def test_names_of_people_fit_and_strangers_see_first_name_and_initial(typed: str, seen: str) -> None:
    name = tidy_name(typed)
    assert fault_of_name(name) is None
    assert name == " ".join(name.split())
    assert short_name(name) == seen


@pytest.mark.parametrize(("fault", "typed"), [(fault, typed) for fault, many in WRONG.items() for typed in many])
def test_what_is_no_name_is_refused_for_its_reason(fault: NameFault, typed: str) -> None:
    assert fault_of_name(tidy_name(typed)) is fault


def test_a_name_typed_in_pieces_of_letters_is_one_name() -> None:
    assert tidy_name("Андре\u0438\u0306") == "Андрей"
    assert fault_of_name(tidy_name("Андре\u0438\u0306")) is None


# terms


@pytest.mark.parametrize(
    ("issued", "last_day"),
    [
        (datetime(2026, 11, 21, 12, tzinfo=ZONE), (2027, 11, 21)),
        (datetime(2028, 2, 29, 0, 5, tzinfo=ZONE), (2029, 2, 28)),
        (datetime(2027, 2, 28, 23, 59, tzinfo=ZONE), (2028, 2, 28)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=ZONE), (2027, 12, 31)),  # in UTC a quarter of the day earlier
    ],
)
def test_a_certificate_is_valid_through_the_same_day_twelve_months_later_in_kazakhstan(
    issued: datetime, last_day: tuple[int, int, int]
) -> None:
    end = end_of_term(issued)
    assert end == datetime(*last_day, 23, 59, 59, tzinfo=ZONE)
    certificate = Certificate(issued_at=issued, expires_at=end)
    assert certificate.standing(issued) is Standing.VALID
    assert certificate.standing(end - timedelta(seconds=1)) is Standing.VALID
    assert certificate.standing(end) is Standing.EXPIRED


async def test_a_passed_test_gives_one_certificate_however_often_it_is_asked_for(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        sitting = await add_sitting(session, person.id)
        first, is_new = await issue(session, vault, sitting, NAME, Language.KAZAKH, NOW)
        again, is_newer = await issue(session, vault, sitting, "Other Name", Language.ENGLISH, NOW + DAY)
    assert (is_new, is_newer) == (True, False)
    assert again is first
    assert (first.name(vault), first.language, first.issued_at) == (NAME, Language.KAZAKH, NOW)


async def test_two_at_once_get_the_same_certificate(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        sitting = await add_sitting(session, (await add_person(session, vault, 1)).id)

    async def one() -> tuple[str, bool]:
        async with database.transaction() as session:
            certificate, is_new = await issue(session, vault, sitting, NAME, Language.RUSSIAN, NOW)
            return certificate.number, is_new

    (first, is_first), (second, is_second) = await asyncio.gather(one(), one())
    assert first == second
    assert is_first is not is_second


async def test_a_number_that_is_taken_is_not_given_again(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(["1111111111", "1111111111", "2222222222"])
    monkeypatch.setattr(certificates, "new_number", lambda: next(numbers))
    async with database.transaction() as session:
        people = await add_people(session, vault, 1, 2)
        given = [(await add_certificate(session, vault, person.id)).number for person in people]
    assert given == ["1111111111", "2222222222"]


async def test_the_database_itself_refuses_a_second_certificate_for_a_test(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        first = await add_certificate(session, vault, (await add_person(session, vault, 1)).id)
    columns = {column.name: getattr(first, column.name) for column in Certificate.__table__.columns}
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            session.add(Certificate(**columns | {"id": None, "number": new_number()}))


async def test_only_a_passed_final_test_or_renewal_gives_a_certificate(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person, other = await add_people(session, vault, 1, 2)
        assert await certifiable(session, person.id) is None
        await add_sitting(session, person.id, passed=False)
        await add_sitting(session, person.id, Exam.PRE)
        await add_sitting(session, person.id, Exam.FOLLOWUP)
        session.add(Sitting(person_id=person.id, exam=Exam.FINAL, items=[], started_at=NOW))
        await add_sitting(session, other.id)
        assert await certifiable(session, person.id) is None
        earlier = await add_sitting(session, person.id)
        assert await certifiable(session, person.id) is earlier
        later = await add_sitting(session, person.id, at=NOW + DAY)
        assert await certifiable(session, person.id) is later


async def test_there_is_no_second_certificate_before_the_first_may_be_renewed(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        await add_sitting(session, person.id, at=NOW - DAY)
        first = await add_certificate(session, vault, person.id)
        soon = first.expires_at - timedelta(days=60)
        for at in (NOW, NOW + DAY, soon - DAY):  # early tests give none, not even later
            await add_sitting(session, person.id, at=at)
            assert await certifiable(session, person.id) is None
        assert [await may_renew(session, person.id, at) for at in (NOW, soon - DAY, soon, soon + 99 * DAY)] == [
            False,
            False,
            True,
            True,
        ]
        renewal = await add_sitting(session, person.id, Exam.RENEWAL, at=soon)
        assert await certifiable(session, person.id) is renewal
        second, is_new = await issue(session, vault, renewal, NAME, Language.RUSSIAN, soon + DAY)
        assert is_new
        assert second.number != first.number
        assert await certifiable(session, person.id) is None
        assert await certificates_of(session, person.id) == [second, first]
        assert await newest_certificate(session, person.id) is second
        assert first.standing(soon + DAY) is Standing.VALID
        assert first.standing(second.expires_at) is Standing.EXPIRED


async def test_a_driver_without_a_certificate_has_none_to_renew(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        assert not await may_renew(session, person.id, NOW + 1000 * DAY)


async def test_who_was_revoked_has_no_other_valid_certificate_and_gets_none_within_the_term(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        person, other = await add_people(session, vault, 1, 2)
        gone = await add_certificate(session, vault, person.id, at=NOW - 500 * DAY)
        old = await add_certificate(session, vault, person.id, at=NOW - 330 * DAY)
        new = await add_certificate(session, vault, person.id, at=NOW - 10 * DAY)
        others = await add_certificate(session, vault, other.id)
        assert await revoke_all(session, vault, person.id, REASON, NOW) == [old, new]
        assert [c.standing(NOW) for c in (gone, old, new, others)] == ["expired", "revoked", "revoked", "valid"]
        assert new.reason(vault) == old.reason(vault) == REASON
        assert gone.reason(vault) is None
        for now in (NOW, new.expires_at - DAY):
            await add_sitting(session, person.id, Exam.RENEWAL, at=now)
            assert await certifiable(session, person.id) is None
            assert not await may_renew(session, person.id, now)
        assert await may_renew(session, person.id, new.expires_at)
        assert new.standing(new.expires_at + DAY) is Standing.REVOKED
        assert await revoke_all(session, vault, person.id, "again", NOW + DAY) == []
    async with database.reading() as session:
        stored = await session.get_one(Certificate, new.id)
        assert (stored.revoked_at, stored.reason(vault)) == (NOW, REASON)


async def test_a_revocation_without_a_reason_is_refused_by_the_database(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        certificate = await add_certificate(session, vault, (await add_person(session, vault, 1)).id)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            (await session.get_one(Certificate, certificate.id)).revoked_at = NOW


async def test_a_certificate_is_found_by_its_number_but_opened_by_its_own_person_only(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        person, other = await add_people(session, vault, 1, 2)
        certificate = await add_certificate(session, vault, person.id)
        assert await certificate_of_number(session, certificate.number) is certificate
        assert await certificate_of_number(session, new_number()) is None
        assert await own_certificate(session, person.id, certificate.id) is certificate
        assert await own_certificate(session, other.id, certificate.id) is None


async def test_a_name_moved_to_another_certificate_does_not_open(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        first, second = [
            await add_certificate(session, vault, person.id) for person in await add_people(session, vault, 1, 2)
        ]
        second.sealed_name = first.sealed_name
        with pytest.raises(CannotOpen):
            second.name(vault)


async def test_a_deleted_person_leaves_no_certificate(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        certificate = await add_certificate(session, vault, person.id)
        await session.delete(person)
        await session.flush()
        assert await certificate_of_number(session, certificate.number) is None
        assert await session.scalar(select(func.count(Certificate.id))) == 0


def parts_of(*texts: str) -> Iterable[bytes]:
    """Every spelling of these texts and of their longer words."""
    for text in texts:
        for part in {text, *(word for word in text.split() if len(word) > 5)}:
            yield from spellings(part)


async def test_a_stolen_database_shows_neither_a_name_nor_a_reason(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        certificate = await add_certificate(session, vault, person.id)
        await revoke_all(session, vault, person.id, REASON, NOW)
    stolen = await whole(database)
    assert certificate.number.encode() in stolen
    assert [part for part in parts_of(NAME, short_name(NAME), REASON) if part in stolen] == []


async def test_with_a_new_key_names_and_reasons_move_to_it(database: Database) -> None:
    old, both, new = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY]), Vault([NEW_KEY])
    async with database.transaction() as session:
        people = await add_people(session, old, 1, 2)
        for person in people:
            await add_certificate(session, old, person.id)
        await revoke_all(session, old, people[1].id, REASON, NOW)
    moved = [each.rows async for each in rotate_keys(database, both) if each.table == Certificate.__tablename__]
    assert moved == [2]
    async with database.reading() as session:
        found = list(await session.scalars(select(Certificate).order_by(Certificate.id)))
        assert [certificate.name(new) for certificate in found] == [NAME, NAME]
        assert [certificate.reason(new) for certificate in found] == [None, REASON]
        with pytest.raises(CannotOpen):
            found[0].name(old)
