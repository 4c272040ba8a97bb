"""The questions that come back: a few a day, at an hour that the driver chose, never at night."""

from collections.abc import Mapping
from typing import Any

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers.home import back_home
from handlers.lesson_screens import explained, number_buttons
from handlers.making import Made, Workshop
from handlers.presses import Action, DailyPress, LearnPress
from handlers.screens import PRIMARY, Method, Row, button, keyboard, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.lessons import Question, join
from models.people import Person
from models.quiet import HOURS, local_day
from models.reviews import (
    PAUSE,
    ReviewItem,
    ReviewPlan,
    answer_due,
    choose_hour,
    due_items,
    plan_of,
    set_next,
)


def router() -> Router:
    """Routes for the daily questions."""
    router = Router(name="daily")
    router.callback_query.filter(DailyPress.filter())
    router.callback_query.register(begin, Action("begin"))
    router.callback_query.register(answer, Action("answer"))
    router.callback_query.register(hours, Action("hours"))
    router.callback_query.register(choose, Action("hour"))
    router.callback_query.register(later, Action("later"))
    router.callback_query.register(pause, Action("pause"))
    router.callback_query.register(stop, Action("stop"))
    return router


async def begin(query: CallbackQuery, visit: Visit) -> Method:
    """The next question of today's set, or that it's done."""
    _ = visit._
    plan = await plan_of(visit.session, visit.person.id)
    question = await _next_question(visit, plan)
    if question is not None:
        rows: list[Row] = [
            number_buttons(question, lambda option: _press(question, option.key)),
            back_home(_),
        ]
        head = _("Please read when you are parked.")
        return show(query, join(head, "\n\n", question.screen), rows)
    await visit.session.flush()
    return show(query, await _done_text(visit, plan), _done_rows(plan, _))


async def answer(query: CallbackQuery, callback_data: DailyPress, visit: Visit) -> Method:
    """Explain the option; it counts if the question was due and today's set isn't full, and only once."""
    _ = visit._
    question = visit.course.question(callback_data.lesson, callback_data.question, visit.person.language)
    option = next((o for o in question.options if o.key == callback_data.option), None) if question else None
    if question is None or option is None:
        return await begin(query, visit)
    plan = await plan_of(visit.session, visit.person.id)
    item = await visit.session.get(ReviewItem, (visit.person.id, question.lesson, question.key))
    if item is not None and item.due_at <= visit.now and plan.left_today(visit.now):
        await answer_due(visit.session, plan, item, option.right, visit.now)
    rows = [[button(_("Next »"), DailyPress(action="begin"), PRIMARY)], back_home(_)]
    return show(query, explained(question, option, _), rows)


async def hours(query: CallbackQuery, visit: Visit) -> Method:
    """The choice of an hour, all of them outside the quiet hours."""
    _ = visit._
    buttons = [button(f"{hour}:00", DailyPress(action="hour", option=str(hour))) for hour in HOURS]
    rows: list[Row] = [buttons[at : at + 4] for at in range(0, len(buttons), 4)]
    plan = await plan_of(visit.session, visit.person.id)
    if plan.hour is not None:
        rows.append([button(_("Stop the reminders"), DailyPress(action="stop"))])
    rows.append([button(_("« Lessons"), LearnPress(action="list"))])
    text = _(
        "<b>Questions that come back</b>\n\nUp to five questions a day, two minutes: first what you missed, then what "
        "you have not seen for a while. At what hour are you usually parked?\n\nOnce a day at most, never from 21:00 "
        "to 9:00. You can pause or stop at any time."
    )
    return show(query, text, rows)


async def choose(query: CallbackQuery, callback_data: DailyPress, visit: Visit) -> Method:
    """Keep the hour; a forged one is asked for again."""
    _ = visit._
    plan = await plan_of(visit.session, visit.person.id)
    await visit.session.flush()
    try:
        await choose_hour(visit.session, plan, int(callback_data.option), visit.now)
    except ValueError:
        return await hours(query, visit)
    return show(query, await _done_text(visit, plan, _("Saved.")), _done_rows(plan, _))


async def later(query: CallbackQuery, visit: Visit) -> Method:
    """Not now: today's reminder is over, tomorrow brings the next."""
    _ = visit._
    plan = await plan_of(visit.session, visit.person.id)
    return show(query, await _done_text(visit, plan, _("All right, not today.")), _done_rows(plan, _))


async def pause(query: CallbackQuery, visit: Visit) -> Method:
    """No reminder for a week."""
    _ = visit._
    plan = await plan_of(visit.session, visit.person.id)
    await visit.session.flush()
    await set_next(visit.session, plan, visit.now, not_before=visit.now + PAUSE)
    text = _("Paused for a week. Your days of practice stay as they are.")
    return show(query, await _done_text(visit, plan, text), _done_rows(plan, _))


async def stop(query: CallbackQuery, visit: Visit) -> Method:
    """No reminders any more, until an hour is chosen again."""
    _ = visit._
    plan = await plan_of(visit.session, visit.person.id)
    plan.hour = plan.next_at = None
    text = _("No more reminders. Your days of practice stay, and so do the questions: they wait among the lessons.")
    return show(query, text, _done_rows(plan, _))


async def make_daily(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The day's reminder; nothing on a later day, after a stop, or when nothing is due any more."""
    if values["day"] != local_day(workshop.now).isoformat():
        return None
    async with workshop.database.reading() as session:
        plan = await session.get(ReviewPlan, person.id)
        due = len(await due_items(session, person.id, workshop.now))
    if plan is None or plan.hour is None or not (count := min(due, plan.left_today(workshop.now))):
        return None
    _ = workshop.texts[person.language]
    text = _("Please read it when you are parked.") + "\n\n"
    text += _.n("{n} question for today: two minutes.", "{n} questions for today: two minutes.", count)
    rows: list[Row] = [
        [button(_("Begin"), DailyPress(action="begin"), PRIMARY), button(_("Not now"), DailyPress(action="later"))],
        [button(_("Pause a week"), DailyPress(action="pause")), button(_("Stop"), DailyPress(action="stop"))],
    ]
    return Made(SendMessage(chat_id=0, text=text, reply_markup=keyboard(rows)))


async def _next_question(visit: Visit, plan: ReviewPlan) -> Question | None:
    """What is due first and may still come today; a question that the course no longer has is forgotten."""
    if not plan.left_today(visit.now):
        return None
    for item in await due_items(visit.session, visit.person.id, visit.now):
        question = visit.course.question(item.lesson, item.question, visit.person.language)
        if question is not None:
            return question
        await visit.session.delete(item)
    return None


async def _done_text(visit: Visit, plan: ReviewPlan, first: str = "") -> str:
    _ = visit._
    if not first:
        first = _("That's all for today.") if not plan.left_today(visit.now) else _("Nothing is due now.")
    parts = [first]
    if plan.days:
        days = _.n("{n} day of practice.", "{n} days of practice.", plan.days)
        parts.append(f"🔥 {days} " + _("A missed day only freezes them."))
    if plan.next_at is not None:
        parts.append(_("The next questions come on {moment}.", moment=_.moment(plan.next_at)))
    return "\n\n".join(parts)


def _done_rows(plan: ReviewPlan, _: Texts) -> list[Row]:
    hour = _("Change the hour") if plan.hour is not None else _("Bring questions back to me")
    return [
        [button(hour, DailyPress(action="hours"))],
        [button(_("« Lessons"), LearnPress(action="list")), *back_home(_)],
    ]


def _press(question: Question, option: str) -> DailyPress:
    return DailyPress(action="answer", lesson=question.lesson, question=question.key, option=option)
