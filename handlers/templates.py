"""Ready replies: a member of the team picks one, and whoever sent the flag gets it in their own language."""

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardButton

from handlers.desk import back_to, find, no_such_flag
from handlers.pieces import may_ask
from handlers.presses import Action, TemplatePress
from handlers.roles import OnTeam
from handlers.screens import PRIMARY, Method, Row, button, show
from handlers.talk import say_to_reporter
from handlers.texts import Texts
from handlers.visit import Visit
from models.flags import NEEDS_CONSENT, Flag, State
from models.merging import works_on
from models.people import Person
from models.talk import is_last_word
from models.templates import QUESTIONS, TEXTS, TITLES, Template
from models.words import N_

REFUSED = N_("This can't be sent to the person now.")


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


async def replies(flag: Flag, visit: Visit) -> list[Template]:
    """The ready replies that this member may send now: whoever works on the flag or closed it; only what is true, and
    no question to a person who doesn't want to be asked.
    """
    closed = flag.state is State.CLOSED and flag.reviewer_id == visit.person.id
    if not closed and not await works_on(visit.session, flag, visit.person.id):
        return []
    if flag.is_quiet(visit.now):
        return []
    fit = {Template.LOOKING: flag.with_team}
    fit |= {Template.PASSED_ON: flag.outcome in NEEDS_CONSENT, Template.CLOSED: flag.state is State.CLOSED}
    fit |= dict.fromkeys(QUESTIONS, flag.with_team and await may_ask(flag, visit))
    return [each for each in Template if fit[each]]


async def reply_in_their_language(template: Template, flag: Flag, visit: Visit) -> str:
    """The text of a ready reply as whoever sent the flag reads it."""
    reporter = await visit.session.get_one(Person, flag.reporter_id)
    return visit.texts[reporter.language](TEXTS[template])


async def show_templates(query: CallbackQuery, callback_data: TemplatePress, visit: Visit) -> Method:
    """The list of ready replies."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    offered = await replies(flag, visit)
    rows: list[Row] = [
        [button(_(TITLES[each]), TemplatePress(action="preview", flag=flag.id, name=each))] for each in offered
    ]
    text = _("<b>Ready replies</b>\n\nThe person gets them in their own language.") if offered else _(REFUSED)
    return show(query, text, [*rows, [back_to(flag.id)]])


async def preview(query: CallbackQuery, callback_data: TemplatePress, visit: Visit) -> Method:
    """Show what the reply says, in the language of who sends it: the other's language is nothing to be told."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    if callback_data.name not in await replies(flag, visit):
        return show(query, _(REFUSED), [[back_to(flag.id)]])
    rows: list[Row] = [
        [button(_("Send"), callback_data.model_copy(update={"action": "send"}), PRIMARY)],
        [button(_("« Back"), TemplatePress(action="list", flag=flag.id))],
    ]
    return show(query, _(TEXTS[Template(callback_data.name)]), rows)


async def send(query: CallbackQuery, callback_data: TemplatePress, visit: Visit) -> Method:
    """Bring the reply to the person, by the talk about their report; a second press brings it no second time."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    if callback_data.name not in await replies(flag, visit):
        return show(query, _(REFUSED), [[back_to(flag.id)]])
    reply = await reply_in_their_language(Template(callback_data.name), flag, visit)
    if not await is_last_word(visit.session, visit.vault, flag, reply):
        await say_to_reporter(flag, reply, visit)
    return show(query, _("Sent."), [[back_to(flag.id)]])
