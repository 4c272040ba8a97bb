"""Cohorts, as their owners see them: made with four answers, joined by code, link or QR code, counted.

Whoever is not an owner gets the same answer as to an unknown command. Every look at the figures is in the audit.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from aiogram import Router
from aiogram.filters import CommandObject, StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import AnswerCallbackQuery, SendPhoto
from aiogram.types import BufferedInputFile, CallbackQuery, InlineKeyboardButton, Message
from babel.numbers import format_decimal

from handlers.commands import Command
from handlers.desk import note
from handlers.drawings.qr import qr_code
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.own import Typed
from handlers.presses import Action, CohortPress, SeminarPress
from handlers.roles import Owns
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, copy_button, in_rows, show, show_anew
from handlers.tables import text_table
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.cohort_figures import CohortFigures, cohort_figures
from models.cohorts import NAME_LENGTH, Cohort, cohort_of_code, make_cohort, newest_cohorts, read_code
from models.gain import Gain
from models.markup import unshowable
from models.people import Person
from models.profiles import UNSAID, Gender
from models.quiet import local_day, read_day
from models.regions import REGIONS
from models.suppression import Suppressed, shown_count
from models.team import Role, role_of
from models.words import N_

PAGE = 8
PREFIX = "c"
"""Begins the payload of a link that leads into a cohort."""
_LAST_PAGE = 10_000
_SEVERAL = "several"
_DAYS_FROM_NOW = {"today": 0, "tomorrow": 1}
_COLUMNS = {Gender.WOMAN: N_("Women"), Gender.MAN: N_("Men"), Gender.UNSAID: "?"}
_HIDDEN = "*"


class Founding(StatesGroup):
    """What an owner is asked for a new cohort; the data holds `name`, `region` and `organisation` once given."""

    name = State()
    region = State()
    organisation = State()
    day = State()


def router() -> Router:
    """Routes for owners."""
    router = Router(name="cohort")
    router.message.register(by_command, Command("cohort"), Owns())
    router.message.register(name_typed, StateFilter(Founding.name), Typed(), Owns())
    router.message.register(typed_for_region, StateFilter(Founding.region), Typed(), Owns())
    router.message.register(organisation_typed, StateFilter(Founding.organisation), Typed(), Owns())
    router.message.register(day_typed, StateFilter(Founding.day), Typed(), Owns())
    router.callback_query.filter(CohortPress.filter(), Owns())
    router.callback_query.register(show_cohorts, Action("list"))
    router.callback_query.register(ask_name, Action("new"))
    router.callback_query.register(region_chosen, Action("place"))
    router.callback_query.register(day_chosen, Action("day"))
    router.callback_query.register(open_cohort, Action("open", "beside"))
    router.callback_query.register(send_qr_code, Action("qr"))
    router.callback_query.register(ask_end, Action("end"))
    router.callback_query.register(end, Action("ended"))
    return router


async def by_command(message: Message, command: CommandObject, visit: Visit) -> Method:
    """`/cohort` lists the cohorts, `/cohort CODE` opens one."""
    _ = visit._
    if not command.args:
        return await show_cohorts(message, visit)
    await visit.state.clear()
    code = read_code(command.args)
    cohort = await cohort_of_code(visit.session, code) if code is not None else None
    if cohort is None:
        return show(message, _("There is no cohort with this code."), [[_to_cohorts(_)]])
    await note(visit, Audited.COHORT_SEEN, detail=cohort.code)
    return show(message, *await _screen(cohort, visit))


async def show_cohorts(event: Event, visit: Visit, callback_data: CohortPress | None = None) -> Method:
    """All cohorts, the newest first."""
    _ = visit._
    await visit.state.clear()
    wanted = callback_data.value if callback_data else ""
    page = min(int(wanted), _LAST_PAGE) if wanted.isdecimal() else 0
    cohorts = await newest_cohorts(visit.session, PAGE + 1, page * PAGE)
    text = _(
        "<b>Cohorts</b>\n\nA cohort is a group that learns together. "
        "People join it by its code, its link or its QR code."
    )
    if not cohorts:
        text += "\n\n" + _("There is none yet.")
    rows: list[Row] = [
        [button(f"{cohort.name} · {day(cohort.held_on)}", CohortPress(action="open", cohort=cohort.id))]
        for cohort in cohorts[:PAGE]
    ]
    turn: Row = [button("◀", CohortPress(action="list", value=str(page - 1)))] if page else []
    if len(cohorts) > PAGE:
        turn = [*turn, button("▶", CohortPress(action="list", value=str(page + 1)))]
    new = button(_("New cohort"), CohortPress(action="new"), PRIMARY)
    return show(event, text, [*rows, turn, [new, *back_home(_)]])


async def ask_name(query: CallbackQuery, visit: Visit) -> Method:
    """Begin a new cohort with its name."""
    _ = visit._
    await visit.state.set_data({})
    await visit.state.set_state(Founding.name)
    return show(query, _("What is the cohort called? For example: Drivers of Almaty, spring."), [_cancel(_)])


async def name_typed(message: Message, visit: Visit) -> Method:
    """Keep the name, ask for the region."""
    name = _line(message.text)
    if name is None:
        return show(message, _not_a_line(visit._), [_cancel(visit._)])
    await visit.state.set_data({"name": name})
    return await _ask_region(message, visit)


async def typed_for_region(message: Message, visit: Visit) -> Method:
    """The region is chosen, not typed."""
    return await _ask_region(message, visit)


async def _ask_region(event: Event, visit: Visit) -> Method:
    _ = visit._
    await visit.state.set_state(Founding.region)
    regions = [button(_(name), CohortPress(action="place", value=code)) for code, name in REGIONS.items()]
    several = button(_("Several regions"), CohortPress(action="place", value=_SEVERAL))
    return show(event, _("Which region is it for?"), [*in_rows(regions), [several], _cancel(_)])


async def region_chosen(query: CallbackQuery, callback_data: CohortPress, visit: Visit) -> Method:
    """Keep the region, ask for the organisation."""
    _ = visit._
    data, region = await visit.state.get_data(), callback_data.value
    if "name" not in data or region not in {*REGIONS, _SEVERAL}:  # an old button
        return await show_cohorts(query, visit)
    await visit.state.set_data({"name": data["name"], "region": region})
    await visit.state.set_state(Founding.organisation)
    return show(query, _("Which organisation runs it?"), [_cancel(_)])


async def organisation_typed(message: Message, visit: Visit) -> Method:
    """Keep the organisation, ask for the day."""
    _ = visit._
    organisation = _line(message.text)
    if organisation is None:
        return show(message, _not_a_line(_), [_cancel(_)])
    await visit.state.update_data(organisation=organisation)
    await visit.state.set_state(Founding.day)
    return show(message, _("On which day is it? Tap, or write it like 21.03.2027."), _day_rows(_))


def _day_rows(_: Texts) -> list[Row]:
    return [
        [
            button(_("Today"), CohortPress(action="day", value="today")),
            button(_("Tomorrow"), CohortPress(action="day", value="tomorrow")),
        ],
        _cancel(_),
    ]


async def day_chosen(query: CallbackQuery, callback_data: CohortPress, visit: Visit) -> Method:
    """Make the cohort for today or tomorrow."""
    if "organisation" not in await visit.state.get_data() or callback_data.value not in _DAYS_FROM_NOW:
        return await show_cohorts(query, visit)
    held_on = local_day(visit.now) + timedelta(days=_DAYS_FROM_NOW[callback_data.value])
    return await _make(query, held_on, visit)


async def day_typed(message: Message, visit: Visit) -> Method:
    """Make the cohort for a day that was typed."""
    _ = visit._
    held_on = read_day(message.text or "")
    if held_on is None:
        text = _("I can't find that day in the calendar. Please write it like 21.03.2027.")
        return show(message, text, _day_rows(_))
    return await _make(message, held_on, visit)


async def _make(event: Event, held_on: date, visit: Visit) -> Method:
    data = await visit.state.get_data()
    await visit.state.clear()
    cohort = await make_cohort(
        visit.session,
        name=data["name"],
        organisation=data["organisation"],
        region=data["region"] if data["region"] in REGIONS else None,
        held_on=held_on,
        owner_id=visit.person.id,
        now=visit.now,
    )
    await note(visit, Audited.COHORT_MADE, detail=cohort.code)
    return show(event, *await _screen(cohort, visit))


async def open_cohort(query: CallbackQuery, callback_data: CohortPress, visit: Visit) -> Method:
    """A cohort with its figures; beside the message that was pressed, if that one goes on living."""
    await visit.state.clear()
    cohort = await visit.session.get(Cohort, callback_data.cohort)
    if cohort is None:
        return await show_cohorts(query, visit)
    await note(visit, Audited.COHORT_SEEN, detail=cohort.code)
    screen = await _screen(cohort, visit)
    return show_anew(query, *screen) if callback_data.action == "beside" else show(query, *screen)


async def ask_end(query: CallbackQuery, callback_data: CohortPress, visit: Visit) -> Method:
    """Make sure before a code takes nobody any more."""
    _ = visit._
    cohort = await visit.session.get(Cohort, callback_data.cohort)
    if cohort is None or cohort.ended_at is not None:
        return await open_cohort(query, callback_data, visit)
    rows: list[Row] = [
        [button(_("Yes, end it"), CohortPress(action="ended", cohort=cohort.id), DANGER)],
        [button(_("« Back"), CohortPress(action="open", cohort=cohort.id))],
    ]
    text = _("End this cohort? Nobody will be able to join with its code. Its members and figures stay.")
    return show(query, text, rows)


async def end(query: CallbackQuery, callback_data: CohortPress, visit: Visit) -> Method:
    """End a cohort; ending it twice is harmless."""
    cohort = await visit.session.get(Cohort, callback_data.cohort)
    if cohort is not None and cohort.end(visit.now):
        await note(visit, Audited.COHORT_ENDED, detail=cohort.code)
    return await open_cohort(query, callback_data, visit)


async def send_qr_code(query: CallbackQuery, callback_data: CohortPress, visit: Visit) -> Method:
    """Order the picture; it comes as a message of its own."""
    _ = visit._
    cohort = await visit.session.get(Cohort, callback_data.cohort)
    if cohort is None:
        return await show_cohorts(query, visit)
    values = {"cohort": cohort.id}
    visit.order("cohort code", values)
    return AnswerCallbackQuery(callback_query_id=query.id, text=_("The QR code comes as a picture."))


async def make_qr_code(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The QR code of a cohort's link, for an owner."""
    async with workshop.database.reading() as session:
        cohort = await session.get(Cohort, values["cohort"])
        if cohort is None or await role_of(session, person.id) is not Role.OWNER:
            return None
    link = workshop.link(PREFIX + cohort.code)
    photo = BufferedInputFile(await workshop.aside(qr_code, link), f"{cohort.code}.png")
    return Made(SendPhoto(chat_id=0, photo=photo, caption=f"{cohort.name}\n{link}", parse_mode=None))


async def _screen(cohort: Cohort, visit: Visit) -> tuple[str, list[Row]]:
    _ = visit._
    link = visit.link(PREFIX + cohort.code)
    region = _(REGIONS[cohort.region]) if cohort.region in REGIONS else _("Several regions")
    lines = [
        _("<b>{name}</b>\n{organisation}", name=cohort.name, organisation=cohort.organisation),
        f"{region} · {day(cohort.held_on)}",
        "",
        _("Code: <code>{code}</code>", code=cohort.code),
        link,
        "",
    ]
    if cohort.ended_at is not None:
        lines += [_("This cohort has ended: nobody can join with its code any more."), ""]
    figures = await cohort_figures(visit.session, cohort.id, visit.course.numbers, visit.now)
    lines += [_figures(figures, _), "", _("As of {time}.", time=_.moment(visit.now))]

    def to(action: str) -> CohortPress:
        return CohortPress(action=action, cohort=cohort.id)

    seminar = button(_("Seminar"), SeminarPress(action="lessons", row=cohort.id), PRIMARY)
    ending = [button(_("End"), to("end"), DANGER)] if cohort.ended_at is None else []
    rows: list[Row] = [
        [copy_button(_("Copy the link"), link), button(_("QR code"), to("qr"))],
        [seminar],
        [button(_("Refresh"), to("open")), *ending],
        [_to_cohorts(_), *back_home(_)],
    ]
    return "\n".join(lines), rows


def _figures(figures: CohortFigures, _: Texts) -> str:
    if figures.people.total == 0:
        return _("Nobody has joined yet.")
    return "\n".join(
        [
            people_table(figures.people, _),
            "",
            _("Finished all lessons: {number}", number=_alone(figures.finished, _)),
            _("Hold a certificate: {number}", number=_alone(figures.certified, _)),
            gain_line(figures.gain, _),
        ]
    )


def people_table(people: Suppressed[str, Gender], _: Texts) -> str:
    """How many women and men there are of each region, as a <pre> block, with what its signs mean."""
    genders = [gender for gender in _COLUMNS if people.columns.get(gender, 0) != 0 or gender is not Gender.UNSAID]
    names = {**{code: _(name) for code, name in REGIONS.items()}, UNSAID: _("did not say")}
    table = [["", *(_(_COLUMNS[gender]) for gender in genders), _("Total")]]
    for region in [code for code in names if people.rows.get(code, 0) != 0]:
        cells = [people.cells.get((region, gender), 0) for gender in genders]
        table.append([names[region], *map(_number, cells), _number(people.rows[region])])
    columns = [people.columns.get(gender, 0) for gender in genders]
    table.append([_("Total"), *map(_number, columns), _number(people.total)])
    text = f"<pre>{text_table(table)}</pre>"
    if Gender.UNSAID in genders:
        text += "\n?: " + _("did not say")
    if any(_HIDDEN in row for row in table):
        text += f"\n{_HIDDEN}: " + _("hidden, so that nobody can be recognised")
    return text


def gain_line(gain: Gain | None, _: Texts) -> str:
    """The knowledge gain in one line, with its interval and how many people it's about."""
    if gain is None:
        return _("Knowledge gain: shown once 5 people have taken both tests.")
    mean, low, high = (
        format_decimal(points, "+0.0;-0.0", locale=_.language.value) for points in (gain.mean, gain.low, gain.high)
    )
    return _.n(
        "Knowledge gain: {mean} percentage points (95% confidence interval from {low} to {high}; {n} person)",
        "Knowledge gain: {mean} percentage points (95% confidence interval from {low} to {high}; {n} people)",
        gain.people,
        mean=mean,
        low=low,
        high=high,
    )


def _number(number: int | None) -> str:
    return _HIDDEN if number is None else str(number)


def _alone(number: int, _: Texts) -> str:
    shown = shown_count(number)
    return _("fewer than 5") if shown is None else str(shown)


def day(held_on: date) -> str:
    """A day as it's written in all three languages."""
    return held_on.strftime("%d.%m.%Y")


def _line(text: str | None) -> str | None:
    """One line of 1 to 80 characters; None for anything that can't be made into one."""
    line = " ".join((text or "").split())
    return line if 0 < len(line) <= NAME_LENGTH and not any(unshowable(line)) else None


def _not_a_line(_: Texts) -> str:
    return _("Please write one line of at most 80 characters.")


def _to_cohorts(_: Texts) -> InlineKeyboardButton:
    return button(_("« Cohorts"), CohortPress(action="list"))


def _cancel(_: Texts) -> Row:
    return [button(_("Cancel"), CohortPress(action="list"))]
