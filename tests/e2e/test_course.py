"""The whole course: twelve lessons, the tests around them, the certificate at the end."""

from typing import Any

import pytest

from bot.sandbox import Message, Phone
from models.action_plans import Pledge
from models.attitudes import AGREEMENT_NAMES, Agreement
from models.certificates import Certificate
from models.commitments import COMMITMENTS
from models.course import Attempt
from models.exams import ATTITUDE, PLANS, Exam, Sitting, SittingAnswer
from models.lessons import Question
from models.policies import PolicyAcceptance
from models.reviews import ReviewItem
from tests.e2e.walking import COURSE, Say, assert_sound, copied, labels, live, person, press, say, send, stored, whole
from tests.house import DRIVER, PASSENGER, House

LAST = COURSE.numbers[-1]
COMMITMENTS_BY_KEY = {each.key: each for each in COMMITMENTS}
NAME = "Ғазиза Өтегенова"


async def read_lesson(phone: Phone, language: str, number: int, screen: Message) -> Message:
    """Read a lesson that has just begun, answer each question rightly, and finish; gives the result."""
    _, lesson = say(language), COURSE.lesson(number, language)
    await phone.until(lambda phone: lesson.cards[0].screen.text in live(phone).text)
    screen = live(phone)
    for _card in lesson.cards:
        await press(phone, _("Next »"), screen)
    for question in lesson.questions:
        await press(phone, str(question.options.index(question.answer) + 1), screen)
        await press(phone, _("Finish" if question is lesson.questions[-1] else "Next »"), screen)
    return screen


def asked(sitting: Sitting, at: int, language: str) -> Question | None:
    """The question at a place of a sitting; None where an opinion is asked."""
    lesson, _, key = sitting.items[at].partition("/")
    return None if lesson == ATTITUDE else COURSE.question(int(lesson), key, language)


async def sit(house: House, phone: Phone, screen: Message, exam: Exam, language: str, wrong: int = 0) -> Sitting:
    """Answer a test that has just begun: so many questions wrongly, none of zero tolerance; agree to nothing."""
    _ = say(language)
    who = (await person(house, phone)).id
    (sitting,) = await stored(house, Sitting, person_id=who, exam=exam, finished_at=None)
    for at in range(len(sitting.items)):
        question = asked(sitting, at, language)
        assert f"{at + 1}/{len(sitting.items)}" in screen.text
        if question is None:
            await press(phone, _(AGREEMENT_NAMES[Agreement.DISAGREE]), screen)
            continue
        assert screen.text.endswith(question.screen.text)
        miss = wrong > 0 and not question.zero
        wrong -= miss
        option = next(o for o in question.options if o.right is not miss)
        await press(phone, str(question.options.index(option) + 1), screen)
    (sitting,) = await stored(house, Sitting, id=sitting.id)
    return sitting


@pytest.mark.parametrize(("kind", "language"), [("sqlite", "kk"), ("postgres", "ru"), ("sqlite", "en")])
async def test_a_driver_goes_through_all_twelve_lessons_to_a_certificate(house: House, language: str) -> None:
    driver, _ = house.phone(DRIVER, language), say(language)
    shown = await certify(house, driver, language, _)
    who: dict[str, Any] = {"person_id": (await person(house, driver)).id}

    attempts = await stored(house, Attempt, **who)
    assert [attempt.lesson for attempt in attempts] == list(COURSE.numbers)
    assert all(attempt.right_answers == attempt.questions for attempt in attempts)
    (acceptance,) = await stored(house, PolicyAcceptance, **who)
    policy = COURSE.policy(language)
    assert (acceptance.version, acceptance.hash, acceptance.language) == (policy.version, policy.hash, language)
    sittings = {sitting.exam: sitting for sitting in await stored(house, Sitting, **who)}
    assert set(sittings) == {Exam.PRE, Exam.FINAL}
    assert (sittings[Exam.PRE].right_answers, sittings[Exam.PRE].questions) == (8, 12)
    assert (sittings[Exam.FINAL].right_answers, sittings[Exam.FINAL].questions) == (15, 15)
    for sitting in sittings.values():
        opinions = [a for a in await stored(house, SittingAnswer, sitting_id=sitting.id) if a.right is None]
        assert [answer.option for answer in opinions] == [Agreement.DISAGREE] * 6
    assert not set(sittings[Exam.PRE].items[:12]) & set(sittings[Exam.FINAL].items[:15]) - _zero()
    assert len(await stored(house, ReviewItem, **who)) >= sum(a.questions or 0 for a in attempts)
    (certificate,) = await stored(house, Certificate, **who)
    assert certificate.language == language
    assert certificate.name(house.app.vault) == NAME
    (number,) = copied(shown)
    assert number.replace("-", "") == certificate.number
    plan = await stored(house, Pledge)
    assert [pledge.key for pledge in plan] == [COMMITMENTS[i - 1].key for i in (2, 5, 9)]
    assert all(_(COMMITMENTS_BY_KEY[pledge.key].text) in shown.text for pledge in plan)

    passenger = house.phone(PASSENGER, language)
    (checked,) = await passenger.send(f"/start v{certificate.number}")
    assert "Ғазиза Ө." in checked.text
    assert "Өтегенова" not in whole(checked)
    await assert_sound(house)


def _zero() -> set[str]:
    return {f"{q.lesson}/{q.key}" for q in COURSE.pool("en") if q.zero}


async def certify(house: House, driver: Phone, language: str, _: Say) -> Message:
    """All the way from the first press to the certificate; gives the message that shows it."""
    screen = await send(driver, "/learn")
    title = COURSE.lesson(1, language).title
    await press(driver, next(label for label in labels(screen) if label.endswith(f"1. {title}")), screen)
    await press(driver, _("Begin the test"), screen)
    await sit(house, driver, screen, Exam.PRE, language, wrong=4)
    assert "8 " in screen.text
    await press(driver, _("To the first lesson »"), screen)
    for number in COURSE.numbers:
        if number == COURSE.numbers[1]:
            await press(driver, _("I accept it"), screen)
            await press(driver, _("On to the lesson »"), screen)
        screen = await read_lesson(driver, language, number, screen)
        onwards = "The final test" if number == LAST else "Next lesson »"
        await press(driver, _(onwards), screen)
    assert PLANS[Exam.FINAL].questions == 15
    await press(driver, _("Begin the test"), screen)
    await sit(house, driver, screen, Exam.FINAL, language)
    assert _("Passed. Well done!") in screen.text
    await press(driver, _("My action plan »"), screen)
    for number in (2, 5, 9):
        await press(driver, str(number), screen)
    await press(driver, _("Done"), screen)
    screen = await send(driver, NAME)
    await press(driver, _("Yes, issue it"), screen)
    await driver.until(lambda phone: sum("document" in m.raw for m in phone.messages) == 1)
    await driver.until(lambda phone: sum("photo" in m.raw for m in phone.messages) == len(COURSE.numbers) + 1)
    return screen
