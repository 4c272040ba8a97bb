"""Giving a flag to a colleague, who is named by a number: no member of the team is stored by name."""

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers.desk import OnTeam, back_to, find, no_such_flag, note, open_button
from handlers.notices import post_message
from handlers.presses import Action, ReassignPress
from handlers.review import flag_screen
from handlers.screens import Method, Row, button, keyboard, show
from handlers.visit import Visit
from models.audit import Action as Audited
from models.flags import reviewed_flag
from models.outbox import Priority
from models.people import Person
from models.team import members


def router() -> Router:
    """Routes for giving a flag to a colleague."""
    router = Router(name="reassigning")
    router.callback_query.filter(ReassignPress.filter(), OnTeam())
    router.callback_query.register(show_colleagues, Action("list"))
    router.callback_query.register(reassign, Action("give"))
    return router


async def show_colleagues(query: CallbackQuery, callback_data: ReassignPress, visit: Visit) -> Method:
    """The colleagues, each by their number."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    if not flag.is_worked_on_by(visit.person.id):
        return await flag_screen(query, flag, visit)
    numbers = [
        button(
            _("Colleague {number}", number=member.person_id),
            ReassignPress(action="give", flag=flag.id, colleague=member.person_id),
        )
        for member, _person in await members(visit.session)
        if member.person_id != visit.person.id
    ]
    rows: list[Row] = [numbers[i : i + 2] for i in range(0, len(numbers), 2)]
    lines = [
        _("<b>Give flag №{number} to a colleague</b>", number=flag.id),
        "",
        _("Your own number is {number}.", number=visit.person.id),
    ]
    if not numbers:
        lines.append(_("There is nobody else on the team."))
    return show(query, "\n".join(lines), [*rows, [back_to(flag.id)]])


async def reassign(query: CallbackQuery, callback_data: ReassignPress, visit: Visit) -> Method:
    """Give it to a colleague, who is told; one who may not review it is not said to be one."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    colleague = await visit.session.get(Person, callback_data.colleague)
    may = colleague is not None and await reviewed_flag(visit.session, colleague.id, flag.id) is not None
    if colleague is None or not may or not flag.reassign(visit.person.id, colleague.id):
        said = _("It can't be given to this colleague.") if flag.is_worked_on_by(visit.person.id) else ""
        return await flag_screen(query, flag, visit, said=said)
    await note(visit, Audited.REASSIGNED, flag, str(colleague.id))
    _tell(colleague, flag.id, visit)
    return await flag_screen(query, flag, visit)


def _tell(colleague: Person, flag_id: int, visit: Visit) -> None:
    """Tell a colleague of a flag, in their language and without a word of what it is about."""
    _ = visit.texts[colleague.language]
    text, buttons = _("A colleague has given you a flag."), keyboard([[open_button(flag_id)]])
    message = SendMessage(chat_id=0, text=text, reply_markup=buttons)
    post_message(visit.session, visit.vault, colleague, message, priority=Priority.ALERT, now=visit.now)
