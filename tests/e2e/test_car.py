"""The QR code for a car: scanned, it says what is true, and offers thanks and a report with the plate filled in."""

from datetime import date, timedelta

from bot.reminders import Reminders
from bot.sandbox import Message, Phone
from handlers.presses import CarPress, FormPress, ReportPress, ThanksPress
from handlers.texts import load_texts
from models.behaviours import BEHAVIOURS
from models.cars import Car, Driven
from models.certificates import Certificate, issue, revoke_all
from models.drafts import Draft
from models.exams import Exam, Sitting
from models.flags import Flag, Ride
from models.outbox import Parcel
from models.people import Language
from models.quiet import at_hour
from models.thanks import KIND_WORDS, KindWord, Thanks, week_of
from tests.e2e.walking import (
    RIDES,
    Say,
    assert_sound,
    labels,
    passenger,
    person,
    press,
    presses,
    say,
    send,
    stored,
    taps,
)
from tests.house import DRIVER, PASSENGER, House

NAME, SHORT, SURNAME = "Ерлан Смагулов", "Ерлан С.", "Смагулов"
PLATE, TYPED = "123ABC02", "kz 123 авс 02"
DAY = timedelta(days=1)
_TEXTS = load_texts()


def wednesday(house: House) -> None:
    """Set the clock to the noon of a Wednesday: the week doesn't end while one walks."""
    now = house.clock()
    house.clock.shift += at_hour(week_of(now) + 9 * DAY, 12) - now


def set_day(house: House, day: date, hour: int) -> None:
    house.clock.shift += at_hour(day, hour) - house.clock()


async def certified(house: House, language: str = "en", who: int = DRIVER) -> Phone:
    """The phone of a driver who has a certificate since now."""
    driver = house.phone(who, language)
    await driver.send("/start")
    now, person_id = house.clock(), (await person(house, driver)).id
    async with house.app.database.transaction() as session:
        sitting = Sitting(person_id=person_id, exam=Exam.FINAL, items=[], started_at=now, finished_at=now)
        sitting.right_answers, sitting.questions, sitting.passed = 15, 15, True
        session.add(sitting)
        await session.flush()
        await issue(session, house.app.vault, sitting, NAME, Language(language), now)
    return driver


async def with_car(house: House, driver: Phone, _: Say, typed: str = TYPED) -> str:
    """Let the driver declare a car; gives its code."""
    screen = await send(driver, "/certificate")
    await press(driver, _("QR for my car"), screen)
    await press(driver, _("Add a car"), screen)
    await send(driver, typed)
    return (await stored(house, Car))[-1].code


async def revoke(house: House, driver: Phone) -> None:
    person_id = (await person(house, driver)).id
    async with house.app.database.transaction() as session:
        assert await revoke_all(session, house.app.vault, person_id, "reason", house.clock())


async def test_a_scanned_car_is_thanked_and_reported_and_the_driver_hears_once_a_week_how_many_thanked(
    house: House, language: str
) -> None:
    wednesday(house)
    _, texts = say(language), _TEXTS[Language(language)]
    driver, rider = await certified(house, language), passenger(house, language)

    # The driver declares a car, and prints its sheet.
    screen = await send(driver, "/certificate")
    await press(driver, _("QR for my car"), screen)
    await press(driver, _("Add a car"), screen)
    again = await send(driver, "🚗")
    assert again.text == _("There are no letters or digits in that. Please write the plate once more.")
    screen = await send(driver, TYPED)
    assert _("Number plate: <b>{plate}</b>", plate=PLATE) in screen.text
    (car,) = await stored(house, Car)
    assert car.plate(house.app.vault) == PLATE

    # It's kept already when the bot asks once how often it's driven; that may be skipped, said and changed.
    assert _("<b>How often do you drive passengers in this car?</b>") in screen.text
    often = [_("Most days"), _("Some days of the week"), _("Now and then")]
    assert labels(screen) == [*often, _("Skip")]
    await press(driver, _("Skip"), screen)
    assert _("I drive passengers: <b>{often}</b>", often="") not in screen.text
    await press(driver, _("How often I drive"), screen)
    assert labels(screen) == [*often, _("Skip")]
    for word in ("", "never", "SOME_DAYS"):
        await driver.press_data(CarPress(action="said", car=car.id, word=word).pack(), screen)
        assert _("PDF to print") in labels(screen)
    assert (await stored(house, Car))[0].driven is None
    for answer, driven in zip(often, Driven, strict=True):
        await press(driver, _("How often I drive"), screen)
        await press(driver, answer, screen)
        assert _("I drive passengers: <b>{often}</b>", often=answer) in screen.text
        assert (await stored(house, Car))[0].driven is driven
    await press(driver, _("How often I drive"), screen)
    assert labels(screen) == [*often, _("« Back")]
    await press(driver, _("« Back"), screen)
    again = await send(driver, "/certificate")
    await press(driver, _("QR for my car"), again)
    await press(driver, _("Add a car"), again)
    again = await send(driver, TYPED)  # the same car: what was said of it stands, and isn't asked once more
    assert _("I drive passengers: <b>{often}</b>", often=often[2]) in again.text

    await press(driver, _("PDF to print"), screen)
    await press(driver, _("Picture"), screen)
    await driver.until(
        lambda phone: {"document", "photo"} <= {kind for each in phone.messages for kind in each.raw}, 60
    )
    (pdf,) = [each.raw["document"] for each in driver.messages if "document" in each.raw]
    assert pdf["file_name"] == f"qurmet-{PLATE}.pdf"
    (photo,) = [each.raw["caption"] for each in driver.messages if "photo" in each.raw]
    assert photo.endswith(f"?start=q{car.code}")
    await press(driver, _("What passengers see"), screen)
    assert SHORT in screen.text
    assert _("Thank the driver") not in labels(screen)

    # A passenger scans it, and thanks in two taps.
    (certificate,) = await stored(house, Certificate)
    scan = await send(rider, f"/start q{car.code}")
    for true in (
        _("✓ <b>The driver of this car took the course</b> and has a valid certificate."),
        _("Valid until: {date}", date=texts.day(certificate.expires_at)),
        _("Number plate: <b>{plate}</b>", plate=PLATE),
        SHORT,
    ):
        assert true in scan.text
    assert SURNAME not in scan.text
    assert not any(answer in scan.text for answer in often)
    await press(rider, _("Thank the driver"), scan)
    assert set(map(_, KIND_WORDS.values())) < set(labels(scan))
    await press(rider, _(KIND_WORDS[KindWord.QUIET]), scan)
    assert scan.text == _(
        "Thank you for your kindness! It counts among the thanks of this week; the driver won't learn your name."
    )
    await press(rider, _("« Back"), scan)
    await press(rider, _("Thank the driver"), scan)
    await press(rider, _("Just thank you"), scan)
    assert scan.text == _(
        "You have thanked the driver of this car this week already; it counts once. Thank you for saying it again!"
    )
    (thanks,) = await stored(house, Thanks)
    assert (thanks.week, thanks.kind) == (week_of(house.clock()), KindWord.QUIET)

    # The same passenger reports, in four taps from the scan on, and the plate is filled in.
    await press(rider, _("« Back"), scan)
    taken = taps(house, rider)
    await press(rider, _("Report an incident"), scan)
    assert _("The number plate is filled in: <b>{plate}</b>", plate=PLATE) in scan.text
    await press(rider, _(RIDES[Ride.GOING_ON]), scan)
    await press(rider, _("Rude or threatening words"), scan)
    await press(rider, _(BEHAVIOURS["VB2"].name), scan)
    assert taps(house, rider) - taken == 4
    assert _("Change the plate") in labels(scan)
    (flag,) = await stored(house, Flag)
    assert flag.plate(house.app.vault) == PLATE
    assert flag.plate_index == car.plate_index

    # Two more thank; the driver hears nothing before Monday, then a count and no names, once.
    for number, word in ((PASSENGER + 70, KindWord.QUIET), (PASSENGER + 71, None)):
        other = house.phone(number)
        await other.send(f"/start q{car.code}")
        await other.press_data(ThanksPress(action="give", code=car.code, word=word or "").pack(), other.messages[-1])
    assert len(await stored(house, Thanks)) == 3
    head = _("<b>Thanks from passengers</b>")
    reminders, monday = house.app.reminders, week_of(house.clock()) + 7 * DAY
    assert await reminders.tell_thanks() == 0
    set_day(house, monday, 9)
    assert await reminders.tell_thanks() == 0
    assert head not in driver.texts
    set_day(house, monday, 10)
    another = Reminders(house.app.database, house.app.vault, house.app.sender.wake, house.clock)
    assert await reminders.tell_thanks() == 1
    assert [await reminders.tell_thanks(), await another.tell_thanks()] == [0, 0]
    await driver.until(lambda phone: head in phone.texts)
    told = next(each for each in driver.messages if head in each.text)
    assert _(KIND_WORDS[KindWord.QUIET]) + ": 2" in told.text
    assert texts.n("You were thanked {n} time.", "You were thanked {n} times.", 3) in told.text
    assert f"{texts.date(monday - 7 * DAY)} – {texts.date(monday - DAY)}" in told.text
    assert "Aigerim" not in driver.texts
    assert driver.texts.count(head) == 1

    # The driver wants no more of them, and the message stays to be read.
    await driver.press(_("No weekly thanks"), told, expect=1)
    assert head in told.text
    await rider.press_data(ThanksPress(action="give", code=car.code).pack(), scan)
    set_day(house, monday + 7 * DAY, 10)
    assert await reminders.tell_thanks() == 0
    await press(driver, _("Tell me of thanks again"))
    assert _("No weekly thanks") in labels(driver.messages[-1])

    # The car is ended: its code says so kindly, and a report has the plate all the same.
    screen = await send(driver, "/certificate")
    await press(driver, _("QR for my car"), screen)
    await press(driver, PLATE, screen)
    await press(driver, _("End this code"), screen)
    await press(driver, _("Yes, end it"), screen)
    assert PLATE not in labels(screen)
    scan = await send(rider, f"/start q{car.code}")
    assert _("This code is no longer valid: the bot can't confirm a certificate for this car now.") in scan.text
    assert SHORT not in scan.text
    assert _("Thank the driver") not in labels(scan)
    await press(rider, _("Report an incident"), scan)
    assert _("The number plate is filled in: <b>{plate}</b>", plate=PLATE) in scan.text
    await assert_sound(house)


async def test_without_a_valid_certificate_there_is_no_car_and_a_scan_confirms_nothing(small_house: House) -> None:
    house, _ = small_house, say("ru")
    wednesday(house)
    driver, rider = await certified(house, "ru"), passenger(house, "ru")
    stranger = house.phone(PASSENGER + 60, "ru")
    code = await with_car(house, driver, _)
    screen = await send(stranger, "/start")
    for action in ("list", "add", "open", "often", "said", "pdf", "end", "ended"):
        await stranger.press_data(CarPress(action=action, car=1, word=Driven.MOST_DAYS).pack(), screen)
        assert _("<b>My certificate</b>") in screen.text, action
    (car,) = await stored(house, Car)
    assert (car.ended_at, car.driven) == (None, None)

    # Whatever ends it, the scan is the same: without a name, without thanks, and with a report.
    async def scan() -> Message:
        shown = await send(rider, f"/start q{code}")
        assert shown.text.startswith(
            _("This code is no longer valid: the bot can't confirm a certificate for this car now.")
        )
        assert SHORT not in shown.text
        assert _("Thank the driver") not in labels(shown)
        await rider.press_data(ThanksPress(action="give", code=code[:12]).pack(), shown)
        assert _("Report an incident") in labels(shown)
        return shown

    own = await send(driver, "/certificate")
    await press(driver, _("QR for my car"), own)
    await press(driver, PLATE, own)
    await revoke(house, driver)
    await driver.press_data(CarPress(action="pdf", car=1).pack(), own)
    assert _("<b>My certificate</b>") in own.text  # it was revoked meanwhile
    assert _("QR for my car") not in labels(own)
    for form in ("pdf", "picture"):
        assert await house.app.sender.make("car", await person(house, driver), {"car": 1, "form": form}) is None
    assert PLATE in (await scan()).text
    await send(driver, "/deletedata")
    await press(driver, _("Yes, delete everything"))
    shown = await scan()
    assert PLATE not in shown.text
    await press(rider, _("Report an incident"), shown)
    assert ReportPress.unpack(presses(shown)[0]).car == ""
    assert PLATE not in shown.text
    assert await stored(house, Thanks) == []

    # An expired one, and codes that never were.
    later = await certified(house, "ru", DRIVER + 50)
    code = await with_car(house, later, _)
    assert SHORT in (await send(rider, f"/start q{code}")).text
    house.clock.shift += 366 * DAY
    await scan()
    for unknown in ("", "x", "AbCdEfGhIjKl", "' OR 1=1 --", "q" * 60, "🚗" * 30):
        code = unknown
        assert PLATE not in (await scan()).text
    await assert_sound(house)


async def test_the_guided_form_has_the_plate_and_only_a_new_draft(house: House, language: str) -> None:
    _ = say(language)
    wednesday(house)
    driver, rider = await certified(house, language), passenger(house, language)
    code = await with_car(house, driver, _)
    vault = house.app.vault
    for _time in range(2):
        screen = await send(rider, f"/start q{code}")
        await press(rider, _("Report an incident"), screen)
        await press(rider, _("No, it is over"), screen)
        await press(rider, _("« Back"), screen)  # the car goes along in both directions
        await press(rider, _("No, it is over"), screen)
        await press(rider, _("Rude or threatening words"), screen)
        await press(rider, _("« Back"), screen)
        await press(rider, _("Tell it step by step"), screen)
        (draft,) = await stored(house, Draft)
        assert draft.read(vault).plate == (PLATE if _time == 0 else "ODD1")
        await rider.press_data(FormPress(action="go", step="plate").pack(), screen)
        assert draft.read(vault).plate in screen.text
        screen = await send(rider, "odd 1")  # a draft that is gone on with keeps what was said
    while _("Send") not in labels(screen):
        await press(rider, _("Skip") if _("Skip") in labels(screen) else _("Next »"), screen)
    await press(rider, _("Send"), screen)
    assert _("Change the plate") in labels(screen)
    (flag,) = await stored(house, Flag)
    assert flag.plate(vault) == "ODD1"
    await assert_sound(house)


async def test_three_cars_an_odd_plate_and_nobody_elses_cars(house: House, language: str) -> None:
    _ = say(language)
    wednesday(house)
    driver, other = await certified(house, language), await certified(house, language, DRIVER + 50)
    for typed in ("odd 1", "A123BCD", "a 123 bcd", "777ABE05"):
        await with_car(house, driver, _, typed)
        if typed == "odd 1":
            odd = _(
                "It does not look like a plate of Kazakhstan. If it's a slip, end this code and add the car once more."
            )
            assert odd in driver.messages[-1].text
    assert [car.plate(house.app.vault) for car in await stored(house, Car)] == ["ODD1", "A123BCD", "777ABE05"]
    screen = await send(driver, "/certificate")
    await press(driver, _("QR for my car"), screen)
    assert _("Add a car") not in labels(screen)
    assert "3" in screen.text
    await driver.press_data(CarPress(action="add").pack(), screen)
    assert _("Add a car") not in labels(screen)

    screen = await send(other, "/start")
    for action in ("open", "often", "said", "pdf", "picture", "end", "ended"):
        for number in (1, 0, 99, 2**63 - 1):
            await other.press_data(CarPress(action=action, car=number, word=Driven.MOST_DAYS).pack(), screen)
            assert "ODD1" not in screen.text
    assert [(car.ended_at, car.driven) for car in await stored(house, Car)] == [(None, None)] * 3
    assert await house.app.sender.make("car", await person(house, other), {"car": 1, "form": "pdf"}) is None
    assert not [parcel for parcel in await stored(house, Parcel) if parcel.status == "waiting"]
    await assert_sound(house)


async def test_no_plate_is_read_by_counting_and_forged_thanks_count_for_nothing(small_house: House) -> None:
    house, _ = small_house, say("en")
    wednesday(house)
    driver, rider = await certified(house), passenger(house)
    code = await with_car(house, driver, _)
    screen = await send(rider, "/start")
    for car in ("1", "0", "01", "x" * 12, "x" * 34, "-1"):
        for forged in (
            ReportPress(action="begin", car=car),
            ReportPress(action="ride", draft="draft", ride=Ride.GOING_ON, car=car),
            ReportPress(action="form", draft="draft", ride=Ride.OVER, code="VB", car=car),
            FormPress(action="begin", value="draft", car=car),
        ):
            await rider.press_data(forged.pack(), screen)
            assert PLATE not in screen.text
            assert labels(screen)
    full = ReportPress(action="ride", draft="d", ride=Ride.OVER)
    full.car = "x" * (64 - len(full.pack()))  # so long that no further button could carry it
    await rider.press_data(full.pack(), screen)
    assert _("Yes, I am in the car") in labels(screen)
    assert [draft.read(house.app.vault).plate for draft in await stored(house, Draft)] == [None]
    own = await send(driver, f"/start q{code}")
    for word in ("", KindWord.CALM, "love"):
        await driver.press_data(ThanksPress(action="give", code=code, word=word).pack(), own)
        assert "What was good?" not in own.text
        await rider.press_data(ThanksPress(action="give", code="1", word=word).pack(), screen)
    await rider.press_data(ThanksPress(action="give", code=code, word="love").pack(), screen)
    assert "What was good?" in screen.text
    assert await stored(house, Thanks) == []
    await assert_sound(house)


async def test_buttons_from_before_a_report_knew_cars_still_work(small_house: House) -> None:
    rider = passenger(small_house)
    screen = await send(rider, "/start")
    await rider.press_data("report:send:draft:over:VB2", screen)
    assert "Your report is saved" in screen.text
    await assert_sound(small_house)


def test_the_longest_presses_of_a_report_fit_into_a_button() -> None:
    longest = [
        ReportPress(action="begin", draft="d" * 16, ride=ride, code=code, car="c" * 12)
        for ride in Ride
        for code in BEHAVIOURS
    ]
    assert max(len(each.pack().encode()) for each in longest) <= 64
    assert len(FormPress(action="begin", value="d" * 16, car="c" * 12).pack()) <= 64
    assert len(ThanksPress(action="give", code="c" * 12, word=max(KindWord, key=len)).pack()) <= 64


async def test_old_thanks_and_ended_cars_are_tidied_away(small_house: House) -> None:
    house, _ = small_house, say("en")
    wednesday(house)
    driver, rider = await certified(house), passenger(house)
    code = await with_car(house, driver, _)
    screen = await send(rider, f"/start q{code}")
    await rider.press_data(ThanksPress(action="give", code=code).pack(), screen)
    await driver.press_data(CarPress(action="ended", car=1).pack(), driver.messages[-1])
    house.clock.shift += 30 * DAY
    await house.app.housekeeping.tidy()
    assert len(await stored(house, Thanks)) == len(await stored(house, Car)) == 1
    house.clock.shift += 15 * DAY
    await house.app.housekeeping.tidy()
    assert (len(await stored(house, Thanks)), len(await stored(house, Car))) == (0, 1)
    house.clock.shift += 60 * DAY
    await house.app.housekeeping.tidy()
    assert await stored(house, Car) == []
