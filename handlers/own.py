"""A person's own reports: where each stands, adding to it, taking it back."""

from collections.abc import Sequence

from aiogram import Router
from aiogram.filters import Filter, StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from handlers.arrivals import arrived, note_added, vehicle_named
from handlers.both_sides import own_driver_lines, own_driver_rows
from handlers.commands import Command
from handlers.details import detail_lines, details_of
from handlers.home import way_out
from handlers.pieces import own_lines, own_rows
from handlers.presses import (
    Action,
    ConsentPress,
    ErasePress,
    HistoryPress,
    OwnPress,
    PassphrasePress,
    ReportPress,
    StatementPress,
)
from handlers.quick_exit import exit_button
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, copy_button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.behaviours import behaviour_name
from models.escrow import lock_vehicle
from models.flag_rights import flags_of, own_flag, own_flag_of_handle, plate_of_own
from models.flags import MOST_PLATES, UNSEEN, Flag, Ride
from models.flags import State as FlagState
from models.late_news import Shown, as_shown, send_quietly
from models.markup import units
from models.merging import part_from
from models.plates import looks_kazakh, normalise_plate
from models.receipts import show_receipt
from models.remedies import outcome_in_words
from models.vault import Vault
from models.words import N_

ORDER_LIMIT = 40
"""Characters of an order number."""
NOT_KEPT = N_("What you sent was not kept.")
NO_CHANGE = N_("That button changed nothing.")
STATE_NAMES = {
    FlagState.NEW: N_("received"),
    FlagState.CLAIMED: N_("being looked at"),
    FlagState.MERGED: N_("looked at with another report"),
    FlagState.HELD: N_("held"),
    FlagState.COUNTED: N_("only counted"),
    FlagState.CLOSED: N_("closed"),
    FlagState.WITHDRAWN: N_("withdrawn"),
}


class Adding(StatesGroup):
    """What a person is about to type for one of their reports; the data holds `flag`, its number: no phone sees it."""

    plate = State()
    words = State()
    order = State()


class Typed(Filter):
    """A text that is not a command."""

    async def __call__(self, message: Message) -> bool:
        """Commands always work, also in the middle of a conversation."""
        return bool(message.text) and not (message.text or "").startswith("/")


def router() -> Router:
    """Routes for a person's own reports."""
    router = Router(name="own")
    router.message.register(show_reports, Command("myreports"))
    router.message.register(add_plate, StateFilter(Adding.plate), Typed())
    router.message.register(add_words, StateFilter(Adding.words), Typed())
    router.message.register(add_order, StateFilter(Adding.order), Typed())
    router.callback_query.filter(OwnPress.filter())
    router.callback_query.register(show_reports, Action("list"))
    router.callback_query.register(open_report, Action("open"))
    router.callback_query.register(ask_plate, Action("plate"))
    router.callback_query.register(ask_words, Action("words"))
    router.callback_query.register(ask_order, Action("order"))
    router.callback_query.register(hand_over, Action("hand_over"))
    router.callback_query.register(ask_withdraw, Action("withdraw"))
    router.callback_query.register(withdraw, Action("withdrawn"))
    return router


async def show_reports(event: Event, visit: Visit) -> Method:
    """The newest reports of the person, each a button."""
    return await _reports(event, visit)


async def nothing_kept(event: Event, visit: Visit) -> Method:
    """The same in answer to what can't be kept: the report it was sent for is over, or the draft is gone."""
    return await _reports(event, visit, visit._(NOT_KEPT))


async def nothing_changed(event: Event, visit: Visit) -> Method:
    """The same in answer to a button that leads to no report of theirs, or to none that it can still change.

    Whoever pressed it must not believe that it was done: that it's deleted, or that the driver won't hear of it.
    """
    _ = visit._
    note = _(NO_CHANGE) + " " + _("If the report is in this list, please open it and choose again.")
    return await _reports(event, visit, note)


async def _reports(event: Event, visit: Visit, note: str = "") -> Method:
    _ = visit._
    await visit.state.clear()
    flags = await flags_of(visit.session, visit.person.id)
    said = f"{note}\n\n" if note else ""
    if not flags:
        text = said + _("<b>My reports</b>\n\nThere is nothing here yet.")
        return show(event, text, [[button(_("Report an incident"), ReportPress(action="begin"))], way_out(_)])
    rows: list[Row] = [
        [
            button(
                f"{show_receipt(flag.receipt(visit.vault))} · {_(STATE_NAMES[as_shown(flag, visit.now).state])}",
                OwnPress(action="open", flag=flag.handle),
            )
        ]
        for flag in flags
    ]
    text = said + _("<b>My reports</b>\n\nTap a code to see where it stands.")
    return show(event, text, [*rows, way_out(_)])


async def open_report(query: CallbackQuery, callback_data: OwnPress, visit: Visit) -> Method:
    """One report: what was said, where it stands, what can be done."""
    await visit.state.clear()
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await nothing_changed(query, visit)
    return await report_screen(query, flag, visit)


async def report_screen(event: Event, flag: Flag, visit: Visit, note: str = "") -> Method:
    """One report with what hangs on it, after a note on what was just done with it."""
    outcome, shown = await outcome_in_words(visit.session, flag, visit.now), as_shown(flag, visit.now)
    text = report_text(flag, shown, visit.vault, visit._, outcome, await _more_lines(flag, visit))
    more = [*await own_rows(flag, visit), *await own_driver_rows(flag, visit)]
    rows = _report_rows(flag, shown, visit.vault, visit._, more)
    return show(event, f"{note}\n\n{text}" if note else text, rows)


async def _more_lines(flag: Flag, visit: Visit) -> list[str]:
    return [*await own_lines(flag, visit), *await own_driver_lines(flag, visit)]


def report_text(flag: Flag, shown: Shown, vault: Vault, _: Texts, outcome: str | None, more: Sequence[str]) -> str:
    """A report as the person who sent it may see it, with what came of it in words; `more` is what hangs on it."""
    lines = [_("<b>Report {receipt}</b>", receipt=show_receipt(flag.receipt(vault))), ""]
    lines += [f"• {_(behaviour_name(each.code, by_passenger=flag.by_driver))}" for each in flag.behaviours]
    lines.append(_("reported during the ride") if flag.ride is Ride.GOING_ON else _("reported after the ride"))
    lines += detail_lines(details_of(flag), flag.order(vault), flag.plate(vault), _)
    if words := flag.words(vault):
        lines += ["", _("Your words:"), _("<blockquote>{words}</blockquote>", words=shorten(words))]
    if more:
        lines += ["", *more]
    lines += ["", _("{time}: received", time=_.moment(flag.received_at))]
    if shown.released_at is not None:  # of both only the day: it may be that another person named the car just then
        lines.append(_("{time}: given to the team", time=_.day(shown.released_at)))
    if shown.opened_at is not None:
        lines.append(_("{time}: opened by a reviewer", time=_.moment(shown.opened_at)))
    if shown.reopened_at is not None:
        lines.append(_("{time}: opened once more", time=_.day(shown.reopened_at)))
    if shown.state is FlagState.CLAIMED:
        lines.append(_("It is being looked at."))
    if shown.state is FlagState.MERGED:
        lines.append(_("It is being looked at together with another report."))
    if shown.state is FlagState.HELD:
        lines.append(_("Held until another person names the same car. Nobody of the team sees it."))
    if shown.state is FlagState.COUNTED:
        lines.append(_("Only counted. Nobody of the team sees it."))
    elif shown.ended_at is not None:
        state = _(STATE_NAMES[shown.state])
        lines.append(_("{time}: {state}", time=_.moment(shown.ended_at), state=state))
    if outcome is not None:
        lines.append(_("Outcome: {outcome}", outcome=_(outcome)))
    return "\n".join(lines)


def shorten(words: str, length: int = 1500) -> str:
    """Words that fit on a screen beside the rest: `length` characters as Telegram counts them, cut with an ellipsis."""
    if units(words) <= length:
        return words
    return words.encode("utf-16-le")[: 2 * (length - 1)].decode("utf-16-le", "ignore") + "…"


def _report_rows(flag: Flag, shown: Shown, vault: Vault, _: Texts, more: Sequence[Row]) -> list[Row]:
    rows: list[Row] = [[copy_button(_("Copy the code"), show_receipt(flag.receipt(vault)))]]
    if shown.is_open:
        rows += add_rows(flag, _)
    rows += more
    if shown.unseen:
        rows.append([button(_("Let the team look into it now"), OwnPress(action="hand_over", flag=flag.handle))])
    rows += [
        [
            button(_("Statement (PDF)"), StatementPress(flag=flag.handle)),
            button(_("Who opened it"), HistoryPress(flag=flag.handle)),
        ],
        [
            button(_("Passphrase"), PassphrasePress(action="ask", flag=flag.handle)),
            button(_("Delete"), ErasePress(action="ask", flag=flag.handle), DANGER),
        ],
    ]
    if shown.is_open:
        rows.append([button(_("Withdraw"), OwnPress(action="withdraw", flag=flag.handle), DANGER)])
    return [*rows, [button(_("« My reports"), OwnPress(action="list"))], way_out(_)]


def add_rows(flag: Flag, _: Texts) -> list[Row]:
    """What can still be added to a report, and who may know of it; of a passenger no plate is kept."""
    words = _("Change your words") if flag.sealed_words else _("Add your words")
    if flag.by_driver:
        named = _("Change the order number") if flag.sealed_order else _("Add the order number")
        vehicle = button(named, OwnPress(action="order", flag=flag.handle))
    else:
        named = _("Change the plate") if flag.sealed_plate else _("Add the plate")
        vehicle = button(named, OwnPress(action="plate", flag=flag.handle))
    return [
        [vehicle, button(words, OwnPress(action="words", flag=flag.handle))],
        [button(_("Who may know"), ConsentPress(action="open", flag=flag.handle))],
    ]


async def hand_over(query: CallbackQuery, callback_data: OwnPress, visit: Visit) -> Method:
    """Give a report to the team that was held or only counted until now; what waited for that goes with it."""
    plate = await plate_of_own(visit.session, visit.vault, visit.person.id, callback_data.flag)
    if plate is not None:  # the vehicle before its flags, as everybody does
        await lock_vehicle(visit.session, visit.vault, plate)
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is not None and flag.hand_over(visit.now):
        if (plate := flag.plate(visit.vault)) is not None:
            await vehicle_named(flag, plate, visit)
        await arrived(flag, visit)
    elif flag is not None and send_quietly(flag, visit.now):
        await visit.record(Audited.RECEIVED, flag.id)
    return await open_report(query, callback_data, visit)


async def _ask(query: CallbackQuery, handle: str, what: State, question: str, visit: Visit) -> Method:
    _ = visit._
    flag = await own_flag_of_handle(visit.session, visit.person.id, handle)
    if flag is None or not as_shown(flag, visit.now).is_open:
        return await nothing_changed(query, visit)
    await visit.state.set_state(what)
    await visit.state.set_data({"flag": flag.id})
    return show(query, question, [[exit_button(_), button(_("Cancel"), OwnPress(action="open", flag=flag.handle))]])


async def ask_plate(query: CallbackQuery, callback_data: OwnPress, visit: Visit) -> Method:
    """Wait for a number plate."""
    _ = visit._
    question = _("Please write the number plate as you remember it, for example <code>123 ABC 02</code>.")
    return await _ask(query, callback_data.flag, Adding.plate, question, visit)


async def ask_words(query: CallbackQuery, callback_data: OwnPress, visit: Visit) -> Method:
    """Wait for the person's own words."""
    _ = visit._
    question = _(
        "Please write what happened, in your own words and in any language. "
        "Only the people who look into reports will read it. What you write now replaces earlier words."
    )
    return await _ask(query, callback_data.flag, Adding.words, question, visit)


async def ask_words_again(query: CallbackQuery, visit: Visit) -> Method:
    """The same once more, for the report to which they were to be added."""
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    return await ask_words(query, OwnPress(action="words", flag=flag.handle if flag is not None else ""), visit)


async def add_plate(message: Message, visit: Visit) -> Method:
    """Keep the plate; one that looks odd is kept too, with a hint."""
    _ = visit._
    plate = normalise_plate(message.text or "")
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    if flag is None or not as_shown(flag, visit.now).is_open or flag.by_driver:
        return await nothing_kept(message, visit)
    if not plate:
        rows: list[Row] = [[exit_button(_), button(_("Cancel"), OwnPress(action="open", flag=flag.handle))]]
        return show(message, _("There are no letters or digits in that. Please write the plate once more."), rows)
    await visit.state.clear()
    if flag.plates >= MOST_PLATES and plate != flag.plate(visit.vault):
        note = _("The plate was changed several times and stays now. Please write the right one in your own words.")
        return await report_screen(message, flag, visit, note)
    await vehicle_named(flag, plate, visit)
    await note_added(flag, "plate", visit)
    note = _("Saved. Thank you.")
    if not looks_kazakh(plate):
        note = _("Saved. It does not look like a plate of Kazakhstan; if it's a slip, you can change it below.")
    return await report_screen(message, flag, visit, note)


async def add_words(message: Message, visit: Visit) -> Method:
    """Keep the person's own words."""
    return await keep_words(message, message.text or "", visit)


async def keep_words(event: Event, words: str, visit: Visit) -> Method:
    """Keep words for the report that is being added to, and show it."""
    _ = visit._
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    await visit.state.clear()
    if flag is None or not as_shown(flag, visit.now).is_open:
        return await nothing_kept(event, visit)
    flag.write_words(visit.vault, words)
    await note_added(flag, "words", visit)
    note = _("Saved. Thank you for telling.")
    return await report_screen(event, flag, visit, note)


async def ask_order(query: CallbackQuery, callback_data: OwnPress, visit: Visit) -> Method:
    """Wait for the number of the order in the app."""
    _ = visit._
    question = _("Please write the order number as you see it in the app.")
    return await _ask(query, callback_data.flag, Adding.order, question, visit)


async def add_order(message: Message, visit: Visit) -> Method:
    """Keep the number of the order."""
    _ = visit._
    order = (message.text or "").strip()
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    if flag is None or not as_shown(flag, visit.now).is_open:
        return await nothing_kept(message, visit)
    if len(order) > ORDER_LIMIT:
        rows: list[Row] = [[exit_button(_), button(_("Cancel"), OwnPress(action="open", flag=flag.handle))]]
        return show(message, _("An order number is usually shorter. Please write only the number."), rows)
    await visit.state.clear()
    flag.write_order(visit.vault, order)
    await note_added(flag, "order", visit)
    return await report_screen(message, flag, visit, _("Saved. Thank you."))


async def ask_withdraw(query: CallbackQuery, callback_data: OwnPress, visit: Visit) -> Method:
    """Make sure before a report is taken back."""
    _ = visit._
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None or not as_shown(flag, visit.now).is_open:
        return await nothing_changed(query, visit)
    rows: list[Row] = [
        [button(_("Yes, withdraw"), OwnPress(action="withdrawn", flag=flag.handle), DANGER)],
        [button(_("No, keep it"), OwnPress(action="open", flag=flag.handle), PRIMARY)],
        [exit_button(_)],
    ]
    return show(
        query, _("Withdraw this report? Then nobody will look into it any more. Withdrawing is your right."), rows
    )


async def withdraw(query: CallbackQuery, callback_data: OwnPress, visit: Visit) -> Method:
    """Take a report back."""
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    was_seen = flag is not None and flag.state not in UNSEEN
    if flag is not None and as_shown(flag, visit.now).is_open and flag.withdraw(visit.now) and was_seen:
        for each in await part_from(visit.session, flag):
            await visit.record(Audited.PARTED, each.id)
        await visit.record(Audited.WITHDRAWN, flag.id)
    return await open_report(query, callback_data, visit)
