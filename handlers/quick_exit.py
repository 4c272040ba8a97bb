"""Quick exit: one button, pressed once, and nothing of a report is left to be seen in the chat.

What stands here, the bot's and the person's own, is deleted as far back as Telegram allows, and what remains looks
like a bot for lessons. What was ordered and isn't here yet comes no more, or goes as soon as it has come; afterwards
only notices arrive that say nothing of what they're about. What was being asked is over; a draft and what was sent
are kept.
"""

from datetime import timedelta

from aiogram import Router
from aiogram.methods import DeleteMessages, SendMessage
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from handlers.making import method_of
from handlers.notices import post_message
from handlers.presses import ExitPress, LearnPress
from handlers.screens import PRIMARY, Method, button, show_anew
from handlers.texts import Texts
from handlers.visit import Visit
from models.outbox import Priority, take_back
from models.traces import KEPT, take_traces
from models.words import N_

EXIT = N_("✕ Clear chat")
"""What the button says."""
AT_MOST = 100
"""Messages that Telegram deletes in one request."""
MARGIN = timedelta(minutes=1)
"""What grows too old on the way is left out: Telegram would refuse it."""
OLDER = timedelta(days=2)
OF_A_REPORT = frozenset({"receipt", "statement", "piece", "place", "evidence"})
"""Orders whose message would show that there is a report, or what stands in it."""


def router() -> Router:
    """Routes for the quick exit."""
    router = Router(name="exit")
    router.callback_query.filter(ExitPress.filter())
    router.callback_query.register(leave)
    return router


def exit_button(_: Texts) -> InlineKeyboardButton:
    """The button that does it at once. Its words say no more than what any chat might offer."""
    return button(_(EXIT), ExitPress())


async def leave(query: CallbackQuery, visit: Visit) -> list[Method]:
    """Delete what can be deleted, and leave a screen that anybody may see.

    It's deleted at once, and by the outbox as well: whatever happens to the bot in between.
    """
    await visit.state.clear()
    await _order_no_more(visit)
    since = visit.now - KEPT + MARGIN
    ids = await take_traces(visit.session, visit.person.id, since)
    pressed = query.message
    if isinstance(pressed, Message) and pressed.date >= since and pressed.message_id not in ids:
        ids.insert(0, pressed.message_id)
    parts = [ids[at : at + AT_MOST] for at in range(0, len(ids), AT_MOST)]
    deletions = [DeleteMessages(chat_id=query.from_user.id, message_ids=part) for part in parts]
    for deletion in deletions:
        post_message(visit.session, visit.vault, visit.person, deletion, priority=Priority.RECEIPT, now=visit.now)
    return [*deletions, _neutral(query, visit)]


async def _order_no_more(visit: Visit) -> None:
    """Take back what was ordered and would show a report; what the person sent is fetched and kept all the same.

    Before the traces are taken: so whatever is sent at this moment is either known by then, or deleted by its sender.
    """
    methods = {method_of(order) for order in OF_A_REPORT}
    for method, values in await take_back(visit.session, visit.vault, visit.person.id, methods):
        if method == method_of("evidence"):
            values["quiet"] = True
            visit.order("evidence", values)


def _neutral(query: CallbackQuery, visit: Visit) -> SendMessage:
    _ = visit._
    text = _("<b>Құрмет</b> means respect.\n\nLessons for drivers, three minutes each.")
    if visit.person.joined_at < visit.now - OLDER:
        text += "\n\n" + _("Messages older than two days stay in this chat until you clear it in Telegram.")
    return show_anew(query, text, [[button(_("Lessons for drivers"), LearnPress(action="list"), PRIMARY)]])
