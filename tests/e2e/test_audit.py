"""The audit as owners read it, and its mark outside the database."""

import logging
import re
from datetime import timedelta

import pytest

from handlers.texts import load_texts
from models.audit import ACTION_NAMES, Action, Anchor, AuditEntry, verify
from models.people import Language
from models.team import Role
from tests.e2e.walking import (
    appoint,
    assert_sound,
    called,
    flag,
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

ANCHOR = re.compile(r"\b\d+:[0-9a-f]{16}\b")
_TEXTS = load_texts()


def lines(text: str) -> list[str]:
    """The lines of a page that are entries."""
    return [line for line in text.splitlines() if " · " in line and ": " in line]


async def test_an_owner_reads_who_did_what_by_time_member_kind_and_flag(house: House, language: str) -> None:
    _, texts = say(language), _TEXTS[Language(language)]
    desk, other, phone = await reviewer(house, language), house.phone(OWNER, language), passenger(house, language)
    await other.send("/start")
    await appoint(house, other, Role.REVIEWER)
    for number, code in enumerate(("SX1", "VB1"), 1):
        await flag(phone, _, code)
        await called(other, _, number)
    await send(other, "/flag 1")
    await send(other, "/approve")  # is not theirs
    me, number = (await person(house, desk)).id, (await person(house, other)).id
    yesterday = house.clock()
    house.clock.shift += timedelta(days=2)
    for _again in range(12):
        await send(desk, "/queue")
    await send(desk, "/flag 2")

    screen = await send(desk, "/audit 1")
    first = texts.moment(yesterday).split(",")[0]
    assert [line.partition(" · ")[2] for line in lines(screen.text)] == [
        f"№{number}: {_(ACTION_NAMES[Action.OPENED])} · №1",
        f"{_('the person who reported')}: {_(ACTION_NAMES[Action.RECEIVED])} · №1",
    ]
    assert first in screen.text
    await press(desk, _("All flags"), screen)
    assert len(lines(screen.text)) == 10
    newest = screen.text
    assert f"№{me} ({_('you')}): {_(ACTION_NAMES[Action.AUDIT_SEEN])} · №1" in newest  # the look before this one
    await press(desk, _("Older »"), screen)
    assert screen.text != newest
    assert _("« Newest") in labels(screen)
    await press(desk, _("« Newest"), screen)
    await press(desk, _("Today"), screen)
    assert f"✓ {_('Today')}" in labels(screen)
    await press(desk, _("All members"), screen)
    await press(desk, f"№{number}", screen)
    assert _("Nothing was done.") in screen.text  # today
    await press(desk, _("7 days"), screen)
    assert [line.partition(" · ")[2] for line in lines(screen.text)] == [
        f"№{number}: {_(ACTION_NAMES[Action.DENIED])} (/approve)",
        f"№{number}: {_(ACTION_NAMES[Action.OPENED])} · №1",
    ]
    await press(desk, _("All actions"), screen)
    await press(desk, _("Refused tries"), screen)
    assert len(lines(screen.text)) == 1
    for forged in ("audit:show:-5:0:nonsense:0:0", f"audit:show:99:{2**63 - 1}::{2**63 - 1}:{2**63 - 1}"):
        await desk.press_data(forged, screen)
        assert lines(screen.text) or _("Nothing was done.") in screen.text
    for wrong in ("/audit one", "/audit -1", "/audit 0", "/audit " + "9" * 4000):
        assert (await send(desk, wrong)).text == _("Please write the number of a flag: /audit 12")
    looks = await stored(house, AuditEntry, action=Action.AUDIT_SEEN)
    assert [look.flag_id for look in looks[:2]] == [1, None]
    assert {look.actor_id for look in looks} == {me}
    assert all(len(data.encode()) <= 64 for data in presses(screen))
    await assert_sound(house)


async def test_paging_through_shows_each_entry_once(small_house: House) -> None:
    desk, _ = await reviewer(small_house), say("en")
    for _again in range(18):
        await send(desk, "/queue")
    await flag(desk, _, "VB1")  # of their own
    for _again in range(5):
        await send(desk, "/queue")
    screen, seen = await send(desk, "/audit"), 0
    assert len(lines(screen.text)) == 10  # nothing is missing where their own would stand
    last = lines(screen.text)[-1]
    await press(desk, _("Older »"), screen)
    assert len(lines(screen.text)) == 10
    assert lines(screen.text)[0].partition(" · ")[2] == last.partition(" · ")[2]
    assert ACTION_NAMES[Action.AUDIT_SEEN] not in screen.text
    assert ACTION_NAMES[Action.RECEIVED] not in screen.text
    await press(desk, _("All actions"), screen)
    await press(desk, _("Flags"), screen)
    while True:
        seen += len(lines(screen.text))
        if _("Older »") not in labels(screen):
            break
        await press(desk, _("Older »"), screen)
    assert seen == 23
    await assert_sound(small_house)


async def test_once_a_day_the_owners_and_the_log_hold_where_the_audit_stands(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    desk, other, _ = await reviewer(house, "ru"), house.phone(OWNER), say("ru")
    await other.send("/start")
    await appoint(house, other, Role.SUPERVISOR)
    now = house.clock()
    house.clock.shift += now.replace(hour=6, minute=0, second=0) + timedelta(days=1) - now  # 11:00 in Almaty
    await send(desk, "/queue")
    await send(desk, "/queue")
    with caplog.at_level(logging.INFO):
        await house.app.housekeeping.tidy()
        house.app.sender.wake()
        await desk.until(lambda desk: ANCHOR.search(desk.texts))
    notice = desk.last
    held = Anchor.read(ANCHOR.findall(notice.text)[0])
    assert held.entries == 3  # with the owner whom the settings name
    assert f"the audit is anchored at {held}" in caplog.messages
    assert "очеред" not in notice.text
    assert not ANCHOR.search(other.texts)  # owners only
    for hours, times in ((1, 1), (23, 2)):
        house.clock.shift += timedelta(hours=hours)
        await house.app.housekeeping.tidy()
        house.app.sender.wake()
        await desk.until(lambda desk, times=times: desk.texts.count(held.mark) == times)
    async with house.app.database.reading() as session:
        assert await verify(session, house.app.vault, [held]) == []
        forged = Anchor(3, "0" * 16)
        assert await verify(session, house.app.vault, [held, forged]) == [
            f"entry 3 is not the one of the anchor {forged}"
        ]
    await assert_sound(house)
