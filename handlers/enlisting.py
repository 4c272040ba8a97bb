"""Joining the team by an invitation: what one may do then, and a promise of confidence before it."""

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery, Message

from handlers.desk import note
from handlers.home import back_home, home_rows, start
from handlers.menu import order_menu
from handlers.notices import post_message
from handlers.presses import Action, Payload, ReviewPress, TeamPress
from handlers.screens import PRIMARY, SUCCESS, Event, Method, Row, button, keyboard, show
from handlers.team import PREFIX
from handlers.visit import Visit
from models.audit import Action as Audited
from models.invites import Invite, accept, invite_of_code
from models.outbox import Priority
from models.people import Person
from models.team import OWNING, ROLE_NAMES, Role, members, role_of
from models.words import N_

DUTIES = {
    Role.REVIEWER: N_("You will see what people report, the most severe first, and answer them through the bot."),
    Role.SUPERVISOR: N_(
        "You will see what people report and answer them through the bot. You can hand reports over to colleagues, "
        "and you are the second person for what takes two."
    ),
    Role.OWNER: N_(
        "You will see what people report and answer them through the bot. You can invite people into the team, "
        "look at the audit, and you are the second person for what takes two."
    ),
}


def router() -> Router:
    """Routes for whoever was invited."""
    router = Router(name="enlisting")
    router.message.register(by_link, Payload(PREFIX))
    router.callback_query.filter(TeamPress.filter())
    router.callback_query.register(join, Action("join"))
    router.callback_query.register(decline, Action("decline"))
    return router


async def by_link(message: Message, payload: str, visit: Visit) -> Method:
    """A link into the team was followed; whatever was being asked is over."""
    _ = visit._
    await visit.state.clear()
    found = await invite_of_code(visit.session, payload, visit.now)
    if found is None:
        return await _worthless(message, visit)
    if await role_of(visit.session, visit.person.id) is not None:
        text = _("You are in the team already. An owner can change your role with /team.")
        return show(message, text, await home_rows(visit))
    lines = [
        _("<b>Welcome.</b> You are invited into the team of Құрмет: {role}.", role=_(ROLE_NAMES[found.role])),
        "",
        _(DUTIES[found.role]),
        "",
        _(
            "People trust us with what was hard to say. Please keep what you read in the team: don't copy it, "
            "don't show it, don't retell it, also after you have left. Every look is written down."
        ),
    ]
    rows: list[Row] = [
        [button(_("I promise, and join"), TeamPress(action="join", value=payload), SUCCESS)],
        [button(_("No, thank you"), TeamPress(action="decline"))],
    ]
    return show(message, "\n".join(lines), rows)


async def _worthless(event: Event, visit: Visit) -> Method:
    _ = visit._
    text = _("This invitation was used, withdrawn, or is older than 48 hours. Please ask for a new one.")
    return show(event, text, await home_rows(visit))


async def join(query: CallbackQuery, callback_data: TeamPress, visit: Visit) -> Method:
    """Become a member; of two who press the same link's button, the first does."""
    _ = visit._
    found = await invite_of_code(visit.session, callback_data.value, visit.now)
    if found is None or await role_of(visit.session, visit.person.id) is not None:
        return await start(query, visit) if found is not None else await _worthless(query, visit)
    role = await _enlist(found, visit)
    text = _("You are in the team now: {role}. Your menu has the new commands.", role=_(ROLE_NAMES[role]))
    return show(query, text, [[button(_("Queue"), ReviewPress(action="queue"), PRIMARY), *back_home(_)]])


async def _enlist(found: Invite, visit: Visit) -> Role:
    """Make the person a member, write it down, and tell the owners."""
    member = await accept(visit.session, visit.vault, found, visit.person.id, visit.now)
    await note(visit, Audited.JOINED, detail=f"{visit.person.id} {member.role}")
    order_menu(visit, visit.person.id)
    for other, person in await members(visit.session):
        if other.role in OWNING and other is not member:
            _tell(person, visit)
    return member.role


def _tell(owner: Person, visit: Visit) -> None:
    _ = visit.texts[owner.language]
    rows: list[Row] = [[button(_("Show"), TeamPress(action="open", member=visit.person.id))]]
    message = SendMessage(chat_id=0, text=_("An invitation was accepted."), reply_markup=keyboard(rows))
    post_message(visit.session, visit.vault, owner, message, priority=Priority.RELAY, now=visit.now)


async def decline(query: CallbackQuery, visit: Visit) -> Method:
    """Not now; the invitation stays good until its end."""
    return await start(query, visit)
