"""The help directory: a contact that nobody verified for too long is hidden, the emergency numbers always stay."""

import re
from datetime import date, timedelta

import pytest

from models.directory import CONTACTS, EMERGENCY, HELP_LINES, Contact, Kind, hiding, phone, shown
from models.regions import REGIONS

KEPT = 365
DAY = timedelta(days=1)
FRESH = date(2026, 11, 22)
LATER = [contact for contact in CONTACTS if contact not in EMERGENCY]


def values(region: str | None, today: date = FRESH, kept_days: int = KEPT) -> list[str]:
    return [contact.value for contact in shown(region, today, kept_days)]


def test_what_may_be_shown_is_shown_and_nothing_else() -> None:
    everywhere = ["112", "102", "103", "111", "150", "", "https://lprc.kz"]
    assert values(None) == everywhere
    assert values("KZ-79") == everywhere
    assert sorted(values("KZ-75")) == sorted([*everywhere, "1303"])
    assert sorted(values("KZ-71")) == sorted([*everywhere, "+7 7172 54 76 03"])
    assert [contact.value for contact in EMERGENCY] == ["112", "102", "103"]
    assert [contact.value for contact in HELP_LINES] == ["112", "102", "103", "111"]


def test_what_is_known_of_a_contact_is_whole() -> None:
    for contact in CONTACTS:
        assert contact.name
        assert contact.purpose
        assert contact.region is None or contact.region in REGIONS
        assert contact.verified >= date(2026, 7, 21)
        shape = {Kind.PHONE: r"\d{3,4}|\+7 [\d ]+", Kind.SITE: r"https://\S+", Kind.NAME: ""}[contact.kind]
        assert re.fullmatch(shape, contact.value), contact
    numbers = [contact.value for contact in CONTACTS if contact.kind is Kind.PHONE]
    assert len(set(numbers)) == len(numbers)
    assert all(line.hours for line in HELP_LINES), "the screen says that all of them answer at any hour"
    assert {contact.value: contact.hours for contact in CONTACTS}["150"] is None, "its published hours conflict"


@pytest.mark.parametrize("contact", LATER, ids=lambda contact: contact.name)
def test_a_contact_hides_itself_on_the_day_after_its_time(contact: Contact) -> None:
    last = contact.verified + KEPT * DAY
    assert contact in shown(contact.region, last, KEPT)
    assert contact not in shown(contact.region, last + DAY, KEPT)
    assert contact in shown(contact.region, last + DAY, KEPT + 1)
    assert contact.hidden_from(KEPT) == last + DAY


def test_the_emergency_numbers_never_hide() -> None:
    assert shown("KZ-75", FRESH + 40_000 * DAY, 1) == EMERGENCY
    assert all(phone(contact.value, FRESH + 40_000 * DAY, 1) is contact for contact in EMERGENCY)


@pytest.mark.parametrize("number", ["", "109", "11", "112 ", "https://lprc.kz", "+7 700 000 00 00", "+77172547603"])
def test_a_number_that_is_not_in_the_directory_is_nobody(number: str) -> None:
    assert phone(number, FRESH, KEPT) is None


def test_a_hidden_number_can_no_longer_be_called() -> None:
    found = phone("111", date(2027, 7, 21), KEPT)
    assert found is not None
    assert found.value == "111"
    assert phone("111", date(2027, 7, 22), KEPT) is None


def test_the_owners_hear_of_it_thirty_days_before() -> None:
    assert list(hiding(date(2027, 6, 21), KEPT)) == []
    [(soon, hidden)] = hiding(date(2027, 6, 22), KEPT)
    assert (soon.value, hidden) == ("111", date(2027, 7, 22))
    assert [contact for contact, _ in hiding(date(2030, 1, 1), KEPT)] == LATER
