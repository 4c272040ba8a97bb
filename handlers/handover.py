"""Handing a flag over: whoever works on it offers it to a colleague; a supervisor any flag, or back to the queue.

What is offered waits in the queue until somebody claims it. A colleague on a side of the flag hears nothing, and
whoever offers it sees the same as ever: an answer that differed would tell who reported. The person who reported isn't
told of it.
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
from models.handover import colleagues, may_hand_over, may_review
from models.outbox import Priority
from models.people import Person
from models.team import labels, role_of


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
    """Offer the flag to the colleague who was chosen, without a word of what about; a supervisor takes it at once."""
    _ = visit._
    flag, member = await _find(callback_data.flag, visit), callback_data.member
    if flag is None:
        return no_such_flag(query, visit._)
    if await role_of(visit.session, member) is None:
        await note(visit, Audited.DENIED, flag, "hand over")
        return await _choice(query, flag, visit, _("They are not of the team. Please choose somebody else."))
    known = await labels(visit.session, visit.vault)
    name = colleague(member, visit.person.id, known, _)
    if member == visit.person.id:
        flag.give(member)
        await note(visit, Audited.HANDED_OVER, flag, str(member))
        text = _("Flag №{number} is now with {member}.", number=flag.id, member=name)
    else:
        flag.take_back()
        # Not to whom: an owner who reads that, and heard nothing, would know that a flag is about them.
        await note(visit, Audited.HANDED_OVER, flag)
        if await may_review(visit.session, flag, member):
            await _tell(await visit.session.get_one(Person, member), flag, visit)
        text = _(
            "Flag №{number} is back in the queue. {member} hears of it if they may open it.",
            number=flag.id,
            member=name,
        )
    return show(query, text, [[back_to(flag.id), *back_home(_)]])


async def _tell(person: Person, flag: Flag, visit: Visit) -> None:
    _ = visit.texts[person.language]
    rows: list[Row] = [[button(_("Show"), ReviewPress(action="open", flag=flag.id))]]
    text = _("A colleague asks you to take something over from the queue.")
    message = SendMessage(chat_id=0, text=text, reply_markup=keyboard(rows))
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
