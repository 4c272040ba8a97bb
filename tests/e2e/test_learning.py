"""The path through the course: lessons in order, one picture each, the policy, tests, and questions that come back."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.sandbox import Message, Phone
from handlers.presses import DailyPress, ExamPress, LearnPress, PolicyPress, TrialPress
from handlers.texts import LOCALES
from models.course import Answer, Attempt
from models.exams import PLANS, Exam, Sitting, SittingAnswer
from models.lessons import Question
from models.policies import PolicyAcceptance
from models.quiet import ZONE, at_hour, local_day
from models.reviews import ReviewItem, ReviewPlan
from models.team import Role
from tests.e2e.test_course import asked, read_lesson, sit
from tests.e2e.walking import COURSE, appoint, assert_sound, labels, live, person, press, say, send, stored
from tests.house import DRIVER, OWNER, PASSENGER, House

DAY = timedelta(days=1)


def set_clock(house: House, hour: int, days: int = 0) -> datetime:
    """Set the bot's clock to an hour of Almaty, so many days after today; it never goes back here."""
    house.clock.shift += at_hour(local_day(house.clock()) + timedelta(days=days), hour) - house.clock()
    return house.clock()


async def finish_all(house: House, phone: Phone, numbers: Any = COURSE.numbers) -> int:
    """Put finished lessons and the accepted policy into the database, with the first lesson's questions to review."""
    who, now = (await person(house, phone)).id, house.clock()
    async with house.app.database.transaction() as session:
        for number in numbers:
            session.add(
                Attempt(
                    person_id=who,
                    lesson=number,
                    version="1",
                    place="x",
                    started_at=now,
                    finished_at=now,
                    right_answers=1,
                    questions=1,
                )
            )
        policy = COURSE.policy("en")
        session.add(
            PolicyAcceptance(person_id=who, version=policy.version, hash=policy.hash, language="en", accepted_at=now)
        )
    return who


@contextmanager
def changed(house: House, **parts: Any) -> Iterator[None]:
    """The running bot with another course, as after a deployment."""
    engine, before = house.app.engine, house.app.engine.course
    course = copy.copy(before)
    for name, part in parts.items():
        setattr(course, name, part)
    engine.course = course
    try:
        yield
    finally:
        engine.course = before


def is_photo(message: Message) -> bool:
    return "photo" in message.raw


async def begin(phone: Phone, number: int, language: str = "en") -> Message:
    """Open a lesson from the list, past the offer of a test; gives its message."""
    _ = say(language)
    screen = await send(phone, "/learn")
    title = COURSE.lesson(number, language).title
    await press(phone, next(label for label in labels(screen) if label.endswith(title)), screen)
    if _("Straight to the lesson") in labels(screen):
        await press(phone, _("Straight to the lesson"), screen)
    return screen


async def test_lessons_open_in_order_and_a_later_one_says_after_which(house: House, language: str) -> None:
    driver, _ = house.phone(DRIVER, language), say(language)
    screen = await send(driver, "/learn")
    locked = next(label for label in labels(screen) if label.endswith(COURSE.lesson(3, language).title))
    assert locked.startswith("🔒")
    answer = await driver.press(locked, screen)
    assert answer.text == _("This lesson opens after lesson {number}.", number=1)
    await driver.press_data(LearnPress(action="again", lesson=3).pack(), screen)
    await driver.press_data(
        LearnPress(action="step", lesson=3, step=COURSE.lesson(3, "en").cards[1].key).pack(), screen
    )
    assert await stored(house, Attempt) == []
    screen = await begin(driver, 1, language)
    await read_lesson(driver, language, 1, screen)
    screen = await send(driver, "/learn")
    assert next(label for label in labels(screen) if COURSE.lesson(1, language).title in label).startswith("✓")
    assert not next(label for label in labels(screen) if COURSE.lesson(2, language).title in label).startswith("🔒")
    assert "1/12" in screen.text
    assert _("A short test before the course") not in labels(screen)
    await assert_sound(house)


async def test_text_comes_first_then_one_picture_which_is_uploaded_once_for_everybody(house: House) -> None:
    for who in (DRIVER, PASSENGER):
        phone = house.phone(who)
        await begin(phone, 1)
        await phone.until(lambda phone: any(is_photo(message) for message in phone.messages))
        kinds = ["photo" if is_photo(message) else "text" for message in phone.messages if message.from_bot]
        assert kinds == ["text", "text", "photo"]
        screen = live(phone)
        assert COURSE.lesson(1, "en").cards[0].title in screen.text
        for _card in COURSE.lesson(1, "en").cards:
            await press(phone, "Next »", screen)
        assert sum(is_photo(message) for message in phone.messages) == 1
    photos = [call.params["photo"] for call in house.sandbox.calls if call.method == "sendPhoto"]
    known = [message.raw["photo"][-1]["file_id"] for message in house.phone(DRIVER).messages if is_photo(message)]
    assert [photo in known for photo in photos] == [False, True]
    await assert_sound(house)


async def test_the_policy_is_asked_before_the_second_lesson_and_again_for_a_new_version(small_house: House) -> None:
    driver = small_house.phone(DRIVER)
    screen = await read_lesson(driver, "en", 1, await begin(driver, 1))
    await press(driver, "Next lesson »", screen)
    assert COURSE.policy("en").text.text in screen.text
    await press(driver, "Not now", screen)
    assert await stored(small_house, PolicyAcceptance) == []
    await press(driver, next(label for label in labels(screen) if COURSE.lesson(2, "en").title in label), screen)
    await driver.press_data(PolicyPress(action="accept", version=7, lesson=2).pack(), screen)  # never shown
    assert await stored(small_house, PolicyAcceptance) == []
    driver.tap("I accept it", screen)
    await press(driver, "I accept it", screen)
    (acceptance,) = await stored(small_house, PolicyAcceptance)
    assert acceptance.hash == COURSE.policy("en").hash
    await press(driver, "On to the lesson »", screen)
    screen = await read_lesson(driver, "en", 2, screen)
    newer = {code: COURSE.policy(code).model_copy(update={"version": 2, "hash": "f" * 64}) for code in COURSE.languages}
    with changed(small_house, _policies=newer):
        await press(driver, "Next lesson »", screen)
        await press(driver, "I accept it", screen)
        await press(driver, "On to the lesson »", screen)
        await driver.until(lambda phone: COURSE.lesson(3, "en").cards[0].title in live(phone).text)
    assert [(row.version, row.hash[:4]) for row in await stored(small_house, PolicyAcceptance)] == [
        (1, COURSE.policy("en").hash[:4]),
        (2, "ffff"),
    ]
    await assert_sound(small_house)


async def test_a_lesson_that_changes_while_somebody_is_inside_keeps_the_answers_and_goes_on(
    small_house: House,
) -> None:
    driver, lesson = small_house.phone(DRIVER), COURSE.lesson(1, "en")
    await begin(driver, 1)
    await driver.until(lambda phone: lesson.cards[0].title in live(phone).text)
    screen = live(driver)
    for _card in lesson.cards:
        await press(driver, "Next »", screen)
    await press(driver, "1", screen)
    first, *rest = lesson.questions
    newer = lesson.model_copy(update={"version": "2", "questions": (*rest, first), "cards": lesson.cards[1:]})
    lessons = {**COURSE._lessons, (1, "en"): newer}
    with changed(small_house, _lessons=lessons):
        screen = await begin(driver, 1)  # where they left: the question, with what was said to their answer
        assert first.options[0].why.text in screen.text
        await driver.press_data(LearnPress(action="step", lesson=1, step=lesson.cards[0].key).pack(), screen)
        assert first.options[0].why.text in screen.text  # the card is gone; they stay where they are
        await driver.press_data(LearnPress(action="finish", lesson=1).pack(), screen)
        assert screen.text.endswith(rest[0].screen.text)
        for question in rest:
            await driver.press_data(
                LearnPress(action="answer", lesson=1, step=question.key, option=question.answer.key).pack(), screen
            )
        await driver.press_data(LearnPress(action="finish", lesson=1).pack(), screen)
    assert len(await stored(small_house, Answer)) == len(lesson.questions)
    (attempt,) = await stored(small_house, Attempt)
    assert attempt.questions == len(lesson.questions)
    await assert_sound(small_house)


async def test_a_driver_who_switches_the_language_goes_on_at_the_same_place(small_house: House) -> None:
    driver = small_house.phone(DRIVER, "ru")
    await begin(driver, 1, "ru")
    lesson = COURSE.lesson(1, "ru")
    await driver.until(lambda phone: lesson.cards[0].title in live(phone).text)
    await driver.until(lambda phone: any(is_photo(message) for message in phone.messages))
    old = await press(driver, say("ru")("Next »"), live(driver))
    screen = await send(driver, "/language")
    await press(driver, "Қазақша", screen)
    await press(driver, say("ru")("Next »"), old)
    assert old.text.endswith(COURSE.lesson(1, "kk").cards[2].screen.text)
    assert (await begin(driver, 1, "kk")).text.endswith(COURSE.lesson(1, "kk").cards[2].screen.text)
    await assert_sound(small_house)


async def test_a_test_can_be_left_and_gone_on_with_and_its_answers_count_once(house: House) -> None:
    driver = house.phone(DRIVER)
    screen = await send(driver, "/learn")
    await press(driver, "A short test before the course", screen)
    assert "parked" in screen.text
    await press(driver, "Begin the test", screen)
    (sitting,) = await stored(house, Sitting)
    for at in range(3):
        driver.tap("2", screen)  # a double tap answers one question, not two
        await press(driver, "2", screen)
        assert f"{at + 2}/18" in screen.text
    assert len(await stored(house, SittingAnswer)) == 3
    again = await send(driver, "/learn")
    await press(driver, "A short test before the course", again)
    await press(driver, "Begin the test", again)
    assert "4/18" in again.text
    stale = ExamPress(action="answer", sitting=sitting.id, at=0, option="x").pack()
    assert (await driver.press_data(stale, screen)).text == "That one is answered already."
    for forged in (
        ExamPress(action="answer", sitting=sitting.id, at=3, option="nonsense"),
        ExamPress(action="answer", sitting=sitting.id, at=999, option="a"),
    ):
        await driver.press_data(forged.pack(), screen)
        assert "4/18" in screen.text
    stranger = house.phone(PASSENGER)
    theirs = await send(stranger, "/learn")
    await stranger.press_data(ExamPress(action="answer", sitting=sitting.id, at=3, option="a").pack(), theirs)
    assert "4/18" not in theirs.text
    assert len(await stored(house, SittingAnswer)) == 3
    await assert_sound(house)


async def test_a_missed_answer_about_zero_tolerance_fails_the_final_test_and_three_tries_a_day_are_enough(
    small_house: House,
) -> None:
    house, driver = small_house, small_house.phone(DRIVER)
    await send(driver, "/start")
    await finish_all(house, driver)
    for tries in range(3):
        screen = await send(driver, "/learn")
        await press(driver, "The final test", screen)
        await press(driver, "Begin the test", screen)
        (sitting,) = await stored(house, Sitting, finished_at=None)
        missed: list[Question] = []
        for at in range(len(sitting.items)):
            question = asked(sitting, at, "en")
            if question is None:
                await press(driver, "Disagree", screen)
                continue
            wrong = question.zero and not missed
            if wrong:
                missed.append(question)
            option = next(o for o in question.options if o.right is not wrong)
            await press(driver, str(question.options.index(option) + 1), screen)
        assert "14 of 15" in screen.text
        assert "zero tolerance" in screen.text
        await press(driver, "Look at what I missed", screen)
        assert missed[0].answer.why.text in screen.text
        assert missed[0].answer.text in screen.text
        await press(driver, "« Result", screen)
        assert "14 of 15" in screen.text
        assert [s.passed for s in await stored(house, Sitting)] == [False] * (tries + 1)
        (item,) = await stored(house, ReviewItem, lesson=missed[0].lesson, question=missed[0].key)
        assert item.due_at - house.clock() < 2 * DAY
    await press(driver, "Try again", screen)
    assert "Three tries a day" in screen.text
    await driver.press_data(ExamPress(action="begin", exam=Exam.FINAL).pack(), screen)
    assert len(await stored(house, Sitting)) == 3
    house.clock.shift += DAY
    await driver.press_data(ExamPress(action="begin", exam=Exam.FINAL).pack(), screen)
    assert "1/21" in screen.text
    drawn = [set(s.items[:15]) for s in await stored(house, Sitting)]
    zero = {f"{q.lesson}/{q.key}" for q in COURSE.pool("en") if q.zero}
    assert not drawn[0] & drawn[1] - zero  # other questions each time
    await assert_sound(house)


@pytest.mark.parametrize("exam", [Exam.FINAL, Exam.FOLLOWUP, Exam.RENEWAL])
async def test_a_test_whose_time_has_not_come_says_why(small_house: House, exam: Exam) -> None:
    driver = small_house.phone(DRIVER)
    screen = await send(driver, "/learn")
    await driver.press_data(ExamPress(action="begin", exam=exam).pack(), screen)
    assert await stored(small_house, Sitting) == []
    assert "« Lessons" in labels(screen)
    await driver.press_data(ExamPress(action="begin", exam="nonsense").pack(), screen)
    assert "isn't there" in screen.text
    await assert_sound(small_house)


async def test_questions_come_back_at_the_chosen_hour_and_never_more_than_five_a_day(
    house: House, language: str
) -> None:
    driver, _ = house.phone(DRIVER, language), say(language)
    set_clock(house, 12)
    screen = await begin(driver, 1, language)
    screen = await read_lesson(driver, language, 1, screen)
    await press(driver, _("Bring questions back to me"), screen)
    assert "8:00" not in labels(screen)
    assert "21:00" not in labels(screen)
    assert await driver.press_data(DailyPress(action="hour", option="3").pack(), screen)
    assert [plan.hour for plan in await stored(house, ReviewPlan)] == [None]
    await press(driver, "18:00", screen)
    (plan,) = await stored(house, ReviewPlan)
    assert plan.hour == 18
    assert plan.next_at is not None
    async with house.app.database.transaction() as session:
        for number in (2, 3):  # more is due than a day can have
            for question in COURSE.lesson(number, "en").questions:
                session.add(
                    ReviewItem(
                        person_id=plan.person_id,
                        lesson=number,
                        question=question.key,
                        due_at=house.clock(),
                        stability=1.0,
                        difficulty=5.0,
                        reviewed_at=house.clock(),
                    )
                )
    assert await house.app.reminders.remind() == 0
    house.clock.shift += plan.next_at - house.clock()
    assert await house.app.reminders.remind() == 1
    parked = _("Please read it when you are parked.")
    await driver.until(lambda phone: parked in phone.texts)
    assert await house.app.reminders.remind() == 0
    reminder = live(driver)
    assert reminder.text.startswith(parked)
    assert "5" in reminder.text
    await press(driver, _("Begin"), reminder)
    for _time in range(5):
        driver.tap("1", reminder)
        await press(driver, "1", reminder)
        await press(driver, _("Next »"), reminder)
    assert _("That's all for today.") in reminder.text
    (plan,) = await stored(house, ReviewPlan)
    assert (plan.done_that_day, plan.days) == (5, 1)
    assert plan.next_at is not None
    assert local_day(plan.next_at) > local_day(house.clock())
    await press(driver, _("Change the hour"), reminder)
    await press(driver, _("Stop the reminders"), reminder)
    house.clock.shift += 9 * DAY
    set_clock(house, 19)
    assert await house.app.reminders.remind() == 0
    await assert_sound(house)


async def test_not_now_waits_for_tomorrow_a_pause_for_a_week_and_a_late_reminder_is_not_sent(
    small_house: House,
) -> None:
    house, driver = small_house, small_house.phone(DRIVER)
    set_clock(house, 10)
    await send(driver, "/start")
    who = await finish_all(house, driver, [1])
    async with house.app.database.transaction() as session:
        for question in COURSE.lesson(1, "en").questions:
            session.add(
                ReviewItem(
                    person_id=who,
                    lesson=1,
                    question=question.key,
                    due_at=house.clock(),
                    stability=1.0,
                    difficulty=5.0,
                    reviewed_at=house.clock(),
                )
            )
        session.add(ReviewPlan(person_id=who, hour=18, next_at=at_hour(local_day(house.clock()), 18)))

    async def reminders() -> int:
        return sum(message.text.startswith("Please read it when") for message in driver.messages)

    set_clock(house, 18)
    assert await house.app.reminders.remind() == 1
    await driver.until(lambda phone: "Not now" in str(phone.buttons))
    await press(driver, "Not now")
    assert "not today" in live(driver).text
    assert await house.app.reminders.remind() == 0
    set_clock(house, 18, days=1)
    assert await house.app.reminders.remind() == 1
    await driver.until(lambda phone: "Pause a week" in str(phone.buttons))
    await press(driver, "Pause a week")
    (plan,) = await stored(house, ReviewPlan)
    assert plan.next_at is not None
    assert timedelta(days=7) <= plan.next_at - house.clock() <= timedelta(days=8)
    # The bot was away from before the hour until late in the evening: the day's reminder is left out.
    house.clock.shift += plan.next_at - house.clock()
    house.clock.shift += timedelta(hours=3, minutes=10)
    assert house.clock().astimezone(ZONE).hour == 21
    assert await house.app.reminders.remind() == 0
    set_clock(house, 9, days=1)
    assert await house.app.reminders.remind() == 1
    await assert_sound(house)


async def test_an_owner_tries_a_lesson_file_as_a_driver_would_see_it_and_nothing_is_counted(
    small_house: House,
) -> None:
    house = small_house
    owner, driver = house.phone(OWNER), house.phone(DRIVER)
    await send(owner, "/start")
    await appoint(house, owner, Role.OWNER)
    lesson = COURSE.lesson(2, "ru")
    content = (LOCALES / "ru" / "lessons" / "02-four-forms.md").read_bytes()
    owner.post_document(content, "02-four-forms.md", "text/markdown", "ru")
    await owner.until(lambda phone: lesson.cards[0].screen.text in phone.texts)
    screen = live(owner)
    for _card in lesson.cards:
        await press(owner, "Next »", screen)
    for question in lesson.questions:
        await press(owner, "1", screen)
        assert question.options[0].why.text in screen.text
        await press(owner, "Finish" if question is lesson.questions[-1] else "Next »", screen)
    assert "answers are not stored" in screen.text
    assert await stored(house, Attempt) == []
    owner.post_document(content.replace(b"[x]", b"[ ]"), "02-four-forms.md", "text/markdown", "ru")
    await owner.until(lambda phone: "exactly one" in phone.texts)
    assert "02-four-forms.md:" in owner.texts
    owner.post_document(b"\xff\xfe\x00", "02-four-forms.md", "text/markdown")
    await owner.until(lambda phone: "UTF-8" in phone.texts)
    (answer,) = await owner.document(b"#" * 70_000, "02-four-forms.md", "text/markdown")
    assert "64 KB" in answer.text
    (answer,) = await driver.document(content, "02-four-forms.md", "text/markdown")
    assert answer.text.startswith("I did not understand")
    await appoint(house, owner, None)  # a former owner's old buttons
    await owner.press_data(TrialPress(action="step", step=lesson.cards[1].key).pack(), screen)
    assert "This trial is over" in screen.text
    await assert_sound(house)


async def test_a_month_after_the_final_test_five_questions_are_asked_once(small_house: House) -> None:
    house, driver = small_house, small_house.phone(DRIVER)
    await send(driver, "/start")
    await finish_all(house, driver)
    screen = await send(driver, "/learn")
    await press(driver, "The final test", screen)
    await press(driver, "Begin the test", screen)
    await sit(house, driver, screen, Exam.FINAL, "en")
    async with house.app.database.transaction() as session:
        await session.execute(update(Sitting).values(finished_at=house.clock() - 30 * DAY))
    await driver.press_data(ExamPress(action="begin", exam=Exam.FOLLOWUP).pack(), screen)
    await sit(house, driver, screen, Exam.FOLLOWUP, "en", wrong=1)
    assert "4 of 5" in screen.text
    kept = await stored(house, Sitting, exam=Exam.FOLLOWUP)
    assert [(s.right_answers, s.questions, len(s.items)) for s in kept] == [(4, 5, 5 + 6)]
    assert PLANS[Exam.FOLLOWUP].questions == 5
    await driver.press_data(ExamPress(action="begin", exam=Exam.FOLLOWUP).pack(), screen)
    assert len(await stored(house, Sitting, exam=Exam.FOLLOWUP)) == 1
    await assert_sound(house)


async def test_a_driver_who_joins_or_leaves_the_team_in_the_middle_of_a_lesson_goes_on(small_house: House) -> None:
    driver, lesson = small_house.phone(DRIVER), COURSE.lesson(1, "en")
    await begin(driver, 1)
    await driver.until(lambda phone: lesson.cards[0].title in live(phone).text)
    screen = live(driver)
    for role in (Role.REVIEWER, None, Role.OWNER, None):
        await appoint(small_house, driver, role)
        await press(driver, "Next »", screen)
    fifth = (*lesson.cards, *lesson.questions)[4]
    assert screen.text.endswith(fifth.screen.text)
    (attempt,) = await stored(small_house, Attempt)
    assert attempt.place == fifth.key
    await assert_sound(small_house)
