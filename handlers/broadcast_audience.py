"""Whom a broadcast is for: a group of people, a region, a language, each with how many can be reached."""

from typing import Any

from aiogram.types import CallbackQuery, InlineKeyboardButton

from handlers.broadcast_list import show_list
from handlers.broadcast_words import GROUPS, cohort_of, legend, reach_lines, shown_number, whom_in_words
from handlers.home import LANGUAGE_NAMES
from handlers.presses import BroadcastPress
from handlers.screens import Method, Row, button, in_rows, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.broadcasts import Group, draft_of, reach, reach_of_cohorts, reach_of_roles
from models.cohorts import Cohort, newest_cohorts
from models.people import Language
from models.regions import REGIONS

PAGE = 8
_LAST_PAGE = 10_000
_ALL = "all"


async def show_whom(query: CallbackQuery, visit: Visit) -> Method:
    """The choice of people, with how many of each can be reached."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await show_list(query, visit)
    whom, numbers = draft.whom, await reach_of_roles(visit.session, visit.now)
    roles = [f"{_(name)} · {shown_number(numbers[group], _)}" for group, name in GROUPS.items()]
    rows: list[Row] = [
        [_choice(label, whom.group is group, BroadcastPress(action="group", value=group))]
        for label, group in zip(roles, GROUPS, strict=True)
    ]
    cohort = await cohort_of(visit.session, whom)
    name = cohort.name if cohort is not None else _("A cohort »")
    rows.append([_choice(name, whom.group is Group.COHORT, BroadcastPress(action="cohorts"))])
    region = _(REGIONS[whom.region]) if whom.region else _("all")
    rows.append([button(_("Region: {region} »", region=region), BroadcastPress(action="regions"))])
    languages = [(_ALL, _("All languages")), *((each.value, name) for each, name in LANGUAGE_NAMES.items())]
    rows += in_rows(
        [
            _choice(name, (whom.language or _ALL) == value, BroadcastPress(action="language", value=value))
            for value, name in languages
        ]
    )
    lines = [
        _("<b>Who is it for?</b>"),
        "",
        _("To: {whom}", whom=await whom_in_words(visit.session, whom, _)),
        *(await reach_lines(draft, visit)),
    ]
    return show(query, "\n".join([*lines, *legend([*lines, *roles], _)]), [*rows, _back(_)])


async def choose_group(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Everybody, drivers, or those who hold a certificate."""
    if callback_data.value in set(GROUPS):
        await _choose(visit, group=Group(callback_data.value), cohort=None)
    return await show_whom(query, visit)


async def show_cohorts(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """The cohorts, the newest first, with how many of each can be reached."""
    _, wanted = visit._, callback_data.value
    page = min(int(wanted), _LAST_PAGE) if wanted.isdecimal() else 0
    cohorts = await newest_cohorts(visit.session, PAGE + 1, page * PAGE)
    numbers = await reach_of_cohorts(visit.session, [cohort.id for cohort in cohorts])
    labels = [f"{cohort.name} · {shown_number(numbers[cohort.id], _)}" for cohort in cohorts[:PAGE]]
    rows: list[Row] = [
        [button(label, BroadcastPress(action="cohort", row=cohort.id))]
        for label, cohort in zip(labels, cohorts, strict=False)
    ]
    turn: list[InlineKeyboardButton] = []
    if page:
        turn.append(button("◀", BroadcastPress(action="cohorts", value=str(page - 1))))
    if len(cohorts) > PAGE:
        turn.append(button("▶", BroadcastPress(action="cohorts", value=str(page + 1))))
    text = _("Which cohort is it for?") if cohorts else _("There is none yet.")
    back = [button(_("« Back"), BroadcastPress(action="whom"))]
    return show(query, "\n".join([text, *legend(labels, _)]), [*rows, turn, back])


async def choose_cohort(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """The participants of a cohort."""
    if await visit.session.get(Cohort, callback_data.row) is not None:
        await _choose(visit, group=Group.COHORT, cohort=callback_data.row)
    return await show_whom(query, visit)


async def show_regions(query: CallbackQuery, visit: Visit) -> Method:
    """The regions, with how many people of each can be reached."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await show_list(query, visit)
    found = await reach(visit.session, draft.whom, visit.now)
    labels = {code: f"{_(name)} · {shown_number(found.of_region(code), _)}" for code, name in REGIONS.items()}
    buttons = [button(label, BroadcastPress(action="region", value=code)) for code, label in labels.items()]
    whole = button(_("All regions"), BroadcastPress(action="region", value=_ALL))
    lines = [
        _("Which region is it for?"),
        _("A region is known only of people who said it themselves."),
        *legend(list(labels.values()), _),
    ]
    back = [button(_("« Back"), BroadcastPress(action="whom"))]
    return show(query, "\n".join(lines), [[whole], *in_rows(buttons), back])


async def choose_region(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """One region, or all of them."""
    if callback_data.value in {*REGIONS, _ALL}:
        await _choose(visit, region=callback_data.value if callback_data.value in REGIONS else None)
    return await show_whom(query, visit)


async def choose_language(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """One language, or all of them."""
    if callback_data.value in {*Language, _ALL}:
        await _choose(visit, language=None if callback_data.value == _ALL else Language(callback_data.value))
    return await show_whom(query, visit)


async def _choose(visit: Visit, **changes: Any) -> None:
    draft = await draft_of(visit.session, visit.person.id)
    if draft is not None:
        draft.choose(draft.whom.model_copy(update=changes), visit.now)


def _choice(label: str, is_chosen: bool, press: BroadcastPress) -> InlineKeyboardButton:
    return button(("✓ " if is_chosen else "") + label, press)


def _back(_: Texts) -> Row:
    return [button(_("« Back"), BroadcastPress(action="draft"))]
