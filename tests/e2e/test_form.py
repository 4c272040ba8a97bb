"""A report told step by step: each question may be skipped or gone back to, and nothing is sent before the review."""

from datetime import date, timedelta

import pytest

from bot.sandbox import Message, Phone
from handlers.details import details_of
from handlers.presses import ErasePress, FormPress
from handlers.texts import load_texts
from models.behaviours import BEHAVIOURS
from models.consents import Consent, Recipient
from models.details import Daytime, Details, Platform, Reach, Teller
from models.drafts import Draft
from models.first_look import FIRST_LOOK
from models.flags import Flag
from models.people import Language
from models.quiet import local_day
from tests.e2e.conftest import QUICK
from tests.e2e.walking import (
    Say,
    assert_sound,
    called,
    code_on,
    copied,
    flag,
    labels,
    passenger,
    press,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import DRIVER, House, open_house


async def begin(phone: Phone, _: Say) -> Message:
    """From the first screen to the first question."""
    screen = await send(phone, "/report")
    await press(phone, _("No, it is over"), screen)
    return await press(phone, _("Tell it step by step"), screen)


async def to_review(phone: Phone, _: Say, screen: Message) -> int:
    """Leave all other questions unanswered; how many were asked."""
    asked = 0
    while _("Send") not in labels(screen):
        await press(phone, _("Skip") if _("Skip") in labels(screen) else _("Next »"), screen)
        asked += 1
    return asked


async def test_everything_can_be_told_and_the_team_reads_it(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    desk = await reviewer(house)
    screen = await begin(phone, _)
    await press(phone, _("I saw it"), screen)
    await press(phone, _("Rude or threatening words"), screen)
    await press(phone, _("Insults, shaming, shouting"), screen)
    await press(phone, _("« Back"), screen)
    await press(phone, _("Looks, filming, exposure"), screen)
    await press(phone, _(BEHAVIOURS["NV3"].name), screen)
    await press(phone, _("« Back"), screen)
    assert sum(label.startswith("✓") for label in labels(screen)) == 2
    await press(phone, _("Next »"), screen)
    screen = await send(phone, "Ол <b>айқайлады</b> & кетті")
    await press(phone, _("Skip"), screen)
    await press(phone, _("Yesterday"), screen)
    await press(phone, _("Night (0 to 6)"), screen)
    await press(phone, _("Mangystau"), screen)
    await press(phone, _("Skip"), screen)
    await press(phone, "inDrive", screen)
    screen = await send(phone, "ORD-77 <1>")
    screen = await send(phone, "777 abe 05")
    await press(phone, _("Yes"), screen)
    await press(phone, _("No"), screen)
    await press(phone, _("No"), screen)
    await press(phone, _("Let the team look into it now"), screen)
    await press(phone, _("I leave another way to reach me"), screen)
    screen = await send(phone, "Хат жазыңыз, 18:00-ден кейін")
    await press(phone, _("An organisation that gives legal help"), screen)
    await press(phone, _("Next »"), screen)
    assert _("<b>Before you send it</b>") in screen.text
    for said in (
        "айқайлады",
        "777ABE05",
        "ORD-77 <1>",
        "inDrive",
        _("The same person did this before"),
        _("Night (0 to 6)"),
        _("Region: {region}", region=_("Mangystau")),
    ):
        assert said in screen.text
    assert not await stored(house, Flag)
    phone.tap(_("Send"), screen)
    await phone.press_data(FormPress(action="send", value=(await stored(house, Draft))[0].key).pack(), screen)
    await phone.until(lambda phone: phone.texts.count(code_on(screen)) >= 2)
    (sent,) = await stored(house, Flag)
    vault = house.app.vault
    assert [behaviour.code for behaviour in sent.behaviours] == ["NV3", "VB2"]
    assert details_of(sent) == Details(
        teller=Teller.WITNESS,
        platform=Platform.INDRIVE,
        happened_on=local_day(house.clock()) - timedelta(days=1),
        daytime=Daytime.NIGHT,
        repeated=True,
        minor=False,
        retaliation=False,
        reach=Reach.CONTACT,
        region="KZ-47",
    )
    assert sent.contact(vault) == "Хат жазыңыз, 18:00-ден кейін"
    consents = {each.recipient: each.revoked_at is None for each in await stored(house, Consent)}
    assert consents == {Recipient.STATISTICS: True, Recipient.LEGAL_AID: True, Recipient.DRIVER: False}
    assert (sent.words(vault), sent.order(vault), sent.plate(vault)) == (
        "Ол <b>айқайлады</b> & кетті",
        "ORD-77 <1>",
        "777ABE05",
    )
    assert await stored(house, Draft) == []
    await called(desk, say("en"))
    shown = await send(desk, f"/flag {sent.id}")
    for told in (
        "Told by a witness",
        "App: inDrive",
        "Order: ORD-77 <1>",
        "777ABE05",
        "The same person did this before",
    ):
        assert told in shown.text
    assert "айқайлады" not in shown.text  # until it is asked for
    await assert_sound(house)


async def test_what_was_just_now_keeps_the_moment_and_asks_for_no_time_of_day(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await begin(phone, _)
    await phone.press_data(FormPress(action="go", step="day").pack(), screen)
    await press(phone, _("Just now"), screen)
    assert _("<b>About when was it?</b>") not in screen.text
    await press(phone, _("« Back"), screen)
    (draft,) = await stored(house, Draft)
    at = draft.read(house.app.vault).at
    assert at is not None
    now = load_texts()[Language(language)].moment(at)
    assert now in screen.text
    await to_review(phone, _, screen)
    assert now in screen.text
    await press(phone, _("When"), screen)  # the whole day after all
    await press(phone, _("Today"), screen)
    assert now not in screen.text
    await press(phone, _("When"), screen)
    await press(phone, _("Just now"), screen)
    await press(phone, _("Send"), screen)
    (sent,) = await stored(house, Flag)
    assert sent.happened_at is not None
    assert abs(sent.happened_at - house.clock()) < timedelta(minutes=1)
    assert sent.happened_on == local_day(sent.happened_at)
    await assert_sound(house)


async def test_every_question_can_be_skipped_and_what_is_left_is_accepted(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    await reviewer(house)
    screen = await begin(phone, _)
    assert await to_review(phone, _, screen) == 16
    await press(phone, _("Send"), screen)
    (sent,) = await stored(house, Flag)
    assert [behaviour.code for behaviour in sent.behaviours] == ["OT"]
    assert sent.severity == 1
    await assert_sound(house)


async def test_one_can_go_back_and_change_any_answer_from_the_review(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await begin(phone, _)
    await press(phone, _("I saw it"), screen)
    await press(phone, _("« Back"), screen)
    assert "✓ " + _("I saw it") in labels(screen)
    await press(phone, _("I was the driver"), screen)
    while _("Send") not in labels(screen):
        assert "123 ABC 02" not in screen.text  # of a passenger no plate is asked
        await press(phone, _("Skip") if _("Skip") in labels(screen) else _("Next »"), screen)
    assert _("Plate") not in labels(screen)
    await press(phone, _("Told by"), screen)
    await press(phone, _("I was the passenger"), screen)
    assert _("Told by the passenger") in screen.text
    await press(phone, _("Plate"), screen)
    screen = await send(phone, "🚗🚗")
    assert _("There are no letters or digits in that. Please write the plate once more.") in screen.text
    screen = await send(phone, "odd 1")
    assert _("It does not look like a Kazakhstan plate; it is kept as you wrote it.") in screen.text
    assert "ODD1" in screen.text
    await press(phone, _("When"), screen)
    tomorrow = local_day(house.clock()) + timedelta(days=1)
    for typed, answer in (
        (f"{tomorrow:%d.%m.%Y}", "That day has not come yet. Please write the date once more."),
        ("32.13", "Please write the date as day, month, year: 05.11.2026."),
        ("когда?", "Please write the date as day, month, year: 05.11.2026."),
    ):
        screen = await send(phone, typed)
        assert _(answer) in screen.text
    screen = await send(phone, "1.2.2026")
    assert load_texts()[Language(language)].date(date(2026, 2, 1)) in screen.text
    assert not await stored(house, Flag)
    await assert_sound(house)


async def test_a_draft_survives_a_restart_is_offered_again_and_deleted_on_wish_or_after_thirty_days(
    database_url: str,
) -> None:
    _ = say("ru")
    async with open_house(database_url, **QUICK) as house:
        phone = passenger(house, "ru")
        screen = await begin(phone, _)
        await press(phone, _("I saw it"), screen)
        (draft,) = await stored(house, Draft)
        assert "witness" not in str(draft.sealed)
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        screen = await send(phone, "/report")
        await press(phone, _("Go on with my draft"), screen)
        assert "2/16" in screen.text
        await press(phone, _("« Back"), screen)
        assert "✓ " + _("I saw it") in labels(screen)
        await to_review(phone, _, screen)
        await press(phone, _("Delete the draft"), screen)
        assert await stored(house, Draft) == []
        await begin(phone, _)
        house.clock.shift += timedelta(days=29)
        await house.app.housekeeping.tidy()
        assert len(await stored(house, Draft)) == 1
        house.clock.shift += timedelta(days=2)
        await house.app.housekeeping.tidy()
        assert await stored(house, Draft) == []
        await assert_sound(house)


@pytest.mark.parametrize(("answers", "severity"), [((), 2), (("minor",), 3), (("minor", "retaliation"), 4)])
async def test_a_minor_or_retaliation_makes_it_more_urgent(
    small_house: House, answers: tuple[str, ...], severity: int
) -> None:
    phone, _ = passenger(small_house), say("en")
    screen = await begin(phone, _)
    await press(phone, "Skip", screen)
    await press(phone, "Rude or threatening words", screen)
    await press(phone, "Insults, shaming, shouting", screen)
    for name in ("repeated", "minor", "retaliation"):
        await phone.press_data(FormPress(action="go", step=name).pack(), screen)
        await press(phone, "Yes" if name in answers else "No", screen)
    await to_review(phone, _, screen)
    await press(phone, "Send", screen)
    (sent,) = await stored(small_house, Flag)
    assert sent.severity == severity
    assert sent.due_at - sent.received_at == FIRST_LOOK[severity]


async def test_a_vehicle_that_is_reported_again_makes_both_reports_more_urgent(small_house: House) -> None:
    one, other, _ = passenger(small_house), small_house.phone(DRIVER), say("en")
    for phone, plate in ((one, "123 ABC 02"), (other, "123abc02")):
        screen = await flag(phone, _, "VB2")
        await press(phone, "Add the plate", screen)
        await send(phone, plate)
    first, second = await stored(small_house, Flag)
    assert (first.severity, second.severity) == (3, 3)
    for each in (first, second):  # within so long after the vehicle was named again
        assert each.due_at - FIRST_LOOK[3] >= second.received_at
        assert each.due_at < each.received_at + FIRST_LOOK[2]


async def test_forged_presses_and_old_buttons_touch_no_other_draft_and_lead_on(house: House) -> None:
    one, other, _ = passenger(house), house.phone(DRIVER), say("en")
    screen = await begin(one, _)
    (draft,) = await stored(house, Draft)
    theirs = await send(other, "/start")
    for forged in (
        FormPress(action="send", value=draft.key),
        FormPress(action="go", step="review"),
        FormPress(action="set", step="teller", value="witness"),
        FormPress(action="toggle", step="what", value="PH4"),
        FormPress(action="drop"),
    ):
        await other.press_data(forged.pack(), theirs)
        assert labels(theirs)
    for odd in (
        FormPress(action="set", step="review", value="x"),
        FormPress(action="go", step="nonsense"),
        FormPress(action="toggle", step="what", value="XX9"),
        FormPress(action="form", step="what", value="QQ"),
        FormPress(action="set", step="teller", value="nobody"),
    ):
        await one.press_data(odd.pack(), screen)
        assert labels(screen)
    assert await stored(house, Flag) == []
    assert [each.key for each in await stored(house, Draft)] == [draft.key]
    await assert_sound(house)


async def test_who_sends_many_reports_waits_a_while_but_never_with_the_most_severe(database_url: str) -> None:
    limits = QUICK | {"flags_an_hour": 2, "flags_a_day": 3}
    async with open_house(database_url, **limits) as house:
        phone, _ = passenger(house), say("en")
        for code in ("VB1", "VB2"):
            await flag(phone, _, code)
        screen = await begin(phone, _)
        await to_review(phone, _, screen)
        await press(phone, "Send", screen)
        assert "several reports in a short time" in screen.text
        assert "112" in screen.text
        assert len(await stored(house, Flag)) == 2
        assert len(await stored(house, Draft)) == 1  # nothing of it is lost
        await flag(phone, _, "PH4")
        assert len(await stored(house, Flag)) == 3
        house.clock.shift += timedelta(hours=2)
        screen = await send(phone, "/report")
        await press(phone, "Go on with my draft", screen)
        await press(phone, "Send", screen)
        assert "several reports in a short time" in screen.text  # three that day
        await phone.press_data(ErasePress(action="erase", flag=1).pack(), screen)
        await press(phone, "Yes, delete everything", await send(phone, "/deletedata"))
        assert await stored(house, Flag) == []
        screen = await begin(phone, _)
        await to_review(phone, _, screen)
        await press(phone, "Send", screen)
        assert "several reports in a short time" in screen.text  # deleting gives no turns back
        house.clock.shift += timedelta(days=1)
        screen = await send(phone, "/report")
        await press(phone, "Go on with my draft", screen)
        await press(phone, "Send", screen)
        assert len(await stored(house, Flag)) == 1
        assert await stored(house, Draft) == []
        await assert_sound(house)


async def test_a_text_for_somebody_trusted_has_the_plate_of_the_draft_and_goes_to_nobody_by_itself(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await send(phone, "/sos")
    await press(phone, _("A text for somebody you trust"), screen)
    (text,) = copied(screen)
    assert text == _("I am in a taxi and I don't feel safe. Please call me now and stay on the line.")
    screen = await begin(phone, _)
    await phone.press_data(FormPress(action="go", step="plate").pack(), screen)
    await send(phone, "777 ABE 05")
    screen = await send(phone, "/sos")
    await press(phone, _("A text for somebody you trust"), screen)
    (text,) = copied(screen)
    assert text.endswith(_("Number plate: {plate}", plate="777ABE05"))
    assert len(text) <= 256
    assert await stored(house, Flag) == []
    house.clock.shift += timedelta(days=12)  # that was another car
    screen = await send(phone, "/sos")
    await press(phone, _("A text for somebody you trust"), screen)
    assert not any(digit in copied(screen)[0] for digit in "0123456789")
    assert len([call for call in house.sandbox.calls if call.params.get("chat_id") not in (phone.id, None)]) == 0
    await press(phone, _("Add the plate"), await flag(phone, _))
    await send(phone, "999 ZZZ 05")
    screen = await send(phone, "/sos")
    await press(phone, _("A text for somebody you trust"), screen)
    assert copied(screen)[0].endswith(_("Number plate: {plate}", plate="999ZZZ05"))
    await assert_sound(house)


async def test_a_cry_for_help_in_the_middle_is_answered_with_care_and_saved_only_on_a_press(
    small_house: House,
) -> None:
    phone, _ = passenger(small_house), say("en")
    await begin(phone, _)
    screen = await begin(phone, _)
    await phone.press_data(FormPress(action="go", step="words").pack(), screen)
    cry = "Help me, he locked the doors and won't let me out"
    care = await send(phone, cry)
    assert "112" in care.text
    vault = small_house.app.vault
    assert [draft.read(vault).words for draft in await stored(small_house, Draft)] == [None]
    await press(phone, "Save it in my report", care)
    assert [draft.read(vault).words for draft in await stored(small_house, Draft)] == [cry]
    assert "Photos or your voice" in care.text
    care = await send(phone, cry)  # photos are asked now: nothing to save it in
    assert "112" in care.text
    assert "Save it in my report" not in labels(care)
    assert await stored(small_house, Flag) == []
    await assert_sound(small_house)
