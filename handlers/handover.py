"""Handing a flag over: a supervisor gives it to a colleague or back to the queue. The reporter isn't told of it."""

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers.beside_flag import back_to_flag, flag_to_work_on, no_such_flag, note
from handlers.home import back_home
from handlers.notices import post_message
from handlers.presses import Action, FlagPress, ReviewPress
from handlers.roles import Supervises, colleague
from handlers.screens import Event, Method, Row, button, keyboard, show
from handlers.visit import Visit
from models.audit import Action as Audited
from models.flags import Flag, State
from models.handover import colleagues, give_back, hand_over
from models.outbox import Priority
from models.people import Person
from models.team import labels


def router() -> Router:
    """Routes for supervisors and owners."""
    router = Router(name="handover")
    router.callback_query.filter(FlagPress.filter(), Supervises())
    router.callback_query.register(ask_to_whom, Action("give"))
    router.callback_query.register(give, Action("to"))
    router.callback_query.register(back_to_queue, Action("back"))
    return router


async def ask_to_whom(query: CallbackQuery, callback_data: FlagPress, visit: Visit) -> Method:
    """The colleagues who may have the flag."""
    flag = await flag_to_work_on(callback_data.flag, visit)
    if flag is None or not flag.is_open:
        return no_such_flag(query, visit)
    return await _choice(query, flag, visit)


async def _choice(event: Event, flag: Flag, visit: Visit, problem: str = "") -> Method:
    _ = visit._
    known = await labels(visit.session, visit.vault)
    rows: list[Row] = [
        [
            button(
                colleague(member.person_id, visit.person.id, known, _),
                FlagPress(action="to", flag=flag.id, member=member.person_id),
            )
        ]
        for member in await colleagues(visit.session, flag)
    ]
    if flag.state is State.CLAIMED:
        rows.append([button(_("Back to the queue"), FlagPress(action="back", flag=flag.id))])
    text = _("<b>Who is to work on flag №{number}?</b>", number=flag.id)
    text += "\n\n" + (_("The person who reported is not told of it.") if rows else _("There is nobody else."))
    if problem:
        text = f"{problem}\n\n{text}"
    return show(event, text, [*rows, [*back_to_flag(flag.id), *back_home(_)]])


async def give(query: CallbackQuery, callback_data: FlagPress, visit: Visit) -> Method:
    """Give the flag to the colleague who was chosen, and tell them without a word of what about."""
    _ = visit._
    flag = await flag_to_work_on(callback_data.flag, visit)
    if flag is None or not flag.is_open:
        return no_such_flag(query, visit)
    if not await hand_over(visit.session, flag, callback_data.member):
        await note(visit, Audited.DENIED, flag, "hand over")
        return await _choice(query, flag, visit, _("This member can't take it. Please choose somebody else."))
    await note(visit, Audited.HANDED_OVER, flag, str(callback_data.member))
    if callback_data.member != visit.person.id:
        await _tell(await visit.session.get_one(Person, callback_data.member), flag, visit)
    known = await labels(visit.session, visit.vault)
    name = colleague(callback_data.member, visit.person.id, known, _)
    text = _("Flag №{number} is now with {member}.", number=flag.id, member=name)
    return show(query, text, [[*back_to_flag(flag.id), *back_home(_)]])


async def _tell(person: Person, flag: Flag, visit: Visit) -> None:
    _ = visit.texts[person.language]
    rows: list[Row] = [[button(_("Show"), ReviewPress(action="open", flag=flag.id))]]
    message = SendMessage(
        chat_id=0, text=_("A colleague has handed something over to you."), reply_markup=keyboard(rows)
    )
    post_message(visit.session, visit.vault, person, message, priority=Priority.ALERT, now=visit.now)


async def back_to_queue(query: CallbackQuery, callback_data: FlagPress, visit: Visit) -> Method:
    """Put the flag back into the queue, whoever works on it."""
    _ = visit._
    flag = await flag_to_work_on(callback_data.flag, visit)
    if flag is None or not flag.is_open:
        return no_such_flag(query, visit)
    if give_back(flag):
        await note(visit, Audited.RELEASED, flag)
    text = _("Flag №{number} is back in the queue.", number=flag.id)
    return show(query, text, [[*back_to_flag(flag.id), *back_home(_)]])
