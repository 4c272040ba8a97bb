"""An author tries a lesson: an owner sends its file to the bot, and sees it as a driver would.

Nothing of a trial is counted, and nobody else sees it. The file is fetched and read when the answer is delivered,
because fetching takes as long as it takes.
"""

from collections.abc import Mapping
from typing import Any

from aiogram import Router
from aiogram.filters import Filter
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery, Message

from handlers.home import back_home
from handlers.lesson_screens import Presses, answer_screen, step_screen, steps_of
from handlers.making import Made, OutOfReach, Workshop
from handlers.presses import Action, HomePress, TrialPress
from handlers.screens import Method, button, keyboard, show, written
from handlers.texts import Texts
from handlers.visit import Visit
from models.lessons import Lesson, try_lesson
from models.outbox import Priority
from models.people import Language, Person
from models.team import Role, role_of
from models.trials import keep_trial, trial_of

LARGEST_FILE = 64 * 1024
"""Bytes; ten times an ordinary lesson."""
FAULTS_SHOWN = 20


class OwnersLesson(Filter):
    """A Markdown file from an owner. From anybody else it's a file like any other."""

    async def __call__(self, message: Message, visit: Visit) -> bool:
        """Look at the name, then ask the database for the role."""
        if message.document is None or not (message.document.file_name or "").lower().endswith(".md"):
            return False
        return await role_of(visit.session, visit.person.id) is Role.OWNER


def router() -> Router:
    """Routes for trying lessons."""
    router = Router(name="trial")
    router.message.register(receive, OwnersLesson())
    router.callback_query.filter(TrialPress.filter())
    router.callback_query.register(show_step, Action("step", "look"))
    router.callback_query.register(answer, Action("answer"))
    router.callback_query.register(finish, Action("finish"))
    return router


async def receive(message: Message, visit: Visit) -> Method | None:
    """Order the file to be read. Its caption may name the language; else it's read in the author's."""
    _ = visit._
    document = message.document
    assert document is not None
    if (document.file_size or 0) > LARGEST_FILE:
        return show(message, _("A lesson has at most 64 KB; this file is larger."), [back_home(_)])
    language = Language.of((message.caption or "").strip(), visit.person.language)
    values = {"file": document.file_id, "name": (document.file_name or "")[:80], "language": language}
    visit.order("trial", values, priority=Priority.RECEIPT)
    return None


async def make_trial(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made:
    """Read the lesson: its first card, or everything that is wrong with it."""
    _ = workshop.texts[person.language]
    language = Language(values["language"])
    try:
        text = (await workshop.download(values["file"])).decode("utf-8-sig")
    except OutOfReach:
        return _message(_("Telegram does not give this file out any more. Please send it again."), _)
    except UnicodeDecodeError:
        return _message(_("This file isn't text in UTF-8."), _)
    read = await workshop.aside(try_lesson, text, values["name"], language)
    if not isinstance(read, Lesson):
        faults = "\n".join(str(fault) for fault in read[:FAULTS_SHOWN])
        head = _.n("{n} fault in this lesson:", "{n} faults in this lesson:", len(read))
        return _message(f"{head}\n\n{faults}"[:4000], _)
    async with workshop.database.transaction() as session:
        await keep_trial(session, workshop.vault, person.id, values["name"], language, text, workshop.now)
    content, rows = step_screen(read, read.cards[0].key, _presses(_), _)
    return Made(SendMessage(chat_id=0, reply_markup=keyboard(rows), **written(content)))


async def show_step(query: CallbackQuery, callback_data: TrialPress, visit: Visit) -> Method:
    """Show a card or question of the trial."""
    lesson = await _lesson(visit)
    if lesson is None or callback_data.step not in steps_of(lesson):
        return _gone(query, visit._)
    return show(query, *step_screen(lesson, callback_data.step, _presses(visit._), visit._))


async def answer(query: CallbackQuery, callback_data: TrialPress, visit: Visit) -> Method:
    """Explain the option that was pressed; nothing is stored."""
    lesson = await _lesson(visit)
    question = next((q for q in lesson.questions if q.key == callback_data.step), None) if lesson else None
    option = next((o for o in question.options if o.key == callback_data.option), None) if question else None
    if lesson is None or question is None or option is None:
        return _gone(query, visit._)
    return show(query, *answer_screen(lesson, question, option, _presses(visit._), visit._))


async def finish(query: CallbackQuery, visit: Visit) -> Method:
    """The end of the trial."""
    _ = visit._
    return show(query, _("That was the whole lesson. It was a trial: your answers are not stored."), [back_home(_)])


async def _lesson(visit: Visit) -> Lesson | None:
    trial = await trial_of(visit.session, visit.vault, visit.person.id)
    if trial is None or await role_of(visit.session, visit.person.id) is not Role.OWNER:
        return None
    name, language, text = trial
    read = try_lesson(text, name, language)
    return read if isinstance(read, Lesson) else None


def _gone(query: CallbackQuery, _: Texts) -> Method:
    return show(query, _("This trial is over. Send the file again to try it again."), [back_home(_)])


def _message(text: str, _: Texts) -> Made:
    return Made(SendMessage(chat_id=0, text=text, parse_mode=None, reply_markup=keyboard([back_home(_)])))


def _presses(_: Texts) -> Presses:
    return Presses(
        step=lambda step: TrialPress(action="step", step=step),
        look=lambda step: TrialPress(action="look", step=step),
        answer=lambda step, option: TrialPress(action="answer", step=step, option=option),
        finish=TrialPress(action="finish"),
        leave=[],
        menu=[button(_("Menu"), HomePress(action="start"))],
    )
