"""A flag as the team sees it: what was told, what else is known, what was done, and the way to all that can be done."""

from collections.abc import Sequence
from datetime import timedelta

from aiogram import Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from handlers import templates
from handlers.beside_flag import rows_beside
from handlers.both_sides import driver_lines, driver_rows
from handlers.commands import Command
from handlers.desk import back_to, dots, find, no_such_flag, note, only_to_read, open_button, tell, to_queue
from handlers.details import consent_line, detail_lines, details_of
from handlers.home import back_home
from handlers.own import STATE_NAMES
from handlers.pieces import desk_lines, desk_rows
from handlers.presses import (
    Action,
    CategoryPress,
    ClosePress,
    MergePress,
    NotePress,
    QueuePress,
    ReviewPress,
)
from handlers.queue import repeat_line, show_queue
from handlers.reasons import shown
from handlers.roles import OnTeam, colleague
from handlers.screens import PRIMARY, SUCCESS, Event, Method, Row, button, in_rows, show
from handlers.texts import Texts
from handlers.timeline import timeline
from handlers.visit import Visit
from models.audit import Action as Audited
from models.behaviours import BEHAVIOURS, behaviour_name, form_name
from models.consents import consents_of
from models.flags import OUTCOME_NAMES, Flag, Ride, State
from models.merging import merged_with
from models.notes import Kind, count_notes, newest_reason
from models.repeats import count_on_vehicles, others_on_vehicle, reporter_history
from models.team import labels

BEHAVIOURS_SHOWN = 12
"""So many of a flag's behaviours are listed: with all that can stand beside them, the screen fits into a message."""
OTHERS = 8
"""So many other flags on the vehicle are listed."""
SAME_NEWS = timedelta(minutes=10)
"""Who claims a flag so soon after opening it tells nothing new: one notice says both."""


def router() -> Router:
    """Routes for a flag."""
    router = Router(name="review")
    router.message.register(open_by_number, Command("flag"), OnTeam())
    router.callback_query.filter(ReviewPress.filter(), OnTeam())
    router.callback_query.register(show_queue, Action("queue"))
    router.callback_query.register(open_flag, Action("open", "outcome", "close"))
    router.callback_query.register(read_words, Action("read"))
    router.callback_query.register(claim, Action("claim"))
    router.callback_query.register(release, Action("release"))
    return router


async def open_by_number(message: Message, command: CommandObject, visit: Visit) -> Method:
    """`/flag N` opens a flag by its number."""
    _ = visit._
    number = (command.args or "").strip().lstrip("№#")
    if not (number.isascii() and number.isdigit()):
        return show(message, _("Please write the number of a flag: /flag 12"), [to_queue(_)])
    return await _open(message, int(number), visit)


async def open_flag(query: CallbackQuery, callback_data: ReviewPress, visit: Visit) -> Method:
    """Open a flag from the queue."""
    return await _open(query, callback_data.flag, visit)


async def _open(event: Event, number: int, visit: Visit) -> Method:
    await visit.state.clear()
    flag = await find(number, visit)
    if flag is None:
        return no_such_flag(event, visit._)
    await note(visit, Audited.OPENED, flag)
    if flag.opened_at is None:
        flag.opened_at = visit.now
        await tell(flag, visit)
    return await flag_screen(event, flag, visit)


async def flag_screen(event: Event, flag: Flag, visit: Visit, *, said: str = "") -> Method:
    """The screen of a flag; `said` stands above it."""
    _ = visit._
    rows: list[Row] = [[button(_("« Queue"), QueuePress(action="list")), *back_home(_)]]
    if flag.state is State.WITHDRAWN:
        withdrawn = _("<b>Flag №{number}</b>", number=flag.id) + "\n\n" + _("Withdrawn by the person who reported.")
        return show(event, withdrawn, rows)
    others = await others_on_vehicle(visit.session, visit.vault, flag, visit.person.id)
    parts = [
        [said] if said else [],
        [_("<b>Flag №{number}</b>", number=flag.id) + f"  {dots(flag.severity)}", *_closed_before(flag, others, _)],
        [*await _told(flag, visit), *await desk_lines(flag, visit)],
        await _known(flag, others, visit),
        await timeline(flag, visit),
        await driver_lines(flag, visit),
        await _standing(flag, visit),
    ]
    words: Row = []
    if flag.sealed_words is not None:
        words = [button(_("Show the person's words"), ReviewPress(action="read", flag=flag.id))]
    shared = in_rows([open_button(other.id) for other in others[:OTHERS]], 4)
    beside = [*await _work_rows(flag, visit), *await rows_beside(flag, visit)]
    rows = [words, *await desk_rows(flag, visit), *await driver_rows(flag, visit), *beside, *shared, *rows]
    return show(event, "\n\n".join("\n".join(part) for part in parts if part), rows)


def _closed_before(flag: Flag, others: Sequence[Flag], _: Texts) -> list[str]:
    """Earlier flags on the vehicle that were closed: whoever decides on this one should know how."""
    return [
        "⚠ " + _("№{number} on this vehicle: {outcome}", number=other.id, outcome=_(OUTCOME_NAMES[other.outcome]))
        for other in others[:3]
        if other.outcome is not None and other.received_at <= flag.received_at
    ]


async def _told(flag: Flag, visit: Visit) -> list[str]:
    """What the person who reported told, apart from their own words."""
    _ = visit._
    lines = []
    for behaviour in flag.behaviours[:BEHAVIOURS_SHOWN]:
        known = BEHAVIOURS[behaviour.code]
        name = behaviour_name(known.code, by_passenger=flag.by_driver)
        lines.append(f"• {_(form_name(known.form, by_passenger=flag.by_driver))}: {_(name)} ({known.code})")
    if len(flag.behaviours) > BEHAVIOURS_SHOWN:
        lines.append(_("and {n} more", n=len(flag.behaviours) - BEHAVIOURS_SHOWN))
    lines.append(_("reported during the ride") if flag.ride is Ride.GOING_ON else _("reported after the ride"))
    lines += detail_lines(details_of(flag), flag.order(visit.vault), flag.plate(visit.vault), _)
    return [*lines, consent_line(await consents_of(visit.session, flag.id), _)]


async def _known(flag: Flag, others: Sequence[Flag], visit: Visit) -> list[str]:
    """What else is known: of the vehicle, flag by flag; of the person who reported, only how many and how closed."""
    _ = visit._
    lines = []
    repeat = (await count_on_vehicles(visit.session, visit.vault, [flag])).get(flag.id, 1)
    if repeat > 1:
        lines.append(f"<b>{repeat_line(repeat, _)}</b>")
    if earlier := sum((other.received_at, other.id) < (flag.received_at, flag.id) for other in others):
        lines.append(_.n("{n} earlier flag on this vehicle", "{n} earlier flags on this vehicle", earlier))
    for other in others[:OTHERS]:
        standing = OUTCOME_NAMES[other.outcome] if other.outcome is not None else STATE_NAMES[other.state]
        form = _(form_name(other.form, by_passenger=other.by_driver))
        lines.append(f"№{other.id} {dots(other.severity)} {_.day(other.received_at)} · {form} · {_(standing)}")
    history = await reporter_history(visit.session, flag)
    if total := history.total():
        ended = [f"{_(OUTCOME_NAMES[each])}: {n}" for each, n in history.items() if each is not None]
        still = [_("open: {n}", n=history[None])] if history[None] else []
        lines.append(
            _.n("{n} other flag of the same person", "{n} other flags of the same person", total)
            + f" ({'; '.join([*ended, *still])})"
        )
    return lines


async def _standing(flag: Flag, visit: Visit) -> list[str]:
    """Where it stands, and why it was closed."""
    _ = visit._
    with_it = [f"№{each.id}" for each in await merged_with(visit.session, flag.id)]
    together = [_("Looked at together with it: {numbers}", numbers=", ".join(with_it))] if with_it else []
    if early := only_to_read(flag, visit):
        together.append(early)
    if flag.merged_into_id is not None:
        together.append(_("Looked at together with №{number}.", number=flag.merged_into_id))
    if flag.state is State.CLAIMED:
        if flag.reviewer_id == visit.person.id:
            return [*together, _("You are working on it.")]
        return [*together, _("{member} is working on it.", member=await _who_has(flag, visit))]
    if flag.outcome is not None and flag.ended_at is not None:
        outcome = _(OUTCOME_NAMES[flag.outcome])
        lines = [*together, _("Closed on {time}: {outcome}", time=_.moment(flag.ended_at), outcome=outcome)]
        reason = await newest_reason(visit.session, flag.id, Kind.CLOSED)
        if reason is not None:
            lines.append(_("Reason:") + " " + shown(reason.text(visit.vault, flag), _))
        return lines
    if flag.state is State.MERGED:
        return together
    due = [_("look by {time}", time=_.moment(flag.due_at))] if flag.opened_at is None else []
    return [*together, *due, _("Nobody has claimed it.")]


async def _who_has(flag: Flag, visit: Visit) -> str:
    """The colleague who works on it, so that the others can talk to them."""
    known = await labels(visit.session, visit.vault)
    return colleague(flag.reviewer_id, visit.person.id, known, visit._)


async def _work_rows(flag: Flag, visit: Visit) -> list[Row]:
    """What this person can do with it now."""
    _ = visit._
    notes = await count_notes(visit.session, flag.id)
    beside: list[Row] = [
        [button(_("Notes: {n}", n=notes), NotePress(action="list", flag=flag.id, at=max(notes, 1) - 1))]
    ]
    if await templates.replies(flag, visit):
        beside.append([templates.choice_button(flag.id, _)])
    if flag.state is State.NEW:
        return [[button(_("Claim"), ReviewPress(action="claim", flag=flag.id), SUCCESS)], *beside]
    if flag.state is State.MERGED and flag.merged_into_id is not None:
        part = button(_("Look at it on its own"), MergePress(action="part", flag=flag.merged_into_id, other=flag.id))
        return [[open_button(flag.merged_into_id), part], *beside]
    if flag.state is State.CLOSED and flag.merged_into_id is None:
        return [[button(_("Reopen"), ClosePress(action="reopen", flag=flag.id))], *beside]
    if not flag.is_worked_on_by(visit.person.id):
        return beside
    if flag.is_quiet(visit.now):
        release = button(_("Release"), ReviewPress(action="release", flag=flag.id))
        return [[release, button(_("Severity"), CategoryPress(action="levels", flag=flag.id))], *beside]
    return [
        [
            button(_("Set the outcome"), ClosePress(action="outcome", flag=flag.id), PRIMARY),
            button(_("Release"), ReviewPress(action="release", flag=flag.id)),
        ],
        [
            button(_("Category"), CategoryPress(action="show", flag=flag.id)),
            button(_("Severity"), CategoryPress(action="levels", flag=flag.id)),
        ],
        [button(_("Duplicates"), MergePress(action="list", flag=flag.id))],
        *beside,
    ]


async def read_words(query: CallbackQuery, callback_data: ReviewPress, visit: Visit) -> Method:
    """Show the person's own words, hidden until a reviewer is ready for them; alone, as they may fill a message."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    await note(visit, Audited.READ, flag)
    words = flag.words(visit.vault)
    if words is None or flag.state is State.WITHDRAWN:
        return await flag_screen(query, flag, visit)
    claiming: Row = []
    if flag.state is State.NEW:
        claiming = [button(_("Claim"), ReviewPress(action="claim", flag=flag.id), SUCCESS)]
    text = _("<blockquote>{words}</blockquote>", words=words)
    return show(query, text, [claiming, [back_to(flag.id), *back_home(_)]])


async def claim(query: CallbackQuery, callback_data: ReviewPress, visit: Visit) -> Method:
    """Take a flag; of two who press at once, one gets it and the other is told."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    said = ""
    if flag.claim(visit.person.id):
        await note(visit, Audited.CLAIMED, flag)
        if flag.opened_at is None or visit.now - flag.opened_at > SAME_NEWS:
            await tell(flag, visit)
    elif flag.reviewer_id not in {None, visit.person.id}:
        await note(visit, Audited.DENIED, flag, "claim")
        said = _("{member} has already claimed it.", member=await _who_has(flag, visit))
    return await flag_screen(query, flag, visit, said=said)


async def release(query: CallbackQuery, callback_data: ReviewPress, visit: Visit) -> Method:
    """Give a flag back to the queue."""
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    if flag.release(visit.person.id):
        await note(visit, Audited.RELEASED, flag)
    return await flag_screen(query, flag, visit)
