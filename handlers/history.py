"""Who opened my report: what the audit says about it, with the team counted and never named."""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.home import way_out
from handlers.own import nothing_changed
from handlers.presses import HistoryPress, OwnPress
from handlers.screens import Method, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action, AuditEntry, history_of
from models.flag_rights import own_flag_of_handle
from models.flags import Flag
from models.late_news import shown_entries
from models.receipts import show_receipt
from models.words import N_

NEWEST = 30
"""Entries on the screen."""
ENTRIES = {
    Action.RECEIVED: N_("received"),
    Action.ADDED: N_("something was added"),
    Action.OPENED: N_("opened"),
    Action.READ: N_("your words were read"),
    Action.EVIDENCE: N_("your photos, voice or place were looked at"),
    Action.QUESTIONED: N_("a message to you"),
    Action.ANSWERED: N_("your message to the team"),
    Action.TALK: N_("your talk with the team was read"),
    Action.CONTACT_SEEN: N_("your contact was shown, as two of the team agreed"),
    Action.CLAIMED: N_("somebody began to work on it"),
    Action.RELEASED: N_("given back to the queue"),
    Action.CLOSED: N_("closed"),
    Action.REOPENED: N_("opened once more"),
    Action.DRIVER_ASKED: N_("the team would like to hear the driver"),
    Action.DRIVER_NOT_ASKED: N_("the driver is not asked after all"),
    Action.DRIVER_TOLD: N_("the driver was told the kind and the week"),
    Action.LESSON_PASSED: N_("the driver passed a lesson"),
    Action.REPORTER_APPEALED: N_("you asked for a second look"),
    Action.APPEAL_DECIDED: N_("looked at again"),
    Action.WITHDRAWN: N_("withdrawn"),
    Action.CONSENTED: N_("you gave a consent"),
    Action.CONSENT_REVOKED: N_("you took a consent back"),
    Action.REACH_CHANGED: N_("you changed whether you may be asked"),
    Action.STATEMENT: N_("a statement was made"),
    Action.PASSPHRASE_SET: N_("a passphrase was set"),
    Action.PASSPHRASE_REMOVED: N_("the passphrase was removed"),
    Action.WRONG_PASSPHRASE: N_("a wrong passphrase was tried"),
    Action.OPENED_ELSEWHERE: N_("opened from another account"),
    Action.CLOSED_ELSEWHERE: N_("closed for other accounts"),
}
"""What a person is told of, in these words."""


def router() -> Router:
    """Routes for the history of a report."""
    router = Router(name="history")
    router.callback_query.filter(HistoryPress.filter())
    router.callback_query.register(show_history)
    return router


async def show_history(query: CallbackQuery, callback_data: HistoryPress, visit: Visit) -> Method:
    """What happened to a report, oldest first, one line each."""
    _ = visit._
    await visit.state.clear()
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await nothing_changed(query, visit)
    visible = shown_entries(flag, visit.now)
    entries, members = await history_of(visit.session, flag.id, list(ENTRIES), NEWEST, visible)
    numbers = {member: number for number, member in enumerate(members, 1)}
    lines = [_("<b>Who opened report {receipt}</b>", receipt=show_receipt(flag.receipt(visit.vault))), ""]
    for entry in entries:
        time, what = _time(entry, flag, _), _(ENTRIES[entry.action])
        if entry.actor_id is None:
            lines.append(_("{time}: {what}", time=time, what=what))
        else:
            number = numbers[entry.actor_id]
            lines.append(_("{time}: {what} (reviewer {number})", time=time, what=what, number=number))
    lines.append("")
    if len(entries) == NEWEST:
        lines.append(_("Here are the newest {number}.", number=NEWEST))
    lines.append(_("Nobody can change or remove these records unnoticed. The bot doesn't tell who the reviewers are."))
    back = button(_("« Back"), OwnPress(action="open", flag=flag.handle))
    return show(query, "\n".join(lines), [[back, *way_out(_)]])


def _time(entry: AuditEntry, flag: Flag, _: Texts) -> str:
    """When it was; only the day where the moment would say when another person named the car."""
    released = entry.action is Action.RECEIVED and flag.released_at is not None
    reopened = entry.action is Action.REOPENED and entry.actor_id is None
    return _.day(entry.at) if released or reopened else _.moment(entry.at)
