"""Leaving the team oneself: a member's own place in it, and the way out; what they work on goes back to the queue.

An owner whom the settings name can't leave here, as the next start would bring them back, nor can the last owner.
"""

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers.commands import Command
from handlers.desk import note
from handlers.home import back_home, home_rows
from handlers.menu import order_menu
from handlers.notices import post_message, tell_team_of_flags
from handlers.presses import Action, LeavePress, TeamPress
from handlers.roles import OnTeam
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, keyboard, show
from handlers.team import HINDRANCES, member_line
from handlers.visit import Visit
from models.audit import Action as Audited
from models.membership import Hindrance, member_of, open_flags, remove_member, why_staying
from models.outbox import Priority
from models.team import OWNING, members
from models.words import N_

STAYING = HINDRANCES | {
    Hindrance.SETTINGS: N_(
        "You can't leave here: the settings of the bot name you as an owner (OWNER_IDS), and its next start would "
        "bring you back. Whoever runs the bot takes the number out there."
    ),
    Hindrance.LAST_OWNER: N_(
        "You are the last owner, and without one nobody can run the team. Somebody else has to become an owner first."
    ),
}
"""Why a member can't leave, as they read it themselves."""


def router() -> Router:
    """Routes for every member; owners have a screen of their own for `/team`."""
    router = Router(name="leaving")
    router.message.register(show_place, Command("team"), OnTeam())
    router.callback_query.filter(LeavePress.filter(), OnTeam())
    router.callback_query.register(show_place, Action("show"))
    router.callback_query.register(ask, Action("ask"))
    router.callback_query.register(leave, Action("leave"))
    return router


async def show_place(event: Event, visit: Visit) -> Method:
    """The member's own place in the team."""
    _ = visit._
    await visit.state.clear()
    await note(visit, Audited.TEAM_SEEN)
    return show(
        event,
        "\n".join([_("<b>Team</b>"), "", await _own_line(visit)]),
        [[button(_("Leave the team"), LeavePress(action="ask"), DANGER)], back_home(_)],
    )


async def _own_line(visit: Visit) -> str:
    member = await member_of(visit.session, visit.person.id)
    at_work = await open_flags(visit.session)
    return member_line(member, at_work.get(visit.person.id, 0), {}, visit) if member is not None else ""


async def ask(query: CallbackQuery, visit: Visit) -> Method:
    """Make sure before a member leaves, once."""
    _ = visit._
    await visit.state.clear()
    hindrance = await why_staying(visit.session, visit.person.id)
    if hindrance is not None:
        return _stays(query, hindrance, visit)
    text = _(
        "<b>Leave the team?</b>\n\nThe flags that you work on go back to the queue, and the team hears that "
        "something waits there. What you did stays in the audit. Your own reports, lessons and certificate stay as "
        "they are. Only a new invitation brings you back."
    )
    rows: list[Row] = [
        [button(_("Yes, leave"), LeavePress(action="leave"), DANGER)],
        [button(_("No, stay"), LeavePress(action="show"), PRIMARY)],
    ]
    return show(query, f"{text}\n\n{await _own_line(visit)}", rows)


def _stays(query: CallbackQuery, hindrance: Hindrance, visit: Visit) -> Method:
    _ = visit._
    return show(query, _(STAYING[hindrance]), [[button(_("« Team"), TeamPress(action="list")), *back_home(_)]])


async def leave(query: CallbackQuery, visit: Visit) -> Method:
    """Leave; owners hear that somebody did, and the team of what waits again."""
    _ = visit._
    await visit.state.clear()
    freed = await remove_member(visit.session, visit.vault, visit.person.id, visit.now)
    if isinstance(freed, Hindrance):
        return _stays(query, freed, visit)
    await note(visit, Audited.LEFT)
    await tell_team_of_flags(visit.session, visit.vault, visit.texts, freed, visit.now)
    await _tell_owners(visit)
    order_menu(visit, visit.person.id)
    text = _("You are no longer in the team. Thank you for all you have done.")
    return show(query, text, await home_rows(visit))


async def _tell_owners(visit: Visit) -> None:
    for member, person in await members(visit.session):
        if member.role in OWNING:
            _ = visit.texts[person.language]
            rows: list[Row] = [[button(_("Show"), TeamPress(action="list"))]]
            message = SendMessage(chat_id=0, text=_("A member has left the team."), reply_markup=keyboard(rows))
            post_message(visit.session, visit.vault, person, message, priority=Priority.RELAY, now=visit.now)
