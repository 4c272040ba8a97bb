"""Who may know of a report: held until another person names the car, only counted, consents, questions, a contact."""

from datetime import timedelta

from bot.sandbox import Message, Phone
from handlers.presses import ConsentPress, ErasePress, FormPress, OwnPress, ReportPress, ReviewPress
from handlers.texts import load_texts
from models.audit import Action, AuditEntry
from models.consents import Consent, Recipient, says_yes_to
from models.details import Reach
from models.first_look import FIRST_LOOK
from models.flags import Flag, Ride, State
from models.outbox import Parcel, Priority
from models.people import Language
from models.receipts import read_receipt
from tests.e2e.handles import handle
from tests.e2e.test_form import begin, to_review
from tests.e2e.walking import (
    CODE,
    Say,
    assert_sound,
    called,
    code_on,
    flag,
    labels,
    passenger,
    press,
    reviewer,
    say,
    send,
    stored,
    whole,
)
from tests.house import DRIVER, PASSENGER, House

HOLD, COUNT = "Hold it until another person names the same car", "Only count it in the statistics"
NEWS = "There is news for you."
SILENT_AND_SEVERE = "<b>The driver:</b> you have said nothing yet. Without your yes they hear nothing."
SILENT_AND_MILD = (
    "<b>The driver:</b> you have said nothing yet. Before they hear the kind and the week, you are told and can say no."
)


async def told(phone: Phone, _: Say, aim: str, plate: str | None = None) -> Message:
    """Send a report of one behaviour step by step."""
    screen = await begin(phone, _)
    await press(phone, _("Skip"), screen)
    await press(phone, _("Rude or threatening words"), screen)
    await press(phone, _("Insults, shaming, shouting"), screen)
    if plate:
        await phone.press_data(FormPress(action="go", step="plate").pack(), screen)
        screen = await send(phone, plate)
    await phone.press_data(FormPress(action="go", step="aim").pack(), screen)
    await press(phone, _(aim), screen)
    await phone.press_data(FormPress(action="go", step="review").pack(), screen)
    assert _(aim) in screen.text
    await press(phone, _("Send"), screen)
    if CODE.search(screen.text) and _("Yes, add it to that report") not in labels(screen):
        await code_came(phone, screen)
    return screen


async def code_came(phone: Phone, screen: Message) -> None:
    """Wait until the code came as a message too."""
    await phone.until(lambda phone: phone.texts.count(code_on(screen)) == 2)


async def test_a_held_report_goes_to_the_team_when_another_person_names_the_car_and_both_are_told(
    house: House, language: str
) -> None:
    one, other, _ = passenger(house, language), house.phone(DRIVER, "en"), say(language)
    desk, en = await reviewer(house), say("en")
    screen = await told(one, _, HOLD, "777 ABE 05")
    assert _("Let the team look into it now") not in labels(screen)
    assert (await send(desk, "/flag 1")).text == en("There is no flag with this number that you may open.")
    assert en("Nothing is waiting.") in (await send(desk, "/queue")).text
    await told(one, _, HOLD, "777abe05")  # the same person again: no match; near enough to be asked about
    await press(one, _("No, it is another one: send it"))
    assert {each.state for each in await stored(house, Flag)} == {State.HELD}
    assert [entry for entry in await stored(house, AuditEntry) if entry.flag_id] == []
    assert en("There is something new in the queue.") not in desk.texts
    screen = await told(other, en, HOLD, "KZ 777-АВЕ-05")
    assert {each.state for each in await stored(house, Flag)} == {State.NEW}
    held = en(
        "Nobody sees it until another person names the same car; then it goes to the team and you are told. You can "
        "send it to the team or withdraw it at any time in /myreports. It is deleted after {days} days.",
        days=365,
    )
    assert held in screen.text  # the same words as if nobody had named the car before
    await called(desk, en, 3)
    now = house.clock()
    waits = [parcel.due_at - now for parcel in await stored(house, Parcel) if parcel.priority == Priority.RELAY]
    assert len(waits) == len(set(waits)) == 3
    assert all(timedelta(minutes=55) < wait < timedelta(hours=12) for wait in waits)
    assert _(NEWS) not in one.texts
    house.clock.shift += timedelta(hours=12)
    await one.until(lambda phone: phone.texts.count(_(NEWS)) == 2)
    await other.until(lambda phone: en(NEWS) in phone.texts)
    assert "777" not in one.messages[-1].text
    await one.press_data(OwnPress(action="open", flag=await handle(house, Flag)).pack(), screen := one.messages[-1])
    day = load_texts()[Language(language)].day(now)
    assert _("{time}: given to the team", time=day) in screen.text
    await press(one, _("Who opened it"), screen)
    assert _("{time}: {what}", time=day, what=_("received")) in screen.text
    shown = await send(desk, "/flag 3")
    assert "2 earlier flags on this vehicle" in shown.text
    await assert_sound(house)


async def test_what_was_held_until_it_was_withdrawn_or_deleted_was_never_there_for_the_team(house: House) -> None:
    phone, _, desk = passenger(house), say("en"), await reviewer(house)
    screen = await told(phone, _, HOLD, "777 ABE 05")
    await phone.press_data(OwnPress(action="withdrawn", flag=await handle(house, Flag)).pack(), screen)
    assert [each.state for each in await stored(house, Flag)] == [State.WITHDRAWN]
    assert (await send(desk, "/flag 1")).text == _("There is no flag with this number that you may open.")
    assert "№1" not in whole(await send(desk, "/search 777 ABE 05"))
    await told(phone, _, HOLD, "777 ABE 05")
    for number in (1, 2):
        await phone.press_data(ErasePress(action="erase", flag=await handle(house, Flag, number)).pack(), screen)
    assert await stored(house, Flag) == []
    assert [entry for entry in await stored(house, AuditEntry) if entry.flag_id] == []
    await assert_sound(house)


async def test_to_wait_for_another_person_a_plate_is_needed_and_asked_for(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await told(phone, _, HOLD)
    assert _("To wait for another person, the number plate is needed.") in screen.text
    assert await stored(house, Flag) == []
    screen = await send(phone, "777 ABE 05")
    await press(phone, _("Send"), screen)
    (held,) = await stored(house, Flag)
    assert held.state is State.HELD
    await phone.press_data(OwnPress(action="open", flag=held.handle).pack(), screen)
    await press(phone, _("Let the team look into it now"), screen)
    (held,) = await stored(house, Flag)
    assert (held.state, held.released_at is not None) == (State.NEW, True)
    await assert_sound(house)


async def test_what_is_only_counted_is_read_by_nobody_until_the_person_changes_that(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    desk, en = await reviewer(house), say("en")
    screen = await told(phone, _, COUNT)
    counted = _("It is only counted: nobody reads it. In /myreports you can change that, or delete it.")
    assert counted in screen.text
    assert en("There is no flag with this number that you may open.") == (await send(desk, "/flag 1")).text
    listed = await send(phone, "/myreports")
    await press(phone, labels(listed)[0], listed)
    await press(phone, _("Let the team look into it now"), listed)
    await called(desk, en)
    assert "Insults" in (await send(desk, "/flag 1")).text
    await assert_sound(house)


async def test_what_is_held_goes_with_a_counted_report_on_the_same_car_that_is_given_to_the_team(
    house: House, language: str
) -> None:
    one, other, _ = passenger(house, language), house.phone(DRIVER, language), say(language)
    desk = await reviewer(house, language)
    await told(one, _, HOLD, "777 ABE 05")
    await told(other, _, COUNT, "777 ABE 05")
    assert [each.state for each in await stored(house, Flag)] == [State.HELD, State.COUNTED]
    await press(other, labels(listed := await send(other, "/myreports"))[0], listed)
    await press(other, _("Let the team look into it now"), listed)
    held, counted = await stored(house, Flag)
    assert (held.state, counted.state) == (State.NEW, State.NEW)
    assert (held.severity, counted.severity) == (3, 3)
    received = [entry.flag_id for entry in await stored(house, AuditEntry, action=Action.RECEIVED)]
    assert sorted(received) == [held.id, counted.id]
    await called(desk, _, 2)
    house.clock.shift += timedelta(hours=12)
    await one.until(lambda phone: _(NEWS) in phone.texts)
    await assert_sound(house)


async def test_what_is_only_counted_counts_and_nobody_else_hears_of_it_whatever_was_answered_before(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await begin(phone, _)
    await phone.press_data(FormPress(action="go", step="consents").pack(), screen)
    await press(phone, "✓ " + _("Statistics, without any detail of you"), screen)
    await press(phone, _("The police"), screen)
    await phone.press_data(FormPress(action="go", step="aim").pack(), screen)
    await press(phone, _(COUNT), screen)
    await phone.press_data(FormPress(action="go", step="review").pack(), screen)
    await press(phone, _("Send"), screen)
    (counted,) = await stored(house, Flag)
    assert counted.state is State.COUNTED
    assert await said_of_driver(house) is False
    given = [each.recipient for each in await stored(house, Consent) if each.revoked_at is None]
    assert given == [Recipient.STATISTICS]
    await assert_sound(house)


async def said_of_driver(house: House, number: int = 1) -> bool | None:
    """What was said to that the driver of a flag hears of it."""
    async with house.app.database.transaction() as session:
        return await says_yes_to(session, number, Recipient.DRIVER)


async def test_who_left_the_driver_out_has_said_no_and_can_say_yes_and_no_again_and_silence_is_explained(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await begin(phone, _)
    await phone.press_data(FormPress(action="go", step="consents").pack(), screen)
    await press(phone, _("The police"), screen)
    await to_review(phone, _, screen)
    await press(phone, _("Send"), screen)
    assert await said_of_driver(house) is False
    await press(phone, _("Who may know"), screen)
    assert _("<b>The driver:</b> you said no. They hear nothing of it.") in screen.text
    old = ConsentPress(action="give", flag=await handle(house, Flag), value=Recipient.DRIVER).pack()
    for label, stands in (("The driver: no", False), ("The driver: yes", True), ("The driver: no", False)):
        chosen = "✓ " + _(label)
        await press(phone, chosen if chosen in labels(screen) else _(label), screen)
        assert chosen in labels(screen)
        assert await said_of_driver(house) is stands
        await phone.press_data(old, screen)
        assert await said_of_driver(house) is stands
    given = [each.action for each in await stored(house, AuditEntry) if each.detail == Recipient.DRIVER]
    assert given == [Action.CONSENTED, Action.CONSENT_REVOKED]

    # As long as nothing was said, the screen says what that means.
    for code, silence in (("VB2", SILENT_AND_MILD), ("PH3", SILENT_AND_SEVERE)):
        screen = await flag(phone, _, code)
        await press(phone, _("Who may know"), screen)
        assert _(silence) in screen.text
        assert {_("The driver: yes"), _("The driver: no")} <= set(labels(screen))
    assert [await said_of_driver(house, number) for number in (2, 3)] == [None, None]
    await assert_sound(house)


async def test_consents_questions_and_a_contact_can_be_given_and_taken_back_after_sending(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    desk, en = await reviewer(house), say("en")
    screen = await flag(phone, _)
    await press(phone, _("Who may know"), screen)
    assert "✓ " + _("Statistics, without any detail of you") in labels(screen)
    await press(phone, _("The police"), screen)
    await press(phone, "✓ " + _("Statistics, without any detail of you"), screen)
    rows = {each.recipient: each.revoked_at is None for each in await stored(house, Consent)}
    assert rows == {Recipient.STATISTICS: False, Recipient.POLICE: True}
    await press(phone, "✓ " + _("The police"), screen)
    await press(phone, "✓ " + _("The team may ask me here, in this chat"), screen)  # as long as nothing else is said
    assert "May be asked here" in (await send(desk, "/flag 1")).text
    await phone.until(lambda phone: _(NEWS) in phone.texts)
    await press(phone, _("I leave another way to reach me"), screen)
    number = next(n for n in (f"+998 90 123 45 {end}" for end in range(10, 100)) if read_receipt(n))
    assert number in (await send(phone, number)).text  # as many digits as a code has, and the last fits
    await phone.press_data(ConsentPress(action="reach", flag=await handle(house, Flag), value="contact").pack(), screen)
    screen = await send(phone, "ы" * 301)
    assert "300" in screen.text
    screen = await send(phone, "Тек хат, 18:00-ден кейін <b>")
    assert "Тек хат, 18:00-ден кейін <b>" in screen.text
    (kept,) = await stored(house, Flag)
    assert (kept.reach, kept.contact(house.app.vault)) == (Reach.CONTACT, "Тек хат, 18:00-ден кейін <b>")
    shown = await send(desk, "/flag 1")
    assert en("Left another way to be reached") in shown.text
    assert "18:00" not in shown.text
    await press(phone, _("No questions to me, please"), screen)
    (kept,) = await stored(house, Flag)
    assert (kept.reach, kept.sealed_contact) == (Reach.ANONYMOUS, None)
    await assert_sound(house)


async def test_a_contact_is_kept_only_if_it_is_what_the_person_chose_last(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    desk, en = await reviewer(house), say("en")

    async def reviewed(*behaviour: str) -> Message:
        """Tell of a behaviour and leave a contact; the review, before anything is sent."""
        screen = await begin(phone, _)
        await press(phone, _("Skip"), screen)
        for label in behaviour:
            await press(phone, _(label), screen)
        await phone.press_data(FormPress(action="go", step="reach").pack(), screen)
        await press(phone, _("I leave another way to reach me"), screen)
        screen = await send(phone, "Тек хат, 18:00-ден кейін")
        await to_review(phone, _, screen)
        assert _("Left another way to be reached") in screen.text
        return screen

    async def claimed(number: int) -> None:
        """The flag is claimed, and whoever claimed it finds no contact, nor sees one with a forged press."""
        await called(desk, en, number)
        await press(desk, en("Claim"), screen := await send(desk, f"/flag {number}"))
        assert en("How to reach the person") not in labels(screen)
        assert en("Left another way to be reached") not in screen.text
        await desk.press_data(f"flag:contact:{number}:0", screen)
        assert screen.text == en("There is no flag with this number that you may open.")

    insults = ("Rude or threatening words", "Insults, shaming, shouting")
    screen = await reviewed(*insults)
    await press(phone, _("Questions to me"), screen)
    await press(phone, _("No questions to me, please"), screen)
    await code_came(phone, await press(phone, _("Send"), screen))
    await claimed(1)
    screen = await reviewed("Looks, filming, exposure", "Filming or taking photos")
    await press(phone, _("What happens with it"), screen)
    await press(phone, _(COUNT), screen)
    assert _("Left another way to be reached") not in screen.text
    await code_came(phone, await press(phone, _("Send"), screen))
    await phone.press_data(OwnPress(action="hand_over", flag=await handle(house, Flag, 2)).pack(), screen)
    await claimed(2)
    await phone.until(lambda phone: _(NEWS) in phone.texts)
    assert [(each.reach, each.sealed_contact) for each in await stored(house, Flag)] == [
        (Reach.ANONYMOUS, None),
        (None, None),
    ]
    # Told more of the same ride, and now by all means to be called: that is the newest word, until it's taken back.
    screen = await reviewed(*insults)
    await press(phone, _("Send"), screen)
    await press(phone, _("Yes, add it to that report"), screen)
    assert en("How to reach the person") in labels(await send(desk, "/flag 1"))
    await press(phone, _("Who may know"), screen)
    assert "Тек хат, 18:00-ден кейін" in screen.text
    await press(phone, _("No questions to me, please"), screen)
    assert "18:00" not in screen.text
    assert en("How to reach the person") not in labels(await send(desk, "/flag 1"))
    assert {each.sealed_contact for each in await stored(house, Flag)} == {None}
    await assert_sound(house)


async def test_forged_presses_change_no_consent_of_another_persons_report(house: House, language: str) -> None:
    one, other, _ = passenger(house, language), house.phone(DRIVER, language), say(language)
    await flag(one, _)
    screen = await send(other, "/start")
    theirs = await handle(house, Flag)
    for forged in (
        ConsentPress(action="give", flag=theirs, value="police"),
        ConsentPress(action="reach", flag=theirs, value="contact"),
        ConsentPress(action="driver", flag=theirs, value="yes"),
        ConsentPress(action="open", flag=theirs),
        OwnPress(action="hand_over", flag=theirs),
        ConsentPress(action="give", flag=theirs, value="neighbours"),
        OwnPress(action="open", flag="1"),
        OwnPress(action="open", flag="ң" * 22),
    ):
        await other.press_data(forged.pack(), screen)
        assert screen.text.endswith(_("<b>My reports</b>\n\nThere is nothing here yet."))
    assert [each.recipient for each in await stored(house, Consent)] == [Recipient.STATISTICS]
    await assert_sound(house)


async def test_a_report_like_the_last_one_is_offered_to_be_added_to_it(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    await flag(phone, _, "VB2")
    screen = await send(phone, "/start")
    way = ["Report an incident", "No, it is over", "Rude or threatening words", "Insults, shaming, shouting"]
    for text in way:
        await press(phone, _(text), screen)
    await press(phone, _("Yes, add it to that report"), screen)
    assert len(await stored(house, Flag)) == 1
    screen = await begin(phone, _)
    await press(phone, _("Skip"), screen)
    for text in ("Rude or threatening words", "Threats", "Insults, shaming, shouting"):
        await press(phone, _(text), screen)
    await phone.press_data(FormPress(action="go", step="words").pack(), screen)
    screen = await send(phone, "Тағы да айқайлады")
    await to_review(phone, _, screen)
    await press(phone, _("Questions to me"), screen)
    await press(phone, _("I leave another way to reach me"), screen)
    screen = await send(phone, "Кешке ғана жазыңыз")
    await press(phone, _("Who may know"), screen)
    await press(phone, _("The police"), screen)
    await press(phone, "✓ " + _("Statistics, without any detail of you"), screen)
    await press(phone, _("Next »"), screen)
    await press(phone, _("Send"), screen)
    await press(phone, _("Yes, add it to that report"), screen)
    (one,) = await stored(house, Flag)
    assert [each.code for each in one.behaviours] == ["VB2", "VB3"]
    assert (one.severity, one.words(house.app.vault)) == (3, "Тағы да айқайлады")
    assert (one.reach, one.contact(house.app.vault)) == (Reach.CONTACT, "Кешке ғана жазыңыз")
    stands = {each.recipient: each.revoked_at is None for each in await stored(house, Consent)}
    assert stands == {Recipient.STATISTICS: False, Recipient.POLICE: True, Recipient.DRIVER: False}
    screen = await send(phone, "/start")
    for text in way:
        await press(phone, _(text), screen)
    await press(phone, _("No, it is another one: send it"), screen)
    assert len(await stored(house, Flag)) == 2
    await assert_sound(house)


async def test_what_is_only_to_be_counted_or_held_is_not_added_to_what_the_team_has(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    await flag(phone, _, "VB2")
    for aim, plate in ((COUNT, None), (HOLD, "777 ABE 05")):
        await told(phone, _, aim, plate)
    assert [each.state for each in await stored(house, Flag)] == [State.NEW, State.COUNTED, State.HELD]
    screen = await send(phone, "/report")  # nor is what shall be looked at now added to what is held
    for text in ("No, it is over", "Rude or threatening words", "Insults, shaming, shouting"):
        await press(phone, _(text), screen)
    assert await press(phone, _("No, it is another one: send it"), screen)
    await assert_sound(house)


async def test_an_old_screen_takes_no_consent_back_that_it_offers_to_give(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    one, other = await flag(phone, _), await send(phone, "/myreports")
    await press(phone, labels(other)[0], other)
    for screen in (one, other):
        await press(phone, "Who may know", screen)
    for screen in (one, other):  # both still offer to give it
        await press(phone, "The police", screen)
        stands = {each.recipient: each.revoked_at is None for each in await stored(small_house, Consent)}
        assert stands[Recipient.POLICE]
        assert "✓ The police" in labels(screen)
    await assert_sound(small_house)


async def test_a_driver_reports_a_passenger_in_equal_standing_with_order_and_no_plate(
    house: House, language: str
) -> None:
    driver, _ = house.phone(DRIVER, language), say(language)
    desk, en = await reviewer(house), say("en")
    screen = await send(driver, "/report")
    taps = [
        "I am the driver, it is about a passenger",
        "Yes, in the car",
        "Weapon, damage to the car",
        "Weapon, damage to the car",
    ]
    for text in taps:
        await press(driver, _(text), screen)
    assert screen.text.startswith("112")
    assert _("Add the plate") not in labels(screen)
    await code_came(driver, screen)
    (kept,) = await stored(house, Flag)
    assert (kept.by_driver, kept.severity, [each.code for each in kept.behaviours]) == (True, 4, ["DR3"])
    await driver.press_data(OwnPress(action="plate", flag=await handle(house, Flag)).pack(), screen)
    await send(driver, "777 ABE 05")
    (kept,) = await stored(house, Flag)
    assert kept.sealed_plate is None
    screen = await send(driver, "/myreports")
    await press(driver, labels(screen)[0], screen)
    await press(driver, _("Add the order number"), screen)
    screen = await send(driver, "A" * 41)
    assert _("An order number is usually shorter. Please write only the number.") in screen.text
    screen = await send(driver, "ORD-5")
    assert "ORD-5" in screen.text
    await called(desk, en)
    shown = await send(desk, "/flag 1")
    await driver.until(lambda driver: _(NEWS) in driver.texts)
    assert "Told by the driver" in shown.text
    assert "Weapon, damage to the car (DR3)" in shown.text
    # Step by step, from the same first screen.
    screen = await send(driver, "/report")
    for text in ("I am the driver, it is about a passenger", "No, the ride is over", "Tell it step by step"):
        await press(driver, _(text), screen)
    assert _("Dangerous driving, weapon") not in labels(screen)
    assert _("Weapon, damage to the car") in labels(screen)
    assert await to_review(driver, _, screen) == 14
    assert _("Told by the driver") in screen.text
    await assert_sound(house)


async def test_what_may_be_dangerous_shows_the_help_lines_first_in_the_form_and_before_sending(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await begin(phone, _)
    await press(phone, _("Skip"), screen)
    await press(phone, _("Touch or force"), screen)
    await press(phone, _("Hitting, grabbing"), screen)
    assert screen.text.startswith("112")
    assert "📞 112" in labels(screen)
    await press(phone, _("« Back"), screen)
    await press(phone, _("To the end »"), screen)
    assert labels(screen)[0] == "📞 112"
    await press(phone, _("Send"), screen)
    assert screen.text.startswith("112")
    await press(phone, _("A text for somebody you trust"), screen)
    await assert_sound(house)


async def test_of_a_behaviour_and_its_more_severe_kind_one_is_kept(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await begin(phone, _)
    await press(phone, _("Skip"), screen)
    await press(phone, _("Prying, sexual remarks"), screen)
    await press(phone, _("Flirting, asking for a number"), screen)
    await press(phone, _("The same, after I said no"), screen)
    assert [label for label in labels(screen) if label.startswith("✓")] == ["✓ " + _("The same, after I said no")]
    await to_review(phone, _, await press(phone, _("« Back"), screen))
    await press(phone, _("Send"), screen)
    (kept,) = await stored(house, Flag)
    assert ([each.code for each in kept.behaviours], kept.severity) == (["SX3+"], 2)


async def test_who_is_barred_is_told_nothing_and_only_the_most_severe_reports_reach_the_team(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    desk, en = await reviewer(house), say("en")
    await flag(phone, _, "SX1")
    await called(desk, en)
    shown = await send(desk, "/flag 1")
    await phone.until(lambda phone: _(NEWS) in phone.texts)
    await press(desk, en("Bar whoever sent it"), shown)
    await press(desk, en("Yes, bar"), shown)
    assert en("Nothing is waiting.") in (await send(desk, "/queue")).text
    messages = len(phone.messages)
    screen = await flag(phone, _, "VB2")
    assert _("<b>Your report is saved.</b> It was not your fault.") in screen.text
    assert len(phone.messages) == messages + 3  # /start, the screen, the code: as ever
    await flag(phone, _, "PH4")
    await called(desk, en, 2)
    assert desk.texts.count(en("There is something new in the queue.")) == 2
    assert [label for label in labels(await send(desk, "/queue")) if label.startswith("№")] == ["№3"]
    async with house.app.database.transaction() as session:
        (await session.get_one(Flag, 2)).alert_at = None  # its moment passed, and nobody was called
    shown = await send(desk, "/flag 1")
    await press(desk, en("Take reports of this person again"), shown)
    waiting = (await stored(house, Flag, id=2))[0]
    assert waiting.alert_at is not None
    assert house.clock() < waiting.alert_at < waiting.due_at
    assert len([label for label in labels(await send(desk, "/queue")) if label.startswith("№")]) == 3
    forged = await send(phone, "/start")
    await phone.press_data("bar:bar:1", forged)
    await phone.press_data(ReviewPress(action="open", flag=1).pack(), forged)
    actions = [entry.action.value for entry in await stored(house, AuditEntry)]
    assert [action for action in actions if "barred" in action] == ["reporter barred", "reporter no longer barred"]
    await assert_sound(house)


async def test_a_receipt_does_not_tell_whether_the_car_was_reported_before(small_house: House) -> None:
    _, en = say("en"), load_texts()[Language.ENGLISH]
    screens = []
    for who in (PASSENGER, DRIVER):
        phone = small_house.phone(who)
        sent = ReportPress(action="send", draft=str(who), ride=Ride.OVER, code="SX5").pack()
        await phone.press_data(sent, screen := await send(phone, "/start"))
        await press(phone, _("Add the plate"), screen)
        screen = await send(phone, "777 ABE 05")
        await phone.press_data(sent, screen)
        screens.append((screen.text, labels(screen)))
    one, other = await stored(small_house, Flag)
    assert (one.severity, other.severity) == (4, 4)
    for kept, (text, buttons) in zip((one, other), screens, strict=True):
        assert en.moment(kept.received_at + FIRST_LOOK[3]) in text
        assert _("If you are in danger, please call 112: this bot can't send help.") in text
        assert "📞 112" not in buttons
    await assert_sound(small_house)
