"""How a person can be reached outside the bot: shown to the reviewer who works on the flag, once a second one agreed.

It may be looked at for half an hour; each look is in the audit.
"""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.asking import ask_reason
from handlers.desk import back_to, find, no_such_flag, note, only_to_read
from handlers.home import back_home
from handlers.presses import Action, FlagPress
from handlers.roles import OnTeam
from handlers.screens import Method, show
from handlers.visit import Visit
from models.approvals import TERM, Kind, granted, may_ask
from models.audit import Action as Audited


def router() -> Router:
    """Routes for who works on a flag."""
    router = Router(name="contact")
    router.callback_query.filter(FlagPress.filter(), OnTeam())
    router.callback_query.register(contact, Action("contact"))
    return router


async def contact(query: CallbackQuery, callback_data: FlagPress, visit: Visit) -> Method:
    """Show the contact, or ask why it's needed."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    if early := only_to_read(flag, visit):
        return show(query, early, [[back_to(flag.id), *back_home(_)]])
    if not await may_ask(visit.session, Kind.CONTACT, visit.person.id, visit.now, flag):
        await note(visit, Audited.DENIED, flag, "contact")
        return no_such_flag(query, visit._)
    approval = await granted(visit.session, Kind.CONTACT, visit.person.id, visit.now, flag.id)
    if approval is None or approval.decided_at is None:
        return await ask_reason(query, Kind.CONTACT, flag, visit)
    await note(visit, Audited.CONTACT_SEEN, flag)
    lines = [
        _("<b>How to reach the person of flag №{number}</b>", number=flag.id),
        "",
        _("<blockquote>{words}</blockquote>", words=flag.contact(visit.vault)),
        "",
        _(
            "You can look at it here until {time}. Each look is written down.",
            time=_.moment(approval.decided_at + TERM),
        ),
    ]
    return show(query, "\n".join(lines), [[back_to(flag.id), *back_home(_)]])
