"""Asking for a second person's yes: a reason, a request, and a neutral call to those who may approve."""

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery, Message

from handlers.desk import back_to, find, no_such_flag, note, only_to_read
from handlers.home import back_home
from handlers.notices import post_message
from handlers.own import Typed
from handlers.presses import Action, ApprovalPress, FlagPress
from handlers.roles import OnTeam
from handlers.screens import Event, Method, Row, button, keyboard, show
from handlers.visit import Visit
from models.approvals import KIND_NAMES, REASON_LIMIT, TERM, Kind, approvers, ask, may_ask
from models.audit import Action as Audited
from models.flags import Flag
from models.outbox import Priority
from models.people import Person


class Asking(StatesGroup):
    """The reason is asked for; the data holds `kind` and `flag`, its number."""

    reason = State()


def router() -> Router:
    """Routes for whoever asks for something about a flag."""
    router = Router(name="asking")
    router.message.register(take_reason, StateFilter(Asking.reason), Typed(), OnTeam())
    router.callback_query.filter(FlagPress.filter(), OnTeam())
    router.callback_query.register(cancel, Action("cancel"))
    return router


async def ask_reason(event: Event, kind: Kind, flag: Flag, visit: Visit) -> Method:
    """Wait for the reason, if it may be asked for now and there is somebody who could say yes."""
    _ = visit._
    if early := only_to_read(flag, visit):
        return show(event, early, [[back_to(flag.id), *back_home(_)]])
    alone = await alone_with_it(event, kind, visit, [back_to(flag.id)], flag_id=flag.id)
    if alone is not None:
        return alone
    await visit.state.set_state(Asking.reason)
    await visit.state.set_data({"kind": kind, "flag": flag.id})
    text = _(
        "<b>{what}: №{number}</b>\n\nThis takes a second person. Please write why it is needed, in at most {limit} "
        "characters. A supervisor or an owner will read it.",
        what=_(KIND_NAMES[kind]),
        number=flag.id,
        limit=REASON_LIMIT,
    )
    return show(event, text, [_cancel(flag.id, visit)])


def _cancel(flag_id: int, visit: Visit) -> Row:
    return [button(visit._("Cancel"), FlagPress(action="cancel", flag=flag_id))]


async def cancel(query: CallbackQuery, callback_data: FlagPress, visit: Visit) -> Method:
    """Ask nobody."""
    await visit.state.clear()
    text = visit._("Nothing was asked for.")
    return show(query, text, [[back_to(callback_data.flag), *back_home(visit._)]])


async def take_reason(message: Message, visit: Visit) -> Method:
    """Ask with the reason that was typed, if the member still may."""
    _ = visit._
    data = await visit.state.get_data()
    kind = Kind(data["kind"])
    flag = await find(data["flag"], visit)
    if flag is not None and (early := only_to_read(flag, visit)):
        await visit.state.clear()
        return show(message, early, [[back_to(flag.id), *back_home(_)]])
    if flag is None or not await may_ask(visit.session, kind, visit.person.id, visit.now, flag):
        await visit.state.clear()
        return no_such_flag(message, visit._)
    reason = (message.text or "").strip()
    if len(reason) > REASON_LIMIT:
        await note(visit, Audited.DENIED, flag, "reason too long")
        text = _("That is longer than {limit} characters. Please write it shorter.", limit=REASON_LIMIT)
        return show(message, text, [_cancel(flag.id, visit)])
    await visit.state.clear()
    return await ask_second(message, kind, reason, visit, [back_to(flag.id)], flag_id=flag.id)


async def ask_second(
    event: Event,
    kind: Kind,
    reason: str,
    visit: Visit,
    back: Row,
    *,
    flag_id: int | None = None,
    certificate_id: int | None = None,
    scope: str = "",
) -> Method:
    """Ask for a second person's yes; the screen says so, or that there is nobody.

    That this member may ask for it, the caller has made sure of.
    """
    _ = visit._
    alone = await alone_with_it(event, kind, visit, back, flag_id=flag_id, certificate_id=certificate_id)
    if alone is not None:
        return alone
    approval = await ask(
        visit.session,
        visit.vault,
        kind,
        requester_id=visit.person.id,
        reason=reason,
        now=visit.now,
        flag_id=flag_id,
        certificate_id=certificate_id,
        scope=scope,
    )
    await visit.record(Audited.ASKED, flag_id, actor_id=visit.person.id, detail=f"{kind} {approval.id}")
    for _member, person in await approvers(
        visit.session, visit.person.id, flag_id=flag_id, certificate_id=certificate_id
    ):
        _call(person, visit)
    until = _.moment(visit.now + TERM)
    text = _("Asked. A supervisor or an owner may approve it until {time}; you will be told.", time=until)
    return show(event, text, [[*back, *back_home(_)]])


def _call(person: Person, visit: Visit) -> None:
    """Tell somebody who may approve that something waits, without a word of what."""
    _ = visit.texts[person.language]
    rows: list[Row] = [[button(_("Show"), ApprovalPress(action="list"))]]
    message = SendMessage(chat_id=0, text=_("Something waits for a second person."), reply_markup=keyboard(rows))
    post_message(visit.session, visit.vault, person, message, priority=Priority.ALERT, now=visit.now)


async def alone_with_it(
    event: Event, kind: Kind, visit: Visit, back: Row, *, flag_id: int | None = None, certificate_id: int | None = None
) -> Method | None:
    """What a member sees who has no second person for this; None if there is one."""
    _ = visit._
    if await approvers(visit.session, visit.person.id, flag_id=flag_id, certificate_id=certificate_id):
        return None
    await note(visit, Audited.DENIED, detail=f"{kind}: nobody to approve")
    text = _(
        "This takes a second person: a supervisor or an owner who has had nothing to do with it. "
        "The team has none now. An owner can invite one with /team."
    )
    return show(event, text, [[*back, *back_home(_)]])
