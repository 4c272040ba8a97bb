"""/search: by code, plate, number, form and days; the audit says what was searched by, and never what for."""

from datetime import timedelta

from models.audit import Action, AuditEntry
from models.behaviours import FORM_NAMES, Form
from models.conversation import Conversation
from models.quiet import local_day
from tests.e2e.walking import (
    assert_sound,
    called,
    code_on,
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
from tests.house import House

"""Each language and each kind of database, not all of their pairs."""


async def test_a_flag_is_found_by_whatever_is_known_of_it(house: House, language: str) -> None:
    desk, phone, _, en = await reviewer(house, language), passenger(house), say(language), say("en")
    screen = await flag(phone, en, "PH1")
    receipt = code_on(screen)
    await press(phone, en("Add the plate"), screen)
    await send(phone, "123 ABC 02")
    await flag(phone, en, "VB2")
    await flag(desk, _, "VB1")
    await called(desk, _, 2)
    today = f"{local_day(house.clock()):%d.%m}"
    found = {
        receipt: ["№1"],
        receipt.replace("-", " "): ["№1"],
        "kz 123-авс 02": ["№1"],
        "№2": ["№2"],
        "3": [],  # the reviewer's own
        today: ["№2", "№1"],
        f"{today}-{today}": ["№2", "№1"],
        "01.01.2020": [],
        "VB": ["№2"],
        "999 ZZZ 01": [],
    }
    for typed, expected in found.items():
        shown = await send(desk, f"/search {typed}")
        assert [label for label in labels(shown) if label.startswith("№")] == expected, typed
        assert (_("Nothing was found.") in shown.text) is (not expected)
        assert not any("123" in data for data in presses(shown))
    asked = await send(desk, "/search")
    await press(desk, _(FORM_NAMES[Form.PHYSICAL]), asked)
    assert "№1" in labels(asked)
    again = await send(desk, receipt)  # typed alone after a search, it's still a search
    assert "№1" in labels(again)
    await press(desk, "№1", again)
    assert _("<b>Flag №{number}</b>", number=1) in again.text
    nothing = await send(desk, "/search !?")
    assert _("Search again") not in labels(nothing)
    entries = await stored(house, AuditEntry, action=Action.SEARCHED)
    assert [entry.detail for entry in entries] == [
        *("receipt", "receipt", "plate", "number", "number", "days", "days", "days", "form", "plate"),
        *("form", "receipt"),
    ]
    assert {entry.flag_id for entry in entries} == {None}
    await assert_sound(house)


async def test_what_was_found_has_pages(house: House, language: str) -> None:
    desk, phone, _, en = await reviewer(house, language), passenger(house), say(language), say("en")
    for _number in range(11):
        await flag(phone, en, "VB2")
        house.clock.shift += timedelta(hours=3)
    await called(desk, _, 11)
    shown = await send(desk, "/search VB")
    assert [label for label in labels(shown) if label.startswith("№")] == [f"№{n}" for n in range(11, 3, -1)]
    await press(desk, "▶", shown)
    assert [label for label in labels(shown) if label.startswith("№")] == ["№3", "№2", "№1"]
    assert "▶" not in labels(shown)
    await desk.press_data("search:turn::zz.1", shown)
    assert "№11" in labels(shown)
    await send(desk, "/start")
    await desk.press_data("search:turn::", shown)
    assert _("Nothing was found.") not in shown.text
    assert _(FORM_NAMES[Form.VERBAL]) in labels(shown)
    await assert_sound(house)


async def test_what_was_searched_for_is_kept_sealed_and_nobody_else_can_search(small_house: House) -> None:
    desk, phone, _ = await reviewer(small_house), passenger(small_house), say("en")
    await flag(phone, _)
    await send(desk, "/search 123 ABC 02")
    (kept,) = await stored(small_house, Conversation, person_id=(await person(small_house, desk)).id)
    assert b"123ABC02" not in kept.sealed
    assert kept.read(small_house.app.vault)[1] == {"by": "plate", "value": "123ABC02"}
    nonsense = await send(phone, "/nonsense")
    for command in ("/search", "/search 1", "/search 123ABC02"):
        answer = await send(phone, command)
        assert (answer.text, answer.buttons) == (nonsense.text, nonsense.buttons)
    await assert_sound(small_house)
