"""A report told step by step: each question may be skipped or gone back to, and nothing is sent before the review."""

from datetime import date, timedelta

from bot.sandbox import Message, Phone
from bot.settings import Settings
from handlers.details import details_of
from handlers.media import ASKED
from handlers.presses import FormPress
from handlers.texts import load_texts
from models.behaviours import BEHAVIOURS
from models.consents import Consent, Recipient
from models.details import Daytime, Details, Platform, Reach, Teller
from models.drafts import Draft
from models.first_look import FIRST_LOOK
from models.flags import Flag, Ride
from models.new_flags import store_flag
from models.people import Language
from models.quiet import local_day
from models.receipts import show_receipt
from tests.e2e.conftest import QUICK
from tests.e2e.walking import (
    CODE,
    Say,
    assert_sound,
    called,
    code_on,
    copied,
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
from tests.house import DRIVER, OWNER, PASSENGER, House, open_house


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


async def test_a_skip_further_up_and_a_slip_take_no_answer_back(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await begin(phone, _)
    await phone.press_data(FormPress(action="go", step="words").pack(), screen)
    asked = await send(phone, "Ол айқайлады")  # a new screen: the one above still offers to skip
    await press(phone, _("Skip"), screen)
    assert _("Own words") not in screen.text
    await press(phone, _("« Back"), asked)
    assert "Ол айқайлады" in asked.text
    slip = await send(phone, "ы" * 4001)
    assert _("That is longer than one report can hold. Please shorten it.") in slip.text
    assert labels(slip) == [_("« Back"), _("Help now"), _("✕ Clear chat"), _("« Menu")]
    await press(phone, _("« Back"), slip)
    assert "Ол айқайлады" in slip.text
    assert [each.read(house.app.vault).words for each in await stored(house, Draft)] == ["Ол айқайлады"]

    # A driver has no car that another person could name: the review says what will happen.
    await phone.press_data(FormPress(action="go", step="aim").pack(), slip)
    await press(phone, _("Hold it until another person names the same car"), slip)
    await phone.press_data(FormPress(action="go", step="review").pack(), slip)
    assert _("People read it once another person names the same car.") in slip.text
    await press(phone, _("Told by"), slip)
    await press(phone, _("I was the driver"), slip)
    assert _("People read it, and answer here.") in slip.text
    assert _("Hold it until another person names the same car") not in slip.text
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
    await press(phone, _("Skip"), screen)  # what nobody can compare holds nobody up
    assert _("Send") in labels(screen)
    await press(phone, _("Plate"), screen)
    screen = await send(phone, "123 ABC 02 🚗")
    assert _("Number plate: <code>{plate}</code>", plate="123ABC02") in screen.text
    assert _("It does not look like a Kazakhstan plate; it is kept as you wrote it.") not in screen.text
    await press(phone, _("Plate"), screen)
    screen = await send(phone, "🚗🚗")  # which leaves the one that is kept
    assert [each.read(house.app.vault).plate for each in await stored(house, Draft)] == ["123ABC02"]
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
    database_url: str, language: str
) -> None:
    _ = say(language)
    async with open_house(database_url, **QUICK) as house:
        phone = passenger(house, language)
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


async def test_a_minor_retaliation_a_ride_that_goes_on_and_a_vehicle_named_again_make_it_more_urgent(
    house: House, language: str
) -> None:
    _ = say(language)
    told = [((), 2), (("minor",), 3), (("minor", "retaliation"), 4)]
    for number, (answers, severity) in enumerate(told):
        phone = house.phone(PASSENGER + 50 + number, language)
        screen = await begin(phone, _)
        await press(phone, _("Skip"), screen)
        await press(phone, _("Rude or threatening words"), screen)
        await press(phone, _("Insults, shaming, shouting"), screen)
        for name in ("repeated", "minor", "retaliation"):
            await phone.press_data(FormPress(action="go", step=name).pack(), screen)
            await press(phone, _("Yes") if name in answers else _("No"), screen)
        await phone.press_data(FormPress(action="go", step="review").pack(), screen)
        await press(phone, _("Send"), screen)
        sent = (await stored(house, Flag))[-1]
        assert sent.severity == severity
        assert sent.due_at - sent.received_at == FIRST_LOOK[severity]

    one, other = house.phone(DRIVER, language), house.phone(OWNER, language)
    for phone, plate in ((one, "123 ABC 02"), (other, "123abc02")):
        await press(phone, _("Add the plate"), await flag(phone, _, "VB2"))
        await send(phone, plate)
    first, second = (await stored(house, Flag))[-2:]
    assert (first.severity, second.severity) == (3, 3)
    for each in (first, second):  # within so long after the vehicle was named again
        assert each.due_at - FIRST_LOOK[3] >= second.received_at
        assert each.due_at < each.received_at + FIRST_LOOK[2]
    await flag(one, _, "NV1", Ride.GOING_ON)
    assert (await stored(house, Flag))[-1].severity == 2
    await assert_sound(house)


async def test_forged_presses_and_old_buttons_touch_no_other_draft_and_lead_on(house: House, language: str) -> None:
    one, other, _ = passenger(house, language), house.phone(DRIVER, language), say(language)
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


async def test_of_two_phones_of_one_account_one_changes_the_draft_while_the_other_sends_it(
    house: House, language: str
) -> None:
    one, _ = passenger(house, language), say(language)
    other, vault = one.another(), house.app.vault
    too_late = _("Your report was sent without this. You can still add it.")
    for number, in_time in enumerate([True, False], 1):
        screen = await begin(one, _)
        await one.press_data(FormPress(action="go", step="review").pack(), screen)
        there = await send(other, "/report")
        await press(other, _("Go on with my draft"), there)
        await other.press_data(FormPress(action="go", step="words").pack(), there)
        (draft,) = await stored(house, Draft)
        sending, words = FormPress(action="send", value=draft.key).pack(), f"Екінші телефоннан {number}"
        for doing in (0, 1) if in_time else (1, 0):
            if doing == 0:
                other.post(words)
            else:
                one.tap_data(sending, screen)
                other.tap_data(sending, there)
        if not in_time:
            await house.sandbox.idle()
            (late,) = [message for message in other.messages if message.text == too_late]
        one.tap_data(FormPress(action="set", step="teller", value="witness").pack(), screen)
        await house.sandbox.idle()

        # One receipt, and nothing that belongs to no report.
        flags = await stored(house, Flag)
        assert len(flags) == number
        assert (flags[-1].draft, flags[-1].teller) == (draft.key, None)
        receipt = show_receipt(flags[-1].receipt(vault))
        await one.until(lambda phone, receipt=receipt: phone.texts.count(receipt) >= 2)
        assert {code for each in one.messages if each.from_bot for code in CODE.findall(each.text)} == {
            show_receipt(each.receipt(vault)) for each in flags
        }
        assert await stored(house, Draft) == []

        # What came in time is in the report; what came too late still stands in the chat, and can be added.
        assert flags[-1].words(vault) == (words if in_time else None)
        listed = await send(other, "/myreports")
        await press(other, labels(listed)[0], listed)
        assert (words in listed.text) is in_time
        if not in_time:
            await press(other, _("Add your words"), late)
            assert words in (await send(other, words)).text
        house.clock.shift += timedelta(hours=3)  # not the same story again
    await assert_sound(house)


async def test_who_sends_many_reports_waits_a_while_but_never_with_the_most_severe(
    database_url: str, language: str
) -> None:
    limits = {name: Settings.model_fields[name].default for name in ("flags_an_hour", "flags_a_day")}
    assert limits == {"flags_an_hour": 5, "flags_a_day": 20}
    async with open_house(database_url, **QUICK, **limits) as house:
        phone, _ = passenger(house, language), say(language)
        await send(phone, "/start")
        await sent_before(house, phone, 4, timedelta(minutes=50))
        await flag(phone, _, "VB1")
        waits = _("You have sent several reports in a short time. The next can be sent on {time}.").split(".")[0]

        async def try_again() -> Message:
            screen = await send(phone, "/report")
            await press(phone, _("Go on with my draft"), screen)
            return await press(phone, _("Send"), screen)

        screen = await begin(phone, _)
        await phone.press_data(FormPress(action="go", step="review").pack(), screen)
        await press(phone, _("Send"), screen)
        assert waits in screen.text
        assert "112" in screen.text
        assert len(await stored(house, Flag)) == 5
        assert len(await stored(house, Draft)) == 1  # nothing of it is lost
        await flag(phone, _, "PH4")
        assert len(await stored(house, Flag)) == 6
        house.clock.shift += timedelta(hours=2)
        await sent_before(house, phone, 14, timedelta(minutes=70))
        assert waits in (await try_again()).text  # twenty that day
        await press(phone, _("Yes, delete everything"), await send(phone, "/deletedata"))
        assert await stored(house, Flag) == []
        screen = await begin(phone, _)
        await phone.press_data(FormPress(action="go", step="review").pack(), screen)
        await press(phone, _("Send"), screen)
        assert waits in screen.text  # deleting gives no turns back
        house.clock.shift += timedelta(days=1)
        screen = await try_again()
        assert code_on(screen)
        assert len(await stored(house, Flag)) == 1
        assert await stored(house, Draft) == []
        await assert_sound(house)


async def sent_before(house: House, phone: Phone, number: int, ago: timedelta) -> None:
    """Let a person who has started the bot have sent so many flags, so long ago."""
    reporter_id = (await person(house, phone)).id
    async with house.app.database.transaction() as session:
        for draft in range(number):
            sent = {"draft": f"{ago}{draft}", "codes": ["DR1"], "ride": Ride.OVER, "now": house.clock() - ago}
            await store_flag(session, house.app.vault, reporter_id=reporter_id, **sent)


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
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await begin(phone, _)
    await phone.press_data(FormPress(action="go", step="words").pack(), screen)
    cry = "Help me, he locked the doors and won't let me out"
    care = await send(phone, cry)
    assert "112" in care.text
    vault = house.app.vault
    assert [draft.read(vault).words for draft in await stored(house, Draft)] == [None]
    await phone.press("📞 112", care, expect=1)
    await press(phone, _("Save it in my report"), care)  # what was held is gone by now: it's asked again
    assert care.text.startswith(_("What you wrote was not saved."))
    assert _("Skip") in labels(care)
    care = await send(phone, cry)
    (saving,) = (each for each in presses(care) if each.startswith("distress"))
    await press(phone, _("Save it in my report"), care)
    assert [draft.read(vault).words for draft in await stored(house, Draft)] == [cry]
    saved = care.text
    assert _(ASKED) in saved  # photos
    await phone.press_data(saving, care)
    assert care.text == saved
    care = await send(phone, cry)  # and there is nothing to save it in
    assert "112" in care.text
    assert _("Save it in my report") not in labels(care)
    assert await stored(house, Flag) == []
    await assert_sound(house)
