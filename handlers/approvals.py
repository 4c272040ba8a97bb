"""The second person: what waits, yes or no, and what is done then, in the same transaction.

Who may decide is checked by the database at the press; a try that fails is in the audit.
"""

from collections.abc import Awaitable, Callable, Mapping

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers import full_export, purge, verify
from handlers.commands import Command
from handlers.desk import note, only_to_read
from handlers.flag_stats import period_name
from handlers.home import back_home
from handlers.notices import post_message
from handlers.presses import Action, ApprovalPress, FlagPress
from handlers.roles import OnTeam, Supervises, colleague
from handlers.screens import DANGER, PRIMARY, SUCCESS, Event, Method, Row, button, keyboard, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.approvals import (
    KIND_NAMES,
    TERM,
    Approval,
    Fault,
    Kind,
    Standing,
    approval_of,
    decide,
    fault_of,
    waiting_for,
)
from models.audit import Action as Audited
from models.certificates import Certificate, show_number
from models.flags import Flag
from models.full_export import period_asked
from models.outbox import Priority
from models.people import Person
from models.team import labels
from models.words import N_

PERFORMERS: Mapping[Kind, Callable[[Approval, Visit], Awaitable[None]]] = {
    Kind.EXPORT: full_export.perform,
    Kind.PURGE: purge.perform,
    Kind.REVOCATION: verify.perform,
}
"""What is done at once when a request is approved; what is not here, who asked may do for half an hour."""
FAULTS = {
    Fault.UNKNOWN: N_("This request is no longer there."),
    Fault.DECIDED: N_("It was decided already."),
    Fault.LATE: N_("The half hour for it has passed. Whoever needs it can ask again."),
    Fault.OWN: N_("You asked for this yourself. Another person has to decide."),
    Fault.PARTY: N_("You have had to do with this matter. Another person has to decide."),
    Fault.LAPSED: N_("Whoever asked for it may no longer do so."),
}


def router() -> Router:
    """Routes for supervisors and owners, and for whoever asked."""
    router = Router(name="approvals")
    router.message.register(show_waiting, Command("approve"), Supervises())
    router.callback_query.filter(ApprovalPress.filter())
    router.callback_query.register(show_waiting, Action("list"), Supervises())
    router.callback_query.register(open_request, Action("open"), Supervises())
    router.callback_query.register(approve, Action("yes"), Supervises())
    router.callback_query.register(refuse, Action("no"), Supervises())
    router.callback_query.register(show_answer, Action("mine"), OnTeam())
    return router


async def show_waiting(event: Event, visit: Visit) -> Method:
    """The requests on which this person may decide now."""
    _ = visit._
    await visit.state.clear()
    waiting = await waiting_for(visit.session, visit.person.id, visit.now)
    await note(visit, Audited.APPROVALS_SEEN)
    rows: list[Row] = [
        [button(f"{number}. {_(KIND_NAMES[each.kind])}", ApprovalPress(action="open", approval=each.id))]
        for number, each in enumerate(waiting[:20], 1)
    ]
    lines = [
        _("<b>What waits for a second person</b>"),
        "",
        _("Tap one to see why it is needed.") if waiting else _("Nothing waits for you."),
        "",
        _("As of {time}.", time=_.moment(visit.now)),
    ]
    refresh = button(_("Refresh"), ApprovalPress(action="list"))
    return show(event, "\n".join(lines), [*rows, [refresh, *back_home(_)]])


async def open_request(query: CallbackQuery, callback_data: ApprovalPress, visit: Visit) -> Method:
    """Who asks for what, and why; then it's yes or no."""
    approval = await approval_of(visit.session, callback_data.approval)
    if approval is None:
        return await _refused(query, callback_data, Fault.UNKNOWN, visit)
    fault = await fault_of(visit.session, approval, visit.person.id, visit.now)
    if fault is not None and fault is not Fault.QUIET:
        return await _refused(query, callback_data, fault, visit)
    return await _request_screen(query, approval, visit)


async def _request_screen(query: CallbackQuery, approval: Approval, visit: Visit) -> Method:
    """The request, to somebody who may decide on it; as long as the news of its flag waits, only with a no."""
    _ = visit._
    await _note_look(approval, visit)
    known = await labels(visit.session, visit.vault)
    lines = [
        await _what(approval, visit),
        "",
        _("Asked for by: {member}", member=colleague(approval.requester_id, visit.person.id, known, _)),
        _("<blockquote>{words}</blockquote>", words=approval.reason(visit.vault)),
        _("You can decide until {time}.", time=_.moment(approval.asked_at + TERM)),
    ]
    yes = button(_("Approve"), ApprovalPress(action="yes", approval=approval.id), SUCCESS)
    no = button(_("Refuse"), ApprovalPress(action="no", approval=approval.id), DANGER)
    flag = await visit.session.get(Flag, approval.flag_id) if approval.flag_id is not None else None
    early = only_to_read(flag, visit) if flag is not None else ""
    if early:
        lines += ["", early]
    rows: list[Row] = [[no] if early else [yes, no], [*_to_list(_), *back_home(_)]]
    return show(query, "\n".join(lines), rows)


async def _note_look(approval: Approval, visit: Visit) -> None:
    """Write down that a request was looked at."""
    what = f"{approval.kind} {approval.id}"
    await visit.record(Audited.APPROVALS_SEEN, approval.flag_id, what, actor_id=visit.person.id)


async def _what(approval: Approval, visit: Visit) -> str:
    """What a request is about: its kind, and the number of the flag or certificate, or the days."""
    _ = visit._
    what = _("<b>{what}</b>", what=_(KIND_NAMES[approval.kind]))
    if approval.flag_id is not None:
        return f"{what}: №{approval.flag_id}"
    if approval.certificate_id is not None:
        certificate = await visit.session.get_one(Certificate, approval.certificate_id)
        return f"{what}: {show_number(certificate.number)}"
    if approval.kind is Kind.EXPORT:
        return f"{what}: {period_name(period_asked(approval), _)}"
    return what


def _to_list(_: Texts) -> Row:
    return [button(_("« What waits"), ApprovalPress(action="list"))]


async def approve(query: CallbackQuery, callback_data: ApprovalPress, visit: Visit) -> Method:
    """Say yes: what was asked for is done now, or may be done by who asked."""
    return await _decide(query, callback_data, visit, approved=True)


async def refuse(query: CallbackQuery, callback_data: ApprovalPress, visit: Visit) -> Method:
    """Say no."""
    return await _decide(query, callback_data, visit, approved=False)


async def _decide(query: CallbackQuery, press: ApprovalPress, visit: Visit, *, approved: bool) -> Method:
    _ = visit._
    approval = await approval_of(visit.session, press.approval)
    if approval is None:
        return await _refused(query, press, Fault.UNKNOWN, visit)
    fault = await decide(visit.session, approval, visit.person.id, approved=approved, now=visit.now)
    if fault is Fault.QUIET:
        return await _request_screen(query, approval, visit)
    if fault is not None:
        return await _refused(query, press, fault, visit)
    await visit.record(
        Audited.APPROVED if approved else Audited.REFUSED,
        approval.flag_id,
        actor_id=visit.person.id,
        detail=f"{approval.kind} {approval.id}",
    )
    what = await _what(approval, visit)
    if approved and (perform := PERFORMERS.get(approval.kind)) is not None:
        await perform(approval, visit)
    await _tell(approval, visit)
    answer = _("Approved. Whoever asked is told.") if approved else _("Not approved. Whoever asked is told.")
    return show(query, f"{what}\n\n{answer}", [[*_to_list(_), *back_home(_)]])


async def _refused(query: CallbackQuery, press: ApprovalPress, fault: Fault, visit: Visit) -> Method:
    """Say why somebody can't decide; to try to is written down."""
    _ = visit._
    await note(visit, Audited.DENIED, detail=f"approval {press.approval}: {fault}")
    return show(query, _(FAULTS[fault]), [[*_to_list(_), *back_home(_)]])


async def _tell(approval: Approval, visit: Visit) -> None:
    """Tell who asked that there's an answer, without a word of what about."""
    person = await visit.session.get_one(Person, approval.requester_id)
    _ = visit.texts[person.language]
    rows: list[Row] = [[button(_("Show"), ApprovalPress(action="mine", approval=approval.id), PRIMARY)]]
    message = SendMessage(chat_id=0, text=_("There is an answer to what you asked for."), reply_markup=keyboard(rows))
    post_message(visit.session, visit.vault, person, message, priority=Priority.ALERT, now=visit.now)


async def show_answer(query: CallbackQuery, callback_data: ApprovalPress, visit: Visit) -> Method:
    """What became of a request, for who asked."""
    _ = visit._
    approval = await approval_of(visit.session, callback_data.approval)
    if approval is None or approval.requester_id != visit.person.id:
        await note(visit, Audited.DENIED, detail=f"approval {callback_data.approval}: {Fault.UNKNOWN}")
        return show(query, _(FAULTS[Fault.UNKNOWN]), [back_home(_)])
    await _note_look(approval, visit)
    rows: list[Row] = []
    if approval.standing is Standing.REFUSED:
        answer = _("A colleague did not approve it. Please talk it over in the team.")
    elif approval.standing is Standing.WAITING:
        answer = _(FAULTS[Fault.LATE]) if approval.is_over(visit.now) else _("It still waits for a second person.")
    elif approval.kind in PERFORMERS:
        answer = _("Approved and done.")
    elif approval.is_over(visit.now) or approval.decided_at is None:
        answer = _(FAULTS[Fault.LATE])
    else:
        answer = _("Approved, until {time}.", time=_.moment(approval.decided_at + TERM))
        if approval.kind is Kind.CONTACT and approval.flag_id is not None:
            press = FlagPress(action="contact", flag=approval.flag_id)
            rows.append([button(_("Show the contact"), press, PRIMARY)])
    return show(query, f"{await _what(approval, visit)}\n\n{answer}", [*rows, back_home(_)])
