"""Whatever nothing else answers: an old button, an unknown command, a sticker. Always a way on."""

from datetime import datetime

from aiogram import Router
from aiogram.enums import ChatMemberStatus
from aiogram.fsm.context import FSMContext
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.home import home_rows, start
from handlers.screens import Method, show
from handlers.texts import Texts
from models.people import Person


def router() -> Router:
    """Routes for everything else in a private chat; must come last."""
    router = Router(name="fallback")
    router.message.register(unknown_message)
    router.callback_query.register(unknown_press)
    router.my_chat_member.register(came_or_went)
    return router


async def unknown_message(
    message: Message, session: AsyncSession, person: Person, raw_state: str | None, _: Texts
) -> Method:
    """Say so kindly and show the way; what is being asked stays asked."""
    if raw_state is not None:
        return show(message, _("Please send it as a text. To stop, press Cancel above or go to /start."))
    text = _("I did not understand that. Here is what I can do:")
    return show(message, text, await home_rows(session, person, _))


async def unknown_press(
    query: CallbackQuery, session: AsyncSession, person: Person, state: FSMContext, _: Texts
) -> list[Method]:
    """A button that no longer means anything gets a fresh screen."""
    screen = await start(query, session, person, state, _)
    return [
        screen,
        AnswerCallbackQuery(callback_query_id=query.id, text=_("That button was old. Here is the menu.")),
    ]


async def came_or_went(change: ChatMemberUpdated, person: Person, now: datetime) -> None:
    """Remember who blocked the bot; any other update of theirs makes it forget that again."""
    if change.new_chat_member.status == ChatMemberStatus.KICKED:
        person.blocked_at = now
