"""A driver takes a lesson: the way through it, what is explained, what is stored, and what never harms."""

from bot.sandbox import Phone
from handlers.presses import LearnPress
from models.course import Answer, Attempt
from models.lesson_shape import Card, Question
from models.markup import units
from tests.e2e.conftest import QUICK
from tests.e2e.walking import (
    COURSE,
    LANGUAGES,
    assert_sound,
    labels,
    open_lesson,
    person,
    press,
    say,
    send,
    stored,
    take_lesson,
    whole,
)
from tests.house import DRIVER, House, open_house

LESSON = 1


async def attempts(house: House, phone: Phone) -> list[Attempt]:
    return await stored(house, Attempt, person_id=(await person(house, phone)).id)


async def answers(house: House, attempt: Attempt) -> dict[str, Answer]:
    return {answer.question: answer for answer in await stored(house, Answer, attempt_id=attempt.id)}


async def test_a_driver_sees_each_card_and_question_in_turn_with_the_progress_and_the_minutes_left(
    house: House, language: str
) -> None:
    driver, _ = house.phone(DRIVER, language), say(language)
    lesson = COURSE.lesson(LESSON, language)
    steps: list[Card | Question] = [*lesson.cards, *lesson.questions]
    screen = await open_lesson(driver, language)
    minutes: list[int] = []
    for at, step in enumerate(steps, 1):
        header, _nothing, body = screen.text.split("\n", 2)
        assert body == step.screen.text
        assert header.count("▰") == round(10 * at / len(steps))
        assert f"{at}/{len(steps)}" in header
        minutes.append(int("".join(filter(str.isdigit, header.rpartition("·")[2]))))
        assert [attempt.place for attempt in await attempts(house, driver)] == [step.key]
        if step in lesson.questions:
            await press(driver, "1", screen)
        if step is not steps[-1]:
            await press(driver, _("Next »"), screen)
    assert minutes[0] == lesson.minutes
    assert minutes == sorted(minutes, reverse=True)
    assert minutes[-1] == 1
    assert len([message for message in driver.messages if message.from_bot]) == 3  # the list, the lesson, a picture
    await assert_sound(house)


async def test_the_explanation_is_that_of_the_option_pressed_and_the_first_answer_counts(
    house: House, language: str
) -> None:
    driver, _ = house.phone(DRIVER, language), say(language)
    lesson = COURSE.lesson(LESSON, language)
    screen = await open_lesson(driver, language)
    for _card in lesson.cards:
        await press(driver, _("Next »"), screen)
    for number, question in enumerate(lesson.questions):
        right = question.options.index(question.answer)
        others = [i for i in range(len(question.options)) if i != right]
        order = [right, *others] if number % 2 else [*others, right]  # right first, or wrong first
        for option in order:
            await press(driver, str(option + 1), screen)
            chosen = question.options[option]
            verdict = "✓ Yes, that's it." if chosen.right else "Not quite. It's a common thought, so let's look closer."
            assert _(verdict) in screen.text
            assert screen.text.endswith(chosen.why.text)
            assert f"{option + 1}. {chosen.text}" in screen.text
            assert not any(o.why.text in screen.text for o in question.options if o is not chosen)
            if option == order[-1]:
                continue
            if chosen.right:
                await driver.press_data(LearnPress(action="look", lesson=LESSON, step=question.key).pack(), screen)
            else:
                await press(driver, _("Look at the question again"), screen)
            assert screen.text.endswith(question.screen.text)
        await press(driver, _("Finish" if question is lesson.questions[-1] else "Next »"), screen)
    (attempt,) = await attempts(house, driver)
    kept = await answers(house, attempt)
    expected = {q.key: bool(number % 2) for number, q in enumerate(lesson.questions)}
    assert {key: answer.right for key, answer in kept.items()} == expected
    assert (attempt.right_answers, attempt.questions) == (sum(expected.values()), len(expected))
    assert str(attempt.right_answers) in screen.text
    assert lesson.objective in screen.text
    assert attempt.finished_at is not None
    await assert_sound(house)


async def test_the_result_of_right_answers_is_stored_and_shown_again_from_the_list(house: House) -> None:
    driver, _ = house.phone(DRIVER), say("en")
    result = (await take_lesson(driver, "en")).text
    assert "4 of 4" in result
    assert (await open_lesson(driver, "en")).text == result
    listed = await send(driver, "/learn")
    assert any(label.startswith("✓") for label in labels(listed))
    assert len(await attempts(house, driver)) == 1
    await assert_sound(house)


async def test_a_driver_goes_on_at_the_same_card_after_the_bot_was_restarted(database_url: str) -> None:
    _ = say("ru")
    third = COURSE.lesson(LESSON, "ru").cards[2]
    async with open_house(database_url, **QUICK) as house:
        driver = house.phone(DRIVER, "ru")
        screen = await open_lesson(driver, "ru")
        await press(driver, _("Next »"), screen)
        await press(driver, _("Next »"), screen)
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        resumed = await open_lesson(driver, "ru")
        assert resumed.text.endswith(third.screen.text)
        assert len(await attempts(house, driver)) == 1
        await press(driver, _("« Back"), screen)  # the old message lives on
        assert screen.text.endswith(COURSE.lesson(LESSON, "ru").cards[1].screen.text)
        await assert_sound(house)


async def test_double_taps_change_nothing(small_house: House) -> None:
    driver, lesson = small_house.phone(DRIVER), COURSE.lesson(LESSON, "en")
    await send(driver, "/learn")

    async def twice(label: str) -> None:
        driver.tap(label)
        await driver.press(label)

    await twice(f"1. {lesson.title}")
    await twice("Straight to the lesson")
    for _card in lesson.cards:
        await twice("Next »")
    for question in lesson.questions:
        await twice("1")
        await twice("Finish" if question is lesson.questions[-1] else "Next »")
    (attempt,) = await attempts(small_house, driver)
    assert attempt.finished_at is not None
    assert len(await answers(small_house, attempt)) == len(lesson.questions)
    await twice("Go through it again")
    assert len(await attempts(small_house, driver)) == 2
    await assert_sound(small_house)


async def test_an_old_button_of_a_finished_lesson_gives_a_fresh_screen(small_house: House) -> None:
    driver = small_house.phone(DRIVER)
    old = await open_lesson(driver, "en")
    result = (await take_lesson(driver, "en")).text
    assert (await press(driver, "Next »", old)).text == result
    question = COURSE.lesson(LESSON, "en").questions[0]
    press_of = LearnPress(action="answer", lesson=LESSON, step=question.key, option=question.options[0].key)
    await driver.press_data(press_of.pack(), old)
    assert old.text == result
    assert "Go through it again" in labels(old)
    (attempt,) = await attempts(small_house, driver)
    assert attempt.right_answers == 4
    await assert_sound(small_house)


async def test_the_place_is_kept_when_the_language_is_switched_in_the_middle(house: House, language: str) -> None:
    driver, _ = house.phone(DRIVER, language), say(language)
    screen = await open_lesson(driver, language)
    await press(driver, _("Next »"), screen)
    other = LANGUAGES[LANGUAGES.index(language) - 1]
    names = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
    await send(driver, "/language")
    await press(driver, names[other])
    second = COURSE.lesson(LESSON, other).cards[1]
    assert (await open_lesson(driver, other)).text.endswith(second.screen.text)
    third = COURSE.lesson(LESSON, other).cards[2]
    assert (await press(driver, _("Next »"), screen)).text.endswith(third.screen.text)  # the old message too
    assert len(await attempts(house, driver)) == 1
    await assert_sound(house)


async def test_two_phones_of_one_account_share_the_attempt(small_house: House) -> None:
    driver, lesson = small_house.phone(DRIVER), COURSE.lesson(LESSON, "en")
    one = await open_lesson(driver, "en")
    two = await open_lesson(driver, "en")
    await press(driver, "Next »", one)
    await press(driver, "Next »", two)
    assert one.text == two.text
    question = lesson.questions[0]
    wrong = next(option for option in question.options if not option.right)
    for option, screen in ((wrong, one), (question.answer, two)):
        data = LearnPress(action="answer", lesson=LESSON, step=question.key, option=option.key)
        await driver.press_data(data.pack(), screen)
        assert screen.text.endswith(option.why.text)
    (attempt,) = await attempts(small_house, driver)
    assert (await answers(small_house, attempt))[question.key].option == wrong.key
    await assert_sound(small_house)


async def test_finish_leads_to_the_question_that_is_still_open(small_house: House) -> None:
    language = "kk"
    driver, lesson = small_house.phone(DRIVER, language), COURSE.lesson(LESSON, language)
    screen = await open_lesson(driver, language)
    for question in lesson.questions:
        if question is not lesson.questions[1]:
            data = LearnPress(action="answer", lesson=LESSON, step=question.key, option=question.answer.key)
            await driver.press_data(data.pack(), screen)
    answer = await driver.press(say(language)("Finish"), screen)
    assert answer.text == say(language)("One question is still open.")
    assert screen.text.endswith(lesson.questions[1].screen.text)
    (attempt,) = await attempts(small_house, driver)
    assert attempt.finished_at is None
    await assert_sound(small_house)


async def test_a_lesson_taken_again_is_a_second_attempt_and_the_newer_result_is_shown(small_house: House) -> None:
    driver = small_house.phone(DRIVER)
    first = await take_lesson(driver, "en", right=False)
    assert "0 of 4" in first.text
    screen = await press(driver, "Go through it again", first)
    assert screen.text.endswith(COURSE.lesson(LESSON, "en").cards[0].screen.text)
    listed = await send(driver, "/learn")
    assert any(label.startswith("▶") for label in labels(listed))
    assert "4 of 4" in (await take_lesson(driver, "en")).text
    assert [attempt.right_answers for attempt in await attempts(small_house, driver)] == [0, 4]
    await assert_sound(small_house)


async def test_drivers_do_not_share_a_place(small_house: House) -> None:
    one, other = small_house.phone(DRIVER), small_house.phone(DRIVER + 50)
    await take_lesson(one, "en")
    screen = await open_lesson(other, "en")
    assert screen.text.endswith(COURSE.lesson(LESSON, "en").cards[0].screen.text)
    assert await answers(small_house, (await attempts(small_house, other))[0]) == {}


def test_every_press_and_every_message_of_all_lessons_is_within_telegrams_limits(language: str) -> None:
    for number in COURSE.numbers:
        lesson = COURSE.lesson(number, language)
        steps: list[Card | Question] = [*lesson.cards, *lesson.questions]
        for step in steps:
            packed = [LearnPress(action="step", lesson=number, step=step.key).pack()]
            assert units(step.screen.text) < 4000
            for option in step.options if isinstance(step, Question) else ():
                answer = LearnPress(action="answer", lesson=number, step=step.key, option=option.key)
                packed.append(answer.pack())
                explained = step.screen.text + option.text + option.why.text
                assert units(explained) < 3800
            assert max(len(data.encode()) for data in packed) <= 64


async def test_a_lesson_that_does_not_exist_leads_to_the_list(small_house: House) -> None:
    language = "ru"
    driver, _ = small_house.phone(DRIVER, language), say(language)
    screen = await send(driver, "/start")
    for data in ("learn:open:77::", "learn:step:77:four:", "learn:answer:-1:x:y", "learn:finish:0::"):
        await driver.press_data(data, screen)
        assert COURSE.lesson(LESSON, language).title in whole(screen)
    assert await attempts(small_house, driver) == []
    await assert_sound(small_house)
