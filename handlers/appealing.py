"""Second looks: what waits for somebody who didn't close the flag, and how it's decided.

    list → one of them → what they say → the outcome stays, or another one → why → done

Of a duplicate, it's the outcome of its main flag that is decided on.

Whoever may not decide on one gets the same answer as if it weren't there; the query says so (`models/appeals.py`).
"""

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from handlers.closing import NO_CONSENT
from handlers.desk import note, open_button, tell, to_queue
from handlers.giving import settle, tell_of_change
from handlers.home import back_home
from handlers.own import Typed
from handlers.presses import Action, AppealPress
from handlers.reasons import SECOND_LOOK, ask_reason, not_kept, picked, reason_rows, shown, typed_reason
from handlers.roles import OnTeam
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, in_rows, show
from handlers.visit import Visit
from models.appeals import Appeal, Side, appeals_for, change, confirm, decidable
from models.audit import Action as Audited
from models.consents import consents_of
from models.flags import NEEDS_CONSENT, OUTCOME_NAMES, Flag, Outcome
from models.merging import follow, main_of
from models.notes import Kind, newest_reason, write_note
from models.words import N_

STAYS = "stays"
"""What stands in a press in place of another outcome."""
WHO = {Side.DRIVER: N_("the driver"), Side.REPORTER: N_("the person who reported")}


class Deciding(StatesGroup):
    """The reason of a decision may be typed; the data holds `appeal`, its number, and `outcome`."""

    reason = State()


def router() -> Router:
    """Routes for second looks."""
    router = Router(name="appealing")
    router.message.register(decide_typed, StateFilter(Deciding.reason), Typed(), OnTeam())
    router.callback_query.filter(AppealPress.filter(), OnTeam())
    router.callback_query.register(show_appeals, Action("list"))
    router.callback_query.register(open_appeal, Action("open"))
    router.callback_query.register(read, Action("read"))
    router.callback_query.register(ask_outcome, Action("other"))
    router.callback_query.register(ask_why, Action("why"))
    router.callback_query.register(decide, Action("decide"))
    return router


async def show_appeals(event: Event, visit: Visit) -> Method:
    """What waits for this member of the team."""
    _ = visit._
    await visit.state.clear()
    found = await appeals_for(visit.session, visit.person.id)
    await note(visit, Audited.LISTED, detail="second looks")
    lines = [_("<b>Second looks</b>"), ""]
    lines += [f"№{flag.id} · {_(WHO[appeal.side])} · {_.day(appeal.made_at)}" for appeal, flag in found] or [
        _("Nothing is waiting.")
    ]
    buttons = [button(f"№{flag.id}", AppealPress(action="open", appeal=appeal.id)) for appeal, flag in found]
    return show(event, "\n".join(lines), [*in_rows(buttons, 4), [*to_queue(_), *back_home(_)]])


async def open_appeal(query: CallbackQuery, callback_data: AppealPress, visit: Visit) -> Method:
    """One of them: how the flag was closed, and what can be decided."""
    _ = visit._
    await visit.state.clear()
    found = await _find(callback_data.appeal, visit)
    if found is None:
        return await show_appeals(query, visit)
    appeal, flag = found
    lines = [
        _("<b>Second look at flag №{number}</b>", number=flag.id),
        "",
        _("{date}: second look asked for by {who}", date=_.day(appeal.made_at), who=_(WHO[appeal.side])),
    ]
    main = await main_of(visit.session, flag)
    if main is not flag:
        lines.append(_("Looked at together with №{number}.", number=main.id))
    lines.append(_closed(main, visit))
    if (reason := await newest_reason(visit.session, main.id, Kind.CLOSED)) is not None:
        lines.append(_("Reason:") + " " + shown(reason.text(visit.vault, main), _))
    numbers = [open_button(each.id) for each in dict.fromkeys([flag, main])]
    rows: list[Row] = [
        [button(_("Show what they say"), AppealPress(action="read", appeal=appeal.id)), *numbers],
        [button(_("The outcome stays"), AppealPress(action="why", appeal=appeal.id, outcome=STAYS), PRIMARY)],
        [button(_("Another outcome"), AppealPress(action="other", appeal=appeal.id))],
        [button(_("« Second looks"), AppealPress(action="list")), *back_home(_)],
    ]
    return show(query, "\n".join(lines), rows)


def _closed(flag: Flag, visit: Visit) -> str:
    _ = visit._
    if flag.outcome is None or flag.ended_at is None:
        return ""
    return _("Closed on {time}: {outcome}", time=_.moment(flag.ended_at), outcome=_(OUTCOME_NAMES[flag.outcome]))


async def _find(number: int, visit: Visit) -> tuple[Appeal, Flag] | None:
    """The appeal with its flag, if this person may decide on it; a try that fails is written down."""
    found = await decidable(visit.session, visit.person.id, number)
    if found is None:
        await note(visit, Audited.DENIED, detail=f"second look {number}")
    return found


async def read(query: CallbackQuery, callback_data: AppealPress, visit: Visit) -> Method:
    """What they say, alone on the screen, as it may fill a message."""
    _ = visit._
    found = await _find(callback_data.appeal, visit)
    if found is None:
        return await show_appeals(query, visit)
    appeal, flag = found
    await note(visit, Audited.APPEAL_READ, flag, appeal.side)
    rows: list[Row] = [[_back(appeal, visit), *back_home(_)]]
    return show(query, _("<blockquote>{words}</blockquote>", words=appeal.words(visit.vault, flag)), rows)


def _back(appeal: Appeal, visit: Visit) -> InlineKeyboardButton:
    return button(visit._("« Back"), AppealPress(action="open", appeal=appeal.id))


async def ask_outcome(query: CallbackQuery, callback_data: AppealPress, visit: Visit) -> Method:
    """The other outcomes to choose from."""
    _ = visit._
    found = await _find(callback_data.appeal, visit)
    if found is None:
        return await show_appeals(query, visit)
    appeal, flag = found[0], await main_of(visit.session, found[1])
    consents = await consents_of(visit.session, flag.id)
    rows: list[Row] = []
    for outcome, name in OUTCOME_NAMES.items():
        if outcome is flag.outcome:
            continue
        label = _(name)
        if outcome in NEEDS_CONSENT and NEEDS_CONSENT[outcome] not in consents:
            label = _("{outcome}: no consent", outcome=label)
        press = AppealPress(action="why", appeal=appeal.id, outcome=outcome)
        rows.append([button(label, press, DANGER if outcome is Outcome.MISUSE else None)])
    return show(query, _closed(flag, visit), [*rows, [_back(appeal, visit)]])


async def ask_why(query: CallbackQuery, callback_data: AppealPress, visit: Visit) -> Method | list[Method]:
    """Ask for the reason of the decision."""
    _ = visit._
    found = await _find(callback_data.appeal, visit)
    if found is None:
        return await show_appeals(query, visit)
    appeal, flag = found[0], await main_of(visit.session, found[1])
    if callback_data.outcome not in {STAYS, *set(Outcome) - {flag.outcome}}:
        return await open_appeal(query, callback_data, visit)
    if callback_data.outcome != STAYS:
        outcome = Outcome(callback_data.outcome)
        if outcome in NEEDS_CONSENT and NEEDS_CONSENT[outcome] not in await consents_of(visit.session, flag.id):
            return [AnswerCallbackQuery(callback_query_id=query.id, text=_(NO_CONSENT), show_alert=True)]
    await visit.state.set_state(Deciding.reason)
    await visit.state.set_data({"appeal": appeal.id, "outcome": callback_data.outcome})
    what = _("The outcome stays")
    if callback_data.outcome != STAYS:
        what = _(OUTCOME_NAMES[Outcome(callback_data.outcome)])
    press = AppealPress(action="decide", appeal=appeal.id, outcome=callback_data.outcome)
    text = _("<b>Second look at flag №{number}</b>", number=flag.id) + f": {what}\n\n{ask_reason(_)}"
    return show(query, text, [*reason_rows(SECOND_LOOK, press, _), [_back(appeal, visit)]])


async def decide(query: CallbackQuery, callback_data: AppealPress, visit: Visit) -> Method | list[Method]:
    """Decide for a reason that was picked."""
    reason = picked(SECOND_LOOK, callback_data.reason)
    if reason is None or callback_data.outcome not in {STAYS, *Outcome}:
        return await open_appeal(query, callback_data, visit)
    return await _decide(query, callback_data.appeal, callback_data.outcome, reason, visit)


async def decide_typed(message: Message, visit: Visit) -> Method:
    """Decide for a reason that was typed."""
    data = await visit.state.get_data()
    reason = typed_reason(message.text or "")
    if reason is None:
        back = button(visit._("« Back"), AppealPress(action="open", appeal=data.get("appeal", 0)))
        return show(message, await not_kept(None, visit), [[back]])
    return await _decide(message, data.get("appeal", 0), data["outcome"], reason, visit)


async def _decide(event: Event, number: int, decision: str, reason: str, visit: Visit) -> Method:
    _ = visit._
    await visit.state.clear()
    found = await _find(number, visit)
    if found is None:
        return await show_appeals(event, visit)
    appeal, flag = found
    main, me = await main_of(visit.session, flag), visit.person.id
    if decision == STAYS:
        confirm(appeal, me, visit.now)
    else:
        consents = await consents_of(visit.session, main.id, lock=True)
        if not change(appeal, main, me, Outcome(decision), consents, visit.now):
            return show(event, _(NO_CONSENT), [[_back(appeal, visit)]])
    await visit.session.flush()
    await write_note(visit.session, visit.vault, main, me, Kind.SECOND_LOOK, reason, visit.now)
    for each in dict.fromkeys([flag, main]):
        await note(visit, Audited.APPEAL_DECIDED, each, decision)
    told = None
    heard = [flag] if appeal.side is Side.REPORTER else []
    if appeal.changed:
        told = await settle(main, visit)
        followed = await follow(visit.session, main)
        for each in followed:
            await note(visit, Audited.CLOSED, each, (each.outcome or Outcome.RECORDED).value)
        heard = list(dict.fromkeys([main, *followed, *heard]))
    for each in heard:
        await tell(each, visit)
    if appeal.side is Side.DRIVER and told != appeal.person_id:
        await tell_of_change(appeal.person_id, main, visit)
    return await show_appeals(event, visit)
