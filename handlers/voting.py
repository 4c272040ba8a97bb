"""A seminar on the phones of those in the room: a scenario comes, one votes, and afterwards learns why.

Only who came by the cohort's code may vote, once each; the vote may be changed until the trainer shows the answer.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers.fallback import dead_press
from handlers.home import back_home
from handlers.lesson_screens import numbered
from handlers.making import Made, Workshop
from handlers.presses import Action, LearnPress, SeminarPress
from handlers.screens import Event, Method, Row, button, keyboard, show, show_anew, written
from handlers.texts import Texts
from handlers.visit import Visit
from models.cohorts import is_in
from models.lessons import Course, Question, Rich, join
from models.markup import bold
from models.outbox import Priority
from models.people import Person
from models.seminars import Scene, locked_scene, open_scene_of, vote, vote_of

PACE = timedelta(seconds=1)
"""How long votes are gathered before the trainer's message is made anew."""
Screen = tuple[Rich, list[Row]]


def router() -> Router:
    """Routes for everybody in the room."""
    router = Router(name="voting")
    router.callback_query.filter(SeminarPress.filter(), Action("vote"))
    router.callback_query.register(cast)
    return router


async def cast(query: CallbackQuery, callback_data: SeminarPress, visit: Visit) -> Method | list[Method]:
    """Keep the vote and show it; order the trainer's message anew, unless that is on its way already."""
    scene = await locked_scene(visit.session, callback_data.row)
    if scene is None or not await is_in(visit.session, scene.cohort_id, visit.person.id):
        return await dead_press(query, visit)
    question = question_of(scene, visit.course, visit.person)
    if question is None:
        return await dead_press(query, visit)
    known = callback_data.option in {option.key for option in question.options}
    if known and await vote(visit.session, scene, visit.person.id, callback_data.option, visit.now):
        order_scene(scene, visit, PACE)
    return show(query, *await _phone_screen(scene, question, visit))


async def ballot_beside(event: Event, cohort_id: int, visit: Visit) -> list[Method]:
    """What the cohort votes on now, in a message of its own, for somebody who has just come in."""
    scene = await open_scene_of(visit.session, cohort_id)
    question = question_of(scene, visit.course, visit.person) if scene is not None else None
    if scene is None or question is None:
        return []
    return [show_anew(event, *await _phone_screen(scene, question, visit))]


async def make_ballot(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The scenario to vote on; nothing once it's closed, or for who has voted in another message already."""
    async with workshop.database.reading() as session:
        scene = await session.get(Scene, values["scene"])
        if scene is None or scene.closed_at is not None or await vote_of(session, scene.id, person.id) is not None:
            return None
    question = question_of(scene, workshop.course, person)
    return _made(ballot(scene, question, None, workshop.texts[person.language])) if question is not None else None


async def make_answer(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """Why the right option is right, for somebody who voted."""
    async with workshop.database.reading() as session:
        scene = await session.get(Scene, values["scene"])
        own = await vote_of(session, values["scene"], person.id)
    question = question_of(scene, workshop.course, person) if scene is not None else None
    return _made(answer(question, own, workshop.texts[person.language])) if question is not None else None


def _made(screen: Screen) -> Made:
    text, rows = screen
    return Made(SendMessage(chat_id=0, reply_markup=keyboard(rows), **written(text)))


def order_scene(scene: Scene, visit: Visit, wait: timedelta) -> None:
    """Order the trainer's message anew, unless an order waits already."""
    if scene.fall_behind():
        visit.order(
            "scene", {"scene": scene.id}, priority=Priority.ALERT, due_at=visit.now + wait, person_id=scene.trainer_id
        )


def question_of(scene: Scene, course: Course, person: Person) -> Question | None:
    """What a scene asks, in the person's language; None if the course doesn't have it any more."""
    return course.question(scene.lesson, scene.question, person.language)


async def _phone_screen(scene: Scene, question: Question, visit: Visit) -> Screen:
    own = await vote_of(visit.session, scene.id, visit.person.id)
    if scene.closed_at is None:
        return ballot(scene, question, own, visit._)
    text, rows = answer(question, own, visit._)
    return join(visit._("This vote is closed. Here is the answer:"), "\n\n", text), rows


def ballot(scene: Scene, question: Question, own: str | None, _: Texts) -> Screen:
    """The scenario with a button for each option, and what the person has chosen."""
    parts: list[Rich | str] = [bold(_("Everybody votes")), "\n\n", question.screen, "\n\n"]
    buttons = []
    for number, option in enumerate(question.options, 1):
        mark = ""
        if option.key == own:
            mark = "✓ "
            parts += [_("Your vote:"), " ", bold(str(number)), ". "]
        press = SeminarPress(action="vote", row=scene.id, option=option.key)
        buttons.append(button(f"{mark}{number}", press))
    parts.append(
        _("You can change it until the trainer shows the answer.") if own else _("Your vote is seen as a count only.")
    )
    return join(*parts), [buttons]


def answer(question: Question, own: str | None, _: Texts) -> Screen:
    """The right option and why; and why not, for who chose another."""
    parts: list[Rich | str] = [question.scenario, "\n\n✓ ", bold(numbered(question, question.answer))]
    parts += ["\n\n", question.answer.why]
    chosen = next((option for option in question.options if option.key == own and not option.right), None)
    if chosen is not None:
        parts += ["\n\n", _("Your vote:"), " ", bold(numbered(question, chosen)), "\n\n", chosen.why]
    lessons = [button(_("Lessons for drivers"), LearnPress(action="list")), *back_home(_)]
    return join(*parts), [lessons]
