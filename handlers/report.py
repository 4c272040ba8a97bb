"""Flagging an incident: four taps, no typing.

    Report an incident → is the ride going on? → what kind? → what happened? → stored, with a receipt

Where life may be in danger, the help lines stand above the last choice, and first below the receipt.

The draft's name travels in the buttons, so pressing twice, or a repeated update, gives the same receipt. The flag is
stored before its receipt is shown, and the receipt also goes through the outbox. A driver who tells of a passenger goes
the same way, asked in other words.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers.arrivals import arrived, note_added, released, vehicle_named
from handlers.home import call_rows, help_lines, help_text, way_out
from handlers.notices import post_message, tell_team_of_flag
from handlers.own import add_rows, open_report, report_screen
from handlers.presses import Action, CapsulePress, FormPress, HomePress, OwnPress, PassphrasePress, ReportPress
from handlers.promises import as_far_as_known, promises
from handlers.quick_exit import exit_button
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, copy_button, keyboard, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.behaviours import (
    BEHAVIOURS,
    FORMS_OF_HARASSMENT,
    MAX_SEVERITY,
    Form,
    behaviour_name,
    behaviours_of,
    form_name,
)
from models.cars import is_code, plate_of_code
from models.consents import AT_FIRST, Recipient, say, set_consents
from models.details import Aim, Details, Teller
from models.drafts import Told, draft_of
from models.escrow import name_vehicle
from models.evidence import attach
from models.flags import Flag, Ride, State, same_story, sent_from, store_flag, wait_before_next, weight
from models.markup import units
from models.outbox import Priority
from models.receipts import show_receipt

DRIVER = Teller.DRIVER.value
WORDS_LIMIT = 4000
"""Characters of a report's own words, as Telegram counts them."""


def router() -> Router:
    """Routes for flagging."""
    router = Router(name="report")
    router.message.register(begin, Command("report"))
    router.callback_query.filter(ReportPress.filter())
    router.callback_query.register(begin, Action("begin"))
    router.callback_query.register(begin_as_driver, Action("driver"))
    router.callback_query.register(ask_form, Action("ride"))
    router.callback_query.register(ask_behaviour, Action("form"))
    router.callback_query.register(send, Action("send", "anew", "add"))
    return router


async def begin(event: Event, visit: Visit, callback_data: ReportPress | None = None) -> Method:
    """Ask whether the ride is going on; whoever has scanned a car sees that its plate is filled in."""
    _ = visit._
    await visit.state.clear()
    begun = await draft_of(visit.session, visit.person.id)
    code = callback_data.car if callback_data is not None else ""
    plate = await plate_of_code(visit.session, visit.vault, code)
    at = ReportPress(action="ride", draft=secrets.token_urlsafe(6), car=code if plate else "")
    text = _(
        "<b>Report an incident</b>\n\nTell as much or as little as you want. Four taps, no typing.\n\n"
        "Is the ride going on now?"
    )
    if plate:
        text += "\n\n" + _("The number plate is filled in: <b>{plate}</b>", plate=plate)
    rows: list[Row] = [
        [button(_("Yes, I am in the car"), _to(at, "ride", ride=Ride.GOING_ON), PRIMARY)],
        [button(_("No, it is over"), _to(at, "ride", ride=Ride.OVER), PRIMARY)],
        [button(_("Later: only note the time"), CapsulePress(action="begin", value=at.draft))],
        [button(_("I am in danger: help now"), HomePress(action="help"), DANGER)],
        [button(_("I am the driver, it is about a passenger"), _to(at, "driver", who=DRIVER))],
        way_out(_),
    ]
    if begun is not None:
        rows.insert(2, [button(_("Go on with my draft"), FormPress(action="begin"))])
    return show(event, text, rows)


async def begin_as_driver(query: CallbackQuery, callback_data: ReportPress, visit: Visit) -> Method:
    """Ask a driver whether the passenger is in the car."""
    _ = visit._
    at = ReportPress(action="ride", draft=callback_data.draft[:16] or secrets.token_urlsafe(6), who=DRIVER)
    text = _(
        "<b>Report about a passenger</b>\n\nDrivers have the same right to respect. Tell as much or as little as you "
        "want.\n\nIs the passenger in the car now?"
    )
    rows: list[Row] = [
        [button(_("Yes, in the car"), _to(at, "ride", ride=Ride.GOING_ON), PRIMARY)],
        [button(_("No, the ride is over"), _to(at, "ride", ride=Ride.OVER), PRIMARY)],
        [button(_("I am in danger: help now"), HomePress(action="help"), DANGER)],
        [button(_("« Back"), ReportPress(action="begin")), *way_out(_)],
    ]
    return show(query, text, rows)


def _to(press: ReportPress, action: str, **changes: str) -> ReportPress:
    """The same press with another action, and what else changes by it."""
    return press.model_copy(update={"action": action, **changes})


async def ask_form(query: CallbackQuery, callback_data: ReportPress, visit: Visit) -> Method:
    """Ask what kind of behaviour it was; what can and can't be promised is said here."""
    _ = visit._
    if not _valid(callback_data):
        return await begin(query, visit, callback_data)
    by_passenger = callback_data.who == DRIVER
    rows: list[Row] = [
        [
            button(
                _(form_name(form, by_passenger=by_passenger)),
                _to(callback_data, "form", code=form),
            )
        ]
        for form in Form
        if behaviours_of(form, by_passenger=by_passenger)
    ]
    if callback_data.ride == Ride.OVER:
        guided = FormPress(action="begin", step=callback_data.who, value=callback_data.draft, car=callback_data.car)
        rows.append([button(_("Tell it step by step"), guided)])
    rows += _last_rows(_to(callback_data, "driver" if by_passenger else "begin"), _)
    return show(query, "\n\n".join([_("<b>What happened?</b>"), promises(_)]), rows)


async def ask_behaviour(query: CallbackQuery, callback_data: ReportPress, visit: Visit) -> Method:
    """Ask what happened, in the words of one form."""
    _ = visit._
    if not _valid(callback_data) or callback_data.code not in set(Form):
        return await begin(query, visit, callback_data)
    form, by_passenger = Form(callback_data.code), callback_data.who == DRIVER
    names = {
        each.code: _(behaviour_name(each.code, by_passenger=by_passenger))
        for each in behaviours_of(form, by_passenger=by_passenger)
    }
    if form is Form.OTHER:  # nothing to choose from
        names = dict.fromkeys(names, _("Send"))
    rows: list[Row] = [[button(name, _to(callback_data, "send", code=code))] for code, name in names.items()]
    rows += _last_rows(_to(callback_data, "ride"), _)
    parts = [f"<b>{_(form_name(form, by_passenger=by_passenger))}</b>"]
    if any(_urgent(code, callback_data) for code in names):
        parts = [_("In danger? Call 112 first; saving can wait."), *parts]
        rows = [*_help_rows(callback_data.car, visit), *rows]
    if form is not Form.OTHER:
        parts.append(_("Tap what fits best to send it."))
    parts.append(as_far_as_known(_))
    return show(query, "\n\n".join(parts), rows)


def _urgent(code: str, press: ReportPress) -> bool:
    """Whether life may be in danger, if this is what happens: then the help lines come before the choice to save it."""
    return weight([code], Ride(press.ride), Details()) == MAX_SEVERITY


def _help_rows(car: str, visit: Visit) -> list[Row]:
    """The help lines, each a tap, and a text for somebody near, with the plate of the car whose code was scanned."""
    trusted = button(visit._("A text for somebody you trust"), HomePress(action="text", value=car))
    return [*call_rows(help_lines(visit)), [trusted]]


def _last_rows(back: ReportPress, _: Texts) -> list[Row]:
    return [[button(_("Help now"), HomePress(action="help"), DANGER)], [exit_button(_), button(_("« Back"), back)]]


def _valid(press: ReportPress) -> bool:
    named = 0 < len(press.draft) <= 16 and press.draft.isprintable() and press.who in {"", DRIVER}
    return named and press.ride in set(Ride) and (not press.car or is_code(press.car))


async def send(query: CallbackQuery, callback_data: ReportPress, visit: Visit) -> Method:
    """Send the flag that the four taps made, as a new one or added to one of a short while ago."""
    code, by_driver = callback_data.code, callback_data.who == DRIVER
    if not _valid(callback_data) or code not in BEHAVIOURS:
        return await begin(query, visit, callback_data)
    plate = None if by_driver else await plate_of_code(visit.session, visit.vault, callback_data.car)
    told = Told(codes=[code], teller=Teller.DRIVER if by_driver else None, plate=plate)
    if callback_data.action == "add" and (shown := await add_to_earlier(query, told, visit)) is not None:
        return shown
    ways = None
    if callback_data.action == "send":
        ways = Ways(add=_to(callback_data, "add"), anew=_to(callback_data, "anew"))
    return await send_flag(query, visit, draft=callback_data.draft, ride=Ride(callback_data.ride), told=told, ways=ways)


class Ways(NamedTuple):
    """What is pressed when a report is much like an earlier one: to add it there, or to send it all the same."""

    add: CallbackData
    anew: CallbackData


async def send_flag(
    query: CallbackQuery, visit: Visit, *, draft: str, ride: Ride, told: Told, ways: Ways | None, kept: bool = False
) -> Method:
    """Store the flag, give the receipt, tell the team; sent from the same draft again, it's the same flag.

    Without `ways` nobody is asked whether it belongs to an earlier report; `kept` says that it stays a draft.
    """
    _ = visit._
    codes, urgent = told.codes, weight(told.codes, ride, told.details()) == MAX_SEVERITY
    if not urgent and await sent_from(visit.session, visit.person.id, draft) is None:
        if ways is not None and (earlier := await _earlier(told, visit)) is not None:
            return _offer_to_add(query, earlier, ways, visit)
        if (until := await _until(visit)) is not None:
            return _too_many(query, until, kept, visit)
    flag, is_new = await store_flag(
        visit.session,
        visit.vault,
        reporter_id=visit.person.id,
        draft=draft,
        codes=codes,
        ride=ride,
        now=visit.now,
        details=told.details(),
        aim=told.aim or Aim.ACT,
    )
    if not is_new and not flag.is_open:  # an old button, pressed again
        return await open_report(query, OwnPress(action="open", flag=flag.id), visit)
    await attach(visit.session, visit.person.id, draft, flag.id)
    receipt = show_receipt(flag.receipt(visit.vault))
    if is_new:
        await _keep_told(flag, told, visit)
        _post_receipt(receipt, visit)
    return show(query, _stored(flag, receipt, told.aim, visit), _stored_rows(flag, receipt, visit))


async def _keep_told(flag: Flag, told: Told, visit: Visit) -> None:
    """Keep with a new flag all that was told besides buttons, and let the team know."""
    if told.words:
        flag.write_words(visit.vault, told.words)
    if told.order:
        flag.write_order(visit.vault, told.order)
    if told.place:
        flag.write_place(visit.vault, told.place)
    if told.contact:
        flag.write_contact(visit.vault, told.contact)
    # Whoever chose that it's only counted agreed to that alone, whatever was answered before.
    recipients = AT_FIRST if told.aim is Aim.COUNT else told.recipients
    await set_consents(visit.session, flag.id, recipients, visit.now)
    has_chosen = told.consents is not None or told.aim is Aim.COUNT
    if has_chosen and Recipient.DRIVER not in recipients and not flag.by_driver:
        await say(visit.session, flag.id, Recipient.DRIVER, False, visit.now)
    freed: Sequence[Flag] = []
    if told.plate and not flag.by_driver:
        freed = await name_vehicle(visit.session, visit.vault, flag, told.plate, visit.now)
    if flag not in freed:
        await arrived(flag, visit)
    await released(freed, visit)


async def _until(visit: Visit) -> datetime | None:
    """Until when the next flag has to wait."""
    return await wait_before_next(
        visit.session,
        visit.person.id,
        an_hour=visit.terms.flags_an_hour,
        a_day=visit.terms.flags_a_day,
        now=visit.now,
    )


async def _earlier(told: Told, visit: Visit) -> Flag | None:
    return await same_story(visit.session, visit.vault, visit.person.id, told.codes, told.plate, visit.now)


def _offer_to_add(query: CallbackQuery, earlier: Flag, ways: Ways, visit: Visit) -> Method:
    _ = visit._
    text = _(
        "You sent a report like this one at {time}: <code>{receipt}</code>\n\nIs this about the same ride?",
        time=_.moment(earlier.received_at),
        receipt=show_receipt(earlier.receipt(visit.vault)),
    )
    rows: list[Row] = [
        [button(_("Yes, add it to that report"), ways.add, PRIMARY)],
        [button(_("No, it is another one: send it"), ways.anew, PRIMARY)],
        [button(_("Help now"), HomePress(action="help"), DANGER), *way_out(_)],
    ]
    return show(query, text, rows)


async def add_to_earlier(query: CallbackQuery, told: Told, visit: Visit, draft: str = "") -> Method | None:
    """Add what was told, and sent for the draft, to the like report of a short while ago.

    None if there's none (any more), or no room in it.
    """
    _ = visit._
    flag = await _earlier(told, visit)
    if flag is None:
        return None
    words = "\n\n".join(filter(None, (flag.words(visit.vault), told.words)))
    if units(words) > WORDS_LIMIT:
        return None
    before = flag.severity
    flag.add_behaviours(told.codes)
    if told.words:
        flag.write_words(visit.vault, words)
    if told.order and flag.sealed_order is None:
        flag.write_order(visit.vault, told.order)
    if told.place and flag.sealed_place is None:
        flag.write_place(visit.vault, told.place)
    if draft:
        await attach(visit.session, visit.person.id, draft, flag.id)
    for name, value in asdict(told.details()).items():
        if getattr(flag, name) is None:
            setattr(flag, name, value)
    flag.weigh()
    if told.plate and flag.sealed_plate is None and not flag.by_driver:
        await vehicle_named(flag, told.plate, visit)
    await note_added(flag, "behaviours", visit)
    if flag.severity > before and flag.part():  # more severe than what it's looked at together with may be
        await visit.record(Audited.PARTED, flag.id)
    if flag.severity > before and flag.with_team:
        await tell_team_of_flag(visit.session, visit.vault, visit.texts, flag, visit.now)
    return await report_screen(query, flag, visit, _("Saved. Thank you."))


def _too_many(query: CallbackQuery, until: datetime, kept: bool, visit: Visit) -> Method:
    _ = visit._
    parts = [_("You have sent several reports in a short time. The next can be sent on {time}.", time=_.moment(until))]
    if kept:
        parts.append(_("What you told step by step is kept as a draft until then."))
    parts.append(_("You can add to a report that you have sent: /myreports. If you are in danger, please call 112."))
    rows: list[Row] = [[button(_("My reports"), OwnPress(action="list"))], *call_rows(help_lines(visit)), way_out(_)]
    return show(query, "\n\n".join(parts), rows)


def _post_receipt(receipt: str, visit: Visit) -> None:
    _ = visit._
    text = _("Your code: <code>{receipt}</code>", receipt=receipt)
    rows = [[copy_button(_("Copy"), receipt)]]
    message = SendMessage(chat_id=0, text=text, reply_markup=keyboard(rows))
    post_message(visit.session, visit.vault, visit.person, message, priority=Priority.RECEIPT, now=visit.now)


def _stored(flag: Flag, receipt: str, aim: Aim | None, visit: Visit) -> str:
    _ = visit._
    # What others reported of the car shows in nothing here: it may be its driver who looks.
    help_first = flag.severity_as_told == MAX_SEVERITY
    codes = [behaviour.code for behaviour in flag.behaviours]
    parts = [help_text(_, help_lines(visit))] if help_first else []
    parts += [
        _("<b>Your report is saved.</b> It was not your fault.")
        if any(BEHAVIOURS[code].form in FORMS_OF_HARASSMENT for code in codes)
        else _("<b>Your report is saved.</b> Thank you for telling."),
        _("Your code: <code>{receipt}</code>", receipt=receipt),
        _what_follows(flag, aim, visit),
    ]
    if not help_first:
        parts.append(_("If you are in danger, please call 112: this bot can't send help."))
    return "\n\n".join(parts)


def _what_follows(flag: Flag, aim: Aim | None, visit: Visit) -> str:
    _ = visit._
    if flag.state is State.HELD or aim is Aim.HOLD:  # also if another person had named the car before
        return _(
            "Nobody sees it until another person names the same car; then it goes to the team and you are told. "
            "You can send it to the team or withdraw it at any time in /myreports. It is deleted after {days} days.",
            days=visit.terms.days_kept,
        )
    if flag.state is State.COUNTED:
        return _("It is only counted: nobody reads it. In /myreports you can change that, or delete it.")
    return _(
        "We aim to look at it by {time}. Until it is closed you can add to it or withdraw it in /myreports. "
        "The answer will be there too; this code finds it again.",
        time=_.moment(flag.promised_at),
    )


def _stored_rows(flag: Flag, receipt: str, visit: Visit) -> list[Row]:
    _ = visit._
    rows: list[Row] = [[copy_button(_("Copy the code"), receipt)]]
    if flag.severity_as_told == MAX_SEVERITY:
        rows = [*_help_rows("", visit), *rows]
    if flag.is_open:
        rows += add_rows(flag, _)
        rows.append(
            [
                button(_("Set a passphrase"), PassphrasePress(action="ask", flag=flag.id)),
                button(_("Withdraw"), OwnPress(action="withdraw", flag=flag.id)),
            ]
        )
    return [*rows, [button(_("My reports"), OwnPress(action="list"))], way_out(_)]
