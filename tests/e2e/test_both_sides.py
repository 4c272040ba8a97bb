"""Both sides: a driver is heard late and coarsely, takes the lesson that fits, and either side gets a second look."""

from dataclasses import replace
from datetime import timedelta

from bot.sandbox import Message, Phone
from handlers import reasons
from handlers.appealing import STAYS
from handlers.own import NO_CHANGE
from handlers.presses import (
    AgreePress,
    AppealPress,
    DrivingPress,
    HearingPress,
    MergePress,
    RemedyPress,
    ReplyPress,
    ReviewPress,
    SecondLookPress,
)
from handlers.texts import load_texts
from models.appeals import Appeal
from models.audit import ACTION_NAMES, Action, AuditEntry
from models.behaviours import BEHAVIOURS, FORM_NAMES
from models.cars import Car, Driven
from models.coarse import EXTRA_DAYS, FORMS_FOR_DRIVER
from models.drivers import Hearing, Remedy
from models.flags import OUTCOME_NAMES, OUTCOMES_FOR_REPORTER, Flag, Outcome
from models.matching import lesson_for
from models.people import Language
from models.quiet import at_hour, local_day, monday_of
from models.team import Role
from tests.e2e.handles import handle
from tests.e2e.test_car import wednesday
from tests.e2e.test_desk import PLATE, claimed, close, on_vehicle
from tests.e2e.walking import (
    COURSE,
    Say,
    appoint,
    assert_sound,
    flag,
    holds_none_of,
    labels,
    passenger,
    person,
    press,
    reviewer,
    say,
    send,
    stored,
    whole,
)
from tests.house import DRIVER, OWNER, House

DAY = timedelta(days=1)
LATER = timedelta(days=28)
"""When whoever didn't say how often they drive has heard: 14 days after the week of the report, and 6 more by lot."""
_TEXTS = load_texts()
ANSWER = 'Ол күні <b>балам</b> ауырып & мен ренжіткен болармын 🙏 "кешіріңіз"'


async def names_car(phone: Phone, _: Say, plate: str = "123 abc 02") -> Message:
    """Say which car one drives."""
    shown = await send(phone, "/learn")
    await press(phone, _("The car I drive"), shown)
    await press(phone, _("Add a car"), shown)
    return await send(phone, plate)


async def cared_for(phone: Phone, _: Say, cry: str = "Help me, he locked the doors") -> Message:
    """Cry for help where one's side is asked for: help comes first, and what was written may be sent as it is."""
    cared = await send(phone, cry)
    assert cared.text.startswith(_("<b>You did well to write. It is not your fault.</b>"))
    assert {"📞 112", _("Send it")} <= set(labels(cared))
    assert _("What you wrote was not sent. The button below sends it.") in cared.text
    return cared


async def days_pass(house: House, told: int = 1) -> None:
    """Until every moment has come, and it's noon; so many drivers are looked at."""
    now = house.clock()
    house.clock.shift += at_hour(local_day(now) + LATER, 12) - now
    assert await house.app.telling.look() == told


async def news(phone: Phone, _: Say) -> Message:
    """Wait for the notice that there's news, and open it."""
    await phone.until(lambda phone: _("There is news for you.") in phone.texts)
    shown = next(each for each in reversed(phone.messages) if each.text == _("There is news for you."))
    await press(phone, _("Show"), shown)
    return shown


async def told(phone: Phone, text: str) -> Message:
    """Wait for a text that nobody asked for."""
    await phone.until(lambda phone: text in phone.texts)
    return next(each for each in reversed(phone.messages) if each.text == text)


async def report_of(phone: Phone, _: Say) -> Message:
    """The only report of a person, opened anew."""
    shown = await send(phone, "/myreports")
    await press(phone, labels(shown)[0], shown)
    return shown


async def opened(desk: Phone, shown: Message) -> Message:
    """The flag as it is now, on the same screen: the summary of a week may come at any moment."""
    await desk.press_data(ReviewPress(action="open", flag=1).pack(), shown)
    return shown


async def closed_with_lesson(house: House, _: Say, code: str = "SX1") -> tuple[Phone, Phone, Phone, Message]:
    """A driver, a passenger, the desk and its screen; the driver has heard of the lesson."""
    desk, phone, driver = await reviewer(house), passenger(house), house.phone(DRIVER)
    await names_car(driver, _)
    await on_vehicle(phone, _, code)
    shown = await claimed(desk, _, 1)
    await close(desk, _, shown, Outcome.LESSON)
    await days_pass(house)
    return driver, phone, desk, shown


async def test_a_driver_hears_the_kind_and_the_week_answers_and_only_the_team_reads_it(
    house: House, language: str
) -> None:
    _ = say(language)
    desk, phone, driver = await reviewer(house, language), passenger(house, language), house.phone(DRIVER, language)
    wednesday(house)  # how long it is until the week ends is known
    named = await names_car(driver, _)
    assert PLATE in named.text
    assert _("Saved. Thank you.") in named.text
    await press(driver, _("Now and then"), named)
    assert _("I drive passengers: <b>{often}</b>", often=_("Now and then")) in named.text
    await on_vehicle(phone, _, "SX1")
    shown = await claimed(desk, _, 1)
    assert (
        _(
            "The bot knows the driver of this car only by their own word: they named its plate, and the "
            "bot did not check it."
        )
        in shown.text
    )
    await press(desk, _("Ask the driver for their view"), shown)
    assert _("The person who reported is told first and can say no.") in shown.text
    rides = _(
        "Not before {days} days after the week of the report, and then on one of {extra} days drawn by lot: time "
        "for several other rides, as far as the bot knows how often this driver drives. It can't count them: a "
        "driver with few rides may guess who reported.",
        days=28,
        extra=EXTRA_DAYS,
    )
    assert rides in shown.text
    assert await stored(house, Hearing) == []

    # From the next day on another answer makes nothing come sooner, whether it's decided already or not.
    house.clock.shift += DAY
    await press(driver, _("How often I drive"), named)
    await press(driver, _("Most days"), named)
    assert [car.driven for car in await stored(house, Car)] == [Driven.MOST_DAYS]
    await desk.press_data(ReplyPress(action="ask", flag=1).pack(), shown)
    assert rides in shown.text
    await press(desk, _("Yes, ask"), shown)
    (hearing,) = await stored(house, Hearing)
    await press(driver, _("How often I drive"), named)
    await press(driver, _("Some days of the week"), named)
    assert [each.tell_at for each in await stored(house, Hearing)] == [hearing.tell_at]

    await phone.until(lambda phone: phone.texts.count(_("There is news for you.")) >= 1)
    mine = await report_of(phone, _)
    kind = _(FORMS_FOR_DRIVER[BEHAVIOURS["SX1"].form])
    assert _("The team would like to hear the driver too.") in mine.text
    assert kind in mine.text
    # She sees the day before which no driver would hear of it, not the one that tells how often this driver drives.
    texts, sunday = _TEXTS[Language(language)], monday_of(local_day(house.clock())) + timedelta(days=6)
    earliest = _("All that the driver would learn, on {date} at the earliest:", date=texts.date(sunday + 7 * DAY))
    assert earliest in mine.text
    assert _("You can say no until the driver has heard of it.") in mine.text
    assert texts.day(hearing.tell_at) not in mine.text
    assert texts.day(hearing.tell_at) in (await opened(desk, shown)).text
    terms = house.app.engine.terms
    house.app.engine.terms = replace(terms, reply_delay_days=60)  # what was decided before is not told later by it
    assert texts.day(hearing.tell_at) in (await report_of(phone, _)).text
    house.app.engine.terms = terms
    assert await house.app.telling.look() == 0
    await days_pass(house, told=0)
    mine = await report_of(phone, _)
    today = texts.day(house.clock())  # what is over is no day to name
    assert _("All that the driver would learn, on {date} at the earliest:", date=today) in mine.text
    await days_pass(house)

    asked = await news(driver, _)
    assert kind in asked.text
    secrets = [PLATE, "123 abc 02", _(BEHAVIOURS["SX1"].name), _(FORM_NAMES[BEHAVIOURS["SX1"].form]), "SX1", "№1", "●"]
    assert holds_none_of(whole(asked), secrets)
    assert (
        ":" not in asked.text.replace(_("What it is about: {kind}", kind=kind), "").split(kind)[-1].split("\n")[1][7:]
    )
    await press(driver, _("Answer"), asked)
    cared = await cared_for(driver, _)
    await driver.press("📞 112", cared, expect=1)
    await press(driver, _("Send it"), cared)  # what was held is gone by now: it's asked again
    assert _("Cancel") in labels(cared)
    cared = await cared_for(driver, _)
    await press(driver, _("Send it"), cared)
    assert _("Your answer is with the team. Thank you.") in cared.text
    await press(driver, _("Write my answer anew"), cared)
    assert _("Please write it in {limit} characters at most.", limit=4000) in (await send(driver, "🙏" * 2001)).text
    thanked = await send(driver, ANSWER)
    assert _("Your answer is with the team. Thank you.") in thanked.text

    notice = await told(desk, _("There is an answer to one of your flags."))
    await press(desk, _("Show"), notice)
    assert "балам" not in notice.text
    await press(desk, _("Show the driver's answer"), notice)
    assert notice.text == ANSWER
    for screen in (await report_of(phone, _), *phone.messages):
        assert "балам" not in whole(screen)
    assert [each.action for each in await stored(house, AuditEntry) if "driver" in each.action.value] == [
        Action.DRIVER_ASKED,
        Action.DRIVER_TOLD,
        Action.DRIVER_ANSWERED,
        Action.DRIVER_ANSWERED,
        Action.ANSWER_READ,
    ]

    # What the bot knows of a car ends with it.
    await press(driver, _("« My cars"), thanked)
    await press(driver, PLATE, thanked)
    await press(driver, _("I no longer drive this car"), thanked)
    await press(driver, _("Yes, remove it"), thanked)
    for action in ("open", "often", "said"):
        await driver.press_data(DrivingPress(action=action, car=1, word=Driven.MOST_DAYS).pack(), thanked)
        assert _("<b>The car I drive</b>") in thanked.text
    assert [car.driven for car in await stored(house, Car)] == [Driven.SOME_DAYS]
    await assert_sound(house)


async def test_a_driver_may_say_nothing_and_old_buttons_lead_on(house: House, language: str) -> None:
    _ = say(language)
    desk, phone, driver = await reviewer(house, language), passenger(house, language), house.phone(DRIVER, language)
    await names_car(driver, _)
    await on_vehicle(phone, _, "VB2")
    shown = await claimed(desk, _, 1)
    await press(desk, _("Ask the driver for their view"), shown)
    await press(desk, _("Yes, ask"), shown)
    await days_pass(house)
    asked = await news(driver, _)
    await press(driver, _("I would rather say nothing"), asked)
    assert _("You would rather say nothing. That is all right.") in asked.text
    await driver.press_data(HearingPress(action="write", hearing=await handle(house, Hearing)).pack(), asked)
    assert _("You would rather say nothing. That is all right.") in asked.text
    again = await told(desk, _("There is an answer to one of your flags."))
    await press(desk, _("Show"), again)
    assert _("The driver was asked and would rather say nothing.") in again.text
    await press(phone, _("Withdraw"), mine := await report_of(phone, _))
    await press(phone, _("Yes, withdraw"), mine)
    await driver.press_data(HearingPress(action="open", hearing=await handle(house, Hearing)).pack(), asked)
    assert _("The team no longer asks this.") in asked.text
    await assert_sound(house)


async def test_a_no_of_whoever_reported_keeps_it_from_the_driver(house: House, language: str) -> None:
    _ = say(language)
    desk, phone, driver = await reviewer(house, language), passenger(house, language), house.phone(DRIVER, language)
    await names_car(driver, _)
    await on_vehicle(phone, _, "SX2")
    shown = await claimed(desk, _, 1)
    await press(desk, _("Ask the driver for their view"), shown)
    await press(desk, _("Yes, ask"), shown)
    mine = await report_of(phone, _)
    await press(phone, _("No, don't tell the driver"), mine)
    assert _("You said no: the driver hears nothing of it.") in mine.text
    await days_pass(house)
    again = await opened(desk, shown)
    assert _("The person who reported doesn't want the driver to hear of it.") in again.text
    assert _("Ask the driver for their view") not in labels(again)
    await desk.press_data(ReplyPress(action="really", flag=1).pack(), again)
    await close(desk, _, again, Outcome.LESSON)
    assert await stored(house, Hearing) == []
    assert await stored(house, Remedy) == []
    house.clock.shift += LATER
    assert await house.app.telling.look() == 0
    assert _("There is news for you.") not in driver.texts
    await assert_sound(house)


async def test_a_report_that_is_looked_at_with_another_asks_no_driver_any_more(house: House) -> None:
    _ = say("en")
    desk, phone, driver = await reviewer(house), passenger(house), house.phone(DRIVER)
    await names_car(driver, _)
    await on_vehicle(phone, _, "SX2")
    await on_vehicle(phone, _, "NV1")
    shown = await claimed(desk, _, 1)
    await press(desk, "Ask the driver for their view", shown)
    await press(desk, "Yes, ask", shown)
    assert len(await stored(house, Hearing)) == 1
    shown = await claimed(desk, _, 2)
    await desk.press_data(MergePress(action="merge", flag=2, other=1).pack(), shown)
    assert await stored(house, Hearing) == []
    stopped = await stored(house, AuditEntry, action=Action.DRIVER_NOT_ASKED)
    assert [each.flag_id for each in stopped] == [1]
    await days_pass(house, told=0)
    assert _("There is news for you.") not in driver.texts
    await assert_sound(house)


async def test_of_the_most_severe_the_driver_hears_only_after_a_warning_and_a_yes(house: House, language: str) -> None:
    _ = say(language)
    desk, phone, driver = await reviewer(house, language), passenger(house, language), house.phone(DRIVER, language)
    await names_car(driver, _)
    await on_vehicle(phone, _, "PH3")
    shown = await claimed(desk, _, 1)
    await press(desk, _("Ask the driver for their view"), shown)
    assert (
        _(
            "<b>This can put somebody in danger.</b> It was most severe, or happened because of an earlier report. "
            "The driver is asked only once the person who reported says yes. Is the answer worth it?"
        )
        in shown.text
    )
    await press(desk, _("Yes, ask"), shown)
    await days_pass(house)
    assert _("There is news for you.") not in driver.texts
    mine = await report_of(phone, _)
    assert _("This happens only if you say yes.") in mine.text
    await press(phone, _("Yes, the driver may hear this"), mine)
    assert _("You can say no until the driver has heard of it.") in mine.text
    await days_pass(house)
    await news(driver, _)
    await assert_sound(house)


async def test_nobody_else_gets_anything_by_forged_buttons(house: House) -> None:
    _ = say("en")
    driver, phone, _desk, _shown = await closed_with_lesson(house, _)
    stranger = house.phone(7001)
    screen = await send(stranger, "/start")
    before = [await stored(house, table) for table in (Flag, Hearing, Remedy, Appeal)]
    remedy, of_flag = await handle(house, Remedy), await handle(house, Flag)
    forged = [
        *(HearingPress(action=each, hearing=remedy) for each in ("open", "write", "decline")),
        *(RemedyPress(action=each, remedy=remedy) for each in ("open", "appeal")),
        *(
            DrivingPress(action=each, car=1, word=Driven.MOST_DAYS)
            for each in ("open", "often", "said", "end", "ended")
        ),
        *(AgreePress(action=each, flag=of_flag) for each in ("yes", "no")),
        *(ReplyPress(action=each, flag=1) for each in ("ask", "really", "stop", "read")),
        *(AppealPress(action=each, appeal=1) for each in ("list", "open", "read", "other", "why")),
        AppealPress(action="decide", appeal=1, outcome=STAYS),
        SecondLookPress(action="ask", flag=of_flag),
    ]
    for data in forged:
        await stranger.press_data(data.pack(), screen)
        assert holds_none_of(whole(screen), [PLATE, FORMS_FOR_DRIVER[BEHAVIOURS["SX1"].form]])
    assert [[vars(row)["id"] for row in rows] for rows in before] == [
        [row.id for row in await stored(house, table)] for table in (Flag, Hearing, Remedy, Appeal)
    ]
    assert [(car.ended_at, car.driven) for car in await stored(house, Car)] == [(None, None)]
    given = await news(driver, _)
    for unknown in ("1", "", of_flag, remedy[:-1], "ә" * 22):  # a number as old buttons have it, and no handle
        await driver.press_data(RemedyPress(action="open", remedy=unknown).pack(), given)
        assert given.text.startswith(f"{_(NO_CHANGE)} {_('What the team asks of you now is here.')}\n\n")
    await driver.press_data(RemedyPress(action="open", remedy=remedy).pack(), given)
    assert _(NO_CHANGE) not in given.text
    for unknown in ("1", remedy):
        await phone.press_data(SecondLookPress(action="ask", flag=unknown).pack(), await send(phone, "/start"))
    await assert_sound(house)


async def test_whoever_sent_a_duplicate_gets_a_second_look_at_what_it_was_closed_with(
    house: House, language: str
) -> None:
    desk, one, other, second = (
        await reviewer(house),
        passenger(house),
        house.phone(DRIVER, language),
        house.phone(OWNER),
    )
    en, _ = say("en"), say(language)
    await send(second, "/start")
    await appoint(house, second, Role.REVIEWER)
    await flag(one, en, "SX1")
    await flag(other, _, "VB2")
    shown = await claimed(desk, en, 1)
    await desk.press_data(ReviewPress(action="open", flag=2).pack(), shown)
    await desk.press_data(MergePress(action="merge", flag=1, other=2).pack(), shown)
    await close(desk, en, await send(desk, "/flag 1"), Outcome.NO_FINDING)
    mine = await report_of(other, _)
    await press(other, _("Ask for a second look"), mine)
    mine = await send(other, ANSWER)
    assert _("Somebody else of the team will look at it again.") in mine.text

    notice = await told(second, en("Somebody asks for a second look at a closed flag."))
    await press(second, en("Second looks"), notice)
    await press(second, "№2", notice)
    assert en("Looked at together with №{number}.", number=1) in notice.text
    assert {"№1", "№2"} <= set(labels(notice))
    await press(second, en("Show what they say"), notice)
    assert notice.text == ANSWER
    await press(second, en("« Back"), notice)
    await press(second, en("Another outcome"), notice)
    await press(second, en(OUTCOME_NAMES[Outcome.ADVICE]), notice)
    await press(second, en(reasons.SECOND_LOOK[0]), notice)
    assert [(each.outcome, each.reviewer_id) for each in await stored(house, Flag)] == [
        (Outcome.ADVICE, (await person(house, second)).id)
    ] * 2
    mine = await report_of(other, _)
    assert _(OUTCOMES_FOR_REPORTER[Outcome.ADVICE]) in mine.text
    assert _("the outcome was changed") in mine.text
    assert _("Ask for a second look") not in labels(mine)
    decided = await stored(house, AuditEntry, action=Action.APPEAL_DECIDED)
    assert sorted(each.flag_id or 0 for each in decided) == [1, 2]
    await assert_sound(house)


async def test_a_car_named_after_the_ride_or_by_two_people_has_no_known_driver(house: House) -> None:
    _ = say("en")
    desk, phone, driver, other = await reviewer(house), passenger(house), house.phone(DRIVER), house.phone(OWNER)
    await on_vehicle(phone, _, "SX1")
    await names_car(driver, _)
    shown = await claimed(desk, _, 1)
    assert _("Ask the driver for their view") not in labels(shown)
    await desk.press_data(ReplyPress(action="really", flag=1).pack(), shown)
    assert await stored(house, Hearing) == []
    await names_car(other, _)
    await on_vehicle(phone, _, "NV1")
    shown = await claimed(desk, _, 2)
    assert _("Several drivers named this plate: the bot can't know who drove.") in shown.text
    assert _("Ask the driver for their view") not in labels(shown)
    await assert_sound(house)


async def test_a_reviewer_who_drives_the_car_hears_nothing_and_opens_nothing(house: House) -> None:
    _ = say("en")
    desk, phone, colleague = await reviewer(house), passenger(house), house.phone(DRIVER)
    await names_car(colleague, _)
    await appoint(house, colleague, Role.REVIEWER)
    await on_vehicle(phone, _, "SX1")
    assert _("There is no flag with this number that you may open.") in (await send(colleague, "/flag 1")).text
    assert _("Nothing is waiting.") in (await send(colleague, "/queue")).text
    assert _("Nothing is waiting.") not in (await send(desk, "/queue")).text
    await appoint(house, colleague, Role.OWNER)  # nor does the audit tell an owner that it was reported
    assert _(ACTION_NAMES[Action.RECEIVED]) in (await send(desk, "/audit")).text
    assert _(ACTION_NAMES[Action.RECEIVED]) not in (await send(colleague, "/audit")).text
    assert _(ACTION_NAMES[Action.RECEIVED]) not in (await send(colleague, "/audit 1")).text
    await assert_sound(house)


async def test_the_lesson_that_fits_is_given_taken_and_told_as_action_taken(house: House, language: str) -> None:
    _, number = say(language), lesson_for(["SX1"])
    lesson = COURSE.lesson(number, language)
    desk, phone, driver = await reviewer(house, language), passenger(house, language), house.phone(DRIVER, language)
    await names_car(driver, _)
    await on_vehicle(phone, _, "SX1")
    shown = await claimed(desk, _, 1)
    await close(desk, _, shown, Outcome.LESSON)
    assert lesson.title in shown.text
    decided, assigned = _("The team decided on a lesson for the driver."), _("The driver was assigned a lesson.")
    mine = await report_of(phone, _)
    assert (decided in mine.text, assigned in mine.text) == (True, False)  # nobody has told the driver yet
    await days_pass(house)
    mine = await report_of(phone, _)
    assert (decided in mine.text, assigned in mine.text) == (False, True)
    given = await news(driver, _)
    assert lesson.title in given.text
    assert _("This is no penalty and no verdict on you. Your certificate stays as it is.") in given.text
    assert holds_none_of(whole(given), [PLATE, _(BEHAVIOURS["SX1"].name), "№1", "●"])
    for right in (False, True):
        await take(driver, _, lesson_screen := await to_lesson(driver, _, given), language, number, right=right)
        (remedy,) = await stored(house, Remedy)
        assert (remedy.passed_at is not None) is right
        given = lesson_screen
        if not right:
            await driver.press_data(RemedyPress(action="open", remedy=await handle(house, Remedy)).pack(), given)
    assert plain_start(_("Action taken: the driver passed the lesson on {date}.")) in (await report_of(phone, _)).text
    again = await opened(desk, shown)
    assert plain_start(_("✓ Lesson passed on {date}.")) in again.text
    await driver.press_data(RemedyPress(action="open", remedy=await handle(house, Remedy)).pack(), given)
    assert "✓" in given.text

    await press(driver, _("Yes, delete everything"), await send(driver, "/deletedata"))
    assert plain_start(_("✓ Lesson passed on {date}.")) in (await opened(desk, shown)).text
    await press(phone, _("Yes, delete everything"), await send(phone, "/deletedata"))
    assert await stored(house, Remedy) == []
    await assert_sound(house)


def plain_start(text: str) -> str:
    """What stands before the date."""
    return text.split("{date}")[0]


async def to_lesson(driver: Phone, _: Say, given: Message) -> Message:
    """From what was given into the lesson, past the policy."""
    await press(driver, _("To the lesson"), given)
    for label in ("I accept it", "On to the lesson »"):
        if _(label) in labels(given):
            await press(driver, _(label), given)
    await driver.until(lambda phone: any(_("Next »") in labels(each) for each in phone.messages if each.from_bot))
    return next(each for each in reversed(driver.messages) if each.from_bot and _("Next »") in labels(each))


async def take(driver: Phone, _: Say, screen: Message, language: str, number: int, *, right: bool) -> None:
    """Take a lesson to its end."""
    lesson = COURSE.lesson(number, language)
    for _card in lesson.cards:
        await press(driver, _("Next »"), screen)
    for question in lesson.questions:
        option = next(i for i, option in enumerate(question.options, 1) if option.right is right)
        await press(driver, str(option), screen)
        await press(driver, _("Finish" if question is lesson.questions[-1] else "Next »"), screen)


async def test_a_drivers_screen_does_not_tell_when_others_report_the_car(house: House) -> None:
    _, other = say("en"), house.phone(OWNER)
    driver, _phone, _desk, _shown = await closed_with_lesson(house, _)
    given = await news(driver, _)
    before = (given.text, labels(given))
    assert _("I see it differently") in labels(given)
    await on_vehicle(other, _, "VB2")
    for later in (timedelta(), timedelta(hours=13)):
        house.clock.shift += later
        await driver.press_data(RemedyPress(action="open", remedy=await handle(house, Remedy)).pack(), given)
        assert (given.text, labels(given)) == before
    await press(driver, _("I see it differently"), given)
    assert (await send(driver, "It was not like that")).text.startswith(_("Saved. Thank you."))
    await assert_sound(house)


async def test_advice_reaches_the_driver_too_and_a_flag_taken_up_again_does_not(house: House) -> None:
    _ = say("en")
    desk, phone, driver = await reviewer(house), passenger(house), house.phone(DRIVER)
    await names_car(driver, _)
    await on_vehicle(phone, _, "NV1")
    shown = await claimed(desk, _, 1)
    await close(desk, _, shown, Outcome.ADVICE)
    assert len(await stored(house, Remedy)) == 1
    await press(desk, _("Reopen"), shown)
    await press(desk, _(reasons.REOPENED[0]), shown)
    assert await stored(house, Remedy) == []
    await close(desk, _, shown, Outcome.ADVICE)
    await days_pass(house)
    given = await news(driver, _)
    assert COURSE.lesson(lesson_for(["NV1"]), "en").title in given.text
    await assert_sound(house)


async def test_a_driver_who_sees_it_differently_is_heard_by_somebody_else(house: House, language: str) -> None:
    _ = say(language)
    desk, phone, driver = await reviewer(house, language), passenger(house, language), house.phone(DRIVER, language)
    colleague = house.phone(OWNER, language)
    await colleague.send("/start")
    await appoint(house, colleague, Role.REVIEWER)
    await names_car(driver, _)
    await on_vehicle(phone, _, "SX1")
    await close(desk, _, await claimed(desk, _, 1), Outcome.LESSON)
    await days_pass(house)
    given = await news(driver, _)
    await press(driver, _("I see it differently"), given)
    cry = "Help me, he locked the doors"
    answered = await press(driver, _("Send it"), await cared_for(driver, _, cry))
    assert _("Somebody else of the team will look at what you wrote.") in answered.text
    assert _("I see it differently") not in labels(answered)

    call = await told(colleague, _("Somebody asks for a second look at a closed flag."))
    assert _("Somebody asks for a second look at a closed flag.") not in desk.texts
    refused = await send(desk, "/queue")
    await desk.press_data(AppealPress(action="open", appeal=1).pack(), refused)
    assert _("Nothing is waiting.") in refused.text
    decision = AppealPress(action="decide", appeal=1, outcome=Outcome.RECORDED).pack()
    await desk.press_data(decision, refused)
    assert (await stored(house, Appeal))[0].decided_at is None

    assert _("Second looks: {n}", n=1) in labels(await send(colleague, "/queue"))
    await press(colleague, _("Second looks"), call)
    await press(colleague, "№1", call)
    await press(colleague, _("Show what they say"), call)
    assert call.text == cry
    await press(colleague, _("« Back"), call)
    await press(colleague, _("Another outcome"), call)
    await press(colleague, _(OUTCOME_NAMES[Outcome.NO_FINDING]), call)
    await press(colleague, _(reasons.SECOND_LOOK[1]), call)
    assert _("Nothing is waiting.") in call.text
    result = await news(driver, _)
    assert _("Somebody else of the team looked at it again: nothing is asked of you.") in result.text
    assert _(OUTCOMES_FOR_REPORTER[Outcome.NO_FINDING]) in (await report_of(phone, _)).text
    await colleague.press_data(decision, call)
    assert (await stored(house, Flag))[0].outcome is Outcome.NO_FINDING
    await assert_sound(house)


async def test_whoever_reported_gets_one_second_look_and_owners_hear_if_nobody_can_give_it(
    house: House, language: str
) -> None:
    _ = say(language)
    desk, phone = await reviewer(house, language), passenger(house, language)
    await on_vehicle(phone, _, "SX1")
    await close(desk, _, await claimed(desk, _, 1), Outcome.NO_FINDING)
    mine = await report_of(phone, _)
    await press(phone, _("Ask for a second look"), mine)
    cry = "Көмектесіңіздер! He locked the doors"
    cared = await cared_for(phone, _, cry)
    assert await stored(house, Appeal) == []
    thanked = await press(phone, _("Send it"), cared)
    (asked,) = await stored(house, Appeal)
    assert asked.words(house.app.vault, (await stored(house, Flag))[0]) == cry
    assert _("Somebody else of the team will look at it again.") in thanked.text
    assert _("Ask for a second look") not in labels(thanked)
    await told(
        desk,
        _(
            "Somebody asks for a second look at a closed flag, and nobody of the team may give it: whoever closed "
            "it can't. Please invite one more reviewer."
        ),
    )
    colleague = house.phone(OWNER, language)
    await colleague.send("/start")
    await appoint(house, colleague, Role.REVIEWER)
    queue = await send(colleague, "/queue")
    await press(colleague, _("Second looks: {n}", n=1), queue)
    await press(colleague, "№1", queue)
    await press(colleague, _("The outcome stays"), queue)
    await send(colleague, "I read all of it twice.")
    (appeal,) = await stored(house, Appeal)
    assert appeal.changed is False
    assert _("the outcome stays") in (await report_of(phone, _)).text
    assert "twice" in whole(await notes(colleague, _))
    await assert_sound(house)


async def notes(desk: Phone, _: Say) -> Message:
    shown = await send(desk, "/flag 1")
    (label,) = (label for label in labels(shown) if label.startswith(_("Notes: {n}", n="")))
    await press(desk, label, shown)
    return shown


async def test_after_the_term_it_is_too_late_to_answer_and_to_see_it_differently(house: House) -> None:
    _ = say("en")
    desk, phone, driver = await reviewer(house), passenger(house), house.phone(DRIVER)
    await names_car(driver, _)
    await on_vehicle(phone, _, "SX1")
    shown = await claimed(desk, _, 1)
    await press(desk, _("Ask the driver for their view"), shown)
    await press(desk, _("Yes, ask"), shown)
    await days_pass(house)
    asked = await news(driver, _)
    house.clock.shift += timedelta(days=13, hours=23)
    await press(driver, _("Answer"), asked)
    house.clock.shift += timedelta(hours=2)
    assert _("The time to answer is over.") in (await send(driver, "late")).text
    await opened(desk, shown)
    assert _("The driver was asked and did not answer in time.") in shown.text
    await close(desk, _, shown, Outcome.LESSON)
    await days_pass(house)
    await press(driver, _("I see it differently"), await news(driver, _))
    house.clock.shift += timedelta(days=31)
    assert _("I see it differently") not in labels(await send(driver, "late"))
    assert await stored(house, Appeal) == []
    await assert_sound(house)
