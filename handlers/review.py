"""The reviewers' desk: the queue, a flag, and what is done with it.

Whoever is not of the team gets the same answer as to an unknown command. Every look and change is in the audit.
"""

from datetime import datetime, timedelta

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery, Message

from handlers.beside_flag import rows_beside
from handlers.details import detail_lines, details_of
from handlers.home import back_home
from handlers.notices import tell_reporter
from handlers.own import STATE_NAMES
from handlers.pieces import desk_lines, desk_rows
from handlers.presses import Action, DutyPress, ReviewPress
from handlers.roles import OnTeam
from handlers.screens import DANGER, PRIMARY, SUCCESS, Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record
from models.behaviours import BEHAVIOURS, MAX_SEVERITY, behaviour_name, form_name
from models.duty import is_on_call
from models.flags import OUTCOME_NAMES, Flag, Outcome, Ride, State, flags_on_vehicle, holders, queue, reviewed_flag
from models.people import Person

PAGE = 8
SAME_NEWS = timedelta(minutes=10)
"""Who claims a flag so soon after opening it tells nothing new: one notice says both."""
_LAST_PAGE = 10_000


async def _note(visit: Visit, action: Audited, flag: Flag | None = None, detail: str = "") -> None:
    """Write down what this member of the team does."""
    await record(
        visit.session,
        visit.vault,
        action,
        now=visit.now,
        actor_id=visit.person.id,
        flag_id=flag.id if flag is not None else None,
        detail=detail,
    )


def router() -> Router:
    """Routes for reviewers."""
    router = Router(name="review")
    router.message.register(show_queue, Command("queue"), OnTeam())
    router.message.register(open_by_number, Command("flag"), OnTeam())
    router.callback_query.filter(ReviewPress.filter(), OnTeam())
    router.callback_query.register(show_queue, Action("queue"))
    router.callback_query.register(open_flag, Action("open"))
    router.callback_query.register(read_words, Action("read"))
    router.callback_query.register(claim, Action("claim"))
    router.callback_query.register(release, Action("release"))
    router.callback_query.register(ask_outcome, Action("outcome"))
    router.callback_query.register(close, Action("close"))
    return router


async def show_queue(event: Event, visit: Visit, callback_data: ReviewPress | None = None) -> Method:
    """Open flags, the most severe first, then those due soonest."""
    _ = visit._
    page = min(max(0, callback_data.page), _LAST_PAGE) if callback_data else 0
    flags = await queue(visit.session, visit.person.id, limit=PAGE + 1, offset=page * PAGE)
    await _note(visit, Audited.LISTED)
    lines = [_("<b>Queue</b>"), ""]
    lines += [_queue_line(flag, visit.now, _) for flag in flags[:PAGE]] or [_("Nothing is waiting.")]
    numbers = [button(f"№{flag.id}", ReviewPress(action="open", flag=flag.id)) for flag in flags[:PAGE]]
    rows: list[Row] = [numbers[i : i + 4] for i in range(0, len(numbers), 4)]
    turn: Row = [button("◀", ReviewPress(action="queue", page=page - 1))] if page else []
    if len(flags) > PAGE:
        turn = [*turn, button("▶", ReviewPress(action="queue", page=page + 1))]
    refresh = button(_("Refresh"), ReviewPress(action="queue", page=page))
    called = await is_on_call(visit.session, visit.person.id)
    duty: Row = [button(_("Go off call") if called else _("Go on call"), DutyPress(action="change"))]
    lines += ["", _("As of {time}.", time=_.moment(visit.now))]
    return show(event, "\n".join(lines), [*rows, turn, duty, [refresh, *back_home(_)]])


def _queue_line(flag: Flag, now: datetime, _: Texts) -> str:
    due = _("look by {time}", time=_.moment(flag.due_at))
    if flag.opened_at is None and flag.due_at < now:
        due = _("overdue since {time}", time=_.moment(flag.due_at))
    elif flag.opened_at is not None:
        due = _("opened")
    return f"№{flag.id} {_dots(flag)} {due} · {_(STATE_NAMES[flag.state])}"


def _dots(flag: Flag) -> str:
    return "●" * flag.severity + "○" * (MAX_SEVERITY - flag.severity)


async def open_by_number(message: Message, command: CommandObject, visit: Visit) -> Method:
    """`/flag N` opens a flag by its number."""
    _ = visit._
    number = (command.args or "").strip().lstrip("№#")
    if not (number.isascii() and number.isdigit()):
        return show(message, _("Please write the number of a flag: /flag 12"), [_to_queue(_)])
    return await _open(message, int(number), visit)


async def open_flag(query: CallbackQuery, callback_data: ReviewPress, visit: Visit) -> Method:
    """Open a flag from the queue."""
    return await _open(query, callback_data.flag, visit)


async def _open(event: Event, number: int, visit: Visit) -> Method:
    _ = visit._
    flag = await _flag(number, visit)
    if flag is None:
        return _no_such_flag(event, _)
    await _note(visit, Audited.OPENED, flag)
    if flag.opened_at is None:
        flag.opened_at = visit.now
        await _tell(flag, visit)
    return await _flag_screen(event, flag, visit)


async def _flag(number: int, visit: Visit) -> Flag | None:
    """The flag, if this person may review it; a try that fails is written down."""
    flag = await reviewed_flag(visit.session, visit.person.id, number)
    if flag is None:
        await _note(visit, Audited.DENIED, detail=f"flag {number}"[:64])
    return flag


def _no_such_flag(event: Event, _: Texts) -> Method:
    return show(event, _("There is no flag with this number that you may open."), [_to_queue(_)])


def _to_queue(_: Texts) -> Row:
    return [button(_("Queue"), ReviewPress(action="queue"))]


async def _tell(flag: Flag, visit: Visit) -> None:
    for person in await holders(visit.session, flag):
        await tell_reporter(visit.session, visit.vault, visit.texts, person, flag.id, visit.now)


async def _flag_screen(event: Event, flag: Flag, visit: Visit, *, note: str = "") -> Method:
    _ = visit._
    rows: list[Row] = [[button(_("« Queue"), ReviewPress(action="queue")), *back_home(_)]]
    if flag.state is State.WITHDRAWN:
        withdrawn = _("<b>Flag №{number}</b>", number=flag.id) + "\n\n" + _("Withdrawn by the person who reported.")
        return show(event, withdrawn, rows)
    lines = [note, ""] if note else []
    lines += [_("<b>Flag №{number}</b>", number=flag.id) + f"  {_dots(flag)}", ""]
    for behaviour in flag.behaviours:
        known = BEHAVIOURS[behaviour.code]
        name = behaviour_name(known.code, by_passenger=flag.by_driver)
        lines.append(f"• {_(form_name(known.form, by_passenger=flag.by_driver))}: {_(name)} ({known.code})")
    lines.append(_("reported during the ride") if flag.ride is Ride.GOING_ON else _("reported after the ride"))
    plate = flag.plate(visit.vault)
    lines += detail_lines(details_of(flag), flag.order(visit.vault), plate, _)
    if plate:
        earlier = [other for other in await flags_on_vehicle(visit.session, visit.vault, plate) if other.id < flag.id]
        if earlier:
            lines.append(_.n("{n} earlier flag on this vehicle", "{n} earlier flags on this vehicle", len(earlier)))
    lines += await desk_lines(flag, visit)
    lines += ["", _("{time}: received", time=_.moment(flag.received_at))]
    if flag.opened_at is not None:
        lines.append(_("{time}: first opened", time=_.moment(flag.opened_at)))
    else:
        lines.append(_("look by {time}", time=_.moment(flag.due_at)))
    lines.append(_standing(flag, visit.person, _))
    words: Row = []
    if flag.sealed_words is not None:
        words = [button(_("Show the person's words"), ReviewPress(action="read", flag=flag.id))]
    beside = [*_work_rows(flag, visit.person, _), *await rows_beside(flag, visit)]
    return show(event, "\n".join(lines), [words, *await desk_rows(flag, visit), *beside, *rows])


def _standing(flag: Flag, person: Person, _: Texts) -> str:
    if flag.state is State.CLAIMED:
        return _("You are working on it.") if flag.reviewer_id == person.id else _("A colleague is working on it.")
    if flag.outcome is not None and flag.ended_at is not None:
        return _(
            "Closed on {time}: {outcome}",
            time=_.moment(flag.ended_at),
            outcome=_(OUTCOME_NAMES[flag.outcome]),
        )
    return _("Nobody has claimed it.")


def _work_rows(flag: Flag, person: Person, _: Texts) -> list[Row]:
    if flag.state is State.NEW:
        return [[button(_("Claim"), ReviewPress(action="claim", flag=flag.id), SUCCESS)]]
    if flag.state is State.CLAIMED and flag.reviewer_id == person.id:
        return [
            [button(_("Set the outcome"), ReviewPress(action="outcome", flag=flag.id), PRIMARY)],
            [button(_("Release"), ReviewPress(action="release", flag=flag.id))],
        ]
    return []


async def read_words(query: CallbackQuery, callback_data: ReviewPress, visit: Visit) -> Method:
    """Show the person's own words, hidden until a reviewer is ready for them; alone, as they may fill a message."""
    _ = visit._
    flag = await _flag(callback_data.flag, visit)
    if flag is None:
        return _no_such_flag(query, _)
    await _note(visit, Audited.READ, flag)
    words = flag.words(visit.vault)
    if words is None or flag.state is State.WITHDRAWN:
        return await _flag_screen(query, flag, visit)
    back: Row = [button(f"« №{flag.id}", ReviewPress(action="open", flag=flag.id)), *back_home(_)]
    return show(query, _("<blockquote>{words}</blockquote>", words=words), [*_work_rows(flag, visit.person, _), back])


async def claim(query: CallbackQuery, callback_data: ReviewPress, visit: Visit) -> Method:
    """Take a flag; of two who press at once, one gets it and the other is told."""
    _ = visit._
    flag = await _flag(callback_data.flag, visit)
    if flag is None:
        return _no_such_flag(query, _)
    note = ""
    if flag.claim(visit.person.id):
        await _note(visit, Audited.CLAIMED, flag)
        if flag.opened_at is None or visit.now - flag.opened_at > SAME_NEWS:
            await _tell(flag, visit)
    elif flag.reviewer_id not in {None, visit.person.id}:
        note = _("A colleague has already claimed it.")
    return await _flag_screen(query, flag, visit, note=note)


async def release(query: CallbackQuery, callback_data: ReviewPress, visit: Visit) -> Method:
    """Give a flag back to the queue."""
    _ = visit._
    flag = await _flag(callback_data.flag, visit)
    if flag is None:
        return _no_such_flag(query, _)
    if flag.release(visit.person.id):
        await _note(visit, Audited.RELEASED, flag)
    return await _flag_screen(query, flag, visit)


async def ask_outcome(query: CallbackQuery, callback_data: ReviewPress, visit: Visit) -> Method:
    """The outcomes to choose from; the choice closes the flag."""
    _ = visit._
    flag = await _flag(callback_data.flag, visit)
    if flag is None:
        return _no_such_flag(query, _)
    if flag.state is not State.CLAIMED or flag.reviewer_id != visit.person.id:
        return await _flag_screen(query, flag, visit)
    rows: list[Row] = [
        [
            button(
                _(name),
                ReviewPress(action="close", flag=flag.id, outcome=outcome),
                DANGER if outcome is Outcome.MISUSE else None,
            )
        ]
        for outcome, name in OUTCOME_NAMES.items()
    ]
    back: Row = [button(_("« Back"), ReviewPress(action="open", flag=flag.id))]
    text = _(
        "<b>Outcome of flag №{number}</b>\n\nThe person who reported will see it. Your choice closes the flag.",
        number=flag.id,
    )
    return show(query, text, [*rows, back])


async def close(query: CallbackQuery, callback_data: ReviewPress, visit: Visit) -> Method | list[Method]:
    """Close a flag with an outcome and tell the person who reported that there's news."""
    _ = visit._
    flag = await _flag(callback_data.flag, visit)
    if flag is None or callback_data.outcome not in set(Outcome):
        return _no_such_flag(query, _)
    outcome = Outcome(callback_data.outcome)
    if not flag.close(visit.person.id, outcome, visit.now):
        return await _flag_screen(query, flag, visit)
    await _note(visit, Audited.CLOSED, flag, outcome.value)
    await _tell(flag, visit)
    screen = await _flag_screen(query, flag, visit)
    return [
        screen,
        AnswerCallbackQuery(callback_query_id=query.id, text=_("Closed. The person will be told.")),
    ]
