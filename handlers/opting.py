"""Who wants no more broadcasts says so under any of them, or in /privacy, and takes it back in the same place."""

from aiogram import Router
from aiogram.methods import AnswerCallbackQuery, EditMessageReplyMarkup, SendMessage
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from handlers.presses import Action, OptPress
from handlers.screens import Method, button, keyboard, written
from handlers.texts import Texts
from handlers.visit import Visit
from models.markup import Rich
from models.opt_outs import opt_in, opt_out


def router() -> Router:
    """Routes for everybody who gets broadcasts."""
    router = Router(name="opting")
    router.callback_query.filter(OptPress.filter())
    router.callback_query.register(choose, Action("out", "in"))
    router.callback_query.register(explain, Action("preview"))
    return router


def broadcast_message(text: Rich, _: Texts, *, is_preview: bool = False, silent: bool = False) -> SendMessage:
    """A broadcast as it arrives, with the button that ends such messages; its chat is filled in at delivery."""
    action = "preview" if is_preview else "out"
    return SendMessage(
        chat_id=0,
        reply_markup=keyboard([[button(_("No more such messages"), OptPress(action=action))]]),
        disable_notification=silent or None,
        **written(text),
    )


def opt_button(has_opted_out: bool, _: Texts) -> InlineKeyboardButton:
    """The button that ends broadcasts, or brings them back."""
    if has_opted_out:
        return button(_("Send me such messages again"), OptPress(action="in"))
    return button(_("No more such messages"), OptPress(action="out"))


async def choose(query: CallbackQuery, callback_data: OptPress, visit: Visit) -> list[Method]:
    """Keep the choice; the message stays, and its button now says the opposite."""
    _, leaves = visit._, callback_data.action == "out"
    if leaves:
        await opt_out(visit.session, visit.person.id, visit.now)
        text = _("Done. The team will no longer write to you together with many others.")
    else:
        await opt_in(visit.session, visit.person.id)
        text = _("Done. Messages of the team to many people will reach you again.")
    methods: list[Method] = [AnswerCallbackQuery(callback_query_id=query.id, text=text)]
    message = query.message
    if isinstance(message, Message) and message.reply_markup is not None:
        rows = [
            [opt_button(leaves, _) if (each.callback_data or "").startswith("opt:") else each for each in row]
            for row in message.reply_markup.inline_keyboard
        ]
        changed = EditMessageReplyMarkup(
            chat_id=message.chat.id, message_id=message.message_id, reply_markup=keyboard(rows)
        )
        methods.append(changed)
    return methods


async def explain(query: CallbackQuery, visit: Visit) -> Method:
    """What the button does, for the owner who looks at a preview."""
    _ = visit._
    text = _("Whoever presses this gets no more such messages. Here it does nothing.")
    return AnswerCallbackQuery(callback_query_id=query.id, text=text)
