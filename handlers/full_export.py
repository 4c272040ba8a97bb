"""Flags with their full texts as a file: asked for with a reason, made once a second person has said yes.

The table is made in memory and never lies on a disk. Each flag in it counts as read, so whoever reported finds that in
the history of the report. What is in it: `models/full_export.py`.
"""

from collections.abc import Collection, Mapping
from typing import Any

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import SendDocument, SendMessage
from aiogram.types import BufferedInputFile, CallbackQuery, Message

from handlers.asking import alone_with_it, ask_second
from handlers.flag_stats import PERIODS, RIDE_NAMES, TELLERS, period_name
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.own import STATE_NAMES, Typed
from handlers.presses import Action, ExportPress
from handlers.roles import OnTeam
from handlers.screens import Event, Method, Row, button, show
from handlers.spreadsheets import Cell, csv_bytes
from handlers.texts import Texts
from handlers.visit import Visit
from models.approvals import KIND_NAMES, REASON_LIMIT, Approval, Kind, may_ask
from models.audit import Action as Audited
from models.audit import record
from models.behaviours import behaviour_name
from models.consents import RECIPIENT_NAMES, Recipient
from models.details import PLATFORM_NAMES
from models.flags import OUTCOME_NAMES, Flag
from models.full_export import MOST, approved_for, flags_to_read, period_asked
from models.people import Person
from models.periods import period_of
from models.regions import REGIONS
from models.vault import Vault
from models.words import N_

HEAD = (
    N_("Number"),
    N_("Received"),
    N_("Behaviours"),
    N_("Severity"),
    N_("Ride"),
    N_("Told by"),
    N_("App"),
    N_("Region"),
    N_("When"),
    N_("Order"),
    N_("Plate"),
    N_("Own words"),
    N_("State"),
    N_("Outcome"),
    N_("Who may know"),
)

_AT_ONCE = 50
"""Entries of the audit in one transaction: whatever else is to be stored doesn't wait for all of them."""


class FullExport(StatesGroup):
    """The reason is asked for; the data holds `period`, its name."""

    reason = State()


def router() -> Router:
    """Routes for the team."""
    router = Router(name="full export")
    router.message.register(take_reason, StateFilter(FullExport.reason), Typed(), OnTeam())
    router.callback_query.filter(ExportPress.filter(), OnTeam())
    router.callback_query.register(choose, Action("texts"))
    router.callback_query.register(ask_reason, Action("ask"))
    return router


async def choose(query: CallbackQuery, visit: Visit) -> Method:
    """Of which days, and what comes of it."""
    _ = visit._
    text = _(
        "<b>{what}</b>\n\nWords, number plates and order numbers of at most {most} flags, the newest; not the contact, "
        "photos, voice, the place and what was written later. A second person has to approve it. Whoever reported sees "
        "that their words were read.\n\nOf which days?",
        what=_(KIND_NAMES[Kind.EXPORT]),
        most=MOST,
    )
    days = [button(_(name), ExportPress(action="ask", value=key)) for key, name in PERIODS.items()]
    return show(query, text, [days[:3], days[3:], _back(_)])


def _back(_: Texts) -> Row:
    return [button(_("« Back"), ExportPress(action="offer")), *back_home(_)]


async def ask_reason(query: CallbackQuery, callback_data: ExportPress, visit: Visit) -> Method:
    """Wait for the reason, if there is somebody who could say yes."""
    if callback_data.value not in PERIODS:
        return await choose(query, visit)
    alone = await alone_with_it(query, Kind.EXPORT, visit, _back(visit._))
    if alone is not None:
        return alone
    await visit.state.set_state(FullExport.reason)
    await visit.state.set_data({"period": callback_data.value})
    return _reason_screen(query, callback_data.value, visit)


def _reason_screen(event: Event, name: str, visit: Visit) -> Method:
    _ = visit._
    period = period_of(name, visit.now)
    assert period is not None
    text = _(
        "<b>{what}: {period}</b>\n\nThis takes a second person. Please write why it is needed, in at most {limit} "
        "characters. A supervisor or an owner will read it.",
        what=_(KIND_NAMES[Kind.EXPORT]),
        period=period_name(period, _),
        limit=REASON_LIMIT,
    )
    return show(event, text, [[button(_("Cancel"), ExportPress(action="offer"))]])


async def take_reason(message: Message, visit: Visit) -> Method:
    """Ask with the reason that was typed."""
    _ = visit._
    name, reason = (await visit.state.get_data())["period"], (message.text or "").strip()
    if len(reason) > REASON_LIMIT:
        text = _("That is longer than {limit} characters. Please write it shorter.", limit=REASON_LIMIT)
        return show(message, text, [[button(_("Cancel"), ExportPress(action="offer"))]])
    await visit.state.clear()
    return await ask_second(message, Kind.EXPORT, reason, visit, _back(_), scope=name)


async def perform(approval: Approval, visit: Visit) -> None:
    """Have the file of an approved request made, for who asked."""
    who, values = approval.requester_id, {"approval": approval.id}
    visit.order("full export", values, person_id=who)


# made at delivery


async def make_full_export(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The file; nothing for who has left the team since, nor once the half hour is over."""
    _, vault, now = workshop.texts[person.language], workshop.vault, workshop.now
    async with workshop.database.transaction() as session:
        approval = await approved_for(session, values["approval"], person.id)
        if approval is None or not await may_ask(session, Kind.EXPORT, person.id, now):
            return None
        if approval.is_over(now):
            return Made(SendMessage(chat_id=0, text=_("The half hour is over. Please ask once more.")))
        period = period_asked(approval)
        flags, agreed = await flags_to_read(session, person.id, period)
        detail = f"texts {approval.id}: {approval.scope}, {len(flags)} rows"
        await record(session, vault, Audited.EXPORTED, now=now, actor_id=person.id, detail=detail)
    for at in range(0, len(flags), _AT_ONCE):
        async with workshop.database.transaction() as session:
            for flag in flags[at : at + _AT_ONCE]:
                await record(
                    session, vault, Audited.READ, now=now, actor_id=person.id, flag_id=flag.id, detail="export"
                )
    table = await workshop.aside(_table, flags, agreed, vault, _)
    parts = [
        _(
            "{what}: {period}. Please keep the file where nobody else finds it, pass on only what the last column "
            "allows, and delete it once it is not needed.",
            what=_(KIND_NAMES[Kind.EXPORT]),
            period=period_name(period, _),
        )
    ]
    if len(flags) == MOST:
        parts.append(_("Here are the newest {number}.", number=MOST))
    document = BufferedInputFile(table, "qurmet-texts.csv")
    return Made(SendDocument(chat_id=0, document=document, caption="\n\n".join(parts)))


def _table(flags: Collection[Flag], agreed: Mapping[int, Collection[Recipient]], vault: Vault, _: Texts) -> bytes:
    rows = [_row(flag, agreed.get(flag.id, ()), vault, _) for flag in flags]
    return csv_bytes([_(name) for name in HEAD], rows, _.language)


def _row(flag: Flag, recipients: Collection[Recipient], vault: Vault, _: Texts) -> list[Cell]:
    """The cells of a flag, as `HEAD` names them."""
    return [
        flag.id,
        _.moment(flag.received_at),
        "; ".join(_(behaviour_name(each.code, by_passenger=flag.by_driver)) for each in flag.behaviours),
        flag.severity,
        _(RIDE_NAMES[flag.ride]),
        _(TELLERS[flag.teller]) if flag.teller else "",
        _(PLATFORM_NAMES[flag.platform]) if flag.platform else "",
        _(REGIONS[flag.region]) if flag.region in REGIONS else "",
        _.date(flag.happened_on) if flag.happened_on else "",
        flag.order(vault) or "",
        flag.plate(vault) or "",
        flag.words(vault) or "",
        _(STATE_NAMES[flag.state]),
        _(OUTCOME_NAMES[flag.outcome]) if flag.outcome else "",
        "; ".join(_(RECIPIENT_NAMES[each]) for each in Recipient if each in recipients),
    ]
