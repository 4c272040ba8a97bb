"""The lessons: they open in order; cards, then questions whose every option is explained, then the result.

The place in a lesson is stored with each press, so a driver goes on where they left. The first answer to a
question counts; pressing again only shows its explanation again. Text comes first; one picture follows it.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

from aiogram import Router
from aiogram.methods import AnswerCallbackQuery, SendPhoto
from aiogram.types import BufferedInputFile, CallbackQuery

from handlers.commands import Command
from handlers.drawings.pictures import picture
from handlers.home import back_home
from handlers.lesson_screens import Presses, answer_screen, step_screen, steps_of
from handlers.making import Made, Workshop
from handlers.policy import policy_screen
from handlers.presses import (
    Action,
    CertificatePress,
    DailyPress,
    DrivingPress,
    ExamPress,
    HomePress,
    LearnPress,
    PolicyPress,
    StatsPress,
)
from handlers.remedy import lesson_done
from handlers.screens import PRIMARY, Event, Method, Row, button, progress, show, show_anew
from handlers.texts import Texts
from handlers.visit import Visit
from models.course import Answer, Attempt, answers_of
from models.exams import Exam
from models.lessons import Lesson
from models.path import Path, path_of
from models.people import Person
from models.policies import has_accepted
from models.remedies import opens_lesson
from models.reviews import due_items, plan_of, remember, set_next
from models.uploads import file_id_of


def router() -> Router:
    """Routes for the lessons."""
    router = Router(name="learn")
    router.message.register(show_lessons, Command("learn"))
    router.callback_query.filter(LearnPress.filter())
    router.callback_query.register(show_step, Action("step", "look"))
    router.callback_query.register(answer, Action("answer"))
    router.callback_query.register(open_lesson, Action("open", "again", "straight"))
    router.callback_query.register(finish, Action("finish"))
    router.callback_query.register(show_lessons, Action("list"))
    return router


async def show_lessons(event: Event, visit: Visit) -> Method:
    """The path: what is done, what comes next, what opens later; then tests, certificate and daily questions."""
    _ = visit._
    await visit.state.clear()
    path = await path_of(visit.session, visit.person.id, visit.course.numbers)
    opened = {attempt.lesson for attempt in visit.person.attempts if attempt.finished_at is None}
    lessons = [visit.course.lesson(number, visit.person.language) for number in visit.course.numbers]
    rows: list[Row] = []
    for lesson in lessons:
        number = lesson.number
        mark = "▶ " if number in opened else "✓ " if number in path.finished else "" if path.is_open(number) else "🔒 "
        style = PRIMARY if number == path.next else None
        rows.append([button(f"{mark}{number}. {lesson.title}", LearnPress(action="open", lesson=number), style)])
    if path.may_measure_before:
        rows.insert(0, [button(_("A short test before the course"), ExamPress(action="offer", exam=Exam.PRE))])
    if path.passed(Exam.FINAL) is not None:
        rows.append([button(_("My certificate"), CertificatePress(action="show"))])
    elif path.complete:
        rows.append([button(_("The final test"), ExamPress(action="offer", exam=Exam.FINAL), PRIMARY)])
    due = await due_items(visit.session, visit.person.id, visit.now)
    if due and path.finished:
        rows.append([button(_("Questions that come back"), DailyPress(action="begin"))])
    done, minutes = len(path.finished), sum(lesson.minutes for lesson in lessons if lesson.number not in path.finished)
    text = _(
        "<b>Lessons for drivers</b>\n\nThree minutes each: a few cards, then questions from everyday rides. "
        "You can stop at any point and go on later.\n\nPlease read when you are parked."
    )
    text += f"\n\n{progress(done, len(lessons), 12)}  {done}/{len(lessons)}"
    if minutes:
        text += " · " + _.n("{n} minute left", "{n} minutes left", minutes)
    own = button(_("My progress"), StatsPress(action="progress"))
    policy = button(_("Our policy"), PolicyPress(action="read"))
    driving = button(_("The car I drive"), DrivingPress(action="list"))
    return show(event, text, [*rows, [own, policy], [driving], back_home(_)])


async def open_lesson(query: CallbackQuery, callback_data: LearnPress, visit: Visit) -> Method | list[Method]:
    """Go on where the person left, or begin; a finished lesson is begun again only when asked to."""
    return await go_to_lesson(query, callback_data.lesson, visit, callback_data.action)


async def go_to_lesson(query: CallbackQuery, number: int, visit: Visit, action: str = "open") -> Method | list[Method]:
    """Open a lesson, past what has to be done before it: earlier lessons, the test before the course, the policy.

    What the team gave to a driver is open to them wherever they stand.

    `action` is "again" to begin a finished lesson anew, "straight" to pass over the test before the course.
    """
    _ = visit._
    lesson = _lesson(visit, number)
    if lesson is None:
        return await show_lessons(query, visit)
    attempt = _open_attempt(visit.person, lesson)
    if attempt is not None:
        return await _show_place(query, lesson, attempt, visit)
    path = await path_of(visit.session, visit.person.id, visit.course.numbers)
    given = not path.is_open(number) and await opens_lesson(visit.session, visit.person.id, number)
    if not path.is_open(number) and not given:
        note = _("This lesson opens after lesson {number}.", number=path.next)
        return [await show_lessons(query, visit), AnswerCallbackQuery(callback_query_id=query.id, text=note)]
    if number in path.finished and action != "again":
        return show(query, _result(lesson, path.finished[number], _), await _result_rows(lesson, path, visit))
    if path.may_measure_before and action != "straight" and not given:
        return _offer_measuring(query, number, _)
    first = number == visit.course.numbers[0]
    policy = visit.course.policy(visit.person.language)
    if not first and not await has_accepted(visit.session, visit.person.id, policy.version):
        return policy_screen(query, policy, number, _)
    attempt = Attempt(lesson=number, version=lesson.version, place=lesson.cards[0].key, started_at=visit.now)
    visit.person.attempts.append(attempt)
    screen = step_screen(lesson, attempt.place, _presses(lesson, _), _)
    if number in path.finished:
        return show(query, *screen)
    visit.order("picture", {"lesson": number})
    # A message of its own, so that the picture comes to stand below it and not below an old list.
    return show_anew(query, *screen)


async def show_step(query: CallbackQuery, callback_data: LearnPress, visit: Visit) -> Method | list[Method]:
    """Show a card or question and remember it as the place."""
    _ = visit._
    lesson = _lesson(visit, callback_data.lesson)
    attempt = _open_attempt(visit.person, lesson) if lesson is not None else None
    if lesson is None or attempt is None or callback_data.step not in steps_of(lesson):
        return await open_lesson(query, callback_data, visit)
    attempt.place = callback_data.step
    if callback_data.action == "look":
        return show(query, *step_screen(lesson, attempt.place, _presses(lesson, _), _))
    return await _show_place(query, lesson, attempt, visit)


async def answer(query: CallbackQuery, callback_data: LearnPress, visit: Visit) -> Method | list[Method]:
    """Store the first answer to a question, and explain the option that was pressed."""
    lesson = _lesson(visit, callback_data.lesson)
    attempt = _open_attempt(visit.person, lesson) if lesson is not None else None
    question = next((q for q in lesson.questions if q.key == callback_data.step), None) if lesson else None
    option = next((o for o in question.options if o.key == callback_data.option), None) if question else None
    if lesson is None or attempt is None or question is None or option is None:
        return await open_lesson(query, callback_data, visit)
    await visit.session.flush()
    if await visit.session.get(Answer, (attempt.id, question.key)) is None:
        visit.session.add(
            Answer(
                attempt_id=attempt.id,
                question=question.key,
                option=option.key,
                right=option.right,
                answered_at=visit.now,
            )
        )
    attempt.place = question.key
    return show(query, *answer_screen(lesson, question, option, _presses(lesson, visit._), visit._))


async def finish(query: CallbackQuery, callback_data: LearnPress, visit: Visit) -> list[Method] | Method:
    """Store the result once every question is answered; else go to the first that isn't."""
    _ = visit._
    lesson = _lesson(visit, callback_data.lesson)
    attempt = _open_attempt(visit.person, lesson) if lesson is not None else None
    if lesson is None or attempt is None:
        return await open_lesson(query, callback_data, visit)
    await visit.session.flush()
    answers = await answers_of(visit.session, attempt)
    for question in lesson.questions:
        if question.key not in answers:
            attempt.place = question.key
            note = AnswerCallbackQuery(callback_query_id=query.id, text=_("One question is still open."))
            return [await _show_place(query, lesson, attempt, visit), note]
    attempt.questions = len(lesson.questions)
    attempt.right_answers = sum(answers[question.key].right for question in lesson.questions)
    attempt.finished_at = visit.now
    await lesson_done(attempt, visit)
    answered = [(lesson.number, question.key, answers[question.key].right) for question in lesson.questions]
    await remember(visit.session, visit.person.id, answered, visit.now)
    await visit.session.flush()
    await set_next(visit.session, await plan_of(visit.session, visit.person.id), visit.now)
    path = await path_of(visit.session, visit.person.id, visit.course.numbers)
    return show(query, _result(lesson, attempt, _), await _result_rows(lesson, path, visit))


async def make_picture(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The picture of a lesson, without a sound; uploaded once and then sent by its file id."""
    number = values["lesson"]
    if number not in workshop.course.numbers:
        return None
    drawing: File = workshop.course.picture(number)
    content = await workshop.aside(drawing.read_bytes)
    name = f"{workshop.bot_id} lesson {number} {hashlib.sha256(content).hexdigest()[:12]}"
    async with workshop.database.reading() as session:
        known = await file_id_of(session, name)
    photo = known or BufferedInputFile(await workshop.aside(picture, drawing), f"{drawing.stem}.png")
    caption = workshop.course.lesson(number, person.language).title
    method = SendPhoto(chat_id=0, photo=photo, caption=caption, parse_mode=None, disable_notification=True)
    return Made(method, keep=None if known else name)


async def _show_place(query: CallbackQuery, lesson: Lesson, attempt: Attempt, visit: Visit) -> Method:
    """Where the person is: a question that was answered stands there with its explanation."""
    presses = _presses(lesson, visit._)
    question = next((q for q in lesson.questions if q.key == attempt.place), None)
    if question is not None:
        await visit.session.flush()
        given = await visit.session.get(Answer, (attempt.id, question.key))
        option = next((o for o in question.options if given is not None and o.key == given.option), None)
        if option is not None:
            return show(query, *answer_screen(lesson, question, option, presses, visit._))
    return show(query, *step_screen(lesson, attempt.place, presses, visit._))


def _lesson(visit: Visit, number: int) -> Lesson | None:
    return visit.course.lesson(number, visit.person.language) if number in visit.course.numbers else None


def _open_attempt(person: Person, lesson: Lesson) -> Attempt | None:
    return next((a for a in person.attempts if a.lesson == lesson.number and a.finished_at is None), None)


def _presses(lesson: Lesson, _: Texts) -> Presses:
    number = lesson.number
    return Presses(
        step=lambda step: LearnPress(action="step", lesson=number, step=step),
        look=lambda step: LearnPress(action="look", lesson=number, step=step),
        answer=lambda step, option: LearnPress(action="answer", lesson=number, step=step, option=option),
        finish=LearnPress(action="finish", lesson=number),
        leave=[button(_("« Lessons"), LearnPress(action="list"))],
        menu=[button(_("Menu"), HomePress(action="start"))],
    )


def _offer_measuring(query: CallbackQuery, lesson: int, _: Texts) -> Method:
    text = _(
        "<b>Before the first lesson</b>\n\nA short test shows you afterwards what the course has given you. "
        "About five minutes; nobody grades it."
    )
    rows: list[Row] = [
        [button(_("Begin the test"), ExamPress(action="begin", exam=Exam.PRE), PRIMARY)],
        [button(_("Straight to the lesson"), LearnPress(action="straight", lesson=lesson))],
        back_home(_),
    ]
    return show(query, text, rows)


def _result(lesson: Lesson, attempt: Attempt, _: Texts) -> str:
    score = _.n(
        "Right on the first try: {right} of {n} question.",
        "Right on the first try: {right} of {n} questions.",
        attempt.questions or 0,
        right=attempt.right_answers or 0,
    )
    text = _("<b>Lesson {number}: {title}</b>", number=lesson.number, title=lesson.title)
    text += "\n\n" + _("Done. Your result is saved.") + "\n" + score
    return text + "\n\n" + _("What you take with you: {objective}", objective=lesson.objective)


async def _result_rows(lesson: Lesson, path: Path, visit: Visit) -> list[Row]:
    _ = visit._
    rows: list[Row] = []
    if path.next is not None:
        onwards = LearnPress(action="open", lesson=path.next)
        rows.append([button(_("Next lesson »"), onwards, PRIMARY)])
    elif path.passed(Exam.FINAL) is None:
        rows.append([button(_("The final test"), ExamPress(action="offer", exam=Exam.FINAL), PRIMARY)])
    if (await plan_of(visit.session, visit.person.id)).hour is None:
        rows.append([button(_("Bring questions back to me"), DailyPress(action="hours"))])
    rows.append([button(_("Go through it again"), LearnPress(action="again", lesson=lesson.number))])
    rows.append([button(_("« Lessons"), LearnPress(action="list")), button(_("Menu"), HomePress(action="start"))])
    return rows
