"""What a driver was given when a report was closed: advice, or a lesson whose result goes back to where it came from.

Without blame and without a penalty: the driver takes the lesson, or says once that they see it differently.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.called_again import called_again
from handlers.coarse import coarsely
from handlers.driving import show_driving
from handlers.home import back_home
from handlers.notices import tell_driver, tell_of_news
from handlers.own import Typed
from handlers.presses import Action, DrivingPress, LearnPress, RemedyPress
from handlers.screens import PRIMARY, Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.appeals import APPEAL_LIMIT, Side, appeal_by_driver, appeal_of, may_appeal
from models.audit import Action as Audited
from models.audit import record
from models.course import Attempt
from models.drivers import Given, Remedy
from models.flags import Flag
from models.markup import units
from models.merging import with_duplicates
from models.people import Language, Person
from models.remedies import note_passed, own_remedy, own_remedy_of_handle, tell_due
from models.vault import Vault


class Disagreeing(StatesGroup):
    """A driver is about to say why they see it differently; the data holds `remedy`, its number."""

    words = State()


def router() -> Router:
    """Routes for drivers who were given something."""
    router = Router(name="remedy")
    router.message.register(take_words, StateFilter(Disagreeing.words), Typed())
    router.callback_query.filter(RemedyPress.filter())
    router.callback_query.register(open_remedy, Action("open"))
    router.callback_query.register(ask_words, Action("appeal"))
    return router


async def open_remedy(query: CallbackQuery, callback_data: RemedyPress, visit: Visit) -> Method:
    """What was given, and what became of it."""
    await visit.state.clear()
    found = await own_remedy_of_handle(visit.session, visit.vault, visit.person.id, callback_data.remedy)
    if found is None:
        return await _gone(query, visit)
    return await _screen(query, *found, visit)


async def _gone(event: Event, visit: Visit) -> Method:
    return await show_driving(event, visit, visit._("The team no longer asks this."))


async def _screen(event: Event, remedy: Remedy, flag: Flag, visit: Visit, note: str = "") -> Method:
    _ = visit._
    lesson = visit.course.lesson(remedy.lesson, visit.person.language)
    parts = [
        note,
        _("Please read it when you are parked."),
        _("The team looked at a report about a ride in a car that you named."),
        coarsely(flag, _),
    ]
    rows: list[Row] = []
    appeal = await appeal_of(visit.session, flag.id, Side.DRIVER)
    if remedy.lifted_at is not None:
        parts.append(_("Somebody else of the team looked at it again: nothing is asked of you."))
    else:
        if remedy.kind is Given.LESSON:
            parts.append(_("It ends with a lesson for you: <b>{title}</b>. Three minutes.", title=lesson.title))
        else:
            parts.append(_("It ends with advice: the lesson <b>{title}</b> may be of use to you.", title=lesson.title))
        parts.append(_("This is no penalty and no verdict on you. Your certificate stays as it is."))
        if remedy.passed_at is not None:
            parts.append(_("✓ You passed the lesson on {date}. Thank you.", date=_.day(remedy.passed_at)))
        elif remedy.kind is Given.LESSON:
            parts.append(_("It counts as passed if at least 80 % of the answers are right at the first try."))
        if appeal is None:  # whatever the flag's state: by it the driver could tell when others report the car
            term = visit.terms.appeal_term_days
            if may_appeal(remedy.told_at, term, visit.now) and remedy.told_at is not None:
                until = _.day(remedy.told_at + timedelta(days=term))
                parts.append(
                    _(
                        "If you see it differently, you can ask somebody else of the team to look at it, until {date}.",
                        date=until,
                    )
                )
                press = RemedyPress(action="appeal", remedy=remedy.handle(visit.vault))
                rows.append([button(_("I see it differently"), press)])
        to_lesson = LearnPress(action="open" if remedy.passed_at is not None else "again", lesson=remedy.lesson)
        style = PRIMARY if remedy.kind is Given.LESSON and remedy.passed_at is None else None
        rows.insert(0, [button(_("To the lesson"), to_lesson, style)])
        if appeal is not None and appeal.decided_at is None:
            parts.append(_("Somebody else of the team will look at what you wrote."))
        elif appeal is not None:
            said = _("it was changed; the new decision is above.") if appeal.changed else _("it stays as it is.")
            parts.append(_("Somebody else of the team looked at it again:") + " " + said)
    rows.append([button(_("« My cars"), DrivingPress(action="list")), *back_home(_)])
    return show(event, "\n\n".join(filter(None, parts)), rows)


async def ask_words(query: CallbackQuery, callback_data: RemedyPress, visit: Visit) -> Method:
    """Wait for why the driver sees it differently."""
    found = await own_remedy_of_handle(visit.session, visit.vault, visit.person.id, callback_data.remedy)
    return await _ask(query, found, visit)


async def ask_again(query: CallbackQuery, visit: Visit) -> Method:
    """The same once more, of the remedy of which it's asked."""
    number = (await visit.state.get_data()).get("remedy", 0)
    return await _ask(query, await own_remedy(visit.session, visit.person.id, number), visit)


async def _ask(query: CallbackQuery, found: tuple[Remedy, Flag] | None, visit: Visit) -> Method:
    _ = visit._
    if found is None:
        return await _gone(query, visit)
    remedy, flag = found
    term = visit.terms.appeal_term_days
    if (
        remedy.lifted_at is not None
        or await appeal_of(visit.session, flag.id, Side.DRIVER)
        or not may_appeal(remedy.told_at, term, visit.now)
    ):
        return await _screen(query, remedy, flag, visit)
    await visit.state.set_state(Disagreeing.words)
    await visit.state.set_data({"remedy": remedy.id})
    text = _(
        "Please write how you see it, in your own words. Somebody of the team who did not decide on it reads it and "
        "decides anew. This can be asked once."
    )
    return show(query, text, [_cancel(remedy, visit)])


def _cancel(remedy: Remedy, visit: Visit) -> Row:
    return [button(visit._("Cancel"), RemedyPress(action="open", remedy=remedy.handle(visit.vault)))]


async def take_words(message: Message, visit: Visit) -> Method:
    """Keep the appeal, and call somebody else of the team."""
    return await disagree(message, message.text or "", visit)


async def disagree(event: Event, text: str, visit: Visit) -> Method:
    """The same for words from wherever they come."""
    _ = visit._
    number, text = (await visit.state.get_data()).get("remedy", 0), text.strip()
    found = await own_remedy(visit.session, visit.person.id, number)
    if found is None:
        return await _gone(event, visit)
    remedy, flag = found
    if units(text) > APPEAL_LIMIT:
        too_long = _("Please write it in {limit} characters at most.", limit=APPEAL_LIMIT)
        return show(event, too_long, [_cancel(remedy, visit)])
    await visit.state.clear()
    term = visit.terms.appeal_term_days
    appeal = await appeal_by_driver(visit.session, visit.vault, remedy, flag, text, term, visit.now)
    if appeal is not None:
        await visit.record(Audited.DRIVER_APPEALED, flag.id)
        await called_again(appeal, visit)
    return await _screen(event, remedy, flag, visit, _("Saved. Thank you.") if appeal is not None else "")


async def lesson_done(attempt: Attempt, visit: Visit) -> None:
    """Note on the flags that a lesson was passed, and tell whoever reported, unless they want no questions."""
    for remedy in await note_passed(visit.session, attempt):
        for flag in await with_duplicates(visit.session, remedy.flag_id):
            await visit.record(Audited.LESSON_PASSED, flag.id)
            await tell_of_news(visit.session, visit.vault, visit.texts, flag, visit.now)


async def tell_given(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], *, limit: int, now: datetime
) -> int:
    """Tell the drivers whose moment has come what was given to them; how many remedies were looked at."""
    told, due = await tell_due(session, vault, now, limit)
    for remedy in told:
        await record(session, vault, Audited.DRIVER_TOLD, now=now, flag_id=remedy.flag_id)
        driver = await session.get_one(Person, remedy.driver_id)
        tell_driver(session, vault, texts, driver, RemedyPress(action="open", remedy=remedy.handle(vault)), now)
    return due
