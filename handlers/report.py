"""Flagging an incident: four taps, no typing.

    Report an incident → is the ride going on? → what kind? → what happened? → stored, with a receipt

The draft's name travels in the buttons, so pressing twice, or a repeated update, gives the same receipt. The flag is
stored before its receipt is shown, and the receipt also goes through the outbox.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime

from aiogram import Router
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers.home import back_home, call_rows, help_lines, help_text
from handlers.notices import post_message, tell_team_of_flag
from handlers.own import open_report
from handlers.presses import Action, FormPress, HomePress, OwnPress, ReportPress
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, copy_button, keyboard, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record
from models.behaviours import BEHAVIOURS, FORM_NAMES, FORMS_OF_HARASSMENT, MAX_SEVERITY, Form, behaviours_of
from models.cars import is_code, plate_of_code
from models.details import Details
from models.drafts import draft_of
from models.flags import Flag, Ride, keep_plate, sent_from, store_flag, wait_before_next, weight
from models.outbox import Priority
from models.receipts import show_receipt


def router() -> Router:
    """Routes for flagging."""
    router = Router(name="report")
    router.message.register(begin, Command("report"))
    router.callback_query.filter(ReportPress.filter())
    router.callback_query.register(begin, Action("begin"))
    router.callback_query.register(ask_form, Action("ride"))
    router.callback_query.register(ask_behaviour, Action("form"))
    router.callback_query.register(send, Action("send"))
    return router


async def begin(event: Event, visit: Visit, callback_data: ReportPress | None = None) -> Method:
    """Ask whether the ride is going on; whoever has scanned a car sees that its plate is filled in."""
    _ = visit._
    await visit.state.clear()
    begun = await draft_of(visit.session, visit.person.id)
    car = callback_data.car if callback_data is not None else ""
    plate = await plate_of_code(visit.session, visit.vault, car)
    return _ask_ride(event, secrets.token_urlsafe(6), begun is not None, car if plate else "", plate, _)


def _ask_ride(event: Event, draft: str, begun: bool, car: str, plate: str | None, _: Texts) -> Method:
    text = _(
        "<b>Report an incident</b>\n\nTell as much or as little as you want. It takes four taps and no typing.\n\n"
        "Is the ride going on now?"
    )
    if plate:
        text += "\n\n" + _("The number plate is filled in: <b>{plate}</b>", plate=plate)
    rows: list[Row] = [
        [button(_("Yes, I am in the car"), _press("ride", draft, Ride.GOING_ON, car=car), PRIMARY)],
        [button(_("No, it is over"), _press("ride", draft, Ride.OVER, car=car), PRIMARY)],
        [button(_("I am in danger: help now"), HomePress(action="help"), DANGER)],
        back_home(_),
    ]
    if begun:
        rows.insert(2, [button(_("Go on with my draft"), FormPress(action="begin"))])
    return show(event, text, rows)


def _press(action: str, draft: str, ride: str, code: str = "", *, car: str) -> ReportPress:
    return ReportPress(action=action, draft=draft, ride=ride, code=code, car=car)


async def ask_form(query: CallbackQuery, callback_data: ReportPress, visit: Visit) -> Method:
    """Ask what kind of behaviour it was."""
    _ = visit._
    draft, ride, car = callback_data.draft, callback_data.ride, callback_data.car
    if not _valid(callback_data):
        return await begin(query, visit, callback_data)
    rows: list[Row] = [
        [button(_(FORM_NAMES[form]), _press("send" if form is Form.OTHER else "form", draft, ride, form, car=car))]
        for form in Form
    ]
    if ride == Ride.OVER:
        rows.append([button(_("Tell it step by step"), FormPress(action="begin", value=draft, car=car))])
    rows.append(_help_and_back(ReportPress(action="begin", car=car), _))
    text = _(
        "<b>What happened?</b>\n\nThe button “{not_sure}” sends your report at once. {terms}",
        not_sure=_(FORM_NAMES[Form.OTHER]),
        terms=_terms(_),
    )
    return show(query, text, rows)


async def ask_behaviour(query: CallbackQuery, callback_data: ReportPress, visit: Visit) -> Method:
    """Ask what happened, in the words of one form."""
    _ = visit._
    draft, ride, car = callback_data.draft, callback_data.ride, callback_data.car
    if not _valid(callback_data) or callback_data.code not in set(Form):
        return await begin(query, visit, callback_data)
    form = Form(callback_data.code)
    rows: list[Row] = [
        [button(_(behaviour.name), _press("send", draft, ride, behaviour.code, car=car))]
        for behaviour in behaviours_of(form)
    ]
    rows.append(_help_and_back(_press("ride", draft, ride, car=car), _))
    text = f"<b>{_(FORM_NAMES[form])}</b>\n\n" + _(
        "Tap what fits best. Your report is sent at once.\n\n{terms}", terms=_terms(_)
    )
    return show(query, text, rows)


def _terms(_: Texts) -> str:
    return _("By sending, you say that it is true as far as you know.")


def _help_and_back(back: ReportPress, _: Texts) -> Row:
    return [button(_("« Back"), back), button(_("Help now"), HomePress(action="help"), DANGER)]


def _valid(press: ReportPress) -> bool:
    named = 0 < len(press.draft) <= 16 and press.draft.isprintable()
    return named and press.ride in set(Ride) and (not press.car or is_code(press.car))


async def send(query: CallbackQuery, callback_data: ReportPress, visit: Visit) -> Method:
    """Send the flag that the four taps made."""
    code = callback_data.code
    if not _valid(callback_data) or code not in BEHAVIOURS:
        return await begin(query, visit, callback_data)
    ride = Ride(callback_data.ride)
    plate = await plate_of_code(visit.session, visit.vault, callback_data.car)
    return await send_flag(query, visit, draft=callback_data.draft, codes=[code], ride=ride, plate=plate)


async def send_flag(
    query: CallbackQuery,
    visit: Visit,
    *,
    draft: str,
    codes: Sequence[str],
    ride: Ride,
    details: Details | None = None,
    words: str | None = None,
    order: str | None = None,
    plate: str | None = None,
) -> Method:
    """Store the flag, give the receipt, tell the team; sent from the same draft again, it's the same flag."""
    _ = visit._
    if (until := await _until(visit, draft, codes, ride, details)) is not None:
        return _too_many(query, until, details is not None, visit)
    flag, is_new = await store_flag(
        visit.session,
        visit.vault,
        reporter_id=visit.person.id,
        draft=draft,
        codes=codes,
        ride=ride,
        now=visit.now,
        details=details,
    )
    if not flag.is_open:  # an old button, pressed again
        return await open_report(query, OwnPress(action="open", flag=flag.id), visit)
    receipt = show_receipt(flag.receipt(visit.vault))
    if is_new:
        if words:
            flag.write_words(visit.vault, words)
        if order:
            flag.write_order(visit.vault, order)
        if plate:
            await keep_plate(visit.session, visit.vault, flag, plate)
        await record(visit.session, visit.vault, Audited.RECEIVED, now=visit.now, flag_id=flag.id)
        await tell_team_of_flag(visit.session, visit.vault, visit.texts, visit.person, visit.now)
        _post_receipt(receipt, visit)
    return show(query, _stored(flag, receipt, codes, visit), _stored_rows(flag, receipt, visit))


async def _until(
    visit: Visit, draft: str, codes: Sequence[str], ride: Ride, details: Details | None
) -> datetime | None:
    """Until when this flag has to wait; a repeated one never, and one of the highest severity neither."""
    if weight(codes, ride, details or Details()) == MAX_SEVERITY:
        return None
    if await sent_from(visit.session, visit.person.id, draft) is not None:
        return None
    return await wait_before_next(
        visit.session,
        visit.person.id,
        an_hour=visit.terms.flags_an_hour,
        a_day=visit.terms.flags_a_day,
        now=visit.now,
    )


def _too_many(query: CallbackQuery, until: datetime, is_draft: bool, visit: Visit) -> Method:
    _ = visit._
    parts = [_("You have sent several reports in a short time. The next can be sent on {time}.", time=_.moment(until))]
    if is_draft:
        parts.append(_("What you told step by step is kept as a draft until then."))
    parts.append(_("You can add to a report that you have sent: /myreports. If you are in danger, please call 112."))
    rows: list[Row] = [[button(_("My reports"), OwnPress(action="list"))], *call_rows(help_lines(visit)), back_home(_)]
    return show(query, "\n\n".join(parts), rows)


def _post_receipt(receipt: str, visit: Visit) -> None:
    _ = visit._
    text = _("Your code: <code>{receipt}</code>", receipt=receipt)
    rows = [[copy_button(_("Copy"), receipt)]]
    message = SendMessage(chat_id=0, text=text, reply_markup=keyboard(rows))
    post_message(visit.session, visit.vault, visit.person, message, priority=Priority.RECEIPT, now=visit.now)


def _stored(flag: Flag, receipt: str, codes: Sequence[str], visit: Visit) -> str:
    _ = visit._
    help_first = flag.severity == MAX_SEVERITY
    parts = [help_text(_, help_lines(visit))] if help_first else []
    parts += [
        _("<b>Your report is saved.</b> It was not your fault.")
        if any(BEHAVIOURS[code].form in FORMS_OF_HARASSMENT for code in codes)
        else _("<b>Your report is saved.</b> Thank you for telling."),
        _("Your code: <code>{receipt}</code>", receipt=receipt),
        _(
            "We aim to look at it by {time}. Until it is closed you can add to it or withdraw it in /myreports. "
            "The answer will be there too; this code finds it again.",
            time=_.moment(flag.due_at),
        ),
    ]
    if not help_first:
        parts.append(_("If you are in danger, please call 112: this bot can't send help."))
    return "\n\n".join(parts)


def _stored_rows(flag: Flag, receipt: str, visit: Visit) -> list[Row]:
    _ = visit._
    calls = call_rows(help_lines(visit)) if flag.severity == MAX_SEVERITY else []
    return [
        *calls,
        [copy_button(_("Copy the code"), receipt)],
        [
            button(
                _("Change the plate") if flag.sealed_plate else _("Add the plate"),
                OwnPress(action="plate", flag=flag.id),
            ),
            button(_("Add your words"), OwnPress(action="words", flag=flag.id)),
        ],
        [button(_("Withdraw"), OwnPress(action="withdraw", flag=flag.id))],
        [button(_("My reports"), OwnPress(action="list")), *back_home(_)],
    ]
