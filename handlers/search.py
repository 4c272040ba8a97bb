"""Finding flags: by receipt, plate, number, form or days. The audit says what was searched by, never what for.

What was searched for is kept sealed with the conversation, so that pages can be turned; a button never carries it.
"""

from datetime import UTC, datetime, timedelta

from aiogram import Router
from aiogram.filters import CommandObject, StateFilter
from aiogram.types import CallbackQuery, Message

from handlers.commands import Command
from handlers.desk import Writing, dots, note, open_button, to_queue
from handlers.home import back_home
from handlers.own import STATE_NAMES, Typed
from handlers.presses import Action, SearchPress
from handlers.roles import OnTeam
from handlers.screens import Event, Method, button, in_rows, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.behaviours import FORM_NAMES, Form, form_name
from models.flags import OUTCOME_NAMES, Flag
from models.quiet import local_day
from models.search import By, Found, Search, read_search, search

PAGE = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def router() -> Router:
    """Routes for searching; before those that read a receipt code of somebody's own report."""
    router = Router(name="search")
    router.message.register(search_command, Command("search"), OnTeam())
    router.message.register(search_typed, StateFilter(Writing.search), Typed(), OnTeam())
    router.callback_query.filter(SearchPress.filter(), OnTeam())
    router.callback_query.register(ask, Action("ask"))
    router.callback_query.register(search_form, Action("form"))
    router.callback_query.register(turn, Action("turn"))
    return router


async def search_command(message: Message, command: CommandObject, visit: Visit) -> Method:
    """`/search` with what to search for, or alone to be asked."""
    if not (command.args or "").strip():
        return await ask(message, visit)
    return await _begin(message, read_search(command.args or "", local_day(visit.now)), visit)


async def search_typed(message: Message, visit: Visit) -> Method:
    """The same, typed after being asked, or after other results."""
    return await _begin(message, read_search(message.text or "", local_day(visit.now)), visit)


async def search_form(query: CallbackQuery, callback_data: SearchPress, visit: Visit) -> Method:
    """All flags of a form."""
    form = callback_data.form
    return await _begin(query, Search(By.FORM, form) if form in set(Form) else None, visit)


async def ask(event: Event, visit: Visit) -> Method:
    """Say what can be searched by, and wait."""
    _ = visit._
    await visit.state.set_state(Writing.search)
    await visit.state.set_data({})
    text = _(
        "<b>Find a flag</b>\n\nPlease write a code, a number plate, the number of a flag, or days: "
        "<code>01.11-15.11</code>. Or tap what it is about."
    )
    forms = [button(_(name), SearchPress(action="form", form=form)) for form, name in FORM_NAMES.items()]
    return show(event, text, [*in_rows(forms), [*to_queue(_), *back_home(_)]])


async def _begin(event: Event, what: Search | None, visit: Visit) -> Method:
    if what is None:
        return await ask(event, visit)
    await visit.state.set_state(Writing.search)
    await visit.state.set_data({"by": what.by, "value": what.value})
    return await _results(event, what, None, visit)


async def turn(query: CallbackQuery, callback_data: SearchPress, visit: Visit) -> Method:
    """Another page of what was found."""
    data = await visit.state.get_data()
    if visit.raw_state != Writing.search.state or data.get("by") not in set(By):
        return await ask(query, visit)
    return await _results(query, Search(By(data["by"]), data["value"]), _read(callback_data.at), visit)


async def _results(event: Event, what: Search, after: Found | None, visit: Visit) -> Method:
    _ = visit._
    await note(visit, Audited.SEARCHED, detail=what.by.value)
    flags = await search(visit.session, visit.vault, visit.person.id, what, limit=PAGE + 1, after=after)
    lines = [_("<b>Found</b>"), ""]
    lines += [_line(flag, _) for flag in flags[:PAGE]] or [_("Nothing was found.")]
    rows = in_rows([open_button(flag.id) for flag in flags[:PAGE]], 4)
    pages = [button("⏮", SearchPress(action="turn"))] if after is not None else []
    if len(flags) > PAGE:
        pages.append(button("▶", SearchPress(action="turn", at=_written(flags[PAGE - 1]))))
    again = button(_("Search again"), SearchPress(action="ask"))
    return show(event, "\n".join(lines), [*rows, pages, [again], [*to_queue(_), *back_home(_)]])


def _line(flag: Flag, _: Texts) -> str:
    standing = OUTCOME_NAMES[flag.outcome] if flag.outcome is not None else STATE_NAMES[flag.state]
    form = _(form_name(flag.form, by_passenger=flag.by_driver))
    return f"№{flag.id} {dots(flag.severity)} {_.day(flag.received_at)} · {form} · {_(standing)}"


def _written(flag: Flag) -> str:
    """The place of a flag as it travels in a button."""
    return f"{(flag.received_at - _EPOCH) // _MICROSECOND:x}.{flag.id:x}"


def _read(at: str) -> Found | None:
    """The place in a button, which may be forged; None for the beginning."""
    try:
        received, number = (int(part, 16) for part in at.split("."))
        return Found(_EPOCH + received * _MICROSECOND, number) if 0 <= number < 2**63 else None
    except (ValueError, OverflowError):
        return None
