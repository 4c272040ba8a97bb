"""Whoever reported says whether the driver may hear of it: yes or no, until the driver was told."""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.own import report_screen, show_reports
from handlers.presses import Action, AgreePress
from handlers.screens import Method
from handlers.visit import Visit
from models.audit import Action as Audited
from models.consents import Recipient, say
from models.flags import UNSEEN, own_flag


def router() -> Router:
    """Routes for yes and no."""
    router = Router(name="agreeing")
    router.callback_query.filter(AgreePress.filter())
    router.callback_query.register(agree, Action("yes", "no"))
    return router


async def agree(query: CallbackQuery, callback_data: AgreePress, visit: Visit) -> Method:
    """Keep what was said."""
    flag = await own_flag(visit.session, visit.person.id, callback_data.flag)
    if flag is None or flag.state in UNSEEN:
        return await show_reports(query, visit)
    yes = callback_data.action == "yes"
    await say(visit.session, flag.id, Recipient.DRIVER, yes, visit.now)
    action = Audited.CONSENTED if yes else Audited.CONSENT_REVOKED
    await visit.record(action, flag.id, detail=Recipient.DRIVER)
    return await report_screen(query, flag, visit)
