"""The audit, as owners read it: what, when, by whom; by time, by member, by kind, by flag. Reading it is in it too."""

from datetime import datetime, timedelta
from html import escape

from aiogram import Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message
from sqlalchemy import or_

from handlers.commands import Command
from handlers.home import back_home
from handlers.presses import Action, AuditPress
from handlers.roles import Owns, colleague
from handlers.screens import Event, Method, Row, button, in_rows, show
from handlers.visit import Visit
from models.audit import ACTION_NAMES, BY_BOT, BY_DRIVER, GROUP_NAMES, GROUPS, AuditEntry, Group, entries
from models.audit import Action as Audited
from models.base import LARGEST_IDENTIFIER
from models.flag_rights import concerning
from models.quiet import at_hour, local_day
from models.team import labels
from models.words import N_

PAGE = 10
WEEK, EVER = 7, 0
PERIODS = {1: N_("Today"), WEEK: N_("7 days"), EVER: N_("All")}
_MEMBERS = 60
"""Buttons of members on one screen, at most."""
_ABOUT_MEMBERS = {Audited.ROLE_CHANGED, Audited.REMOVED, Audited.HANDED_OVER}
_WITH_A_CODE = {Audited.REVOKED, Audited.COHORT_MADE, Audited.COHORT_ENDED, Audited.COHORT_SEEN}


def router() -> Router:
    """Routes for owners."""
    router = Router(name="audit")
    router.message.register(by_command, Command("audit"), Owns())
    router.callback_query.filter(AuditPress.filter(), Owns())
    router.callback_query.register(show_page, Action("show"))
    router.callback_query.register(ask_member, Action("members"))
    router.callback_query.register(ask_group, Action("groups"))
    return router


async def by_command(message: Message, command: CommandObject, visit: Visit) -> Method:
    """`/audit` shows the last seven days, `/audit 12` all that was done with a flag."""
    _ = visit._
    await visit.state.clear()
    if not command.args:
        return await _page(message, AuditPress(action="show", days=WEEK), visit)
    number = command.args.strip().lstrip("№#")
    if not (number.isascii() and number.isdigit() and 0 < int(number[:20]) <= LARGEST_IDENTIFIER):
        text = _("Please write the number of a flag: /audit 12")
        return show(message, text, [[button(_("Audit"), AuditPress(action="show", days=WEEK)), *back_home(_)]])
    return await _page(message, AuditPress(action="show", flag=int(number)), visit)


async def show_page(query: CallbackQuery, callback_data: AuditPress, visit: Visit) -> Method:
    """One page."""
    return await _page(query, callback_data, visit)


async def _page(event: Event, wanted: AuditPress, visit: Visit) -> Method:
    _ = visit._
    days = wanted.days if wanted.days in PERIODS else EVER
    group = Group(wanted.group) if wanted.group in set(Group) else None
    found = await entries(
        visit.session,
        or_(AuditEntry.flag_id.is_(None), AuditEntry.flag_id.not_in(concerning(visit.person.id))),
        limit=PAGE + 1,
        skip=wanted.skip,
        since=_since(days, visit.now),
        actor_id=wanted.member or None,
        actions=GROUPS[group] if group is not None else None,
        flag_id=wanted.flag or None,
    )
    await visit.record(Audited.AUDIT_SEEN, wanted.flag or None, actor_id=visit.person.id)
    known = await labels(visit.session, visit.vault)
    title = _("<b>Audit</b>") + (f" · №{wanted.flag}" if wanted.flag else "")
    lines = [title, ""]
    lines += [_line(entry, known, visit) for entry in found[:PAGE]] or [_("Nothing was done.")]
    lines += ["", _("As of {time}.", time=_.moment(visit.now))]
    first = wanted.model_copy(update={"action": "show", "skip": 0, "days": days})
    periods: Row = [
        button(("✓ " if each == days else "") + _(name), first.model_copy(update={"days": each}))
        for each, name in PERIODS.items()
    ]
    by_whom = colleague(wanted.member, visit.person.id, known, _) if wanted.member else _("All members")
    filters: Row = [
        button(by_whom, first.model_copy(update={"action": "members"})),
        button(
            _(GROUP_NAMES[group]) if group is not None else _("All actions"),
            first.model_copy(update={"action": "groups"}),
        ),
    ]
    turn: Row = [button(_("« Newest"), first)] if wanted.skip else []
    if len(found) > PAGE:
        # This look stands above what comes next, where it's among what is asked for.
        itself = wanted.member in {0, visit.person.id} and (group is None or Audited.AUDIT_SEEN in GROUPS[group])
        older = first.model_copy(update={"skip": wanted.skip + PAGE + itself})
        turn = [*turn, button(_("Older »"), older)]
    rows: list[Row] = [periods, filters, turn]
    if wanted.flag:
        rows.append([button(_("All flags"), first.model_copy(update={"flag": 0}))])
    return show(event, "\n".join(lines), [*rows, [button(_("Refresh"), first), *back_home(_)]])


def _since(days: int, now: datetime) -> datetime | None:
    """The midnight in Kazakhstan with which so many days begin; None for all that was ever written."""
    return at_hour(local_day(now) - timedelta(days=days - 1), 0) if days else None


def _line(entry: AuditEntry, known: dict[int, str | None], visit: Visit) -> str:
    """An entry in one line."""
    _ = visit._
    line = _(
        "{time} · {who}: {what}",
        time=_.moment(entry.at),
        who=_who(entry, known, visit),
        what=_(ACTION_NAMES.get(entry.action, entry.action.value)),
    )
    if entry.flag_id is not None:
        line += f" · №{entry.flag_id}"
    return line + escape(_subject(entry, known, visit), quote=False)


def _who(entry: AuditEntry, known: dict[int, str | None], visit: Visit) -> str:
    """A member of the team; or the driver, the bot, or the person who reported, whom no entry names."""
    if entry.action in BY_DRIVER:
        return visit._("the driver")
    if entry.action in BY_BOT and entry.actor_id is None:
        return visit._("the bot")
    return colleague(entry.actor_id, visit.person.id, known, visit._)


def _subject(entry: AuditEntry, known: dict[int, str | None], visit: Visit) -> str:
    """Whom or what else it was about, where that can be said in any language: a member, a command, a number."""
    first = entry.detail.partition(" ")[0]
    if entry.action in _ABOUT_MEMBERS and first.isdecimal():
        return f" → {colleague(int(first), visit.person.id, known, visit._)}"
    if entry.action in _WITH_A_CODE or entry.action is Audited.FORGOTTEN or first.startswith("/"):
        return f" ({first})"
    return ""


# choosing what to see


async def ask_member(query: CallbackQuery, callback_data: AuditPress, visit: Visit) -> Method:
    """Whose actions to see."""
    _ = visit._
    known = await labels(visit.session, visit.vault)
    every = callback_data.model_copy(update={"action": "show", "skip": 0, "member": 0})
    each = [
        button(colleague(number, visit.person.id, known, _), every.model_copy(update={"member": number}))
        for number in sorted(known)[:_MEMBERS]
    ]
    return show(query, _("Whose actions would you like to see?"), [[button(_("All members"), every)], *in_rows(each)])


async def ask_group(query: CallbackQuery, callback_data: AuditPress, visit: Visit) -> Method:
    """Which actions to see."""
    _ = visit._
    every = callback_data.model_copy(update={"action": "show", "skip": 0, "group": ""})
    rows: list[Row] = [
        [button(_(name), every.model_copy(update={"group": group}))] for group, name in GROUP_NAMES.items()
    ]
    return show(query, _("Which actions would you like to see?"), [[button(_("All actions"), every)], *rows])
