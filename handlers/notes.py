"""The team's own notes on a flag, and the reasons of its decisions: one a screen, as they may fill a message."""

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.types import CallbackQuery, Message

from handlers.desk import Writing, back_to, find, no_such_flag, note
from handlers.own import Typed
from handlers.presses import Action, NotePress
from handlers.reasons import shown
from handlers.review import flag_screen
from handlers.roles import OnTeam
from handlers.screens import PRIMARY, Event, Method, Row, button, show
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record_denied
from models.flags import Flag, State
from models.markup import units
from models.notes import NOTE_LIMIT, Kind, count_notes, note_at, write_note
from models.words import N_

KIND_NAMES = {
    Kind.NOTE: N_("note"),
    Kind.CLOSED: N_("why closed"),
    Kind.REOPENED: N_("why reopened"),
    Kind.RECATEGORISED: N_("why another category"),
    Kind.SEVERITY: N_("why another severity"),
    Kind.SECOND_LOOK: N_("why decided so at a second look"),
}


def router() -> Router:
    """Routes for notes."""
    router = Router(name="notes")
    router.message.register(keep, StateFilter(Writing.note), Typed(), OnTeam())
    router.callback_query.filter(NotePress.filter(), OnTeam())
    router.callback_query.register(show_note, Action("list"))
    router.callback_query.register(ask, Action("ask"))
    return router


async def show_note(query: CallbackQuery, callback_data: NotePress, visit: Visit) -> Method:
    """A note, and the way to the ones before and after it."""
    await visit.state.clear()
    flag = await find(callback_data.flag, visit)
    if flag is None or flag.state is State.WITHDRAWN:
        return no_such_flag(query, visit._)
    await note(visit, Audited.NOTES_READ, flag)
    return await _screen(query, flag, callback_data.at, visit)


async def _screen(event: Event, flag: Flag, at: int, visit: Visit) -> Method:
    _ = visit._
    total = await count_notes(visit.session, flag.id)
    at = max(0, min(at, total - 1))
    shown_now = await note_at(visit.session, flag.id, at)
    add = button(_("Write a note"), NotePress(action="ask", flag=flag.id), PRIMARY)
    if shown_now is None:
        text = _("<b>Notes on flag №{number}</b>\n\nThere are none yet. Only the team sees them.", number=flag.id)
        return show(event, text, [[add], [back_to(flag.id)]])
    author = _("a colleague who has left")
    if shown_now.author_id is not None:
        author = _("Colleague {number}", number=shown_now.author_id)
    if shown_now.author_id == visit.person.id:
        author = _("you")
    # Short, because the note below it may fill a message.
    head = (
        f"№{flag.id} {at + 1}/{total} · {_(KIND_NAMES[shown_now.kind])} · {author} · {_.moment(shown_now.written_at)}"
    )
    turn: list[Row] = []
    if total > 1:
        around = [("◀", at - 1), ("▶", at + 1)]
        turn = [[button(sign, NotePress(action="list", flag=flag.id, at=to)) for sign, to in around if 0 <= to < total]]
    text = f"{head}\n\n{shown(shown_now.text(visit.vault, flag), _)}"
    return show(event, text, [*turn, [add], [back_to(flag.id)]])


async def ask(query: CallbackQuery, callback_data: NotePress, visit: Visit) -> Method:
    """Wait for a note."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None or flag.state is State.WITHDRAWN:
        return no_such_flag(query, _)
    await visit.state.set_state(Writing.note)
    await visit.state.set_data({"flag": flag.id})
    text = _("<b>Note on flag №{number}</b>\n\nPlease write it. Only the team sees it.", number=flag.id)
    return show(query, text, [[button(_("Cancel"), NotePress(action="list", flag=flag.id))]])


async def keep(message: Message, visit: Visit) -> Method:
    """Keep a note that was typed."""
    _ = visit._
    number, text = (await visit.state.get_data()).get("flag", 0), (message.text or "").strip()
    if not text or units(text) > NOTE_LIMIT:
        await record_denied(visit.session, visit.vault, visit.person.id, "note too long", visit.now, number or None)
        again = _("Please write it in {limit} characters at most.", limit=NOTE_LIMIT)
        return show(message, again, [[button(_("Cancel"), NotePress(action="list", flag=number))]])
    await visit.state.clear()
    flag = await find(number, visit)
    if flag is None or flag.state is State.WITHDRAWN:
        return no_such_flag(message, _)
    await write_note(visit.session, visit.vault, flag, visit.person.id, Kind.NOTE, text, visit.now)
    await note(visit, Audited.NOTED, flag)
    return await flag_screen(message, flag, visit, said=_("The note is kept."))
