"""Lessons: cards, then questions whose every option is explained, then the result.

The place in a lesson is stored with each press, so a driver goes on where they left. The first answer to a
question counts; pressing again only shows its explanation again.
"""

from aiogram import Router
from aiogram.filters import Command
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery

from handlers.home import back_home
from handlers.presses import Action, HomePress, LearnPress
from handlers.screens import PRIMARY, SUCCESS, Event, Method, Row, button, progress, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.course import Answer, Attempt, answers_of, last_finished
from models.lessons import Card, Course, Lesson, Question, Rich, join
from models.markup import bold
from models.people import Person


def router() -> Router:
    """Routes for the lessons."""
    router = Router(name="learn")
    router.message.register(show_lessons, Command("learn"))
    router.callback_query.filter(LearnPress.filter())
    router.callback_query.register(show_step, Action("step"))
    router.callback_query.register(answer, Action("answer"))
    router.callback_query.register(open_lesson, Action("open", "again"))
    router.callback_query.register(finish, Action("finish"))
    router.callback_query.register(show_lessons, Action("list"))
    return router


async def show_lessons(event: Event, visit: Visit) -> Method:
    """All lessons, with what is done of each."""
    _ = visit._
    await visit.state.clear()
    finished = await last_finished(visit.session, visit.person.id)
    opened = {attempt.lesson for attempt in visit.person.attempts if attempt.finished_at is None}
    following = next((number for number in visit.course.numbers if number not in finished), None)
    rows: list[Row] = []
    for number in visit.course.numbers:
        lesson = visit.course.lesson(number, visit.person.language)
        mark = "▶ " if number in opened else "✓ " if number in finished else ""
        style = PRIMARY if number == following else None
        rows.append([button(f"{mark}{number}. {lesson.title}", LearnPress(action="open", lesson=number), style)])
    text = _(
        "<b>Lessons for drivers</b>\n\nThree minutes each: a few cards, then questions from everyday rides. "
        "You can stop at any point and go on later.\n\nPlease read when you are parked."
    )
    return show(event, text, [*rows, back_home(_)])


async def open_lesson(query: CallbackQuery, callback_data: LearnPress, visit: Visit) -> Method:
    """Go on where the person left, or begin; a finished lesson is begun again only when asked to."""
    _ = visit._
    lesson = _lesson(visit.course, callback_data, visit.person)
    if lesson is None:
        return await show_lessons(query, visit)
    attempt = _open_attempt(visit.person, lesson)
    if attempt is None:
        finished = (await last_finished(visit.session, visit.person.id)).get(lesson.number)
        if finished is not None and callback_data.action != "again":
            return show(query, _result(lesson, finished, _), _result_rows(lesson, _))
        attempt = Attempt(lesson=lesson.number, version=lesson.version, place=lesson.cards[0].key, started_at=visit.now)
        visit.person.attempts.append(attempt)
    return _step_screen(query, lesson, attempt.place, _)


async def show_step(query: CallbackQuery, callback_data: LearnPress, visit: Visit) -> Method:
    """Show a card or question and remember it as the place."""
    _ = visit._
    lesson = _lesson(visit.course, callback_data, visit.person)
    attempt = _open_attempt(visit.person, lesson) if lesson is not None else None
    if lesson is None or attempt is None or callback_data.step not in _steps(lesson):
        return await open_lesson(query, callback_data, visit)
    attempt.place = callback_data.step
    return _step_screen(query, lesson, attempt.place, _)


async def answer(query: CallbackQuery, callback_data: LearnPress, visit: Visit) -> Method:
    """Store the first answer to a question, and explain the option that was pressed."""
    _ = visit._
    lesson = _lesson(visit.course, callback_data, visit.person)
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
    verdict = _("✓ Yes, that's it.") if option.right else _("Not quite. It's a common thought, so let's look closer.")
    chosen = f"{question.options.index(option) + 1}. {option.text}"
    text = join(question.scenario, "\n\n", bold(chosen), "\n\n", verdict, "\n\n", option.why)
    return show(query, _headed(lesson, question.key, text, _), _after_answer(lesson, question, option.right, _))


async def finish(query: CallbackQuery, callback_data: LearnPress, visit: Visit) -> list[Method] | Method:
    """Store the result once every question is answered; else go to the first that isn't."""
    _ = visit._
    lesson = _lesson(visit.course, callback_data, visit.person)
    attempt = _open_attempt(visit.person, lesson) if lesson is not None else None
    if lesson is None or attempt is None:
        return await open_lesson(query, callback_data, visit)
    await visit.session.flush()
    answers = await answers_of(visit.session, attempt)
    for question in lesson.questions:
        if question.key not in answers:
            attempt.place = question.key
            note = AnswerCallbackQuery(callback_query_id=query.id, text=_("One question is still open."))
            return [_step_screen(query, lesson, question.key, _), note]
    attempt.questions = len(lesson.questions)
    attempt.right_answers = sum(answers[question.key].right for question in lesson.questions)
    attempt.finished_at = visit.now
    return show(query, _result(lesson, attempt, _), _result_rows(lesson, _))


def _lesson(course: Course, press: LearnPress, person: Person) -> Lesson | None:
    return course.lesson(press.lesson, person.language) if press.lesson in course.numbers else None


def _open_attempt(person: Person, lesson: Lesson) -> Attempt | None:
    return next((a for a in person.attempts if a.lesson == lesson.number and a.finished_at is None), None)


def _steps(lesson: Lesson) -> list[str]:
    return [*(card.key for card in lesson.cards), *(question.key for question in lesson.questions)]


def _step_screen(query: CallbackQuery, lesson: Lesson, place: str, _: Texts) -> Method:
    """The card or question at a place; a place that a newer text no longer has is the first card."""
    all_steps: list[Card | Question] = [*lesson.cards, *lesson.questions]
    step = next((step for step in all_steps if step.key == place), lesson.cards[0])
    steps = _steps(lesson)
    at = steps.index(step.key)
    rows: list[Row] = []
    if isinstance(step, Question):
        rows.append(
            [
                button(
                    str(number),
                    LearnPress(action="answer", lesson=lesson.number, step=step.key, option=option.key),
                )
                for number, option in enumerate(step.options, 1)
            ]
        )
    else:
        rows.append([button(_("Next »"), _to(lesson, steps[at + 1]), PRIMARY)])
    back = button(_("« Back"), _to(lesson, steps[at - 1])) if at else button(_("« Lessons"), LearnPress(action="list"))
    rows.append([back, button(_("Menu"), HomePress(action="start"))])
    return show(query, _headed(lesson, step.key, step.screen, _), rows)


def _to(lesson: Lesson, step: str) -> LearnPress:
    return LearnPress(action="step", lesson=lesson.number, step=step)


def _headed(lesson: Lesson, place: str, text: Rich, _: Texts) -> Rich:
    """The text under a line that says how far one is and how many minutes are left."""
    steps = _steps(lesson)
    at = steps.index(place) + 1
    minutes = max(1, round(lesson.minutes * (len(steps) - at + 1) / len(steps)))
    left = _.n("{n} minute left", "{n} minutes left", minutes)
    return join(f"{progress(at, len(steps))}  {at}/{len(steps)} · {left}\n\n", text)


def _after_answer(lesson: Lesson, question: Question, right: bool, _: Texts) -> list[Row]:
    at = lesson.questions.index(question)
    if at + 1 < len(lesson.questions):
        onwards = button(_("Next »"), _to(lesson, lesson.questions[at + 1].key), PRIMARY)
    else:
        onwards = button(_("Finish"), LearnPress(action="finish", lesson=lesson.number), SUCCESS)
    again = [] if right else [button(_("Look at the question again"), _to(lesson, question.key))]
    return [[onwards], again, [button(_("Menu"), HomePress(action="start"))]]


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


def _result_rows(lesson: Lesson, _: Texts) -> list[Row]:
    again = button(_("Go through it again"), LearnPress(action="again", lesson=lesson.number))
    return [
        [again],
        [button(_("« Lessons"), LearnPress(action="list")), button(_("Menu"), HomePress(action="start"))],
    ]
