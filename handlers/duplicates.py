"""Duplicates: another flag about the same incident is looked at together with the one that is worked on.

Nobody puts away what they haven't opened: its main flag becomes as severe as it is.

Whoever sent the other one is told that there's news, and reads that both are looked at together; nothing else of either
is shown to the other.
"""

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.types import CallbackQuery, Message

from handlers.desk import Writing, back_to, dots, find, has_opened, no_such_flag, note, only_to_read, open_button, tell
from handlers.own import Typed
from handlers.presses import Action, MergePress
from handlers.review import flag_screen
from handlers.roles import OnTeam
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.behaviours import form_name
from models.flags import Flag, State
from models.hearings import drop_untold
from models.merging import differs, merge
from models.repeats import others_on_vehicle

_FREE = frozenset({State.NEW, State.CLAIMED})


def router() -> Router:
    """Routes for duplicates."""
    router = Router(name="duplicates")
    router.message.register(ask_typed, StateFilter(Writing.duplicate), Typed(), OnTeam())
    router.callback_query.filter(MergePress.filter(), OnTeam())
    router.callback_query.register(show_list, Action("list"))
    router.callback_query.register(ask, Action("ask"))
    router.callback_query.register(put_together, Action("merge"))
    router.callback_query.register(part, Action("part"))
    return router


async def show_list(query: CallbackQuery, callback_data: MergePress, visit: Visit) -> Method:
    """The other open flags on the vehicle; the number of any other can be written."""
    _ = visit._
    flag = await find(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    if not flag.is_worked_on_by(visit.person.id):
        return await flag_screen(query, flag, visit)
    await visit.state.set_state(Writing.duplicate)
    await visit.state.set_data({"flag": flag.id})
    others = await others_on_vehicle(visit.session, visit.vault, flag, visit.person.id)
    rows: list[Row] = [
        [
            button(
                f"№{other.id} {dots(other.severity)} {_(form_name(other.form, by_passenger=other.by_driver))}",
                MergePress(action="ask", flag=flag.id, other=other.id),
            )
        ]
        for other in others[:8]
        if other.state in _FREE
    ]
    text = _(
        "<b>Duplicates of flag №{number}</b>\n\nWhich other flag is about the same incident? Tap it, or write its "
        "number. Both are then looked at together and closed together.",
        number=flag.id,
    )
    return show(query, text, [*rows, [back_to(flag.id)]])


async def ask(query: CallbackQuery, callback_data: MergePress, visit: Visit) -> Method:
    """Make sure before two flags are put together."""
    return await _ask(query, callback_data.flag, callback_data.other, visit)


async def ask_typed(message: Message, visit: Visit) -> Method:
    """The same for a number that was typed."""
    _ = visit._
    number, typed = (await visit.state.get_data()).get("flag", 0), (message.text or "").strip().lstrip("№#")
    if not (typed.isascii() and typed.isdigit()):
        return show(message, _("Please write the number of a flag."), [[back_to(number)]])
    return await _ask(message, number, int(typed), visit)


async def _ask(event: Event, number: int, other_number: int, visit: Visit) -> Method:
    _ = visit._
    main = await find(number, visit)
    if main is None:
        return no_such_flag(event, _)
    if not main.is_worked_on_by(visit.person.id):
        return await flag_screen(event, main, visit)
    other = await find(other_number, visit)
    back: Row = [back_to(main.id)]
    if other is not None and (early := only_to_read(other, visit)):
        return show(event, early, [back])
    free = other is not None and (other.state is State.NEW or other.is_worked_on_by(visit.person.id))
    if other is None or not free or other.id == main.id:
        return show(event, _("That flag can't be put together with this one."), [back])
    if not await has_opened(other, visit):
        return _open_first(event, main, other, _)
    lines = [
        _("<b>Look at №{other} together with №{number}?</b>", other=other.id, number=main.id),
        "",
        *(
            f"№{each.id} {dots(each.severity)} {_(form_name(each.form, by_passenger=each.by_driver))}"
            f" · {_.day(each.received_at)}"
            for each in (main, other)
        ),
    ]
    different = differs(main.plate(visit.vault), other.plate(visit.vault))
    if different:
        lines += ["", "⚠ " + _("<b>These are different cars.</b> Put them together only if you are certain.")]
    elif different is None:
        lines += ["", _("It is not known whether it is the same car.")]
    press = MergePress(action="merge", flag=main.id, other=other.id)
    yes = button(_("Yes, together"), press, DANGER if different else PRIMARY)
    return show(event, "\n".join(lines), [[yes], back])


def _open_first(event: Event, main: Flag, other: Flag, _: Texts) -> Method:
    text = _(
        "Please open №{other} first and read it: together with №{number} it no longer stands in the queue on its own.",
        other=other.id,
        number=main.id,
    )
    return show(event, text, [[open_button(other.id)], [back_to(main.id)]])


async def put_together(query: CallbackQuery, callback_data: MergePress, visit: Visit) -> Method:
    """Look at the other flag together with this one."""
    await visit.state.clear()
    main = await find(callback_data.flag, visit)
    other = await find(callback_data.other, visit) if main is not None else None
    if main is None or other is None:
        return no_such_flag(query, visit._)
    if other.is_quiet(visit.now):
        return await flag_screen(query, other, visit)
    if not await has_opened(other, visit):
        return _open_first(query, main, other, visit._)
    if await merge(visit.session, visit.person.id, other, main):
        await visit.session.flush()
        await note(visit, Audited.MERGED, other, str(main.id))
        if await drop_untold(visit.session, other):  # whoever reported could no longer say no to it
            await note(visit, Audited.DRIVER_NOT_ASKED, other)
        await tell(other, visit)
    return await flag_screen(query, main, visit)


async def part(query: CallbackQuery, callback_data: MergePress, visit: Visit) -> Method:
    """Give the other flag back to the queue; only who works on the main one can."""
    _ = visit._
    main, other = await find(callback_data.flag, visit), await find(callback_data.other, visit)
    if main is None or other is None or other.merged_into_id != main.id:
        return no_such_flag(query, _)
    if not main.is_worked_on_by(visit.person.id):
        return await flag_screen(
            query, other, visit, said=_("Only the reviewer who works on №{number} can do that.", number=main.id)
        )
    if other.part():
        await visit.session.flush()
        await note(visit, Audited.PARTED, other, str(main.id))
    return await flag_screen(query, other, visit)
