"""What each person can do: a module per capability, each a function from an update to what to show.

Handlers read and write the session of their `visit` and return methods of Telegram; the engine sends them after the
commit. Whatever arrives in a private chat comes with a visit; a handler for groups has only `_`, its texts.
"""

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import TelegramObject

from handlers import fallback, groups, home, learn, own, privacy, report, review
from handlers.visit import Visit


class _Private(Filter):
    """The update comes from a person in a private chat."""

    async def __call__(self, event: TelegramObject, visit: Visit | None = None) -> bool:
        return visit is not None


def routers() -> list[Router]:
    """Fresh routers, in the order in which they're asked."""
    private = Router(name="private")
    for observer in (private.message, private.callback_query, private.my_chat_member):
        observer.filter(_Private())
    modules = (learn, report, own, review, home, privacy, fallback)
    private.include_routers(*(module.router() for module in modules))
    return [private, groups.router()]
