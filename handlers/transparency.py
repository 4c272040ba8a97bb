"""The report of a quarter, to be published: one PDF with a page in each language, for reviewers and owners.

It's drawn at delivery. Only a quarter that is over has a report; small counts are hidden as everywhere.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiogram import Router
from aiogram.filters import CommandObject, Filter
from aiogram.methods import AnswerCallbackQuery, SendDocument, SendMessage
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from babel.numbers import format_decimal

from handlers.commands import Command
from handlers.drawings.quarter import Bars, Page, report_pdf
from handlers.flag_stats import STANDINGS, dots, duration, period_name, share
from handlers.making import Made, Workshop
from handlers.presses import Action, ExportPress
from handlers.roles import OnTeam
from handlers.screens import Method
from handlers.stats import HIDDEN
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record
from models.behaviours import FORM_NAMES
from models.first_look import FirstLook
from models.people import Person
from models.periods import Period, last_quarter, period_of
from models.quiet import local_day
from models.team import role_of
from models.transparency import Quarter, quarter_figures

ASKED = "transparency"


class Report(Filter):
    """The command asks for the report; hands over what was typed after that as `quarter`."""

    async def __call__(self, message: Message, command: CommandObject) -> bool | dict[str, Any]:
        """Compare the first word."""
        first, _space, quarter = (command.args or "").strip().partition(" ")
        return {"quarter": quarter.strip()} if first.casefold() == ASKED else False


def router() -> Router:
    """Routes for the report; must come before those of the export."""
    router = Router(name="transparency")
    router.message.register(by_command, Command("export"), Report(), OnTeam())
    router.callback_query.filter(ExportPress.filter(), OnTeam())
    router.callback_query.register(order_last, Action("report"))
    return router


async def by_command(message: Message, quarter: str, visit: Visit) -> Method:
    """`/export transparency` is about the last quarter, `/export transparency 2026-Q3` about that one."""
    _ = visit._
    period = period_of(quarter.upper(), visit.now) if quarter else last_quarter(visit.now)
    if period is None or "-Q" not in period.name:
        text = _("Please write a quarter like this: /export transparency 2026-Q3")
    elif period.until is None or period.until > visit.now:
        text = _(
            "That quarter is not over yet. Its report can be made on {date}.", date=_.day(period.until or visit.now)
        )
    else:
        _order(period, visit)
        text = _("The report comes in a moment.")
    return SendMessage(chat_id=message.chat.id, text=text)


async def order_last(query: CallbackQuery, visit: Visit) -> Method:
    """Have the report of the last quarter made."""
    _order(last_quarter(visit.now), visit)
    return AnswerCallbackQuery(callback_query_id=query.id, text=visit._("It comes in a moment."))


def _order(period: Period, visit: Visit) -> None:
    values = {"quarter": period.name, "operator": visit.terms.operator, "days_kept": visit.terms.days_kept}
    visit.order("transparency", values)


# made at delivery


async def make_report(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The report as a file; nothing for who has left the team since."""
    period = period_of(values["quarter"], workshop.now)
    async with workshop.database.reading() as session:
        if period is None or await role_of(session, person.id) is None:
            return None
        quarter = await quarter_figures(session, period, workshop.now)
    async with workshop.database.transaction() as session:
        detail = f"report of {period.name}"
        await record(session, workshop.vault, Audited.EXPORTED, now=workshop.now, actor_id=person.id, detail=detail)
    kept_since = workshop.now - timedelta(days=values["days_kept"])
    pages = [
        _page(quarter, workshop, values["operator"], _, cut=_since(period) < kept_since)
        for _ in workshop.texts.values()
    ]
    pdf = await workshop.aside(report_pdf, pages, local_day(workshop.now))
    return Made(SendDocument(chat_id=0, document=BufferedInputFile(pdf, f"qurmet-{period.name}.pdf")))


def _since(period: Period) -> Any:
    assert period.since is not None
    return period.since


def _page(quarter: Quarter, workshop: Workshop, operator: str, _: Texts, *, cut: bool) -> Page:
    period = quarter.period
    assert period.since is not None
    assert period.until is not None
    first, last = local_day(period.since), local_day(period.until - timedelta(days=1))
    notes = [
        _(
            "Not in this report: reports that are held until another person names the same car, reports that were "
            "withdrawn or deleted, and those of people who did not agree to be counted. Each report is counted once, "
            "by its most severe behaviour. It shows how many reports came, not how much happens on rides."
        ),
        f"{HIDDEN}: "
        + _(
            "fewer than 5, or could be worked out from the rest: hidden, so that nobody can be recognised. "
            "Times and shares are shown from five reports on."
        ),
    ]
    if cut:
        notes.append(_("Reports of this quarter that ended long ago have been deleted, and are missing here."))
    foot = [_("As of {time}.", time=_.day(workshop.now)).rstrip("."), operator, "Qurmet · Құрмет"]
    return Page(
        language=_.language,
        title=_("Qurmet: report for {quarter}", quarter=period_name(period, _)),
        subtitle=f"{_.date(first)} – {_.date(last)}",
        numbers=[
            (_figure(quarter.flags, _), _("reports received")),
            (_figure(quarter.lessons, _), _("lessons finished")),
            (_figure(quarter.certificates, _), _("certificates issued")),
        ],
        forms=Bars(
            _("Reports by form"),
            [(_(FORM_NAMES[form]), _figure(number, _), number) for form, number in quarter.forms.items()],
        ),
        table_title=_("How soon the team looked at them, by severity"),
        table=_severities(quarter, workshop.database.first_look, _),
        outcomes=Bars(
            _("What came of them"),
            [(_(STANDINGS[outcome]), _figure(number, _), number) for outcome, number in quarter.outcomes.items()],
        ),
        notes=notes,
        foot=" · ".join(filter(None, foot)),
    )


def _severities(quarter: Quarter, first_look: FirstLook, _: Texts) -> list[list[str]]:
    head = [_("Severity"), _("Received"), _("Look within"), _("First look, median"), _("Looked at in time")]
    rows = [
        [
            dots(level),
            _figure(number, _),
            duration(first_look[level], _),
            duration(quarter.reactions[level].first_look, _) if number != 0 else "–",
            share(quarter.reactions[level].in_time, _) if number != 0 else "–",
        ]
        for level, number in quarter.severities.items()
    ]
    together = quarter.reactions[None]
    return [
        head,
        *rows,
        [_("all"), _figure(quarter.flags, _), "", duration(together.first_look, _), share(together.in_time, _)],
    ]


def _figure(number: int | None, _: Texts) -> str:
    return HIDDEN if number is None else str(format_decimal(number, locale=_.language.value))
