"""Know your rights: cards for everybody, and help by region that hides what nobody has verified for too long."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest_asyncio

from bot.housekeeping import CONTACTS_TOLD_EVERY
from bot.sandbox import Message, Phone
from handlers.presses import HomePress, RightsPress
from models.directory import CONTACTS, EMERGENCY, Kind, shown
from models.quiet import at_hour, local_day
from models.regions import REGIONS
from models.team import Role
from tests.e2e.conftest import QUICK
from tests.e2e.walking import (
    COURSE,
    Say,
    appoint,
    assert_sound,
    flag,
    holds_none_of,
    labels,
    passenger,
    press,
    presses,
    reviewer,
    say,
    send,
)
from tests.house import OWNER, House, TestClock, open_house

NOON = at_hour(max(contact.verified for contact in CONTACTS), 12)
"""On this day everything is fresh, and reminders go out."""
LINE = next(contact for contact in CONTACTS if contact.value == "111")
HIDDEN = at_hour(LINE.hidden_from(365) or NOON.date(), 12)
ALL_HIDDEN = NOON + timedelta(days=366)


def set_clock(clock: TestClock, at: datetime) -> None:
    clock.shift += at - clock()


@pytest_asyncio.fixture
async def fresh(database_url: str) -> AsyncIterator[House]:
    """A house with the usual setting, on a day on which every contact is shown."""
    clock = TestClock()
    set_clock(clock, NOON)
    async with open_house(database_url, clock=clock, **QUICK, contacts_kept_days=365) as house:
        yield house


async def contacts_of(phone: Phone, _: Say, region: str | None) -> Message:
    """The contacts of a region, from /rights on."""
    screen = await send(phone, "/rights")
    await press(phone, _("Help near you"), screen)
    return await press(phone, _(REGIONS[region] if region else "All of Kazakhstan"), screen)


async def test_the_cards_are_read_from_the_first_to_the_last_and_back(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await send(phone, "/rights")
    cards = COURSE.rights(language)
    assert labels(screen)[: len(cards)] == [card.title for card in cards]
    await press(phone, cards[0].title, screen)
    assert _("« Back") not in labels(screen)
    for card in cards:
        assert screen.text.startswith(f"{card.title}\n\n{card.text.text}")
        assert all(source in screen.text for source in card.sources)
        assert _("Help now") in labels(screen)
        if card is not cards[-1]:
            await press(phone, _("Next »"), screen)
    assert _("Next »") not in labels(screen)
    for card in reversed(cards[:-1]):
        await press(phone, _("« Back"), screen)
        assert screen.text.startswith(card.title)
    await press(phone, _("« Know your rights"), screen)
    assert cards[-1].title in labels(screen)
    await assert_sound(house)


async def test_help_now_leads_to_the_rights_and_to_help_nearby_and_a_question_stays_asked(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    await press(phone, _("Add the plate"), await flag(phone, _))
    screen = await send(phone, "/sos")
    await press(phone, _("Know your rights"), screen)
    assert COURSE.rights(language)[0].title in labels(screen)
    screen = await send(phone, "/sos")
    await press(phone, _("Help near you"), screen)
    assert {_(name) for name in REGIONS.values()} <= set(labels(screen))
    await contacts_of(phone, _, "KZ-75")
    assert "123ABC02" in (await send(phone, "123 ABC 02")).text


async def test_a_region_shows_its_own_contacts_and_those_of_the_whole_country(fresh: House, language: str) -> None:
    phone, _ = passenger(fresh, language), say(language)
    for region in ("KZ-75", "KZ-71", "KZ-79", None):
        screen = await contacts_of(phone, _, region)
        seen = shown(region, local_day(NOON), 365)
        for contact in CONTACTS:
            assert (_(contact.name) in screen.text) is (contact in seen)
            assert (f"📞 {contact.value}" in labels(screen)) is (contact in seen and contact.kind is Kind.PHONE)
        nothing_local = _("We know of no line of this region's own. These are for all of Kazakhstan.")
        assert (nothing_local in screen.text) is (region == "KZ-79")
        urls = [button["url"] for row in screen.buttons for button in row if "url" in button]
        assert [url.rstrip("/") for url in urls] == ["https://lprc.kz"]
        assert screen.text.count("2026") == len(seen)
    await assert_sound(fresh)


async def test_the_day_of_verification_stands_in_the_language_of_the_person(fresh: House) -> None:
    days = {"kk": "21 шілде", "ru": "21 июля", "en": "July 21"}
    for language, day in days.items():
        screen = await contacts_of(fresh.phone(2000 + ord(language[0]), language), say(language), None)
        (part,) = (part for part in screen.text.split("\n\n") if part.startswith("111"))
        assert day in part


async def test_a_number_of_the_directory_arrives_as_a_contact_that_dials(fresh: House, language: str) -> None:
    phone, _ = passenger(fresh, language), say(language)
    for region, number, dialled in (("KZ-71", "+7 7172 54 76 03", "+77172547603"), ("KZ-75", "1303", "1303")):
        screen = await contacts_of(phone, _, region)
        await phone.press(f"📞 {number}", screen, expect=1)
        contact = phone.last.raw["contact"]
        assert contact["phone_number"] == dialled
        name = next(_(each.name) for each in CONTACTS if each.value == number)
        assert contact["first_name"] == f"{number}: {name}"[:64]
    await assert_sound(fresh)


async def test_a_forged_press_dials_nobody_and_leads_on(house: House, language: str) -> None:
    phone = passenger(house, language)
    screen = await send(phone, "/rights")
    first = COURSE.rights(language)[0].title
    for press_, shows in (
        (RightsPress(action="card", card=99), first),
        (RightsPress(action="card", card=-1), first),
        (RightsPress(action="region", region="KZ-00"), "📞 112"),
        (RightsPress(action="region", region="<b>"), "📞 112"),
        (HomePress(action="call", value="+7 700 000 00 00"), "📞 112"),
        (HomePress(action="call", value=""), "📞 112"),
    ):
        await phone.press_data(press_.pack(), screen)
        assert shows in labels(screen), press_
    assert not any("contact" in message.raw for message in phone.messages)
    await assert_sound(house)


async def test_a_contact_hides_itself_everywhere_when_its_time_is_over(fresh: House, language: str) -> None:
    phone, _ = passenger(fresh, language), say(language)
    old = await send(phone, "/sos")
    assert "📞 111" in labels(old)
    call = next(data for data in presses(old) if data.endswith("111"))
    set_clock(fresh.clock, HIDDEN - timedelta(days=1))
    assert "📞 111" in labels(await send(phone, "/sos"))
    set_clock(fresh.clock, HIDDEN)
    for screen in (await send(phone, "/sos"), await contacts_of(phone, _, "KZ-75")):
        assert "📞 111" not in labels(screen)
        assert "111" not in screen.text
        assert {f"📞 {contact.value}" for contact in EMERGENCY} <= set(labels(screen))
    await phone.press_data(call, old)
    assert "📞 111" not in labels(old)
    assert not any("contact" in message.raw for message in phone.messages)
    set_clock(fresh.clock, ALL_HIDDEN)
    screen = await contacts_of(phone, _, "KZ-75")
    assert [label for label in labels(screen) if "📞" in label] == [f"📞 {contact.value}" for contact in EMERGENCY]
    await assert_sound(fresh)


async def test_the_owners_hear_once_a_week_of_what_hides_and_nobody_else_does(fresh: House, language: str) -> None:
    _ = say(language)
    owner, member, other = await reviewer(fresh, language), fresh.phone(OWNER, language), passenger(fresh, language)
    for phone in (member, other):
        await send(phone, "/start")
    await appoint(fresh, member, Role.REVIEWER)
    heading = _("Contacts of the help directory have to be verified again:")

    def told() -> list[str]:
        return [message.text for message in owner.messages if message.text.startswith(heading)]

    async def tidied(at: datetime, times: int) -> None:
        set_clock(fresh.clock, at)
        await fresh.app.housekeeping.tidy()
        fresh.app.sender.wake()
        await owner.until(lambda _phone: len(told()) >= times)
        await owner.send("/start")  # whatever else was posted would have come before this
        assert len(told()) == times

    soon = HIDDEN - timedelta(days=30)
    await tidied(soon - timedelta(days=1), 0)
    await tidied(soon, 1)
    assert _(LINE.name) in told()[0]
    assert holds_none_of(told()[0], [_(contact.name) for contact in CONTACTS if contact is not LINE])
    await tidied(soon + timedelta(hours=2), 1)
    await tidied(soon + CONTACTS_TOLD_EVERY - timedelta(minutes=5), 1)
    await tidied(soon + CONTACTS_TOLD_EVERY + timedelta(minutes=5), 2)
    await tidied(ALL_HIDDEN, 3)
    assert all(_(contact.name) in told()[2] for contact in CONTACTS if contact not in EMERGENCY)
    assert holds_none_of(told()[2], [_(contact.name) + ":" for contact in EMERGENCY])
    for phone in (member, other):
        assert heading not in phone.texts
    await assert_sound(fresh)
