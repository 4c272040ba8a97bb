"""Flags as a file for those who study them: CSV or XLSX, without anybody in it, for reviewers and owners.

The file is an order: rows are read in chunks outside of any transaction, written off the event loop into a folder of
its own, sent, and deleted. One file is made at a time. What stands in a row, and why nobody is to be recognised:
`models/flag_export.py`.
"""

import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from aiogram import Router
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendDocument
from aiogram.types import CallbackQuery, FSInputFile
from babel.numbers import format_decimal

from handlers.commands import Command
from handlers.flag_stats import RIDE_NAMES, TELLERS, UNSAID_NAME
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.own import STATE_NAMES
from handlers.presses import Action, ExportPress
from handlers.roles import OnTeam
from handlers.screens import PRIMARY, Event, Method, Row, button, keyboard, progress, show
from handlers.spreadsheets import SHEETS, Cell, Sheet, small_enough
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record
from models.behaviours import FORM_NAMES
from models.details import PLATFORM_NAMES
from models.flag_export import OTHER, ExportRow, Source
from models.flags import OUTCOME_NAMES
from models.leases import hold, release
from models.people import Person
from models.profiles import UNSAID
from models.regions import REGIONS
from models.team import role_of
from models.words import N_

PART = 500_000
"""Rows of one file at most: then it fits into what Telegram takes."""
TOLD_EVERY = 3.0
"""Seconds between two messages of how far it is."""
LEASE, TERM = "export", timedelta(minutes=10)
"""One file at a time; after so long another may be made, whatever became of the one before."""
HEAD = (
    N_("Row"),
    N_("Month"),
    N_("Form"),
    N_("Behaviours"),
    N_("Severity"),
    N_("Ride"),
    N_("Told by"),
    N_("App"),
    N_("Region"),
    N_("State"),
    N_("Outcome"),
    N_("Minutes to the first look"),
    N_("Minutes to the outcome"),
)
REST = {UNSAID: UNSAID_NAME, OTHER: N_("other")}


def router() -> Router:
    """Routes for the export."""
    router = Router(name="export")
    router.message.register(offer, Command("export"), OnTeam())
    router.callback_query.filter(ExportPress.filter(), OnTeam())
    router.callback_query.register(offer, Action("offer"))
    router.callback_query.register(order, Action("make"))
    return router


async def offer(event: Event, visit: Visit) -> Method:
    """What is in the file, and in which form it may be had."""
    _ = visit._
    await visit.state.clear()
    return show(event, *_offer(_))


def _offer(_: Texts, note: str = "") -> tuple[str, list[Row]]:
    parts = [
        note,
        _("<b>Flags as a file</b>"),
        _(
            "A row for each flag whose sender agreed to statistics, in random order: month, form, behaviours, "
            "severity, ride, who told it, app, region, state, outcome, times. No words, no plate, no code, no day, "
            "no person. What is rare is made coarser or left out."
        ),
        _("Each export is in the audit. Please don't try to recognise anybody in it."),
    ]
    kinds = [button(kind.upper(), ExportPress(action="make", value=kind), PRIMARY) for kind in SHEETS]
    report = button(_("Report of the last quarter (PDF)"), ExportPress(action="report"))
    texts = button(_("With full texts (takes two people)"), ExportPress(action="texts"))
    return "\n\n".join(filter(None, parts)), [kinds, [report], [texts], back_home(_)]


async def order(query: CallbackQuery, callback_data: ExportPress, visit: Visit) -> Method:
    """Have the file made, unless one is being made."""
    _ = visit._
    if callback_data.value not in SHEETS:
        return await offer(query, visit)
    ticket = secrets.token_hex(8)
    if not await hold(visit.session, LEASE, ticket, visit.now, TERM):
        text = _("A file is being made already. Please wait until it has come.")
        return AnswerCallbackQuery(callback_query_id=query.id, text=text)
    message = query.message.message_id if query.message is not None else None
    values = {"kind": callback_data.value, "ticket": ticket, "message": message}
    visit.order("export", values)
    return AnswerCallbackQuery(callback_query_id=query.id, text=_("It comes in a moment."))


# made at delivery


async def make_export(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The file, in parts if it's long; nothing for who has left the team since."""
    _ = workshop.texts[person.language]
    kind, message = values["kind"], values["message"]

    async def tell(text: str, rows: Sequence[Row] = ()) -> None:
        if message is not None:
            shown = EditMessageText(chat_id=0, message_id=message, text=text, reply_markup=keyboard(rows))
            await workshop.tell(person, shown)

    folder = Path(tempfile.mkdtemp(prefix="qurmet-export-"))
    try:
        async with workshop.database.reading() as session:
            if await role_of(session, person.id) is None:
                shutil.rmtree(folder)
                return None
            source = Source(session)
            await source.prepare()
            parts = Parts(folder, kind, _)
            await write_all(source, parts, workshop.aside, _Progress(source.number, tell, _))
        paths = [await workshop.aside(small_enough, path) for path in parts.paths]
        async with workshop.database.transaction() as session:
            detail = f"{kind}: {parts.rows} rows"
            await record(session, workshop.vault, Audited.EXPORTED, now=workshop.now, actor_id=person.id, detail=detail)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        async with workshop.database.transaction() as session:
            await release(session, LEASE, values["ticket"], workshop.now)
    note = _.n("The file is made: {n} row.", "The file is made: {n} rows.", parts.rows)
    await tell(*_offer(_, note))
    *before, last = [SendDocument(chat_id=0, document=FSInputFile(path)) for path in paths]
    return Made(last, before=before, folder=folder)


class Parts:
    """The files of an export: another one begins when one is full."""

    def __init__(self, folder: Path, kind: str, _: Texts, part: int = PART) -> None:
        self._folder, self._kind, self._texts, self._part = folder, kind, _, part
        self._names = _Names(_)
        self._sheet: Sheet | None = None
        self.paths: list[Path] = []
        self.rows = 0

    def write(self, rows: Sequence[ExportRow]) -> None:
        """Add rows; they get their numbers here."""
        left = list(rows)
        while left:
            if self.rows and self.rows % self._part == 0:
                self.close()
            room = self._part - self.rows % self._part
            now, left = left[:room], left[room:]
            self._open().write(self._names.cells(number, row) for number, row in enumerate(now, self.rows + 1))
            self.rows += len(now)

    def close(self) -> None:
        """Finish the file in work; an export without rows is a file too."""
        self._open().close()
        self._sheet = None

    def _open(self) -> Sheet:
        if self._sheet is None:
            number = f"-{len(self.paths) + 1}" if self.paths else ""
            self.paths.append(self._folder / f"qurmet-flags{number}.{self._kind}")
            head = [self._texts(name) for name in HEAD]
            self._sheet = SHEETS[self._kind](self.paths[-1], head, self._texts.language)
        return self._sheet


class _Names:
    """What stands in the cells, in the language of the reader."""

    def __init__(self, _: Texts) -> None:
        def named(*tables: Mapping[Any, str]) -> dict[str, str]:
            return {str(key): _(name) for table in tables for key, name in table.items()}

        self._forms, self._regions = named(FORM_NAMES, REST), named(REGIONS, REST)
        self._rides, self._tellers, self._platforms = named(RIDE_NAMES), named(TELLERS), named(PLATFORM_NAMES)
        self._states, self._outcomes = named(STATE_NAMES), named(OUTCOME_NAMES)

    def cells(self, number: int, row: ExportRow) -> tuple[Cell, ...]:
        """The cells of a row, as `HEAD` names them."""
        period, region, form = row.group
        return (
            number,
            period,
            self._forms[form],
            row.behaviours,
            row.severity,
            self._rides[row.ride],
            self._tellers.get(row.teller or "", ""),
            self._platforms.get(row.platform or "", ""),
            self._regions.get(region, ""),
            self._states[row.state],
            self._outcomes.get(row.outcome or "", ""),
            row.minutes_to_look,
            row.minutes_to_close,
        )


Aside = Callable[..., Awaitable[Any]]


async def write_all(source: Source, parts: Parts, aside: Aside, tell: Callable[[int], Awaitable[None]]) -> None:
    """Read all rows and write them, off the event loop; `tell` hears how many there are so far."""
    async for rows in source.chunks():
        await aside(parts.write, rows)
        await tell(parts.rows)
    await aside(parts.close)


class _Progress:
    """Says how far it is, at most every few seconds, and at the beginning."""

    def __init__(self, number: int, tell: Callable[[str], Awaitable[None]], texts: Texts) -> None:
        self._number, self._tell, self._texts, self._told = number, tell, texts, float("-inf")

    async def __call__(self, rows: int) -> None:
        if monotonic() - self._told < TOLD_EVERY:
            return
        self._told, _ = monotonic(), self._texts
        done, total = (format_decimal(each, locale=_.language.value) for each in (rows, self._number))
        text = _("The file is being made: {done} of {total} rows.", done=done, total=total)
        await self._tell(f"{text}\n{progress(rows, self._number)}")
