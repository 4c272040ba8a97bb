"""A person's own reports: where each stands, adding to it, taking it back."""

from collections.abc import Sequence

from aiogram import Router
from aiogram.filters import Command, Filter, StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from handlers.details import detail_lines, details_of
from handlers.home import back_home
from handlers.pieces import own_lines, own_rows
from handlers.presses import Action, OwnPress, ReportPress
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, copy_button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record
from models.behaviours import BEHAVIOURS
from models.flags import OUTCOMES_FOR_REPORTER, Flag, Ride, flags_of, keep_plate, own_flag, own_flag_of_receipt
from models.flags import State as FlagState
from models.markup import units
from models.plates import looks_kazakh, normalise_plate
from models.receipts import read_receipt, show_receipt
from models.vault import Vault
from models.words import N_

STATE_NAMES = {
    FlagState.NEW: N_("received"),
    FlagState.CLAIMED: N_("being looked at"),
    FlagState.CLOSED: N_("closed"),
    FlagState.WITHDRAWN: N_("withdrawn"),
}


class Adding(StatesGroup):
    """What a person is about to type for one of their reports; the data holds `flag`, its number."""

    plate = State()
    words = State()


class Typed(Filter):
    """A text that is not a command."""

    async def __call__(self, message: Message) -> bool:
        """Commands always work, also in the middle of a conversation."""
        return bool(message.text) and not (message.text or "").startswith("/")


class Receipt(Filter):
    """A receipt code, typed or pasted; the handler gets it as `receipt`, 12 digits."""

    async def __call__(self, message: Message) -> dict[str, str] | bool:
        """Only what is no longer than a code with its dashes and spaces."""
        receipt = read_receipt(message.text) if message.text and len(message.text) <= 32 else None
        return {"receipt": receipt} if receipt else False


def router() -> Router:
    """Routes for a person's own reports."""
    router = Router(name="own")
    router.message.register(show_reports, Command("myreports"))
    router.message.register(add_plate, StateFilter(Adding.plate), Typed())
    router.message.register(add_words, StateFilter(Adding.words), Typed())
    router.message.register(open_by_receipt, Receipt())
    router.callback_query.filter(OwnPress.filter())
    router.callback_query.register(show_reports, Action("list"))
    router.callback_query.register(open_report, Action("open"))
    router.callback_query.register(ask_plate, Action("plate"))
    router.callback_query.register(ask_words, Action("words"))
    router.callback_query.register(ask_withdraw, Action("withdraw"))
    router.callback_query.register(withdraw, Action("withdrawn"))
    return router


async def show_reports(event: Event, visit: Visit) -> Method:
    """The newest reports of the person, each a button."""
    _ = visit._
    await visit.state.clear()
    flags = await flags_of(visit.session, visit.person.id)
    if not flags:
        text = _("<b>My reports</b>\n\nThere is nothing here yet.")
        return show(event, text, [[button(_("Report an incident"), ReportPress(action="begin"))], back_home(_)])
    rows: list[Row] = [
        [
            button(
                f"{show_receipt(flag.receipt(visit.vault))} · {_(STATE_NAMES[flag.state])}",
                OwnPress(action="open", flag=flag.id),
            )
        ]
        for flag in flags
    ]
    return show(event, _("<b>My reports</b>\n\nTap a code to see where it stands."), [*rows, back_home(_)])


async def open_report(query: CallbackQuery, callback_data: OwnPress, visit: Visit) -> Method:
    """One report: what was said, where it stands, what can be done."""
    await visit.state.clear()
    flag = await own_flag(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await show_reports(query, visit)
    return await _report(query, flag, visit)


async def open_by_receipt(message: Message, receipt: str, visit: Visit) -> Method:
    """The report of a code, if this person sent it."""
    _ = visit._
    flag = await own_flag_of_receipt(visit.session, visit.vault, visit.person.id, receipt)
    if flag is None:
        text = _("There is no report with this code in your account.")
        return show(message, text, [[button(_("My reports"), OwnPress(action="list")), *back_home(_)]])
    return await _report(message, flag, visit)


async def _report(event: Event, flag: Flag, visit: Visit, note: str = "") -> Method:
    """The screen of one report, with what hangs on it."""
    text = report_text(flag, visit.vault, visit._, await own_lines(flag, visit))
    rows = _report_rows(flag, visit.vault, visit._, await own_rows(flag, visit))
    return show(event, f"{note}\n\n{text}" if note else text, rows)


def report_text(flag: Flag, vault: Vault, _: Texts, more: Sequence[str] = ()) -> str:
    """A report as the person who sent it sees it, `more` being what hangs on it."""
    lines = [_("<b>Report {receipt}</b>", receipt=show_receipt(flag.receipt(vault))), ""]
    lines += [f"• {_(BEHAVIOURS[behaviour.code].name)}" for behaviour in flag.behaviours]
    lines.append(_("reported during the ride") if flag.ride is Ride.GOING_ON else _("reported after the ride"))
    lines += detail_lines(details_of(flag), flag.order(vault), flag.plate(vault), _)
    if words := flag.words(vault):
        lines += ["", _("Your words:"), _("<blockquote>{words}</blockquote>", words=shorten(words))]
    if more:
        lines += ["", *more]
    lines += ["", _("{time}: received", time=_.moment(flag.received_at))]
    if flag.opened_at is not None:
        lines.append(_("{time}: opened by a reviewer", time=_.moment(flag.opened_at)))
    if flag.state is FlagState.CLAIMED:
        lines.append(_("It is being looked at."))
    if flag.ended_at is not None:
        state = _(STATE_NAMES[flag.state])
        lines.append(_("{time}: {state}", time=_.moment(flag.ended_at), state=state))
    if flag.outcome is not None:
        lines.append(_("Outcome: {outcome}", outcome=_(OUTCOMES_FOR_REPORTER[flag.outcome])))
    return "\n".join(lines)


def shorten(words: str, length: int = 1500) -> str:
    """Words that fit on a screen beside the rest: `length` characters as Telegram counts them, cut with an ellipsis."""
    if units(words) <= length:
        return words
    return words.encode("utf-16-le")[: 2 * (length - 1)].decode("utf-16-le", "ignore") + "…"


def _report_rows(flag: Flag, vault: Vault, _: Texts, more: Sequence[Row] = ()) -> list[Row]:
    rows: list[Row] = [[copy_button(_("Copy the code"), show_receipt(flag.receipt(vault)))]]
    if flag.is_open:
        plate = _("Change the plate") if flag.sealed_plate else _("Add the plate")
        words = _("Change your words") if flag.sealed_words else _("Add your words")
        rows += [
            [button(plate, OwnPress(action="plate", flag=flag.id))],
            [button(words, OwnPress(action="words", flag=flag.id))],
            *more,
            [button(_("Withdraw"), OwnPress(action="withdraw", flag=flag.id), DANGER)],
        ]
    else:
        rows += more
    return [*rows, [button(_("« My reports"), OwnPress(action="list")), *back_home(_)]]


async def _ask(query: CallbackQuery, flag_id: int, what: State, question: str, visit: Visit) -> Method:
    _ = visit._
    flag = await own_flag(visit.session, visit.person.id, flag_id)
    if flag is None or not flag.is_open:
        return await show_reports(query, visit)
    await visit.state.set_state(what)
    await visit.state.set_data({"flag": flag.id})
    return show(query, question, [[button(_("Cancel"), OwnPress(action="open", flag=flag.id))]])


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


async def add_plate(message: Message, visit: Visit) -> Method:
    """Keep the plate; one that looks odd is kept too, with a hint."""
    _ = visit._
    plate = normalise_plate(message.text or "")
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    if flag is None or not flag.is_open:
        return await show_reports(message, visit)
    if not plate:
        rows: list[Row] = [[button(_("Cancel"), OwnPress(action="open", flag=flag.id))]]
        return show(message, _("There are no letters or digits in that. Please write the plate once more."), rows)
    await visit.state.clear()
    await keep_plate(visit.session, visit.vault, flag, plate)
    await record(visit.session, visit.vault, Audited.ADDED, now=visit.now, flag_id=flag.id, detail="plate")
    note = _("Saved. Thank you.")
    if not looks_kazakh(plate):
        note = _("Saved. It does not look like a plate of Kazakhstan; if it's a slip, you can change it below.")
    return await _report(message, flag, visit, note)


async def add_words(message: Message, visit: Visit) -> Method:
    """Keep the person's own words."""
    return await keep_words(message, message.text or "", visit)


async def keep_words(event: Event, words: str, visit: Visit) -> Method:
    """Keep words for the report that is being added to, and show it."""
    _ = visit._
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    await visit.state.clear()
    if flag is None or not flag.is_open:
        return await show_reports(event, visit)
    flag.write_words(visit.vault, words)
    await record(visit.session, visit.vault, Audited.ADDED, now=visit.now, flag_id=flag.id, detail="words")
    note = _("Saved. Thank you for telling.")
    return await _report(event, flag, visit, note)


async def ask_withdraw(query: CallbackQuery, callback_data: OwnPress, visit: Visit) -> Method:
    """Make sure before a report is taken back."""
    _ = visit._
    flag = await own_flag(visit.session, visit.person.id, callback_data.flag)
    if flag is None or not flag.is_open:
        return await show_reports(query, visit)
    rows: list[Row] = [
        [button(_("Yes, withdraw"), OwnPress(action="withdrawn", flag=flag.id), DANGER)],
        [button(_("No, keep it"), OwnPress(action="open", flag=flag.id), PRIMARY)],
    ]
    return show(
        query, _("Withdraw this report? Then nobody will look into it any more. Withdrawing is your right."), rows
    )


async def withdraw(query: CallbackQuery, callback_data: OwnPress, visit: Visit) -> Method:
    """Take a report back."""
    flag = await own_flag(visit.session, visit.person.id, callback_data.flag)
    if flag is not None and flag.withdraw(visit.now):
        await record(visit.session, visit.vault, Audited.WITHDRAWN, now=visit.now, flag_id=flag.id)
    return await open_report(query, callback_data, visit)
