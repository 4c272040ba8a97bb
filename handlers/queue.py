"""The queue of open flags: the most severe first, then the overdue, then the others; with filters, page by page.

What is wanted, and from which place on, travels in the buttons.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardButton

from handlers.commands import Command
from handlers.desk import dots, note, open_button
from handlers.home import back_home
from handlers.own import STATE_NAMES
from handlers.presses import Action, AppealPress, DutyPress, QueuePress, ReviewPress
from handlers.roles import OnTeam
from handlers.screens import PRIMARY, Event, Method, Row, button, in_rows, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.appeals import appeals_for
from models.audit import Action as Audited
from models.behaviours import FORM_NAMES, Form, form_name
from models.details import PLATFORM_NAMES, Platform
from models.duty import is_on_call
from models.flags import Flag, State
from models.queue import COUNTED_TO, Place, Wanted, count_waiting, is_overdue, place_of, queue
from models.regions import REGIONS
from models.repeats import REPEAT_DAYS, count_on_vehicles
from models.words import N_

PAGE = 8
KAZAKHSTAN = "KZ-"
"""Begins the code of every region, and is left out of buttons: they hold 64 bytes."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
VIEWS: Mapping[str, tuple[str, Wanted]] = {
    "": (N_("All that are open"), Wanted()),
    "new": (N_("Not claimed"), Wanted(state=State.NEW)),
    "claimed": (N_("Claimed"), Wanted(state=State.CLAIMED)),
    "mine": (N_("Mine"), Wanted(mine=True)),
    "late": (N_("Overdue"), Wanted(overdue=True)),
}
"""What of the queue is shown, in the order in which a button goes through it."""


class Choice(NamedTuple):
    """A filter that opens a list: what it's called where nothing is chosen, and what there is to choose."""

    any: str
    names: Mapping[Any, str]


CHOICES: Mapping[str, Choice] = {
    "form": Choice(N_("Any form"), FORM_NAMES),
    "region": Choice(N_("Any region"), {code.removeprefix(KAZAKHSTAN): name for code, name in REGIONS.items()}),
    "platform": Choice(N_("Any app"), PLATFORM_NAMES),
}
"""By the name of the field in the press."""


def router() -> Router:
    """Routes for the queue."""
    router = Router(name="queue")
    router.message.register(show_queue, Command("queue"), OnTeam())
    router.callback_query.filter(QueuePress.filter(), OnTeam())
    router.callback_query.register(show_queue, Action("list"))
    router.callback_query.register(choose, Action(*CHOICES))
    return router


async def show_queue(event: Event, visit: Visit, callback_data: QueuePress | ReviewPress | None = None) -> Method:
    """A page of the queue; whatever was being asked is over."""
    _ = visit._
    await visit.state.clear()
    press = callback_data if isinstance(callback_data, QueuePress) else QueuePress(action="list")
    press = _known(press)
    flags, earlier, later = await _page(press, visit)
    await note(visit, Audited.LISTED)
    waiting = await count_waiting(visit.session, visit.person.id, visit.now)
    repeats = await count_on_vehicles(visit.session, visit.vault, flags)
    counts = {name: f"{n}+" if n == COUNTED_TO else n for name, n in waiting._asdict().items()}
    lines = [_("<b>Queue</b>"), _("Open: {open} · overdue: {overdue} · yours: {mine}", **counts), ""]
    lines += [queue_line(flag, repeats.get(flag.id, 1), visit.now, _) for flag in flags] or [_("Nothing is waiting.")]
    rows = in_rows([open_button(flag.id) for flag in flags], 4)
    turn: list[InlineKeyboardButton] = []
    if flags and earlier:
        turn.append(button("◀", press.model_copy(update={"at": _written("<", place_of(flags[0], visit.now))})))
    if flags and later:
        turn.append(button("▶", press.model_copy(update={"at": _written(">", place_of(flags[-1], visit.now))})))
    refresh = button(_("Refresh"), press)
    if appeals := len(await appeals_for(visit.session, visit.person.id)):
        rows.append([button(_("Second looks: {n}", n=appeals), AppealPress(action="list"), PRIMARY)])
    called = await is_on_call(visit.session, visit.person.id)
    duty: Row = [
        button(_("Go off call"), DutyPress(action="off")) if called else button(_("Go on call"), DutyPress(action="on"))
    ]
    lines += ["", _("As of {time}.", time=_.moment(visit.now))]
    return show(event, "\n".join(lines), [*rows, turn, *_filters(press, _), duty, [refresh, *back_home(_)]])


def _known(press: QueuePress) -> QueuePress:
    """A press with only what there is to filter by."""
    return QueuePress(
        action="list",
        view=press.view if press.view in VIEWS else "",
        form=press.form if press.form in set(Form) else "",
        platform=press.platform if press.platform in set(Platform) else "",
        region=press.region if KAZAKHSTAN + press.region in REGIONS else "",
        at=press.at,
    )


async def _page(press: QueuePress, visit: Visit) -> tuple[Sequence[Flag], bool, bool]:
    """The flags of a page, and whether there are others before and after it."""
    wanted = VIEWS[press.view][1]
    wanted = Wanted(
        state=wanted.state,
        mine=wanted.mine,
        overdue=wanted.overdue,
        form=Form(press.form) if press.form else None,
        platform=Platform(press.platform) if press.platform else None,
        region=KAZAKHSTAN + press.region if press.region else None,
    )
    place, backwards = _read(press.at), press.at.startswith("<")
    after, before = (None, place) if backwards else (place, None)
    found = await queue(
        visit.session,
        visit.person.id,
        limit=PAGE + 1,
        now=visit.now,
        wanted=wanted,
        after=after,
        before=before,
    )
    more = len(found) > PAGE
    if before is not None and more:
        return found[1:], True, True
    if place is not None and (before is not None or not found):  # not a full page before it: begin at the beginning
        found = await queue(visit.session, visit.person.id, limit=PAGE + 1, now=visit.now, wanted=wanted)
        return found[:PAGE], False, len(found) > PAGE
    return found[:PAGE], after is not None, more


def _written(direction: str, place: Place) -> str:
    """A place as it travels in a button."""
    return f"{direction}{place.shelf}.{(place.due_at - _EPOCH) // _MICROSECOND:x}.{place.id:x}"


def _read(at: str) -> Place | None:
    """The place in a button, which may be forged; None for the beginning."""
    try:
        shelf, due, number = (int(part, 16) for part in at[1:].split("."))
        return Place(shelf, _EPOCH + due * _MICROSECOND, number) if 0 <= number < 2**63 else None
    except (ValueError, OverflowError):
        return None


def queue_line(flag: Flag, repeat: int, now: datetime, _: Texts) -> str:
    """A flag in one line; the overdue ones are marked."""
    due = _("look by {time}", time=_.moment(flag.due_at))
    if is_overdue(flag, now):
        due = "❗ " + _("overdue since {time}", time=_.moment(flag.due_at))
    elif flag.opened_at is not None:
        due = _("opened")
    form = _(form_name(flag.form, by_passenger=flag.by_driver))
    parts = [f"№{flag.id} {dots(flag.severity)} {form}", due, _(STATE_NAMES[flag.state])]
    if repeat > 1:
        parts.append(repeat_line(repeat, _))
    return " · ".join(parts)


def repeat_line(repeat: int, _: Texts) -> str:
    """Which flag on its vehicle it is."""
    return _("{nth} on this vehicle in {days} days", nth=_.nth(repeat), days=REPEAT_DAYS)


def _filters(press: QueuePress, _: Texts) -> list[Row]:
    """One button for each filter, in rows of two: one goes through the views, the others open a list."""
    views = list(VIEWS)
    following = views[(views.index(press.view) + 1) % len(views)]
    first = press.model_copy(update={"at": ""})
    buttons = [button(f"⟳ {_(VIEWS[press.view][0])}", first.model_copy(update={"view": following}), _style(press.view))]
    for field, choice in CHOICES.items():
        chosen = getattr(press, field)
        name = _(choice.names[chosen]) if chosen else _(choice.any)
        buttons.append(button(f"▾ {name}", first.model_copy(update={"action": field}), _style(chosen)))
    return in_rows(buttons)


def _style(chosen: str) -> Any:
    return PRIMARY if chosen else None


async def choose(query: CallbackQuery, callback_data: QueuePress, visit: Visit) -> Method:
    """The list of what one filter can be."""
    _ = visit._
    field, press = callback_data.action, _known(callback_data)
    choice = CHOICES[field]
    rows: list[Row] = [
        [button(("✓ " if value == getattr(press, field) else "") + _(name), press.model_copy(update={field: value}))]
        for value, name in {"": choice.any, **choice.names}.items()
    ]
    return show(query, _("Which flags shall be shown?"), [*rows, [button(_("« Queue"), press)]])
