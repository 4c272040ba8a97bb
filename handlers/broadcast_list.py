"""Broadcasts that were started: the list of them, and one as it goes out, watched, paused and stopped."""

from collections.abc import Mapping
from typing import Any

from aiogram.methods import EditMessageText
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from handlers.broadcast_words import legend, note_broadcast, shown_number, to_list, whom_in_words
from handlers.desk import note
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.presses import BroadcastPress
from handlers.screens import DANGER, PRIMARY, SUCCESS, Event, Method, Row, button, keyboard, progress, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.broadcasts import Broadcast, Fate, Stage, begun, draft_of, leave, newest_broadcasts, shown_fates
from models.people import Person
from models.team import Role, role_of
from models.words import N_

SHOWN = 5
"""Earlier broadcasts in the list."""
STAGES = {
    Stage.DRAFT: N_("draft"),
    Stage.QUEUEING: N_("being prepared"),
    Stage.SENDING: N_("being sent"),
    Stage.PAUSED: N_("paused"),
    Stage.CANCELLED: N_("cancelled"),
    Stage.DONE: N_("ended"),
}
FATES = {
    Fate.SENT: N_("Sent: {number}"),
    Fate.BLOCKED: N_("Blocked the bot: {number}"),
    Fate.SKIPPED: N_("Want no such messages, or changed their language: {number}"),
    Fate.REFUSED: N_("Refused by Telegram: {number}"),
    Fate.UNSURE: N_("Perhaps sent, the connection broke: {number}"),
}


async def show_list(event: Event, visit: Visit) -> Method:
    """The draft, and what was sent lately."""
    _ = visit._
    await visit.state.clear()
    if isinstance(event, CallbackQuery) and isinstance(event.message, Message):
        await leave(visit.session, visit.person.id, event.message.message_id)
    await note(visit, Audited.BROADCASTS_SEEN)
    text = _("<b>Broadcasts</b>\n\nA message of the team to many people at once, to each in their language.")
    draft = await draft_of(visit.session, visit.person.id)
    write = _("Go on with the draft") if draft is not None else _("Write a message")
    rows: list[Row] = [[button(write, BroadcastPress(action="write"), PRIMARY)]]
    for each in await newest_broadcasts(visit.session, SHOWN):
        assert each.started_at is not None
        label = f"{_.moment(each.started_at)} · {_(STAGES[each.stage])}"
        rows.append([button(label, BroadcastPress(action="open", row=each.id))])
    return show(event, text, [*rows, back_home(_)])


async def watch(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """How far a broadcast has come."""
    await note(visit, Audited.BROADCASTS_SEEN, detail=str(callback_data.row))
    return await watched(query, callback_data, visit)


async def watched(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """The same after something was done with it. The message that its owner sees now is the one kept up to date."""
    await visit.state.clear()
    broadcast = await begun(visit.session, callback_data.row)
    if broadcast is None:
        return await show_list(query, visit)
    if broadcast.owner_id == visit.person.id and isinstance(query.message, Message):
        broadcast.message_id = query.message.message_id
    whom = await whom_in_words(visit.session, broadcast.whom, visit._)
    return show(query, *_progress_screen(broadcast, whom, visit._))


async def pause_or_resume(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Let it wait, or go on; pressed twice it's harmless."""
    broadcast = await begun(visit.session, callback_data.row)
    if broadcast is not None:
        if callback_data.action == "pause" and broadcast.pause():
            await note_broadcast(visit, Audited.BROADCAST_PAUSED, broadcast)
        elif callback_data.action == "resume" and broadcast.resume():
            await note_broadcast(visit, Audited.BROADCAST_RESUMED, broadcast)
    return await watched(query, callback_data, visit)


async def ask_cancel(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Make sure before it stops for good."""
    _ = visit._
    broadcast = await begun(visit.session, callback_data.row)
    if broadcast is None or broadcast.ended_at is not None:
        return await watched(query, callback_data, visit)
    if isinstance(query.message, Message):  # this question must not be overwritten
        await leave(visit.session, visit.person.id, query.message.message_id)
    rows: list[Row] = [
        [button(_("Yes, stop it for good"), BroadcastPress(action="cancelled", row=broadcast.id), DANGER)],
        [button(_("« Back"), BroadcastPress(action="open", row=broadcast.id))],
    ]
    text = _("Stop this message for good? Who has it keeps it; everybody else will not get it.")
    return show(query, text, rows)


async def cancel(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Stop it for good."""
    broadcast = await begun(visit.session, callback_data.row)
    if broadcast is not None and broadcast.cancel(visit.now):
        await note_broadcast(visit, Audited.BROADCAST_CANCELLED, broadcast)
    return await watched(query, callback_data, visit)


async def make_progress(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The message in which an owner watches a broadcast, brought up to date; nothing if they no longer watch."""
    async with workshop.database.reading() as session:
        broadcast = await session.get(Broadcast, values["broadcast"])
        if broadcast is None or broadcast.owner_id != person.id or broadcast.message_id is None:
            return None
        if await role_of(session, person.id) is not Role.OWNER:
            return None
        _ = workshop.texts[person.language]
        text, rows = _progress_screen(broadcast, await whom_in_words(session, broadcast.whom, _), _)
    edit = EditMessageText(chat_id=0, message_id=broadcast.message_id, text=text, reply_markup=keyboard(rows))
    return Made(edit)


def _progress_screen(broadcast: Broadcast, whom: str, _: Texts) -> tuple[str, list[Row]]:
    fates, left, total = shown_fates(broadcast)
    lines = [
        _("<b>A message to many people: {stage}</b>", stage=_(STAGES[broadcast.stage])),
        "",
        _("To: {whom}", whom=whom),
    ]
    if total and left is not None:
        lines += ["", f"{progress(total - left, total)} {100 * (total - left) // total} %"]
    if not broadcast.may_count:
        lines.append(_("The numbers are hidden, so that nobody can be recognised."))
    else:
        numbers = [_("Recipients: {number}", number=shown_number(total, _))]
        numbers += [
            _(FATES[fate], number=shown_number(n, _)) for fate, n in fates.items() if n != 0 or fate is Fate.SENT
        ]
        if broadcast.ended_at is None:
            numbers.append(_("Left: {number}", number=shown_number(left, _)))
        elif left != 0:
            numbers.append(_("Did not get it: {number}", number=shown_number(left, _)))
        lines += [*numbers, *legend(numbers, _)]
    if broadcast.expected_at is not None:
        lines += ["", _("Expected end: {time}", time=_.moment(broadcast.expected_at))]
    if broadcast.ended_at is not None:
        lines += ["", _("Ended: {time}", time=_.moment(broadcast.ended_at))]

    def to(action: str) -> BroadcastPress:
        return BroadcastPress(action=action, row=broadcast.id)

    running: list[InlineKeyboardButton] = []
    if broadcast.stage is Stage.PAUSED:
        running = [button(_("Resume"), to("resume"), SUCCESS), button(_("Stop for good"), to("stop"), DANGER)]
    elif broadcast.ended_at is None:
        running = [button(_("Pause"), to("pause"), PRIMARY), button(_("Stop for good"), to("stop"), DANGER)]
    looks = [button(_("Refresh"), to("open")), button(_("Show the text"), to("preview"))]
    return "\n".join(lines), [running, looks, [to_list(_)]]
