"""Deleting one report for good, wherever it stands: the right of whoever holds it, not of the account it came from.

Who lost the phone and opened the report elsewhere needs it as much as who sent it.
"""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.home import way_out
from handlers.notices import tell_reporter
from handlers.own import nothing_changed
from handlers.presses import Action, ErasePress, OwnPress
from handlers.screens import DANGER, PRIMARY, Method, Row, button, show
from handlers.visit import Visit
from models.audit import Action as Audited
from models.deletion import delete_flag, keep_limits_of_flag
from models.flag_rights import holders, own_flag_of_handle
from models.flags import Flag
from models.merging import parted_by_deletion


def router() -> Router:
    """Routes for deleting a report."""
    router = Router(name="erase")
    router.callback_query.filter(ErasePress.filter())
    router.callback_query.register(ask, Action("ask"))
    router.callback_query.register(erase, Action("erase"))
    return router


async def ask(query: CallbackQuery, callback_data: ErasePress, visit: Visit) -> Method:
    """Make sure before a report goes."""
    _ = visit._
    await visit.state.clear()
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await nothing_changed(query, visit)
    text = _(
        "<b>Delete this report?</b>\n\nIt will be gone for good and for everybody, even while it's being looked at. "
        "Nobody can bring it back.\n\nOnly a numbered record stays: that it was there, without its content. "
        "What limits need stays too (/privacy says what)."
    )
    rows: list[Row] = [
        [button(_("Yes, delete it"), ErasePress(action="erase", flag=flag.handle), DANGER)],
        [button(_("No, keep it"), OwnPress(action="open", flag=flag.handle), PRIMARY)],
        way_out(_),
    ]
    return show(query, text, rows)


async def erase(query: CallbackQuery, callback_data: ErasePress, visit: Visit) -> Method:
    """Delete a report with its key; other accounts that could open it hear that there's news."""
    _ = visit._
    await visit.state.clear()
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await nothing_changed(query, visit)
    number, handle, others = flag.id, flag.handle, await holders(visit.session, flag)
    for parted in await parted_by_deletion(visit.session, Flag.id == number):
        await visit.record(Audited.PARTED, parted)
    await keep_limits_of_flag(visit.session, visit.vault, flag, visit.now)
    if await delete_flag(visit.session, flag):
        await visit.record(Audited.DELETED, number)
    for other in others:
        if other.id != visit.person.id:
            await tell_reporter(visit.session, visit.vault, visit.texts, other, handle, visit.now)
    text = _(
        "The report is deleted. Only a numbered record stays, without its content. "
        "What limits need stays too (/privacy says what)."
    )
    return show(query, text, [[button(_("My reports"), OwnPress(action="list")), *way_out(_)]])
