"""Figures about flags for the team, as text and as a plot: how many of each kind, how soon the team looked at them.

Counting a long period takes a while, so a page is an order: it's counted at delivery, outside of any transaction, and
then shown in the message whose button was pressed. What counts, and what is hidden: `models/flag_figures.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

from aiogram import Router
from aiogram.filters import CommandObject, Filter
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMessage, SendPhoto
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from babel.dates import format_date
from babel.numbers import format_percent
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.commands import Command
from handlers.desk import note
from handlers.drawings.plots import bars, by_hour_of_day
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.presses import Action, FiguresPress
from handlers.roles import OnTeam
from handlers.screens import Method, Row, button, keyboard
from handlers.stats import HIDDEN, Table, table_lines
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.behaviours import BEHAVIOURS, FORM_NAMES, MAX_SEVERITY
from models.details import PLATFORM_NAMES, Teller
from models.flag_figures import (
    COUNTED,
    OPEN,
    Reaction,
    by_behaviour,
    by_form,
    by_hour,
    by_outcome,
    by_platform,
    by_region,
    by_severity,
    by_teller,
    reactions,
    totals,
)
from models.flags import OUTCOME_NAMES, Ride
from models.people import Person
from models.periods import ALL as EVER
from models.periods import Period, period_of
from models.regions import REGIONS
from models.team import role_of
from models.words import N_

ALL, FORM, BEHAVIOUR, SEVERITY, REGION, PLATFORM, HOUR, TELLER, TIME, OUTCOME = PAGES = (
    "all",
    "form",
    "behaviour",
    "severity",
    "region",
    "platform",
    "hour",
    "teller",
    "time",
    "outcome",
)
PAGE_NAMES = {
    ALL: N_("Overall"),
    FORM: N_("By form"),
    BEHAVIOUR: N_("By behaviour"),
    SEVERITY: N_("By severity"),
    REGION: N_("By region"),
    PLATFORM: N_("By app"),
    HOUR: N_("By hour"),
    TELLER: N_("By who told it"),
    TIME: N_("How soon"),
    OUTCOME: N_("By outcome"),
}
PERIODS = {
    "7": N_("7 days"),
    "30": N_("30 days"),
    "90": N_("90 days"),
    "year": N_("12 months"),
    EVER: N_("all time"),
}
SPOKEN = {
    "year": ("year", "12", "год", "жыл"),
    EVER: ("all", "все", "всё", "бәрі", "барлығы"),
}
"""What a person may type for a period, besides its name."""
DEFAULT = "30"
UNSAID_NAME = N_("did not say")
RIDE_NAMES = {Ride.GOING_ON: N_("during the ride"), Ride.OVER: N_("after the ride")}
TELLERS = {Teller.PASSENGER: N_("passenger"), Teller.DRIVER: N_("driver"), Teller.WITNESS: N_("witness")}
STANDINGS: Mapping[str, str] = {
    **{str(outcome): name for outcome, name in OUTCOME_NAMES.items()},
    OPEN: N_("No outcome yet"),
    COUNTED: N_("Only counted, as the person wished"),
}
_SPARSE = frozenset({BEHAVIOUR, REGION, HOUR})
"""Pages with so many rows that those without a flag are left out."""

Count = Callable[[AsyncSession, Period], Any]
_COUNTED: Mapping[str, tuple[Count, Callable[[Any, Texts], str]]] = {
    FORM: (by_form, lambda form, _: _(FORM_NAMES[form])),
    BEHAVIOUR: (by_behaviour, lambda code, _: f"{code} {_(BEHAVIOURS[code].name)}"),
    SEVERITY: (by_severity, lambda level, _: dots(level)),
    REGION: (by_region, lambda region, _: _(REGIONS.get(region, UNSAID_NAME))),
    PLATFORM: (by_platform, lambda platform, _: _(PLATFORM_NAMES.get(platform, UNSAID_NAME))),
    HOUR: (by_hour, lambda hour, _: f"{hour:02}:00–{hour:02}:59"),
    TELLER: (by_teller, lambda teller, _: _(TELLERS.get(teller, UNSAID_NAME))),
    OUTCOME: (by_outcome, lambda outcome, _: _(STANDINGS[outcome])),
}
"""How the rows of a page are counted, and what each is called."""


class OfPeriod(Filter):
    """The command names a period; hands its name over as `period`."""

    async def __call__(self, message: Message, command: CommandObject, visit: Visit) -> bool | dict[str, Any]:
        """Compare what was typed after the command."""
        typed = (command.args or "").strip().casefold()
        name = next(
            (name for name, words in SPOKEN.items() if typed in words), typed.upper() if "q" in typed else typed
        )
        return {"period": name} if period_of(name, visit.now) is not None else False


def router() -> Router:
    """Routes for the figures about flags; must come before those of the course."""
    router = Router(name="flag stats")
    router.message.register(by_command, Command("stats"), OfPeriod(), OnTeam())
    router.callback_query.filter(FiguresPress.filter(), OnTeam())
    router.callback_query.register(order_page, Action("page"))
    router.callback_query.register(order_plot, Action("plot"))
    return router


async def by_command(message: Message, period: str, visit: Visit) -> None:
    """`/stats 30`, `/stats year`, `/stats 2026-11`: the figures of a period, in a message of their own."""
    await _order("flag figures", {"page": ALL, "period": period, "message": None}, visit)


async def order_page(query: CallbackQuery, callback_data: FiguresPress, visit: Visit) -> None:
    """Have a page counted, and shown in this message."""
    message = query.message.message_id if query.message is not None else None
    await _order("flag figures", {**_asked(callback_data, visit), "message": message}, visit)


async def order_plot(query: CallbackQuery, callback_data: FiguresPress, visit: Visit) -> Method:
    """Have a page drawn."""
    await _order("flag plot", _asked(callback_data, visit), visit)
    return AnswerCallbackQuery(callback_query_id=query.id, text=visit._("It comes in a moment."))


def _asked(press: FiguresPress, visit: Visit) -> dict[str, Any]:
    page = press.page if press.page in PAGES else ALL
    return {"page": page, "period": press.period if period_of(press.period, visit.now) is not None else DEFAULT}


async def _order(name: str, values: Mapping[str, Any], visit: Visit) -> None:
    detail = f"flags: {values['page']}, {values['period']}"
    await note(visit, Audited.FIGURES, detail=detail)
    visit.order(name, values)


# made at delivery


async def make_page(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """A page as text; nothing for who has left the team since."""
    _, now = workshop.texts[person.language], workshop.now
    page, period = values["page"], period_of(values["period"], now)
    async with workshop.database.reading() as session:
        if period is None or await role_of(session, person.id) is None:
            return None
        if page == ALL:
            lines = await _together(session, period, now, _)
        elif page == TIME:
            lines = _reaction_lines(await reactions(session, period, now), _)
        else:
            lines = table_lines(await _table(page, session, period, now, _), _)
    notes = [_("Each flag is counted once, by its most severe behaviour.")] if page in {FORM, BEHAVIOUR} else []
    if page == TIME:
        notes.append(_("Shown from five flags on: the median, and the share of those whose time is over."))
    notes += [
        _("Not included: flags that are held or withdrawn, and those whose sender does not want to be counted."),
        f"{HIDDEN}: " + _("hidden, so that nobody can be recognised"),
        _("As of {time}.", time=_.moment(now)),
    ]
    text = "\n\n".join([f"<b>{escape(_title(page, period, _), quote=False)}</b>", "\n".join(lines), *notes])
    shown: dict[str, Any] = {
        "chat_id": 0,
        "text": text,
        "reply_markup": keyboard([*_tabs(page, period, _), back_home(_)]),
    }
    if values["message"] is None:
        return Made(SendMessage(**shown))
    return Made(EditMessageText(message_id=values["message"], **shown))


async def make_plot(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """A page as a picture; nothing for who has left the team since, nor without figures."""
    _, now = workshop.texts[person.language], workshop.now
    page, period = values["page"], period_of(values["period"], now)
    async with workshop.database.reading() as session:
        if period is None or await role_of(session, person.id) is None:
            return None
        hours = await by_hour(session, period) if page == HOUR else {}
        table = await _table(page, session, period, now, _)
    if not table.labels:
        return Made(SendMessage(chat_id=0, text=_("There is nothing to draw here yet.")))
    title = _title(page, period, _)
    if page == HOUR:
        picture = await workshop.aside(by_hour_of_day, title, hours, _)
    else:
        picture = await workshop.aside(bars, title, table.labels[:30], _cut(table.columns), _, table.unit)
    return Made(SendPhoto(chat_id=0, photo=BufferedInputFile(picture, "qurmet.png")))


def _cut(columns: Mapping[str, Sequence[float | None]]) -> Mapping[str, Sequence[float | None]]:
    return {name: figures[:30] for name, figures in columns.items()}


def _tabs(page: str, period: Period, _: Texts) -> list[Row]:
    def to(label: str, chosen: bool, page: str, period: str) -> Any:
        return button(("✓ " if chosen else "") + label, FiguresPress(action="page", page=page, period=period))

    pages = [to(_(name), key == page, key, period.name) for key, name in PAGE_NAMES.items()]
    periods = [to(_(name), key == period.name, page, key) for key, name in PERIODS.items()]
    plot = button(_("Plot"), FiguresPress(action="plot", page=page, period=period.name))
    return [*(pages[at : at + 2] for at in range(0, len(pages), 2)), periods[:3], periods[3:], [plot]]


def _title(page: str, period: Period, _: Texts) -> str:
    title = f"{_('Flags')}, {period_name(period, _)}"
    return title if page == ALL else f"{title}: {_(PAGE_NAMES[page])}"


def period_name(period: Period, _: Texts) -> str:
    """What a period is called."""
    if period.name in PERIODS:
        return _(PERIODS[period.name])
    year, _dash, part = period.name.partition("-")
    if part.startswith("Q"):
        return _("quarter {number} of {year}", number=part[1:], year=year)
    assert period.since is not None
    return format_date(period.since.date(), "LLLL y", locale=_.language.value)


def dots(level: int) -> str:
    """A severity, as it stands in the queue."""
    return "●" * level + "○" * (MAX_SEVERITY - level)


# what is on a page


async def _table(page: str, session: AsyncSession, period: Period, now: datetime, _: Texts) -> Table:
    if page == ALL:
        rides = (await totals(session, period)).by_ride
        return _rows([(_(RIDE_NAMES[ride]), number) for ride, number in rides.items()])
    if page == TIME:
        found = await reactions(session, period, now)
        labels = [dots(level) for level in found if level is not None] + [_("all")]
        columns = {
            _("looked at in time"): [_percent(each.in_time) for each in found.values()],
            _("with an outcome"): [_percent(each.answered) for each in found.values()],
        }
        return Table(labels, columns, unit="%")
    count, name = _COUNTED[page]
    numbers = await count(session, period)
    return _rows([(name(key, _), number) for key, number in numbers.items() if number != 0 or page not in _SPARSE])


def _rows(rows: Sequence[tuple[str, int | None]]) -> Table:
    """Rows of a name and a number; where each is hidden, one line says so for all of them."""
    if rows and all(number is None for _name, number in rows):
        rows = [("…", None)]
    return Table([name for name, _number in rows], {"": [number for _name, number in rows]})


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


async def _together(session: AsyncSession, period: Period, now: datetime, _: Texts) -> list[str]:
    all_flags = await totals(session, period)
    reaction = (await reactions(session, period, now))[None]
    table = [(_("Flags"), all_flags.flags)]
    table += [(f"– {_(RIDE_NAMES[ride])}", number) for ride, number in all_flags.by_ride.items()]
    table.append((_("Vehicles with two flags or more"), all_flags.vehicles))
    lines = table_lines(Table([name for name, _number in table], {"": [number for _name, number in table]}), _)
    return [*lines, "", *_reaction_line(reaction, _)]


def _reaction_lines(found: Mapping[int | None, Reaction], _: Texts) -> list[str]:
    lines: list[str] = []
    for level, reaction in found.items():
        lines += [f"<b>{_('all') if level is None else dots(level)}</b>", *_reaction_line(reaction, _), ""]
    return lines[:-1]


def _reaction_line(reaction: Reaction, _: Texts) -> list[str]:
    """How the team reacted, a line for each measure."""
    figures = [
        (_("Time to the first look"), duration(reaction.first_look, _)),
        (_("Time to the outcome"), duration(reaction.closing, _)),
        (_("Looked at in time"), share(reaction.in_time, _)),
        (_("With an outcome"), share(reaction.answered, _)),
    ]
    return [f"{name}: <b>{figure}</b>" for name, figure in figures]


def duration(length: timedelta | None, _: Texts) -> str:
    """How long something took, in days, hours and minutes, the two largest of them."""
    if length is None:
        return HIDDEN
    minutes = round(length.total_seconds() / 60)
    days, hours, left = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return _("{days} d {hours} h", days=days, hours=hours) if hours else _("{days} d", days=days)
    if hours:
        return _("{hours} h {minutes} min", hours=hours, minutes=left) if left else _("{hours} h", hours=hours)
    return _("{minutes} min", minutes=left)


def share(part: float | None, _: Texts) -> str:
    """A share in whole per cent."""
    return HIDDEN if part is None else str(format_percent(part, locale=_.language.value))
