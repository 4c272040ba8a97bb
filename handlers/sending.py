"""A report is sent, by the four taps or from the guided form: stored once, added to a like one, or asked to wait."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple

from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery

from handlers.after_sending import note_sent
from handlers.arrivals import arrived, note_added, released, vehicle_named
from handlers.consent import choose_anew
from handlers.home import call_rows, help_lines, way_out
from handlers.notices import tell_team_of_flag
from handlers.own import open_report, report_screen
from handlers.presses import HomePress, OwnPress
from handlers.receipt import receipt_screen
from handlers.screens import DANGER, PRIMARY, Method, Row, button, show
from handlers.visit import Visit
from models.behaviours import MAX_SEVERITY
from models.consents import AT_FIRST, Recipient, say, set_consents
from models.details import Aim
from models.drafts import Told
from models.escrow import name_vehicle
from models.evidence import attach
from models.flags import Flag, Ride, State, weight
from models.late_news import as_shown
from models.limits import KEPT, What, moments_of
from models.markup import units
from models.merging import raise_main
from models.new_flags import same_story, sent_from, store_flag, wait_before_next
from models.outbox import Priority
from models.receipts import show_receipt

WORDS_LIMIT = 4000
"""Characters of a report's own words, as Telegram counts them."""


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
    if not is_new and not as_shown(flag, visit.now).is_open:  # an old button, pressed again
        return await open_report(query, OwnPress(action="open", flag=flag.handle), visit)
    await attach(visit.session, visit.person.id, draft, flag.id)
    receipt = show_receipt(flag.receipt(visit.vault))
    if is_new:
        await _keep_told(flag, told, visit)
        visit.order("receipt", {"receipt": receipt}, priority=Priority.RECEIPT)
    await note_sent(flag, visit)
    return receipt_screen(query, flag, receipt, told.aim, visit)


async def _keep_told(flag: Flag, told: Told, visit: Visit) -> None:
    """Keep with a new flag all that was told besides buttons, and let the team know."""
    if told.words:
        flag.write_words(visit.vault, told.words)
    if told.order:
        flag.write_order(visit.vault, told.order)
    if told.place:
        flag.write_place(visit.vault, told.place)
    if told.way_to_reach:
        flag.write_contact(visit.vault, told.way_to_reach)
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
    """Until when the next flag has to wait; what was deleted counts too."""
    telegram_id = visit.person.telegram_id(visit.vault)
    deleted = await moments_of(visit.session, visit.vault, telegram_id, What.REPORT, visit.now - KEPT)
    return await wait_before_next(
        visit.session,
        visit.person.id,
        an_hour=visit.terms.flags_an_hour,
        a_day=visit.terms.flags_a_day,
        now=visit.now,
        deleted=deleted,
    )


async def _earlier(told: Told, visit: Visit) -> Flag | None:
    """A like report of a short while ago, if it goes to those to whom this one shall go."""
    held = told.aim is Aim.HOLD
    if told.aim is not Aim.COUNT:
        for flag in await same_story(visit.session, visit.vault, visit.person.id, told.codes, told.plate, visit.now):
            shown = as_shown(flag, visit.now)
            if shown.is_open and (shown.state is State.HELD) is held:
                return flag
    return None


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
    if told.aim is not Aim.COUNT:  # else nothing of it was asked
        await choose_anew(flag, told.consents, told.details().reach, told.way_to_reach, visit)
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
    if flag.severity > before and flag.with_team:
        main = await raise_main(visit.session, visit.vault, flag, visit.now)
        await tell_team_of_flag(visit.session, visit.vault, visit.texts, main, visit.now)
    await note_sent(flag, visit)
    return await report_screen(query, flag, visit, _("Saved. Thank you."))


def _too_many(query: CallbackQuery, until: datetime, kept: bool, visit: Visit) -> Method:
    _ = visit._
    parts = [_("You have sent several reports in a short time. The next can be sent on {time}.", time=_.moment(until))]
    if kept:
        parts.append(_("What you told step by step is kept as a draft until then."))
    parts.append(_("You can add to a report that you have sent: /myreports. If you are in danger, please call 112."))
    rows: list[Row] = [[button(_("My reports"), OwnPress(action="list"))], *call_rows(help_lines(visit)), way_out(_)]
    return show(query, "\n\n".join(parts), rows)
