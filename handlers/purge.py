"""Deleting a flag for good: an owner asks, a second person agrees, and the one who reported hears of it kindly."""

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers.asking import ask_reason
from handlers.desk import find, no_such_flag
from handlers.home import way_out
from handlers.notices import post_message
from handlers.presses import Action, FlagPress, HomePress, OwnPress, ReportPress
from handlers.roles import Owns
from handlers.screens import DANGER, Method, Row, button, keyboard, show
from handlers.visit import Visit
from models.approvals import Approval, Kind, purge
from models.audit import Action as Audited
from models.flag_rights import holders
from models.flags import Flag
from models.merging import parted_by_deletion
from models.outbox import Priority


def router() -> Router:
    """Routes for owners, and for a person whose report was deleted."""
    router = Router(name="purge")
    router.callback_query.register(ask_purge, FlagPress.filter(), Action("purge"), Owns())
    router.callback_query.register(tell_kindly, OwnPress.filter(), Action("gone"))
    return router


async def ask_purge(query: CallbackQuery, callback_data: FlagPress, visit: Visit) -> Method:
    """Wait for the reason."""
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    return await ask_reason(query, Kind.PURGE, flag, visit)


async def perform(approval: Approval, visit: Visit) -> None:
    """Delete the flag of an approved request, and tell everybody whose it was that there's news."""
    flag_id, requester_id = approval.flag_id, approval.requester_id
    flag = await visit.session.get_one(Flag, flag_id)
    told = await holders(visit.session, flag)
    for parted in await parted_by_deletion(visit.session, Flag.id == flag_id):
        await visit.record(Audited.PARTED, parted)
    await purge(visit.session, approval)
    await visit.record(Audited.PURGED, flag_id, actor_id=requester_id)
    for person in told:
        _ = visit.texts[person.language]
        rows: list[Row] = [[button(_("Show"), OwnPress(action="gone"))]]
        message = SendMessage(chat_id=0, text=_("There is news for you."), reply_markup=keyboard(rows))
        post_message(visit.session, visit.vault, person, message, priority=Priority.RELAY, now=visit.now)


async def tell_kindly(query: CallbackQuery, visit: Visit) -> Method:
    """What became of a report that is no longer there."""
    _ = visit._
    text = _(
        "One of your reports was deleted for good: your words, the details and the code. Nobody can read them any "
        "more.\n\nThis says nothing about you, nor about what happened. If you like, you can report again, "
        "and help is here at any hour."
    )
    rows: list[Row] = [
        [
            button(_("My reports"), OwnPress(action="list")),
            button(_("Report an incident"), ReportPress(action="begin")),
        ],
        [button(_("Help now"), HomePress(action="help"), DANGER)],
        way_out(_),
    ]
    return show(query, text, rows)
