"""The whole story on both databases, in all three languages: a driver learns, a passenger flags, a reviewer answers."""

from models.audit import AuditEntry
from models.behaviours import BEHAVIOURS
from models.course import Answer, Attempt
from models.flags import OUTCOME_NAMES, OUTCOMES_FOR_REPORTER, Flag, Outcome, Ride, State
from tests.e2e.walking import (
    COURSE,
    assert_sound,
    called,
    code_on,
    flag,
    labels,
    passenger,
    person,
    press,
    reviewer,
    say,
    send,
    stored,
    take_lesson,
    taps,
)
from tests.house import DRIVER, House


async def test_a_driver_a_passenger_and_a_reviewer_use_it_from_end_to_end(house: House, language: str) -> None:
    _ = say(language)
    driver, phone = house.phone(DRIVER, language), passenger(house, language)
    desk = await reviewer(house, language)

    result = await take_lesson(driver, language)
    (attempt,) = await stored(house, Attempt, person_id=(await person(house, driver)).id)
    questions = len(COURSE.lesson(1, language).questions)
    assert (attempt.right_answers, attempt.questions) == (questions, questions)
    assert len(await stored(house, Answer, attempt_id=attempt.id)) == questions
    assert _("Done. Your result is saved.") in result.text

    receipt = code_on(await flag(phone, _, "SX2", Ride.GOING_ON))
    assert taps(house, phone) <= 4
    assert receipt in labels(await send(phone, "/myreports"))[0]

    await called(desk, _)
    shown = await send(desk, "/queue")
    assert "№1" in labels(shown)
    shown = await send(desk, "/flag 1")
    assert _(BEHAVIOURS["SX2"].name) in shown.text
    await press(desk, _("Claim"), shown)
    await press(desk, _("Set the outcome"), shown)
    await press(desk, _(OUTCOME_NAMES[Outcome.RECORDED]), shown)
    await press(desk, _("What was told is enough to decide"), shown)

    await phone.until(lambda phone: phone.texts.count(_("There is news for you.")) == 2)
    told = await press(phone, _("Show"), phone.last)
    assert code_on(told) == receipt
    assert _(OUTCOMES_FOR_REPORTER[Outcome.RECORDED]) in told.text
    (closed,) = await stored(house, Flag)
    assert (closed.state, closed.outcome) == (State.CLOSED, Outcome.RECORDED)
    assert len(await stored(house, AuditEntry, flag_id=closed.id)) == 4
    await assert_sound(house)
