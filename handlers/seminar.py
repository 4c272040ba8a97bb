"""A seminar as its trainer leads it: choose a scenario, watch the votes come in, show the answer.

The trainer's message is live: it's edited as people vote, about once a second, until the answer is shown. A cohort
votes on one scenario at a time.
"""

from collections.abc import Mapping
from datetime import timedelta
from textwrap import shorten
from typing import Any

from aiogram import Router
from aiogram.methods import EditMessageText
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from handlers.cohort import show_cohorts
from handlers.lesson_screens import numbered
from handlers.making import Made, Workshop
from handlers.presses import Action, CohortPress, SeminarPress
from handlers.roles import Owns
from handlers.screens import PRIMARY, Method, Row, button, keyboard, progress, show, written
from handlers.texts import Texts
from handlers.visit import Visit
from handlers.voting import Screen, order_scene, question_of
from models.cohorts import Cohort, participants_of
from models.lessons import Question, Rich, join
from models.markup import bold
from models.people import Person
from models.seminars import Scene, counted, locked_scene, open_scene_of, voters
from models.team import Role, role_of

_NOWHERE = 0
"""In place of a message: that one shows something else by now."""
_FIRST_WORDS = 90


def router() -> Router:
    """Routes for trainers, who are owners."""
    router = Router(name="seminar")
    router.callback_query.filter(SeminarPress.filter(), Owns())
    router.callback_query.register(choose_lesson, Action("lessons"))
    router.callback_query.register(choose_question, Action("lesson"))
    router.callback_query.register(open_scene, Action("open"))
    router.callback_query.register(look, Action("look"))
    router.callback_query.register(show_answer, Action("answer"))
    return router


async def choose_lesson(query: CallbackQuery, callback_data: SeminarPress, visit: Visit) -> Method:
    """The lessons to take a scenario from, and the way back to one that is open."""
    _ = visit._
    cohort = await visit.session.get(Cohort, callback_data.row)
    if cohort is None:
        return await show_cohorts(query, visit)
    lessons = [visit.course.lesson(number, visit.person.language) for number in visit.course.numbers]
    rows: list[Row] = [
        [
            button(
                f"{lesson.number}. {lesson.title}",
                SeminarPress(action="lesson", row=cohort.id, lesson=lesson.number),
            )
        ]
        for lesson in lessons
    ]
    scene = await open_scene_of(visit.session, cohort.id)
    if scene is not None:
        rows.insert(0, [button(_("The current vote"), SeminarPress(action="look", row=scene.id), PRIMARY)])
    text = _(
        "<b>Seminar</b>\n\nChoose a scenario. It comes to everybody in the cohort at once, and they vote on their "
        "phones.\n\nFrom which lesson?"
    )
    return show(query, text, [*rows, [_to_cohort(cohort.id, _)]])


async def choose_question(query: CallbackQuery, callback_data: SeminarPress, visit: Visit) -> Method:
    """The scenarios of a lesson, by number and first words."""
    _ = visit._
    cohort = await visit.session.get(Cohort, callback_data.row)
    if cohort is None or callback_data.lesson not in visit.course.numbers:
        return await choose_lesson(query, callback_data, visit)
    lesson = visit.course.lesson(callback_data.lesson, visit.person.language)
    parts: list[Rich | str] = [bold(f"{lesson.number}. {lesson.title}")]
    numbers = []
    for number, question in enumerate(lesson.questions, 1):
        parts.append(f"\n\n{number}. {shorten(question.scenario.text, _FIRST_WORDS, placeholder='…')}")
        press = SeminarPress(action="open", row=cohort.id, lesson=lesson.number, question=question.key)
        numbers.append(button(str(number), press))
    parts += ["\n\n", _("A number opens the vote at once.")]
    back = button(_("« Back"), SeminarPress(action="lessons", row=cohort.id))
    return show(query, join(*parts), [numbers, [back, _to_cohort(cohort.id, _)]])


async def open_scene(query: CallbackQuery, callback_data: SeminarPress, visit: Visit) -> Method:
    """Open a scenario for the cohort in this message, and close the one before; a second tap opens nothing anew."""
    cohort = await visit.session.get(Cohort, callback_data.row, with_for_update=True)
    question = _lesson_question(callback_data, visit)
    if cohort is None or question is None or not isinstance(query.message, Message):
        return await choose_question(query, callback_data, visit)
    message_id = query.message.message_id
    before = await open_scene_of(visit.session, cohort.id)
    if before is not None and (before.lesson, before.question) == (question.lesson, question.key):
        return await look(query, SeminarPress(action="look", row=before.id), visit)
    scene = Scene(
        cohort_id=cohort.id,
        trainer_id=visit.person.id,
        lesson=question.lesson,
        question=question.key,
        message_id=message_id,
        opened_at=visit.now,
    )
    visit.session.add(scene)
    await visit.session.flush()
    if before is not None and (before := await locked_scene(visit.session, before.id)) is not None:
        if before.message_id == message_id:
            before.message_id = _NOWHERE
        await _close(before, visit)
        order_scene(scene, visit, timedelta())  # an edit of the one before may still be on its way to this message
    for person_id in await visit.session.scalars(participants_of(cohort.id)):
        _order("ballot", person_id, scene, visit)
    return show(query, *trainer_screen(scene, question, {}, visit._))


async def look(query: CallbackQuery, callback_data: SeminarPress, visit: Visit) -> Method:
    """Show a scene in this message, which from now on is the one that lives."""
    return await _show_scene(query, await locked_scene(visit.session, callback_data.row), visit)


async def show_answer(query: CallbackQuery, callback_data: SeminarPress, visit: Visit) -> Method:
    """Close the vote: the distribution, the right option and why; everybody who voted learns it too."""
    scene = await locked_scene(visit.session, callback_data.row)
    if scene is not None:
        await _close(scene, visit)
    return await _show_scene(query, scene, visit)


async def _close(scene: Scene, visit: Visit) -> None:
    """Take no more votes, and explain to those who voted; once."""
    if scene.closed_at is not None:
        return
    scene.closed_at = visit.now
    for person_id in await voters(visit.session, scene.id):
        _order("scene answer", person_id, scene, visit)
    order_scene(scene, visit, timedelta())  # an edit from before may still be on its way to the trainer's message


async def _show_scene(query: CallbackQuery, scene: Scene | None, visit: Visit) -> Method:
    question = question_of(scene, visit.course, visit.person) if scene is not None else None
    if scene is None or question is None:
        return await show_cohorts(query, visit)
    if isinstance(query.message, Message):
        if scene.trainer_id != visit.person.id:  # what waits is for the other trainer
            scene.trainer_id, scene.shown_votes = visit.person.id, 0
        scene.message_id = query.message.message_id
    return show(query, *trainer_screen(scene, question, await counted(visit.session, scene.id), visit._))


async def make_scene(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The trainer's message as the votes are at this moment; votes after it order the next one."""
    async with workshop.database.transaction() as session:
        scene = await locked_scene(session, values["scene"])
        if scene is None or scene.trainer_id != person.id or await role_of(session, person.id) is not Role.OWNER:
            return None
        votes = await counted(session, scene.id)
        scene.shown_votes = sum(votes.values())
    question = question_of(scene, workshop.course, person)
    if question is None or scene.message_id == _NOWHERE:
        return None
    text, rows = trainer_screen(scene, question, votes, workshop.texts[person.language])
    return Made(EditMessageText(chat_id=0, message_id=scene.message_id, reply_markup=keyboard(rows), **written(text)))


def trainer_screen(scene: Scene, question: Question, votes: Mapping[str, int], _: Texts) -> Screen:
    """The scenario with a bar for each option; once closed, the right one is marked and explained."""
    closed = scene.closed_at is not None
    total = sum(votes.get(option.key, 0) for option in question.options)
    parts: list[Rich | str] = [question.scenario]
    for option in question.options:
        number = votes.get(option.key, 0)
        percent = round(100 * number / total) if total else 0
        text = numbered(question, option)
        parts += ["\n\n", join("✓ ", bold(text)) if closed and option.right else text]
        parts.append(f"\n{progress(number, total)} {number} · {percent} %")
    parts += ["\n\n", _.n("{n} vote", "{n} votes", total)]
    if closed:
        parts += ["\n\n", question.answer.why]
        again = SeminarPress(action="lesson", row=scene.cohort_id, lesson=scene.lesson)
        rows: list[Row] = [[button(_("Next scenario"), again, PRIMARY)], [_to_cohort(scene.cohort_id, _)]]
    else:
        reveal = button(_("Show the answer"), SeminarPress(action="answer", row=scene.id), PRIMARY)
        rows = [[reveal], [_to_cohort(scene.cohort_id, _, beside=True)]]
    return join(*parts), rows


def _lesson_question(press: SeminarPress, visit: Visit) -> Question | None:
    if press.lesson not in visit.course.numbers:
        return None
    lesson = visit.course.lesson(press.lesson, visit.person.language)
    return next((question for question in lesson.questions if question.key == press.question), None)


def _order(name: str, person_id: int, scene: Scene, visit: Visit) -> None:
    values = {"scene": scene.id}
    visit.order(name, values, person_id=person_id)


def _to_cohort(cohort_id: int, _: Texts, *, beside: bool = False) -> InlineKeyboardButton:
    """The way to the cohort; beside a message that goes on living, not in its place."""
    return button(_("« Cohort"), CohortPress(action="beside" if beside else "open", cohort=cohort_id))
