"""Ready replies: a member of the team picks one, and whoever sent the flag gets it in their own language."""

from collections.abc import Awaitable, Callable

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardButton

from handlers.desk import back_to, find, no_such_flag
from handlers.presses import Action, TemplatePress
from handlers.roles import OnTeam
from handlers.screens import PRIMARY, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.flags import Flag, State
from models.people import Person
from models.templates import TEXTS, TITLES, Template

Say = Callable[[Flag, str, Visit], Awaitable[bool]]

say_to_reporter: Say | None = None
"""Brings a text (HTML) to whoever sent a flag, and says whether that was possible. None: nobody can be written to, and
no button offers it."""


def router() -> Router:
    """Routes for ready replies."""
    router = Router(name="templates")
    router.callback_query.filter(TemplatePress.filter(), OnTeam())
    router.callback_query.register(show_templates, Action("list"))
    router.callback_query.register(preview, Action("preview"))
    router.callback_query.register(send, Action("send"))
    return router


def choice_button(flag_id: int, _: Texts) -> InlineKeyboardButton:
    """The button that opens the list."""
    return button(_("Ready replies"), TemplatePress(action="list", flag=flag_id))


async def reply_in_their_language(template: Template, flag: Flag, visit: Visit) -> str:
    """The text of a ready reply as whoever sent the flag reads it."""
    reporter = await visit.session.get_one(Person, flag.reporter_id)
    return visit.texts[reporter.language](TEXTS[template])


async def show_templates(query: CallbackQuery, callback_data: TemplatePress, visit: Visit) -> Method:
    """The list of ready replies."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None or flag.state is State.WITHDRAWN or say_to_reporter is None:
        return no_such_flag(query, _)
    rows: list[Row] = [
        [button(_(title), TemplatePress(action="preview", flag=flag.id, name=template))]
        for template, title in TITLES.items()
    ]
    text = _("<b>Ready replies</b>\n\nThe person gets them in their own language.")
    return show(query, text, [*rows, [back_to(flag.id)]])


async def preview(query: CallbackQuery, callback_data: TemplatePress, visit: Visit) -> Method:
    """Show what the reply says, in the language of who sends it: the other's language is nothing to be told."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None or callback_data.name not in set(Template):
        return no_such_flag(query, _)
    rows: list[Row] = [
        [button(_("Send"), callback_data.model_copy(update={"action": "send"}), PRIMARY)],
        [button(_("« Back"), TemplatePress(action="list", flag=flag.id))],
    ]
    return show(query, _(TEXTS[Template(callback_data.name)]), rows)


async def send(query: CallbackQuery, callback_data: TemplatePress, visit: Visit) -> Method:
    """Bring the reply to the person."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None or callback_data.name not in set(Template) or say_to_reporter is None:
        return no_such_flag(query, _)
    text = await reply_in_their_language(Template(callback_data.name), flag, visit)
    sent = flag.state is not State.WITHDRAWN and await say_to_reporter(flag, text, visit)
    said = _("Sent.") if sent else _("This person can't be written to.")
    return show(query, said, [[back_to(flag.id)]])
