"""What is stored about a person, and how to have it deleted."""

from datetime import datetime

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.home import back_home
from handlers.presses import Action, DataPress, HomePress
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, show
from handlers.texts import Texts
from models.audit import Action as Audited
from models.audit import record
from models.deletion import delete_person
from models.people import Person
from models.vault import Vault


def router() -> Router:
    """Routes for a person's own data."""
    router = Router(name="privacy")
    router.message.register(privacy, Command("privacy"))
    router.message.register(ask_delete, Command("deletedata"))
    router.callback_query.filter(DataPress.filter())
    router.callback_query.register(ask_delete, Action("ask"))
    router.callback_query.register(delete, Action("delete"))
    return router


async def privacy(message: Message, operator: str, _: Texts) -> Method:
    """What is stored, who sees it, and what can't be promised."""
    text = _(
        "<b>What is stored</b>\n"
        "• your language, and your progress in the lessons\n"
        "• what you report: sealed, each report with a key of its own\n"
        "• your Telegram number, sealed, so that the bot can answer you. Not your name, not your telephone.\n\n"
        "<b>Who sees it</b>\n"
        "Reviewers see reports, without your account. Every look is written down.\n\n"
        "<b>What we can't promise</b>\n"
        "Chats with bots are not end-to-end encrypted, and Telegram keeps the history abroad. "
        "Anybody who holds your phone can read this chat.\n\n"
        "/deletedata deletes everything about you."
    )
    if operator:
        text += "\n\n" + _("Operator: {operator}", operator=operator)
    return show(message, text, [[button(_("Delete my data"), DataPress(action="ask"), DANGER)], back_home(_)])


async def ask_delete(event: Event, state: FSMContext, _: Texts) -> Method:
    """Make sure before everything goes."""
    await state.clear()
    rows: list[Row] = [
        [button(_("Yes, delete everything"), DataPress(action="delete"), DANGER)],
        [button(_("No, keep it"), HomePress(action="start"), PRIMARY)],
    ]
    text = _(
        "<b>Delete everything about you?</b>\n\nYour lessons, results and reports will be gone for good, "
        "also the reports that are being looked at. Nobody can bring them back."
    )
    return show(event, text, rows)


async def delete(
    query: CallbackQuery, session: AsyncSession, vault: Vault, person: Person, now: datetime, _: Texts
) -> Method:
    """Delete the person and all that hangs on them."""
    for flag_id in await delete_person(session, person):
        await record(session, vault, Audited.DELETED, now=now, flag_id=flag_id)
    text = _("Everything about you is deleted. You can also clear this chat in Telegram. All the best to you.")
    return show(query, text, [back_home(_)])
