"""Outside private chats the bot says one sentence and leaves: what is told here belongs to nobody else."""

from aiogram import Router
from aiogram.enums import ChatMemberStatus
from aiogram.methods import LeaveChat, SendMessage
from aiogram.types import ChatMemberUpdated

from handlers.screens import Method
from handlers.texts import Texts


def router() -> Router:
    """Routes for groups and channels."""
    router = Router(name="groups")
    router.my_chat_member.register(leave)
    return router


async def leave(change: ChatMemberUpdated, _: Texts) -> list[Method] | None:
    """Leave a group that the bot was added to."""
    status = change.new_chat_member.status
    if status not in {ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR}:
        return None
    goodbye = [LeaveChat(chat_id=change.chat.id)]
    if change.chat.type == "channel":
        return list[Method](goodbye)
    text = _("I work in private chats only. Please write to me there.")
    return [SendMessage(chat_id=change.chat.id, text=text), *goodbye]
