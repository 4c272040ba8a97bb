"""Figures of the course for the team, as text and as a plot: how far people came, what they learned, what is hard.

Counts of fewer than five people never get here: `models/course_figures.py` hides them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from textwrap import shorten
from typing import Any

from aiogram import Router
from aiogram.filters import CommandObject
from aiogram.methods import AnswerCallbackQuery, SendPhoto
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from babel.numbers import format_decimal
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.cohort import day, gain_line
from handlers.commands import Command
from handlers.desk import note
from handlers.drawings.plots import bars
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.presses import Action, FiguresPress, StatsPress
from handlers.roles import OnTeam
from handlers.screens import PRIMARY, Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.attitudes import Kind
from models.audit import Action as Audited
from models.cohorts import Cohort
from models.course_figures import (
    Counts,
    Opinion,
    by_cohort,
    by_gender,
    by_region,
    hardest,
    opinions,
    totals,
)
from models.gain import gain
from models.lessons import Course
from models.people import Person
from models.profiles import UNSAID, Gender
from models.regions import REGIONS
from models.team import role_of
from models.words import N_

ALL, COHORT, REGION, GENDER, HARDEST = PAGES = ("all", "cohort", "region", "gender", "hardest")
PAGE_NAMES = {
    ALL: N_("All"),
    COHORT: N_("By cohort"),
    REGION: N_("By region"),
    GENDER: N_("By gender"),
    HARDEST: N_("Hardest questions"),
}
GENDER_NAMES = {Gender.WOMAN: N_("women"), Gender.MAN: N_("men"), Gender.UNSAID: N_("did not say")}
REGION_NAMES = REGIONS | {UNSAID: GENDER_NAMES[Gender.UNSAID]}
KIND_NAMES = {
    Kind.CONFIDENCE: N_("Confidence to step in (higher is better)"),
    Kind.BLAME: N_("Blame put on the person affected (lower is better)"),
}
HIDDEN = "*"
_WORDS = 70
"""Characters of a scenario that name its question."""


@dataclass(frozen=True)
class Table:
    """A page of figures, the same for its text and its plot: figures by the name of their column; None is hidden."""

    labels: Sequence[str]
    columns: Mapping[str, Sequence[float | None]]
    unit: str = ""


def router() -> Router:
    """Routes for the team's figures."""
    router = Router(name="stats")
    router.message.register(by_command, Command("stats"), OnTeam())
    router.callback_query.filter(StatsPress.filter(), OnTeam())
    router.callback_query.register(show_page, Action(*PAGES))
    router.callback_query.register(order_plot, Action("plot"))
    return router


async def by_command(message: Message, command: CommandObject, visit: Visit) -> Method:
    """`/stats course` shows the figures of the course; `/stats` alone asks which figures.

    With a period it's about flags, see `handlers/flag_stats.py`.
    """
    _ = visit._
    if (command.args or "").strip().casefold() == "course":
        return await _page(message, ALL, visit)
    sections = [
        button(_("Course"), StatsPress(action=ALL), PRIMARY),
        button(_("Flags"), FiguresPress(action="page"), PRIMARY),
    ]
    rows: list[Row] = [sections, back_home(_)]
    return show(message, _("<b>Figures</b>") + "\n\n" + _("Which ones would you like to see?"), rows)


async def show_page(query: CallbackQuery, callback_data: StatsPress, visit: Visit) -> Method:
    """One page of the figures of the course."""
    return await _page(query, callback_data.action, visit)


async def order_plot(query: CallbackQuery, callback_data: StatsPress, visit: Visit) -> Method:
    """Have a page drawn."""
    await note(visit, Audited.FIGURES, detail="course")
    values = {"page": callback_data.value if callback_data.value in PAGES else ALL}
    visit.order("course plot", values)
    return AnswerCallbackQuery(callback_query_id=query.id, text=visit._("It comes in a moment."))


async def make_plot(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """A page as bars; nothing for who has left the team since, nor without figures."""
    _ = workshop.texts[person.language]
    async with workshop.database.reading() as session:
        if await role_of(session, person.id) is None:
            return None
        table = await _table(values["page"], session, workshop.course, workshop.now, _)
    if not table.labels:
        return None
    title = _title(values["page"], _)
    picture = await workshop.aside(bars, title, table.labels, table.columns, _, table.unit)
    return Made(SendPhoto(chat_id=0, photo=BufferedInputFile(picture, "qurmet.png")))


async def _page(event: Event, page: str, visit: Visit) -> Method:
    _ = visit._
    await note(visit, Audited.FIGURES, detail="course")
    table = await _table(page, visit.session, visit.course, visit.now, _)
    parts = [f"<b>{escape(_title(page, _))}</b>", "\n".join(table_lines(table, _))]
    if page == ALL:
        parts.append(gain_line(await gain(visit.session), _))
        parts += _opinion_texts(await opinions(visit.session), _)
    if page == HARDEST:
        parts.append(_("How many were right at their first try, of at least five people."))
    else:
        parts.append(f"{HIDDEN}: " + _("hidden, so that nobody can be recognised"))
    parts.append(_("As of {time}.", time=_.moment(visit.now)))
    return show(event, "\n\n".join(parts), [*_tabs(page, _, drawn=bool(table.labels)), back_home(_)])


def _tabs(page: str, _: Texts, *, drawn: bool) -> list[Row]:
    tabs = [button(("✓ " if name == page else "") + _(PAGE_NAMES[name]), StatsPress(action=name)) for name in PAGES]
    if drawn:
        tabs.append(button(_("Plot"), StatsPress(action="plot", value=page)))
    return [tabs[at : at + 2] for at in range(0, len(tabs), 2)]


def _title(page: str, _: Texts) -> str:
    title = _("Figures of the course")
    return title if page == ALL else f"{title}: {_(PAGE_NAMES[page])}"


# a page as a table


async def _table(page: str, session: AsyncSession, course: Course, now: datetime, _: Texts) -> Table:
    if page == HARDEST:
        return await _hardest(session, course, _)
    if page == COHORT:
        cohorts = await by_cohort(session, now)
        return _groups([_cohort_name(cohort, _) for cohort in cohorts], cohorts.values(), _)
    if page == REGION:
        regions = await by_region(session, now)
        return _groups([_(REGION_NAMES[region]) for region in regions], regions.values(), _)
    if page == GENDER:
        genders = await by_gender(session, now)
        return _groups([_(GENDER_NAMES[gender]) for gender in genders], genders.values(), _)
    everybody = await totals(session, course.numbers, now)
    labels = [_("Started"), _("Finished all lessons"), _("Certified")]
    return Table(labels, {"": [everybody.started, everybody.finished, everybody.certified]})


def _groups(labels: Sequence[str], counts: Collection[Counts], _: Texts) -> Table:
    """Rows of groups; where each is hidden, one line says so for all of them."""
    if set(counts) == {Counts(None, None)}:
        labels, counts = ["…"], [Counts(None, None)]
    columns = {
        _("Started"): [each.started for each in counts],
        _("Certified"): [each.certified for each in counts],
    }
    return Table(labels, columns)


def _cohort_name(cohort: Cohort | None, _: Texts) -> str:
    if cohort is None:
        return _("Everybody else")
    return f"{cohort.name}, {day(cohort.held_on)}"


async def _hardest(session: AsyncSession, course: Course, _: Texts) -> Table:
    questions = {
        (number, question.key): question
        for number in course.numbers
        for question in course.lesson(number, _.language).questions
    }
    found = await hardest(session, questions)
    labels = [
        _("Lesson {number}").format(number=hard.lesson)
        + f": {shorten(questions[hard.lesson, hard.key].scenario.text, _WORDS, placeholder=' …')}"
        for hard in found
    ]
    return Table(labels, {_("Right"): [100 * hard.right for hard in found]}, unit="%")


# how it's written


def table_lines(table: Table, _: Texts) -> list[str]:
    """A line for each row, its figures in the order of the columns, which are named first if there are several."""
    lines = [f"<i>{escape(' / '.join(table.columns), quote=False)}</i>"] if len(table.columns) > 1 else []
    for label, *figures in zip(table.labels, *table.columns.values(), strict=True):
        shown = " / ".join(_number(figure, _, "#,##0", table.unit) for figure in figures)
        lines.append(f"{escape(label, quote=False)}: <b>{shown}</b>")
    return lines or [_("Nothing yet.")]


def _number(figure: float | None, _: Texts, pattern: str, unit: str = "") -> str:
    if figure is None:
        return HIDDEN
    number = format_decimal(figure, pattern, locale=_.language.value)
    return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else number


def _opinion_texts(found: Sequence[Opinion], _: Texts) -> list[str]:
    """Both scores before and after the course, and before it and 30 days later, by gender."""
    title = _("<b>Opinions</b>, 1 to 4, of the same people: before → after the course; before → 30 days later")
    texts = [title]
    for kind in Kind:
        lines = [f"<i>{_(KIND_NAMES[kind])}</i>"]
        for gender in Gender:
            of_gender = [opinion for opinion in found if (opinion.kind, opinion.gender) == (kind, gender)]
            changes = "; ".join(_change(opinion, _) for opinion in of_gender)
            lines.append(f"{_(GENDER_NAMES[gender])}: {changes}")
        texts.append("\n".join(lines))
    if any(opinion.is_worrying for opinion in found):
        texts.append(_("⚠ <b>Look closer:</b> blame went up."))
    return texts


def _change(opinion: Opinion, _: Texts) -> str:
    if opinion.before is None or opinion.after is None:
        return HIDDEN
    mark = " ⚠" if opinion.is_worrying else ""
    return f"{_number(opinion.before, _, '0.00')} → {_number(opinion.after, _, '0.00')}{mark}"
