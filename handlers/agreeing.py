"""Whoever reported says whether the driver may hear of it: yes or no, until the driver was told."""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.consent import say_for
from handlers.own import nothing_changed, report_screen
from handlers.presses import Action, AgreePress
from handlers.screens import Method
from handlers.visit import Visit
from models.consents import Recipient
from models.flag_rights import own_flag_of_handle
from models.late_news import as_shown


def router() -> Router:
    """Routes for yes and no."""
    router = Router(name="agreeing")
    router.callback_query.filter(AgreePress.filter())
    router.callback_query.register(agree, Action("yes", "no"))
    return router


async def agree(query: CallbackQuery, callback_data: AgreePress, visit: Visit) -> Method:
    """Keep what was said."""
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None or as_shown(flag, visit.now).unseen:
        return await nothing_changed(query, visit)
    await say_for(flag, Recipient.DRIVER, callback_data.action == "yes", visit)
    return await report_screen(query, flag, visit)
