"""What is stored about a person, and how to have it deleted."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from handlers.home import back_home
from handlers.presses import Action, DataPress, HomePress
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, show
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record
from models.deletion import delete_person


def router() -> Router:
    """Routes for a person's own data."""
    router = Router(name="privacy")
    router.message.register(privacy, Command("privacy"))
    router.message.register(ask_delete, Command("deletedata"))
    router.callback_query.filter(DataPress.filter())
    router.callback_query.register(ask_delete, Action("ask"))
    router.callback_query.register(delete, Action("delete"))
    return router


async def privacy(message: Message, visit: Visit) -> Method:
    """What is stored, who sees it, and what can't be promised."""
    _ = visit._
    text = _(
        "<b>What is stored</b>\n"
        "• your language, and your progress in the lessons\n"
        "• what you report: encrypted, each report with a key of its own\n"
        "• your Telegram ID, encrypted, so that the bot can answer you. Not your name, not your telephone number.\n\n"
        "<b>Who sees it</b>\n"
        "Reviewers see reports, without your account. Every look is written down.\n\n"
        "<b>What we can't promise</b>\n"
        "Chats with bots are not end-to-end encrypted, and Telegram keeps the history abroad. "
        "Anybody who holds your phone can read this chat.\n\n"
        "/deletedata deletes everything that is stored about you."
    )
    if visit.operator:
        text += "\n\n" + _("Operator: {operator}", operator=visit.operator)
    return show(message, text, [[button(_("Delete my data"), DataPress(action="ask"), DANGER)], back_home(_)])


async def ask_delete(event: Event, visit: Visit) -> Method:
    """Make sure before everything goes."""
    _ = visit._
    await visit.state.clear()
    rows: list[Row] = [
        [button(_("Yes, delete everything"), DataPress(action="delete"), DANGER)],
        [button(_("No, keep it"), HomePress(action="start"), PRIMARY)],
    ]
    text = _(
        "<b>Delete everything about you?</b>\n\nYour lessons, results and reports will be gone for good, "
        "also the reports that are being looked at. Nobody can bring them back.\n\n"
        "What stays is a numbered record that reports were handled, without their content."
    )
    return show(event, text, rows)


async def delete(query: CallbackQuery, visit: Visit) -> Method:
    """Delete the person and all that hangs on them."""
    _ = visit._
    for flag_id in await delete_person(visit.session, visit.person):
        await record(visit.session, visit.vault, Audited.DELETED, now=visit.now, flag_id=flag_id)
    text = _(
        "Everything about you is deleted, except that numbered record. "
        "You can also clear this chat in Telegram. All the best to you."
    )
    return show(query, text, [back_home(_)])
