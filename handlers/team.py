"""The team, as its owners see it: who is in it, invitations, roles, removing somebody.

Members have no names here: each has a number, and a label that an owner gave. Menus follow roles at once.
"""

from collections.abc import Mapping

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery, Message

from handlers.commands import Command
from handlers.desk import note
from handlers.home import back_home, start
from handlers.menu import order_menu
from handlers.notices import post_message, tell_team_of_flags
from handlers.own import Typed
from handlers.presses import Action, LeavePress, TeamPress
from handlers.roles import Owns, colleague
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, copy_button, in_rows, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.invites import Invite, invite, waiting_invites, withdraw_invite
from models.markup import unshowable
from models.membership import Hindrance, change_role, member_of, open_flags, remove_member
from models.outbox import Priority
from models.people import Person
from models.team import LABEL_LIMIT, ROLE_NAMES, Member, Role, labels, members
from models.words import N_

PREFIX = "t"
"""Begins the payload of a link that leads into the team."""
PAGE = 12
_LAST_PAGE = 10_000
HINDRANCES = {
    Hindrance.UNKNOWN: N_("This member is no longer in the team."),
    Hindrance.SETTINGS: N_(
        "The settings of the bot name this owner (OWNER_IDS), so nobody can change it here. "
        "Whoever runs the bot takes the number out there."
    ),
    Hindrance.LAST_OWNER: N_("This is the last owner. Somebody else has to become an owner first."),
}


class Inviting(StatesGroup):
    """What an owner is asked for an invitation; the data holds `role`."""

    label = State()


def router() -> Router:
    """Routes for owners."""
    router = Router(name="team")
    router.message.register(show_team, Command("team"), Owns())
    router.message.register(label_typed, StateFilter(Inviting.label), Typed(), Owns())
    router.callback_query.filter(TeamPress.filter(), Owns())
    router.callback_query.register(show_team, Action("list"))
    router.callback_query.register(open_member, Action("open"))
    router.callback_query.register(give_role, Action("role"))
    router.callback_query.register(ask_remove, Action("remove"))
    router.callback_query.register(remove, Action("removed"))
    router.callback_query.register(ask_role, Action("invite"))
    router.callback_query.register(ask_label, Action("as"))
    router.callback_query.register(open_invite, Action("invited"))
    router.callback_query.register(withdraw, Action("withdraw"))
    return router


async def show_team(event: Event, visit: Visit, callback_data: TeamPress | None = None) -> Method:
    """Everybody in the team, and the invitations that nobody has accepted yet."""
    _ = visit._
    await visit.state.clear()
    await note(visit, Audited.TEAM_SEEN)
    wanted = callback_data.value if callback_data else ""
    page = min(int(wanted), _LAST_PAGE) if wanted.isdecimal() else 0
    team = [member for member, _person in await members(visit.session)]
    shown = team[page * PAGE : (page + 1) * PAGE]
    at_work, known = await open_flags(visit.session), await labels(visit.session, visit.vault)
    lines = [_("<b>Team</b>"), ""]
    lines += [member_line(member, at_work.get(member.person_id, 0), known, visit) for member in shown]
    invites = [] if page else await waiting_invites(visit.session, visit.now)
    if invites:
        lines += ["", _("Invitations that wait: {number}", number=len(invites))]
    rows: list[Row] = in_rows(
        [
            button(
                colleague(member.person_id, visit.person.id, known, _),
                TeamPress(action="open", member=member.person_id),
            )
            for member in shown
        ]
    )
    rows += [
        [button(f"✉ {each.label(visit.vault)}", TeamPress(action="invited", member=each.id))] for each in invites[:PAGE]
    ]
    turn: Row = [button("◀", TeamPress(action="list", value=str(page - 1)))] if page else []
    if len(team) > (page + 1) * PAGE:
        turn = [*turn, button("▶", TeamPress(action="list", value=str(page + 1)))]
    return show(
        event,
        "\n".join(lines),
        [*rows, turn, [button(_("Invite"), TeamPress(action="invite"), PRIMARY), *back_home(_)]],
    )


def member_line(member: Member, at_work: int, known: Mapping[int, str | None], visit: Visit) -> str:
    """A member in one line, as the team sees them; `at_work` is how many flags they work on."""
    _ = visit._
    return "• " + _(
        "{member}: {role}, since {date}; open flags: {number}",
        member=colleague(member.person_id, visit.person.id, known, _),
        role=_(ROLE_NAMES[member.role]),
        date=_.day(member.since),
        number=at_work,
    )


def _to_team(_: Texts) -> Row:
    return [button(_("« Team"), TeamPress(action="list"))]


# a member


async def open_member(query: CallbackQuery, callback_data: TeamPress, visit: Visit) -> Method:
    """A member, and what may be changed."""
    return await _member(query, callback_data.member, visit)


async def _member(event: Event, number: int, visit: Visit, hindrance: Hindrance | None = None) -> Method:
    _ = visit._
    member = await member_of(visit.session, number)
    if member is None:
        return show(event, _(HINDRANCES[Hindrance.UNKNOWN]), [[*_to_team(_), *back_home(_)]])
    at_work, known = await open_flags(visit.session), await labels(visit.session, visit.vault)
    lines = [member_line(member, at_work.get(number, 0), known, visit)]
    rows: list[Row] = []
    if member.by_settings:
        hindrance = Hindrance.SETTINGS
    else:
        rows = [
            [button(_("New role: {role}", role=_(name)), TeamPress(action="role", member=number, value=role))]
            for role, name in ROLE_NAMES.items()
            if role is not member.role
        ]
        leave = button(_("Leave the team"), LeavePress(action="ask"), DANGER)
        remove = button(_("Remove from the team"), TeamPress(action="remove", member=number), DANGER)
        rows.append([leave if number == visit.person.id else remove])
    if hindrance is not None:
        lines += ["", _(HINDRANCES[hindrance])]
    return show(event, "\n".join(lines), [*rows, [*_to_team(_), *back_home(_)]])


async def give_role(query: CallbackQuery, callback_data: TeamPress, visit: Visit) -> Method:
    """Give a member another role."""
    number = callback_data.member
    member = await member_of(visit.session, number)
    if member is None or callback_data.value not in set(Role) or member.role == callback_data.value:
        return await _member(query, number, visit)
    role = Role(callback_data.value)
    hindrance = await change_role(visit.session, number, role)
    if hindrance is not None:
        return await _member(query, number, visit, hindrance)
    await note(visit, Audited.ROLE_CHANGED, detail=f"{number} {role}")
    await _tell_of_change(number, visit, N_("Your role in the team has changed: {role}."), role)
    if number == visit.person.id and role is not Role.OWNER:
        return await start(query, visit)
    return await _member(query, number, visit)


async def ask_remove(query: CallbackQuery, callback_data: TeamPress, visit: Visit) -> Method:
    """Make sure before somebody leaves."""
    _ = visit._
    member = await member_of(visit.session, callback_data.member)
    if member is None or member.by_settings:
        return await _member(query, callback_data.member, visit)
    known = await labels(visit.session, visit.vault)
    text = _(
        "Remove {member} from the team? The flags they work on go back to the queue. What they did stays in the audit.",
        member=colleague(member.person_id, visit.person.id, known, _),
    )
    rows: list[Row] = [
        [button(_("Yes, remove"), TeamPress(action="removed", member=member.person_id), DANGER)],
        [button(_("« Back"), TeamPress(action="open", member=member.person_id))],
    ]
    return show(query, text, rows)


async def remove(query: CallbackQuery, callback_data: TeamPress, visit: Visit) -> Method:
    """Let a member leave."""
    number = callback_data.member
    freed = await remove_member(visit.session, visit.vault, number, visit.now)
    if isinstance(freed, Hindrance):
        return await _member(query, number, visit, freed)
    await note(visit, Audited.REMOVED, detail=str(number))
    await tell_team_of_flags(visit.session, visit.vault, visit.texts, freed, visit.now)
    await _tell_of_change(number, visit, N_("You are no longer in the team. Thank you for all you have done."))
    return await start(query, visit) if number == visit.person.id else await show_team(query, visit)


async def _tell_of_change(number: int, visit: Visit, text: str, role: Role | None = None) -> None:
    """Tell a member what changed, and let their menu follow."""
    order_menu(visit, number)
    if number == visit.person.id:
        return
    person = await visit.session.get_one(Person, number)
    _ = visit.texts[person.language]
    message = SendMessage(chat_id=0, text=_(text, role=_(ROLE_NAMES[role])) if role is not None else _(text))
    post_message(visit.session, visit.vault, person, message, priority=Priority.RELAY, now=visit.now)


# inviting


async def ask_role(query: CallbackQuery, visit: Visit) -> Method:
    """Which role the new member is to have."""
    _ = visit._
    rows: list[Row] = [[button(_(name), TeamPress(action="as", value=role))] for role, name in ROLE_NAMES.items()]
    lines = [
        _("<b>Invite: as what?</b>"),
        "",
        _("<b>Reviewer</b>: sees the queue, works on flags, sees the figures."),
        _("<b>Supervisor</b>: also hands flags over, and is the second person for what takes two."),
        _("<b>Owner</b>: also runs the team, the audit, cohorts and certificates."),
    ]
    return show(query, "\n".join(lines), [*rows, [*_to_team(_), *back_home(_)]])


async def ask_label(query: CallbackQuery, callback_data: TeamPress, visit: Visit) -> Method:
    """What the new member is to be called."""
    _ = visit._
    if callback_data.value not in set(Role):
        return await ask_role(query, visit)
    await visit.state.set_state(Inviting.label)
    await visit.state.set_data({"role": callback_data.value})
    text = _(
        "What shall the team call this member? For example a first name, in at most {limit} characters. "
        "Owners and supervisors see it; it is kept encrypted.",
        limit=LABEL_LIMIT,
    )
    return show(query, text, [_cancel(_)])


def _cancel(_: Texts) -> Row:
    return [button(_("Cancel"), TeamPress(action="list"))]


async def label_typed(message: Message, visit: Visit) -> Method:
    """Make the invitation; its link is shown here and never again."""
    _ = visit._
    label = " ".join((message.text or "").split())
    if not 0 < len(label) <= LABEL_LIMIT or any(unshowable(label)):
        text = _("Please write one line of at most {limit} characters.", limit=LABEL_LIMIT)
        return show(message, text, [_cancel(_)])
    role = Role((await visit.state.get_data())["role"])
    await visit.state.clear()
    made, code = await invite(
        visit.session, visit.vault, role=role, label=label, made_by=visit.person.id, now=visit.now
    )
    await note(visit, Audited.INVITED, detail=f"{made.id} {role}")
    link = visit.link(PREFIX + code)
    lines = [
        *_about(made, visit),
        "",
        link,
        "",
        _("It works once. Please send it to nobody but this person; it will not be shown again."),
    ]
    withdraw = button(_("Withdraw the invitation"), TeamPress(action="withdraw", member=made.id), DANGER)
    rows: list[Row] = [[copy_button(_("Copy the link"), link)], [withdraw], [*_to_team(_), *back_home(_)]]
    return show(message, "\n".join(lines), rows)


def _about(invite: Invite, visit: Visit) -> list[str]:
    _ = visit._
    label = invite.label(visit.vault)
    return [
        _("<b>Invitation for {label}</b>: {role}", label=label, role=_(ROLE_NAMES[invite.role])),
        _("It can be accepted until {time}.", time=_.moment(invite.expires_at)),
    ]


async def open_invite(query: CallbackQuery, callback_data: TeamPress, visit: Visit) -> Method:
    """An invitation that waits."""
    _ = visit._
    found = await visit.session.get(Invite, callback_data.member)
    if found is None or found.expires_at <= visit.now:
        return await show_team(query, visit)
    withdraw = button(_("Withdraw the invitation"), TeamPress(action="withdraw", member=found.id), DANGER)
    return show(query, "\n".join(_about(found, visit)), [[withdraw], [*_to_team(_), *back_home(_)]])


async def withdraw(query: CallbackQuery, callback_data: TeamPress, visit: Visit) -> Method:
    """Make an invitation worthless."""
    if await withdraw_invite(visit.session, callback_data.member):
        await note(visit, Audited.UNINVITED, detail=str(callback_data.member))
    return await show_team(query, visit)
