"""Figures about flags at the desk: every page of every period, drawn and written, with nobody to be recognised."""

from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox import Message, Phone
from handlers.flag_stats import RIDE_NAMES, TELLERS, UNSAID_NAME
from handlers.presses import FiguresPress
from models.audit import Action, AuditEntry
from models.behaviours import BEHAVIOURS, FORM_NAMES, Form
from models.details import Platform, Teller
from models.flags import OUTCOME_NAMES, Flag, Outcome, Ride, State
from models.regions import REGIONS
from models.team import Role
from tests.e2e.test_figures import is_photo, written_on_pictures
from tests.e2e.test_languages import english_left
from tests.e2e.walking import (
    Say,
    appoint,
    assert_sound,
    code_on,
    labels,
    passenger,
    person,
    press,
    presses,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import OWNER, House
from tests.models.test_flag_figures import flags

PAGES = {
    "By form": "form",
    "By behaviour": "behaviour",
    "By severity": "severity",
    "By region": "region",
    "By app": "platform",
    "By hour": "hour",
    "By who told it": "teller",
    "How soon": "time",
    "By outcome": "outcome",
}


DRAWN = {
    "all": RIDE_NAMES.values(),
    "form": [FORM_NAMES[form] for form in (Form.VERBAL, Form.NON_VERBAL, Form.PHYSICAL)],
    "behaviour": [BEHAVIOURS["VB2"].name],
    "region": [REGIONS["KZ-75"], UNSAID_NAME],
    "platform": [UNSAID_NAME],
    "teller": [*TELLERS.values(), UNSAID_NAME],
    "time": ["looked at in time", "with an outcome", "all"],
    "outcome": [OUTCOME_NAMES[Outcome.ADVICE], "No outcome yet"],
}
"""What stands beside the bars of a page."""


async def fill(house: House) -> None:
    """A month with some of everything: 13 of words, 6 of touch, 3 that must stay hidden, and some that don't count."""
    now = house.clock()
    hour = timedelta(hours=1)
    at = now - timedelta(days=10)
    closed = {"state": State.CLOSED, "outcome": Outcome.ADVICE, "ended_at": at + 30 * hour, "opened_at": at + 2 * hour}
    async with house.app.database.transaction() as session:
        await flags(session, 13, "VB2", received_at=at, region="KZ-75", platform=Platform.INDRIVE, **closed)
        await flags(session, 6, "PH3", "SX1", received_at=at, ride=Ride.GOING_ON, opened_at=at + hour)
        await flags(session, 3, "NV2", received_at=at, region="KZ-10", teller=Teller.WITNESS)
        await flags(session, 40, "VB2", received_at=at, consent=None)
        await flags(session, 50, "VB2", received_at=now - timedelta(days=100))


async def turn(phone: Phone, label: str, screen: Message) -> None:
    """Press a tab and wait until its page is shown."""
    await press(phone, label, screen)
    await phone.until(lambda phone: f"✓ {label}" in labels(screen))


async def open_figures(phone: Phone, _: Say) -> Message:
    """From /stats to the first page of flags."""
    screen = await send(phone, "/stats")
    await press(phone, _("Flags"), screen)
    await phone.until(lambda phone: _("Vehicles with two flags or more") in screen.text)
    return screen


async def test_the_team_sees_the_figures_of_a_period_page_by_page(house: House, language: str) -> None:
    desk, _ = await reviewer(house, language), say(language)
    await fill(house)
    screen = await open_figures(desk, _)
    assert f"{_('Flags')}: 22\n" in screen.text
    assert f"{_('during the ride')}: 6\n" in screen.text
    seen: dict[str, str] = {}
    for label, page in PAGES.items():
        await turn(desk, _(label), screen)
        seen[page] = screen.text
    assert f"{_(FORM_NAMES[Form.VERBAL])}: 13" in seen["form"]
    assert f"{_(FORM_NAMES[Form.NON_VERBAL])}: *" in seen["form"]
    assert f"{_(FORM_NAMES[Form.PHYSICAL])}: *" in seen["form"]
    assert f"{_(FORM_NAMES[Form.SEXUALISED])}: 0" in seen["form"]
    assert f"VB2 {_(BEHAVIOURS['VB2'].name)}: 13" in seen["behaviour"]
    assert f"NV2 {_(BEHAVIOURS['NV2'].name)}: *" in seen["behaviour"]
    assert "SX1" not in seen["behaviour"]
    assert f"{_(REGIONS['KZ-75'])}: 13" in seen["region"]
    assert f"{_(REGIONS['KZ-10'])}: *" in seen["region"]
    assert "inDrive: 13\n" in seen["platform"]
    assert f"{_('No outcome yet')}: 9" in seen["outcome"]
    assert f"{_('Time to the outcome')}: {_('{days} d {hours} h', days=1, hours=6)}" in seen["time"]
    assert f"{_('Time to the first look')}: {_('{hours} h', hours=2)}" in seen["time"]
    for text in seen.values():
        assert _("hidden, so that nobody can be recognised") in text
    await turn(desk, _("By form"), screen)
    await turn(desk, _("12 months"), screen)
    assert f"{_(FORM_NAMES[Form.VERBAL])}: 63" in screen.text
    await turn(desk, _("7 days"), screen)
    assert f"{_(FORM_NAMES[Form.VERBAL])}: 0" in screen.text
    who = (await person(house, desk)).id
    noted = [entry.detail for entry in await stored(house, AuditEntry, actor_id=who, action=Action.FIGURES)]
    assert noted[:2] == ["flags: all, 30", "flags: form, 30"]
    assert noted[-1] == "flags: form, 7"
    await assert_sound(house)


async def test_a_period_can_be_typed_and_every_page_is_drawn_in_the_language_of_who_reads_it(
    house: House, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, _ = await reviewer(house, language), say(language)
    await fill(house)
    for typed in (
        "/stats 30",
        "/stats 2026-Q3",
        f"/stats {house.clock():%Y-%m}",
        "/stats год",
        "/stats Бәрі",
        "/stats all",
    ):
        (screen,) = await desk.send(typed)
        assert screen.text.startswith(_("Flags")), typed
    assert (await send(desk, "/stats nonsense")).text == (await send(desk, "/stats")).text
    who = await person(house, desk)
    for page, named in {"": "all", **PAGES}.items():
        written = written_on_pictures(monkeypatch)
        made = await house.app.sender.make("flag plot", who, {"page": named, "period": "30"})
        assert made is not None, page
        words = " ".join(written)
        for said in ("Flags", "30 days", *([page] if page else []), *DRAWN.get(named, ())):
            assert _(said) in words, named
        assert language == "en" or not english_left(language).search("\n".join(written)), named
    await press(desk, _("Plot"), screen)
    await desk.until(lambda desk: any(map(is_photo, desk.messages)), timeout=20)
    await assert_sound(house)


async def test_who_is_not_or_no_longer_of_the_team_gets_no_figures_of_flags(house: House) -> None:
    phone, _ = passenger(house), say("en")
    nonsense = await send(phone, "/nonsense")
    for command in ("/stats 30", "/stats 2026-11", "/export", "/export transparency"):
        answer = await send(phone, command)
        assert (answer.text, answer.buttons) == (nonsense.text, nonsense.buttons)
    menu = await send(phone, "/start")
    for data in (
        FiguresPress(action="page").pack(),
        FiguresPress(action="plot", page="time").pack(),
        "export:make:csv",
    ):
        assert await phone.press_data(data, menu) == await phone.press_data("nothing:at:all", menu)
    assert {entry.action for entry in await stored(house, AuditEntry)} == {Action.JOINED, Action.DENIED}

    desk = house.phone(OWNER)
    await send(desk, "/start")
    await appoint(house, desk, Role.REVIEWER)
    screen = await open_figures(desk, _)
    await appoint(house, desk, None)
    for data in [each for each in presses(screen) if each.startswith("figures:")]:
        await desk.press_data(data, screen)
        assert _("Vehicles with two flags or more") not in screen.text
    who = await person(house, desk)
    asked: dict[str, Any] = {"page": "all", "period": "30", "message": None}
    assert await house.app.sender.make("flag figures", who, asked) is None
    assert await house.app.sender.make("flag plot", who, asked) is None
    await assert_sound(house)


async def test_the_region_is_asked_or_read_from_the_plate(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    for region, plate, kept in (
        (None, "777 abe 05", "KZ-19"),
        ("KZ-47", "888 abe 05", "KZ-47"),
        (None, "a123bcd", None),
    ):
        screen = await send(phone, "/report")
        await press(phone, _("No, it is over"), screen)
        await press(phone, _("Tell it step by step"), screen)
        while _("Send") not in labels(screen):
            if _("<b>In which region was it?</b>") in screen.text and region:
                assert len([label for label in labels(screen) if label in map(_, REGIONS.values())]) == len(REGIONS)
                await press(phone, _(REGIONS[region]), screen)
            elif _("<b>Number plate</b>\n\nAs you remember it, for example <code>123 ABC 02</code>.") in screen.text:
                screen = await send(phone, plate)
            else:
                await press(phone, _("Skip") if _("Skip") in labels(screen) else _("Next »"), screen)
        if region:
            assert _("Region: {region}", region=_(REGIONS[region])) in screen.text
        await press(phone, _("Send"), screen)
        if _("No, it is another one: send it") in labels(screen):
            await press(phone, _("No, it is another one: send it"), screen)
        receipt = code_on(screen)
        await phone.until(lambda phone, receipt=receipt: phone.texts.count(receipt) == 2)
        sent = (await stored(house, Flag))[-1]
        assert sent.region == kept
    await assert_sound(house)
