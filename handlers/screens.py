"""One way to build a keyboard and to show a screen.

A task has one live message: a press edits it, a command sends a new one. An old message that can't be edited
any more is followed by a fresh one.
"""

from collections.abc import Sequence
from typing import Any

from aiogram.enums import ButtonStyle
from aiogram.filters.callback_data import CallbackData
from aiogram.methods import EditMessageText, SendMessage, TelegramMethod
from aiogram.types import (
    CallbackQuery,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    MessageEntity,
)

from models.markup import Rich

Method = TelegramMethod[Any]
Event = Message | CallbackQuery
Row = Sequence[InlineKeyboardButton]

DANGER, SUCCESS, PRIMARY = ButtonStyle.DANGER, ButtonStyle.SUCCESS, ButtonStyle.PRIMARY


def button(text: str, press: CallbackData, style: ButtonStyle | None = None) -> InlineKeyboardButton:
    """A button that presses `press`."""
    return InlineKeyboardButton(text=text, callback_data=press.pack(), style=style)


def copy_button(text: str, copied: str) -> InlineKeyboardButton:
    """A button that copies 1-256 characters to the clipboard."""
    return InlineKeyboardButton(text=text, copy_text=CopyTextButton(text=copied))


def in_rows(buttons: Sequence[InlineKeyboardButton], width: int = 2) -> list[Row]:
    """Buttons in rows of so many."""
    return [buttons[i : i + width] for i in range(0, len(buttons), width)]


def keyboard(rows: Sequence[Row]) -> InlineKeyboardMarkup | None:
    """The keyboard of these rows; none without buttons."""
    return InlineKeyboardMarkup(inline_keyboard=[list(row) for row in rows if row]) if any(rows) else None


def show(event: Event, text: str | Rich, rows: Sequence[Row] = ()) -> SendMessage | EditMessageText:
    """The method that shows a screen for an event: HTML as a string, or text that is already formatted."""
    if isinstance(event, CallbackQuery) and isinstance(event.message, Message):
        return EditMessageText(
            chat_id=event.message.chat.id,
            message_id=event.message.message_id,
            reply_markup=keyboard(rows),
            **written(text),
        )
    return show_anew(event, text, rows)


def show_anew(event: Event, text: str | Rich, rows: Sequence[Row] = ()) -> SendMessage:
    """The method that shows a screen in a message of its own, below all others."""
    if isinstance(event, Message):
        chat_id = event.chat.id
    else:
        chat_id = event.message.chat.id if event.message is not None else event.from_user.id
    return SendMessage(chat_id=chat_id, reply_markup=keyboard(rows), **written(text))


def written(text: str | Rich) -> dict[str, Any]:
    """The parameters of a method that carry a text: HTML as a string, or text that is already formatted."""
    if not isinstance(text, Rich):
        return {"text": text}
    entities = [MessageEntity(**entity) for entity in text.entities]
    return {"text": text.text, "parse_mode": None, "entities": entities or None}


def progress(done: int, total: int, width: int = 10) -> str:
    """A bar of `width` characters for `done` of `total`."""
    filled = round(width * done / total) if total else 0
    return "▰" * filled + "▱" * (width - filled)
