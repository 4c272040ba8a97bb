"""Figures: a driver's own progress, and the course as the team sees it, with nobody to be recognised."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from bot.sandbox import Message, Phone
from handlers.drawings import plots
from handlers.presses import StatsPress
from models.attitudes import Agreement
from models.audit import Action, AuditEntry
from models.certificates import Certificate
from models.cohorts import NAME_LENGTH, Cohort
from models.course import Answer
from models.course_figures import COHORTS
from models.exams import Exam, Sitting
from models.profiles import Gender
from models.regions import REGIONS
from models.reviews import ReviewItem, ReviewPlan
from models.team import Role
from tests.e2e.test_languages import english_left
from tests.e2e.walking import (
    COURSE,
    appoint,
    assert_sound,
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
from tests.house import DRIVER, OWNER, House
from tests.models.test_course_figures import BLAME, answers, attempts, drivers, sittings

LONG = "Ж<&" + "ы" * (NAME_LENGTH - 3)
HARD = COURSE.lesson(3, "en").questions[0]


def is_photo(message: Message) -> bool:
    return "photo" in message.raw


def written_on_pictures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written on the pictures that are drawn from now on, a line each."""
    lines: list[str] = []
    really = plots._write

    def write(axes: Any, x: float, y: float, text: str, *args: Any, **kwargs: Any) -> None:
        lines.append(text)
        really(axes, x, y, text, *args, **kwargs)

    monkeypatch.setattr(plots, "_write", write)
    return lines


async def photo(phone: Phone) -> None:
    """Wait until a picture has come."""
    await phone.until(lambda phone: any(map(is_photo, phone.messages)), timeout=20)


def page(name: str, value: str = "") -> str:
    return StatsPress(action=name, value=value).pack()


async def answer_something(house: House, who: int) -> None:
    """Finish the first lesson with one right answer."""
    now = house.clock()
    async with house.app.database.transaction() as session:
        [taken] = await attempts(session, [who], lesson=1, finished_at=now, right_answers=1, questions=1)
        session.add(Answer(attempt_id=taken, question="a", option="a", right=True, answered_at=now))


async def fill(house: House) -> None:
    """Twelve certified women of Kostanay whose blame went up, seven men of Almaty, and three who said nothing."""
    async with house.app.database.transaction() as session:
        rows = [
            {"code": f"{n:06}", "name": LONG, "organisation": "", "held_on": house.clock().date()}
            for n in range(COHORTS)
        ]
        await session.execute(insert(Cohort), [row | {"made_at": house.clock()} for row in rows])
        women = await drivers(session, 12, gender=Gender.WOMAN, region="KZ-39", cohorts=[COHORTS])
        await drivers(session, 7, gender=Gender.MAN, region="KZ-75", finished=COURSE.numbers)
        await drivers(session, 3)
        answered = await attempts(session, women, lesson=3)
        await answers(session, answered[:9], **{HARD.key: False})
        await answers(session, answered[9:], **{HARD.key: True})
        await sittings(session, women, Exam.PRE, right=5, given={BLAME[0]: Agreement.DISAGREE})
        passed = await sittings(session, women, Exam.FINAL, right=9, given={BLAME[0]: Agreement.RATHER_DISAGREE})
        certificates: list[dict[str, Any]] = [
            {"person_id": who, "sitting_id": sitting, "number": f"{sitting:010}"}
            for who, sitting in zip(women, passed, strict=True)
        ]
        now = house.clock()
        same = {"sealed_name": b"", "language": "kk", "issued_at": now, "expires_at": now + timedelta(days=365)}
        await session.execute(insert(Certificate), [each | same for each in certificates])


async def test_a_driver_sees_what_is_done_and_what_comes_back(
    house: House, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, _ = house.phone(DRIVER, language), say(language)
    screen = await send(phone, "/progress")
    assert _("lessons: {done} of {total}", done=0, total=len(COURSE.numbers)) in screen.text
    assert _("Certificate: not yet") in screen.text
    assert _("Plot") not in labels(screen)

    who, now = (await person(house, phone)).id, house.clock()
    async with house.app.database.transaction() as session:
        values = {"started_at": now, "finished_at": now, "right_answers": 7, "questions": 12, "passed": False}
        session.add(Sitting(person_id=who, exam=Exam.PRE, items=[], **values))
        at = now + timedelta(days=3)
        session.add(ReviewPlan(person_id=who, hour=10, next_at=at, days=4, done_that_day=0))
        for key, days in {"a": -1, "b": 1, "c": 2, "d": 30}.items():
            item = {"due_at": now + timedelta(days=days), "stability": 1.0, "difficulty": 5.0, "reviewed_at": now}
            session.add(ReviewItem(person_id=who, lesson=1, question=key, **item))
    await answer_something(house, who)
    screen = await send(phone, "/learn")
    await press(phone, _("My progress"), screen)
    assert _("lessons: {done} of {total}", done=1, total=len(COURSE.numbers)) in screen.text
    assert "7" in next(line for line in screen.text.split("\n") if line.startswith(_("Test before the course")))
    assert _("now: {now} · within 7 days: {soon} · later: {later}", now=1, soon=2, later=1) in screen.text
    written = written_on_pictures(monkeypatch)
    await press(phone, _("Plot"), screen)
    await photo(phone)
    assert {_("Your answers"), _("right: {n}", n=1), _("wrong: {n}", n=0)} < set(written)
    assert language == "en" or not english_left(language).search("\n".join(written))
    await assert_sound(house)


async def test_without_answers_there_is_nothing_to_draw_for_a_driver(small_house: House) -> None:
    phone, _ = small_house.phone(DRIVER), say("en")
    screen = await send(phone, "/start")
    await phone.press_data(page("mine"), screen)
    assert screen.text.startswith(_("My progress"))
    assert await small_house.app.sender.make("progress plot", await person(small_house, phone), {}) is None
    await assert_sound(small_house)


async def test_the_team_sees_how_far_people_came_and_nobody_alone(
    house: House, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, _ = await reviewer(house, language), say(language)
    await fill(house)
    screen = await send(desk, "/stats")
    await press(desk, _("Course"), screen)
    started, certified = _("Started"), _("Certified")
    assert f"{started}: 22\n{_('Finished all lessons')}: 7\n{certified}: 12" in screen.text
    mean = "+40.0" if language == "en" else "+40,0"
    assert mean in screen.text
    assert _("⚠ <b>Look closer:</b> blame went up.") in screen.text
    assert (await send(desk, "/stats course")).text == screen.text

    await press(desk, _("By gender"), screen)
    assert f"{_('women')}: 12 / 12\n{_('men')}: * / 0\n{_('did not say')}: * / 0" in screen.text
    await press(desk, _("By region"), screen)
    assert f"{_(REGIONS['KZ-75'])}: * / 0\n{_(REGIONS['KZ-39'])}: 12 / 12\n" in screen.text
    await press(desk, _("By cohort"), screen)
    assert screen.text.count(LONG) == COHORTS
    assert f"{_('Everybody else')}: 10 / 0" in screen.text
    await press(desk, _("Hardest questions"), screen)
    scenario = COURSE.lesson(3, language).questions[0].scenario.text
    (line,) = (line for line in screen.text.split("\n") if line.startswith(_("Lesson {number}", number=3)))
    assert line.split(": ", 1)[1][:20] == " ".join(scenario.split())[:20]
    assert line.endswith("25\N{NO-BREAK SPACE}%")
    who = (await person(house, desk)).id
    seen = await stored(house, AuditEntry, actor_id=who, action=Action.FIGURES)
    assert [entry.detail for entry in seen] == ["course"] * 6

    # The same in pictures.
    for name, labels_ in (
        ("all", ["Started", "Finished all lessons", "Certified"]),
        ("gender", ["women", "men", "did not say"]),
        ("region", [REGIONS["KZ-75"], REGIONS["KZ-39"]]),
    ):
        written = written_on_pictures(monkeypatch)
        assert await house.app.sender.make("course plot", await person(house, desk), {"page": name}) is not None
        assert set(map(_, labels_)) < set(written)
        assert language == "en" or not english_left(language).search("\n".join(written))
    await assert_sound(house)


async def test_figures_before_anybody_came_are_a_plain_screen(small_house: House) -> None:
    desk, _ = await reviewer(small_house), say("en")
    screen = await send(desk, "/stats course")
    assert f"{_('Started')}: 0" in screen.text
    for name in ("By cohort", "By region", "By gender", "Hardest questions", "All"):
        await press(desk, _(name), screen)
        assert f"✓ {_(name)}" in labels(screen)
    who = await person(small_house, desk)
    assert await small_house.app.sender.make("course plot", who, {"page": "hardest"}) is None
    assert await small_house.app.sender.make("course plot", who, {"page": "all"}) is not None
    await assert_sound(small_house)


@pytest.mark.menu
async def test_everybody_else_gets_the_answer_to_an_unknown_command(small_house: House) -> None:
    phone = passenger(small_house)
    nonsense = await send(phone, "/nonsense")
    for command in ("/stats", "/stats course"):
        answer = await send(phone, command)
        assert (answer.text, answer.buttons) == (nonsense.text, nonsense.buttons)
    menu = await send(phone, "/start")
    for data in (page("all"), page("hardest"), page("plot", "all"), page("begin")):
        assert await phone.press_data(data, menu) == await phone.press_data("nothing:at:all", menu)
    assert {entry.action for entry in await stored(small_house, AuditEntry)} == {Action.JOINED, Action.DENIED}
    assert {"command": "progress", "description": say("en")("my progress")} in phone.commands
    assert "stats" not in {each["command"] for each in phone.commands}


async def test_who_has_left_the_team_gets_no_figures_not_even_ordered_ones(small_house: House) -> None:
    desk, _ = small_house.phone(OWNER), say("en")
    await send(desk, "/start")
    await appoint(small_house, desk, Role.REVIEWER)
    screen = await send(desk, "/stats course")
    await press(desk, _("Plot"), screen)
    await photo(desk)
    who = await person(small_house, desk)
    assert len(await stored(small_house, AuditEntry, actor_id=who.id, action=Action.FIGURES)) == 2
    await appoint(small_house, desk, None)
    for data in [each for each in presses(screen) if each.startswith("stats:")]:
        answer = await desk.press_data(data, screen)
        assert answer.text == _("That button no longer works. Here is the menu.")
        assert _("Started") not in screen.text
    assert await small_house.app.sender.make("course plot", who, {"page": "all"}) is None
    await assert_sound(small_house)
