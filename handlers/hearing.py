"""The driver's side of the right of reply: what was reported, as coarsely as can be, and a place for their word.

The driver learns the kind of behaviour and the week (`models/coarse.py`); what they answer is for the team alone.
"""

from collections.abc import Mapping
from datetime import datetime

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.coarse import coarsely
from handlers.driving import leads_nowhere
from handlers.home import back_home
from handlers.notices import tell_driver, tell_team_of_answer
from handlers.own import Typed
from handlers.presses import Action, DrivingPress, HearingPress, LearnPress
from handlers.screens import PRIMARY, Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record
from models.drivers import Hearing
from models.flags import Flag
from models.hearings import ANSWER_LIMIT, answer, decline, own_hearing, own_hearing_of_handle, tell_due
from models.markup import units
from models.matching import REPORTED
from models.people import Language, Person
from models.vault import Vault


class Answering(StatesGroup):
    """A driver is about to write their word; the data holds `hearing`, its number."""

    word = State()


def router() -> Router:
    """Routes for drivers who are asked for their view."""
    router = Router(name="hearing")
    router.message.register(take_word, StateFilter(Answering.word), Typed())
    router.callback_query.filter(HearingPress.filter())
    router.callback_query.register(open_hearing, Action("open"))
    router.callback_query.register(ask_word, Action("write"))
    router.callback_query.register(say_nothing, Action("decline"))
    return router


async def open_hearing(query: CallbackQuery, callback_data: HearingPress, visit: Visit) -> Method:
    """What the team asks."""
    await visit.state.clear()
    found = await own_hearing_of_handle(visit.session, visit.person.id, callback_data.hearing)
    if found is None:
        return await leads_nowhere(query, visit)
    return _screen(query, *found, visit)


def _screen(event: Event, hearing: Hearing, flag: Flag, visit: Visit, note: str = "") -> Method:
    _ = visit._
    parts = [
        note,
        _("Please read it when you are parked."),
        _("<b>The team would like to hear you too.</b>"),
        _("Somebody reported a ride in a car that you named."),
        coarsely(flag, _),
        _(
            "A report is not a verdict. No driver is told more than this: it protects people, and one "
            "day it may protect you. Please don't look for anybody; you can answer here."
        ),
    ]
    rows, handle = list[Row](), hearing.handle
    if hearing.declined_at is not None:
        parts.append(_("You would rather say nothing. That is all right."))
    elif hearing.answered_at is not None:
        parts.append(_("Your answer is with the team. Thank you."))
    if hearing.is_open(visit.now) and hearing.answer_by is not None:
        parts.append(_("You can answer until {date}.", date=_.day(hearing.answer_by)))
        label = _("Write my answer anew") if hearing.answered_at is not None else _("Answer")
        rows.append([button(label, HearingPress(action="write", hearing=handle), PRIMARY)])
        if hearing.answered_at is None:
            rows.append([button(_("I would rather say nothing"), HearingPress(action="decline", hearing=handle))])
    elif hearing.answered_at is None and hearing.declined_at is None:
        parts.append(_("The time to answer is over."))
    rows.append([button(_("How to answer well: lesson {number}", number=REPORTED), _lesson())])
    rows.append([button(_("« My cars"), DrivingPress(action="list")), *back_home(_)])
    return show(event, "\n\n".join(filter(None, parts)), rows)


def _lesson() -> LearnPress:
    return LearnPress(action="open", lesson=REPORTED)


async def ask_word(query: CallbackQuery, callback_data: HearingPress, visit: Visit) -> Method:
    """Wait for the driver's word."""
    found = await own_hearing_of_handle(visit.session, visit.person.id, callback_data.hearing)
    return await _ask(query, found, visit)


async def ask_again(query: CallbackQuery, visit: Visit) -> Method:
    """The same once more, of the hearing of which it's asked."""
    number = (await visit.state.get_data()).get("hearing", 0)
    return await _ask(query, await own_hearing(visit.session, visit.person.id, number), visit)


async def _ask(query: CallbackQuery, found: tuple[Hearing, Flag] | None, visit: Visit) -> Method:
    _ = visit._
    if found is None:
        return await leads_nowhere(query, visit)
    hearing, flag = found
    if not hearing.is_open(visit.now):
        return _screen(query, hearing, flag, visit)
    await visit.state.set_state(Answering.word)
    await visit.state.set_data({"hearing": hearing.id})
    text = _(
        "Please write, in your own words: how you saw it, and what you do differently now, if anything. Only the team "
        "reads it. What you write now replaces an earlier answer."
    )
    return show(query, text, [_cancel(hearing, visit)])


def _cancel(hearing: Hearing, visit: Visit) -> Row:
    return [button(visit._("Cancel"), HearingPress(action="open", hearing=hearing.handle))]


async def take_word(message: Message, visit: Visit) -> Method:
    """Keep the driver's word and tell the team."""
    return await keep_word(message, message.text or "", visit)


async def keep_word(event: Event, text: str, visit: Visit) -> Method:
    """The same for words from wherever they come."""
    _ = visit._
    number, text = (await visit.state.get_data()).get("hearing", 0), text.strip()
    found = await own_hearing(visit.session, visit.person.id, number)
    if found is None:
        return await leads_nowhere(event, visit)
    hearing, flag = found
    if units(text) > ANSWER_LIMIT:
        too_long = _("Please write it in {limit} characters at most.", limit=ANSWER_LIMIT)
        return show(event, too_long, [_cancel(hearing, visit)])
    await visit.state.clear()
    first = hearing.answered_at is None
    if not answer(visit.vault, flag, hearing, text, visit.now):
        return _screen(event, hearing, flag, visit)
    await visit.record(Audited.DRIVER_ANSWERED, flag.id)
    if first:
        await tell_team_of_answer(visit.session, visit.vault, visit.texts, flag, visit.now)
    return _screen(event, hearing, flag, visit, _("Saved. Thank you."))


async def say_nothing(query: CallbackQuery, callback_data: HearingPress, visit: Visit) -> Method:
    """Note that the driver would rather say nothing."""
    found = await own_hearing_of_handle(visit.session, visit.person.id, callback_data.hearing)
    if found is None:
        return await leads_nowhere(query, visit)
    hearing, flag = found
    if decline(hearing, visit.now):
        await visit.record(Audited.DRIVER_DECLINED, flag.id)
        await tell_team_of_answer(visit.session, visit.vault, visit.texts, flag, visit.now)
    return _screen(query, hearing, flag, visit)


async def tell_asked(
    session: AsyncSession,
    vault: Vault,
    texts: Mapping[Language, Texts],
    *,
    term_days: int,
    limit: int,
    now: datetime,
) -> int:
    """Tell the drivers whose moment has come that they are asked; how many hearings were looked at."""
    told, due = await tell_due(session, vault, now, term_days, limit)
    for hearing in told:
        await record(session, vault, Audited.DRIVER_TOLD, now=now, flag_id=hearing.flag_id)
        driver = await session.get_one(Person, hearing.driver_id)
        press = HearingPress(action="open", hearing=hearing.handle)
        tell_driver(session, vault, texts, driver, press, now)
    return due
