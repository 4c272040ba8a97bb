"""How a flag ends, and how it's taken up again: an outcome with a reason, and what follows for its duplicates.

Of several open flags on one vehicle none is closed by somebody who hasn't looked at the others. Nothing is passed on
without a consent that stands in the moment of closing.
"""

from collections.abc import Collection

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery, Message

from handlers.called_again import still_asked
from handlers.desk import Writing, back_to, dots, find, has_opened, no_such_flag, note, open_button, tell
from handlers.giving import settle
from handlers.own import STATE_NAMES, Typed
from handlers.presses import Action, ClosePress
from handlers.reasons import REOPENED, ask_reason, not_kept, picked, reason_rows, reasons_for, typed_reason
from handlers.review import flag_screen
from handlers.roles import OnTeam
from handlers.screens import DANGER, Event, Method, Row, button, in_rows, show
from handlers.visit import Visit
from models.audit import Action as Audited
from models.behaviours import form_name
from models.consents import Recipient, consents_of
from models.flags import NEEDS_CONSENT, OUTCOME_NAMES, Flag, Outcome, State
from models.merging import follow
from models.notes import Kind, write_note
from models.remedies import drop_untold
from models.repeats import others_on_vehicle
from models.words import N_

NO_CONSENT = N_("The person who reported has not agreed to that, or no longer does.")


def router() -> Router:
    """Routes for outcomes."""
    router = Router(name="closing")
    router.message.register(close_typed, StateFilter(Writing.closing), Typed(), OnTeam())
    router.message.register(reopen_typed, StateFilter(Writing.reopening), Typed(), OnTeam())
    router.callback_query.filter(ClosePress.filter(), OnTeam())
    router.callback_query.register(ask_outcome, Action("outcome"))
    router.callback_query.register(ask_why, Action("why"))
    router.callback_query.register(close, Action("close"))
    router.callback_query.register(ask_why_again, Action("reopen"))
    router.callback_query.register(reopen, Action("reopened"))
    return router


async def ask_outcome(query: CallbackQuery, callback_data: ClosePress, visit: Visit) -> Method:
    """The outcomes to choose from; first the other open flags on the vehicle, which are to be looked at together."""
    _ = visit._
    await visit.state.clear()
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    if not flag.is_worked_on_by(visit.person.id) or flag.is_quiet(visit.now):
        return await flag_screen(query, flag, visit)
    if waiting := await _to_look_at(flag, visit):
        return _look_first(query, flag, waiting, visit)
    consents = await consents_of(visit.session, flag.id)
    rows: list[Row] = []
    for outcome, name in OUTCOME_NAMES.items():
        label = _(name)
        if outcome in NEEDS_CONSENT and NEEDS_CONSENT[outcome] not in consents:
            label = _("{outcome}: no consent", outcome=label)
        press = ClosePress(action="why", flag=flag.id, outcome=outcome)
        rows.append([button(label, press, DANGER if outcome is Outcome.MISUSE else None)])
    text = _("<b>Outcome of flag №{number}</b>\n\nThe person who reported will see it.", number=flag.id)
    return show(query, text, [*rows, [open_button(flag.id, _("« Back"))]])


async def _to_look_at(flag: Flag, visit: Visit) -> list[Flag]:
    """The other open flags on the vehicle that this member has not opened since this one came."""
    since = flag.released_at or flag.received_at
    others = await others_on_vehicle(visit.session, visit.vault, flag, visit.person.id)
    waiting = [each for each in others if each.state in {State.NEW, State.CLAIMED}]
    return [each for each in waiting if not await has_opened(each, visit, since)]


def _look_first(event: Event, flag: Flag, waiting: Collection[Flag], visit: Visit) -> Method:
    _ = visit._
    lines = [
        _(
            "<b>There are other open flags on this vehicle.</b> Please open each of them first, and "
            "decide on all together."
        ),
        "",
    ]
    lines += [
        f"№{each.id} {dots(each.severity)} {_(form_name(each.form, by_passenger=each.by_driver))}"
        f" · {_(STATE_NAMES[each.state])}"
        for each in waiting
    ]
    numbers = [open_button(each.id) for each in waiting][:8]
    return show(event, "\n".join(lines), [*in_rows(numbers, 4), [back_to(flag.id)]])


async def ask_why(query: CallbackQuery, callback_data: ClosePress, visit: Visit) -> Method | list[Method]:
    """Ask for the reason of an outcome; without a consent nothing is passed on."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None or callback_data.outcome not in set(Outcome):
        return no_such_flag(query, _)
    if not flag.is_worked_on_by(visit.person.id) or flag.is_quiet(visit.now):
        return await flag_screen(query, flag, visit)
    outcome = Outcome(callback_data.outcome)
    if outcome in NEEDS_CONSENT and NEEDS_CONSENT[outcome] not in await consents_of(visit.session, flag.id):
        await note(visit, Audited.DENIED, flag, f"{outcome.value}: no consent")
        return [AnswerCallbackQuery(callback_query_id=query.id, text=_(NO_CONSENT), show_alert=True)]
    await visit.state.set_state(Writing.closing)
    await visit.state.set_data({"flag": flag.id, "outcome": outcome})
    rows = reason_rows(reasons_for(outcome), ClosePress(action="close", flag=flag.id, outcome=outcome), _)
    text = _("<b>Outcome of flag №{number}</b>", number=flag.id) + f": {_(OUTCOME_NAMES[outcome])}\n\n{ask_reason(_)}"
    return show(query, text, [*rows, [button(_("« Back"), ClosePress(action="outcome", flag=flag.id))]])


async def close(query: CallbackQuery, callback_data: ClosePress, visit: Visit) -> Method | list[Method]:
    """Close a flag with an outcome and a reason that was picked."""
    if callback_data.outcome not in set(Outcome):
        return no_such_flag(query, visit._)
    outcome = Outcome(callback_data.outcome)
    reason = picked(reasons_for(outcome), callback_data.reason)
    if reason is None:
        return await ask_why(query, callback_data, visit)
    return await _close(query, callback_data.flag, outcome, reason, visit)


async def close_typed(message: Message, visit: Visit) -> Method | list[Method]:
    """Close a flag with an outcome and a reason that was typed."""
    data = await visit.state.get_data()
    reason = typed_reason(message.text or "")
    if reason is None:
        return show(message, await not_kept(data.get("flag"), visit), [[back_to(data.get("flag", 0))]])
    return await _close(message, data.get("flag", 0), Outcome(data["outcome"]), reason, visit)


async def _close(event: Event, number: int, outcome: Outcome, reason: str, visit: Visit) -> Method | list[Method]:
    _ = visit._
    await visit.state.clear()
    flag = await find(number, visit)
    if flag is None:
        return no_such_flag(event, _)
    if flag.is_worked_on_by(visit.person.id) and (waiting := await _to_look_at(flag, visit)):
        return _look_first(event, flag, waiting, visit)
    consents: set[Recipient] = await consents_of(visit.session, flag.id, lock=True)
    mine = flag.is_worked_on_by(visit.person.id) and not flag.is_quiet(visit.now)
    if not flag.close(visit.person.id, outcome, visit.now, consents):
        await note(visit, Audited.DENIED, flag, f"{outcome.value}: no consent" if mine else "close")
        return await flag_screen(event, flag, visit, said=_(NO_CONSENT) if mine else "")
    await write_note(visit.session, visit.vault, flag, visit.person.id, Kind.CLOSED, reason, visit.now)
    await note(visit, Audited.CLOSED, flag, outcome.value)
    await settle(flag, visit)
    await tell(flag, visit)
    await still_asked(flag, visit)
    for each in await follow(visit.session, flag):
        await note(visit, Audited.CLOSED, each, (each.outcome or outcome).value)
        await tell(each, visit)
        await still_asked(each, visit)
    done = _("Closed. The person will be told.")
    if isinstance(event, Message):
        return await flag_screen(event, flag, visit, said=done)
    answer = AnswerCallbackQuery(callback_query_id=event.id, text=done)
    return [await flag_screen(event, flag, visit), answer]


async def ask_why_again(query: CallbackQuery, callback_data: ClosePress, visit: Visit) -> Method:
    """Ask why a closed flag is taken up again."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    if flag.state is not State.CLOSED or flag.merged_into_id is not None:
        return await flag_screen(query, flag, visit)
    await visit.state.set_state(Writing.reopening)
    await visit.state.set_data({"flag": flag.id})
    rows = reason_rows(REOPENED, ClosePress(action="reopened", flag=flag.id), _)
    text = _("<b>Reopen flag №{number}</b>", number=flag.id) + f"\n\n{ask_reason(_)}"
    return show(query, text, [*rows, [back_to(flag.id)]])


async def reopen(query: CallbackQuery, callback_data: ClosePress, visit: Visit) -> Method:
    """Take up a closed flag again, for a reason that was picked."""
    reason = picked(REOPENED, callback_data.reason)
    if reason is None:
        return await ask_why_again(query, callback_data, visit)
    return await _reopen(query, callback_data.flag, reason, visit)


async def reopen_typed(message: Message, visit: Visit) -> Method:
    """Take up a closed flag again, for a reason that was typed."""
    number, reason = (await visit.state.get_data()).get("flag", 0), typed_reason(message.text or "")
    if reason is None:
        return show(message, await not_kept(number, visit), [[back_to(number)]])
    return await _reopen(message, number, reason, visit)


async def _reopen(event: Event, number: int, reason: str, visit: Visit) -> Method:
    await visit.state.clear()
    flag = await find(number, visit)
    if flag is None:
        return no_such_flag(event, visit._)
    if flag.reopen(visit.person.id, visit.now):
        await write_note(visit.session, visit.vault, flag, visit.person.id, Kind.REOPENED, reason, visit.now)
        await note(visit, Audited.REOPENED, flag)
        await drop_untold(visit.session, visit.vault, flag, visit.now)
        await tell(flag, visit)
        for each in await follow(visit.session, flag):
            await note(visit, Audited.REOPENED, each)
            await tell(each, visit)
    return await flag_screen(event, flag, visit)
