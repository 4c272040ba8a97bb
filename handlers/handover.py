"""Handing a flag over: whoever works on it gives it to a colleague; a supervisor any flag, or back to the queue.

The person who reported isn't told of it.
"""

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers.desk import back_to, find, no_such_flag, note
from handlers.home import back_home
from handlers.notices import post_message
from handlers.presses import Action, FlagPress, ReviewPress
from handlers.roles import OnTeam, colleague
from handlers.screens import Event, Method, Row, button, keyboard, show
from handlers.visit import Visit
from models.audit import Action as Audited
from models.flags import Flag, State
from models.handover import colleagues, hand_over, may_hand_over
from models.outbox import Priority
from models.people import Person
from models.team import labels


def router() -> Router:
    """Routes for handing over."""
    router = Router(name="handover")
    router.callback_query.filter(FlagPress.filter(), OnTeam())
    router.callback_query.register(ask_to_whom, Action("give"))
    router.callback_query.register(give, Action("to"))
    router.callback_query.register(back_to_queue, Action("back"))
    return router


async def _find(number: int, visit: Visit) -> Flag | None:
    """The flag, if this person may hand it over; a try that fails is written down."""
    flag = await find(number, visit)
    if flag is None or await may_hand_over(visit.session, flag, visit.person.id):
        return flag
    await note(visit, Audited.DENIED, flag, "hand over")
    return None


async def ask_to_whom(query: CallbackQuery, callback_data: FlagPress, visit: Visit) -> Method:
    """The colleagues who may have the flag."""
    flag = await _find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
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
    return show(event, text, [*rows, [back_to(flag.id), *back_home(_)]])


async def give(query: CallbackQuery, callback_data: FlagPress, visit: Visit) -> Method:
    """Give the flag to the colleague who was chosen, and tell them without a word of what about."""
    _ = visit._
    flag = await _find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    if not await hand_over(visit.session, flag, callback_data.member):
        await note(visit, Audited.DENIED, flag, "hand over")
        return await _choice(query, flag, visit, _("This member can't take it. Please choose somebody else."))
    await note(visit, Audited.HANDED_OVER, flag, str(callback_data.member))
    if callback_data.member != visit.person.id:
        await _tell(await visit.session.get_one(Person, callback_data.member), flag, visit)
    known = await labels(visit.session, visit.vault)
    name = colleague(callback_data.member, visit.person.id, known, _)
    text = _("Flag №{number} is now with {member}.", number=flag.id, member=name)
    return show(query, text, [[back_to(flag.id), *back_home(_)]])


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
    flag = await _find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    if flag.take_back():
        await note(visit, Audited.RELEASED, flag)
    text = _("Flag №{number} is back in the queue.", number=flag.id)
    return show(query, text, [[back_to(flag.id), *back_home(_)]])
