"""Whoever reported asks, once, that somebody else looks at how their report was closed."""

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from handlers.called_again import called_again
from handlers.own import Typed, nothing_changed, nothing_kept, report_screen
from handlers.presses import Action, OwnPress, SecondLookPress
from handlers.quick_exit import exit_button
from handlers.screens import Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.appeals import APPEAL_LIMIT, Side, appeal_by_reporter, appeal_of, may_appeal
from models.audit import Action as Audited
from models.flag_rights import own_flag, own_flag_of_handle
from models.flags import Flag
from models.flags import State as FlagState
from models.late_news import as_shown
from models.markup import units


class Asking(StatesGroup):
    """A person is about to say why a second look is needed; the data holds `flag`, its number."""

    words = State()


def router() -> Router:
    """Routes for a second look at one's own report."""
    router = Router(name="second_look")
    router.message.register(take_words, StateFilter(Asking.words), Typed())
    router.callback_query.filter(SecondLookPress.filter())
    router.callback_query.register(ask_words, Action("ask"))
    return router


def _cancel(flag: Flag, _: Texts) -> Row:
    return [exit_button(_), button(_("Cancel"), OwnPress(action="open", flag=flag.handle))]


async def ask_words(query: CallbackQuery, callback_data: SecondLookPress, visit: Visit) -> Method:
    """Wait for why a second look is needed."""
    return await _ask(query, await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag), visit)


async def ask_again(query: CallbackQuery, visit: Visit) -> Method:
    """The same once more, of the report of which it's asked."""
    number = (await visit.state.get_data()).get("flag", 0)
    return await _ask(query, await own_flag(visit.session, visit.person.id, number), visit)


async def _ask(query: CallbackQuery, flag: Flag | None, visit: Visit) -> Method:
    _ = visit._
    if flag is None:
        return await nothing_changed(query, visit)
    asked = await appeal_of(visit.session, flag.id, Side.REPORTER) is not None
    shown = as_shown(flag, visit.now)
    runs = may_appeal(shown.ended_at, visit.terms.appeal_term_days, visit.now)
    if asked or not runs or shown.state is not FlagState.CLOSED:
        return await report_screen(query, flag, visit)
    await visit.state.set_state(Asking.words)
    await visit.state.set_data({"flag": flag.id})
    text = _(
        "Please write what should be looked at again, in your own words. Somebody of the team who did not close your "
        "report reads it and decides anew. This can be asked once."
    )
    return show(query, text, [_cancel(flag, _)])


async def take_words(message: Message, visit: Visit) -> Method:
    """Keep the wish, and call somebody else of the team."""
    return await ask_for_second_look(message, message.text or "", visit)


async def ask_for_second_look(event: Event, text: str, visit: Visit) -> Method:
    """The same for words from wherever they come."""
    _ = visit._
    number, text = (await visit.state.get_data()).get("flag", 0), text.strip()
    flag = await own_flag(visit.session, visit.person.id, number)
    if flag is None:
        return await nothing_kept(event, visit)
    if units(text) > APPEAL_LIMIT:
        too_long = _("Please write it in {limit} characters at most.", limit=APPEAL_LIMIT)
        return show(event, too_long, [_cancel(flag, _)])
    await visit.state.clear()
    term, me = visit.terms.appeal_term_days, visit.person.id
    appeal = await appeal_by_reporter(visit.session, visit.vault, flag, me, text, term, visit.now)
    if appeal is None:
        return await report_screen(event, flag, visit)
    await visit.record(Audited.REPORTER_APPEALED, flag.id)
    await called_again(appeal, visit)
    return await report_screen(event, flag, visit, _("Saved. Thank you."))
