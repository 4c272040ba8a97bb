"""Flagging an incident: four taps, no typing.

    Report an incident → is the ride going on? → what kind? → what happened? → stored, with a receipt

Where life may be in danger, the help lines stand above the last choice, and first below the receipt.

The draft's name travels in the buttons, so pressing twice, or a repeated update, gives the same receipt. The flag is
stored before its receipt is shown, and the receipt also goes through the outbox. A driver who tells of a passenger goes
the same way, asked in other words.
"""

import secrets

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.commands import Command
from handlers.home import help_rows, way_out
from handlers.presses import Action, CapsulePress, FormPress, HomePress, ReportPress
from handlers.promises import as_far_as_known, promises
from handlers.quick_exit import exit_button
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, show
from handlers.sending import Ways, add_to_earlier, send_flag
from handlers.texts import Texts
from handlers.visit import Visit
from models.behaviours import (
    BEHAVIOURS,
    MAX_SEVERITY,
    Form,
    behaviour_name,
    behaviours_of,
    form_name,
)
from models.cars import is_code, plate_of_code
from models.details import Details, Teller
from models.drafts import Told, draft_of
from models.flags import Ride, weight

DRIVER = Teller.DRIVER.value


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
        "<b>Report about a passenger</b>\n\nDrivers have the same right to respect.\n\nIs the passenger in the car now?"
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
    await visit.state.clear()
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
        rows = [*help_rows(callback_data.car, visit), *rows]
    if form is not Form.OTHER:
        parts.append(_("Tap what fits best to send it."))
    parts.append(as_far_as_known(_))
    return show(query, "\n\n".join(parts), rows)


def _urgent(code: str, press: ReportPress) -> bool:
    """Whether life may be in danger, if this is what happens: then the help lines come before the choice to save it."""
    return weight([code], Ride(press.ride), Details()) == MAX_SEVERITY


def _last_rows(back: ReportPress, _: Texts) -> list[Row]:
    return [[button(_("Help now"), HomePress(action="help"), DANGER)], [exit_button(_), button(_("« Back"), back)]]


def _valid(press: ReportPress) -> bool:
    named = 0 < len(press.draft) <= 16 and press.draft.isprintable() and press.who in {"", DRIVER}
    return named and press.ride in set(Ride) and (not press.car or is_code(press.car))


async def send(query: CallbackQuery, callback_data: ReportPress, visit: Visit) -> Method:
    """Send the flag that the four taps made, as a new one or added to one of a short while ago."""
    await visit.state.clear()
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
