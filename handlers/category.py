"""What a flag is about, and how severe it is, where the team sees it otherwise than it was told; each with a reason."""

from collections.abc import Sequence

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.types import CallbackQuery, Message

from handlers.desk import Writing, back_to, dots, find, no_such_flag, note
from handlers.own import Typed
from handlers.presses import Action, CategoryPress
from handlers.reasons import RECATEGORISED, SEVERITY, ask_reason, not_kept, picked, reason_rows, typed_reason
from handlers.review import flag_screen
from handlers.roles import OnTeam
from handlers.screens import PRIMARY, Event, Method, Row, button, in_rows, show
from handlers.visit import Visit
from models.audit import Action as Audited
from models.behaviours import (
    BEHAVIOURS,
    MAX_SEVERITY,
    Form,
    behaviour_name,
    behaviours_of,
    form_name,
    with_toggled,
)
from models.flags import Flag
from models.notes import Kind, write_note


def router() -> Router:
    """Routes for category and severity."""
    router = Router(name="category")
    router.message.register(save_typed, StateFilter(Writing.category), Typed(), OnTeam())
    router.message.register(set_level_typed, StateFilter(Writing.severity), Typed(), OnTeam())
    router.callback_query.filter(CategoryPress.filter(), OnTeam())
    router.callback_query.register(show_category, Action("show"))
    router.callback_query.register(show_form, Action("form"))
    router.callback_query.register(toggle, Action("toggle"))
    router.callback_query.register(save, Action("save"))
    router.callback_query.register(show_levels, Action("levels"))
    router.callback_query.register(ask_why_level, Action("level"))
    router.callback_query.register(set_level, Action("set"))
    return router


async def _mine(press: CategoryPress, query: CallbackQuery, visit: Visit) -> Flag | Method:
    """The flag of a press, if this person works on it; else what to show instead."""
    flag = await find(press.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    return flag if flag.is_worked_on_by(visit.person.id) else await flag_screen(query, flag, visit)


async def _chosen(flag: Flag, visit: Visit) -> list[str]:
    """The behaviours chosen so far, which wait for a reason; at first those of the flag."""
    data = await visit.state.get_data()
    codes = data.get("codes") if data.get("flag") == flag.id else None
    return codes if codes is not None else [behaviour.code for behaviour in flag.behaviours]


async def show_category(query: CallbackQuery, callback_data: CategoryPress, visit: Visit) -> Method:
    """What is chosen, the forms to change it, and once it's another choice, the reasons that save it."""
    _ = visit._
    flag = await _mine(callback_data, query, visit)
    if not isinstance(flag, Flag):
        return flag
    codes = await _chosen(flag, visit)
    lines = [_("<b>Category of flag №{number}</b>", number=flag.id), ""]
    lines += [f"• {_(behaviour_name(code, by_passenger=flag.by_driver))} ({code})" for code in codes]
    forms = [
        button(_(form_name(form, by_passenger=flag.by_driver)), CategoryPress(action="form", flag=flag.id, value=form))
        for form in Form
        if behaviours_of(form, by_passenger=flag.by_driver)
    ]
    rows = in_rows(forms)
    if codes and set(codes) != {behaviour.code for behaviour in flag.behaviours}:
        lines += ["", ask_reason(_)]
        rows += reason_rows(RECATEGORISED, CategoryPress(action="save", flag=flag.id), _)
    return show(query, "\n".join(lines), [*rows, [back_to(flag.id)]])


async def show_form(query: CallbackQuery, callback_data: CategoryPress, visit: Visit) -> Method:
    """The behaviours of one form, those that are chosen with a tick."""
    _ = visit._
    flag = await _mine(callback_data, query, visit)
    if not isinstance(flag, Flag):
        return flag
    if callback_data.value not in set(Form):
        return await show_category(query, callback_data, visit)
    return await _form_screen(query, flag, Form(callback_data.value), await _chosen(flag, visit), visit)


async def _form_screen(query: CallbackQuery, flag: Flag, form: Form, codes: Sequence[str], visit: Visit) -> Method:
    _ = visit._
    rows: list[Row] = [
        [
            button(
                ("✓ " if each.code in codes else "") + _(behaviour_name(each.code, by_passenger=flag.by_driver)),
                CategoryPress(action="toggle", flag=flag.id, value=each.code),
                PRIMARY if each.code in codes else None,
            )
        ]
        for each in behaviours_of(form, by_passenger=flag.by_driver)
    ]
    back = button(_("« Back"), CategoryPress(action="show", flag=flag.id))
    return show(query, f"<b>{_(form_name(form, by_passenger=flag.by_driver))}</b>", [*rows, [back]])


async def toggle(query: CallbackQuery, callback_data: CategoryPress, visit: Visit) -> Method:
    """Take a behaviour in or out of the choice; nothing is changed before a reason is given."""
    flag = await _mine(callback_data, query, visit)
    if not isinstance(flag, Flag):
        return flag
    if callback_data.value not in BEHAVIOURS:
        return await show_category(query, callback_data, visit)
    codes = with_toggled(await _chosen(flag, visit), callback_data.value)
    await visit.state.set_state(Writing.category)
    await visit.state.set_data({"flag": flag.id, "codes": codes})
    return await _form_screen(query, flag, BEHAVIOURS[callback_data.value].form, codes, visit)


async def save(query: CallbackQuery, callback_data: CategoryPress, visit: Visit) -> Method:
    """Keep the choice, for a reason that was picked."""
    reason = picked(RECATEGORISED, callback_data.reason)
    if reason is None:
        return await show_category(query, callback_data, visit)
    return await _save(query, callback_data.flag, reason, visit)


async def save_typed(message: Message, visit: Visit) -> Method:
    """Keep the choice, for a reason that was typed."""
    number, reason = (await visit.state.get_data()).get("flag", 0), typed_reason(message.text or "")
    if reason is None:
        return show(message, await not_kept(number, visit), [[back_to(number)]])
    return await _save(message, number, reason, visit)


async def _save(event: Event, number: int, reason: str, visit: Visit) -> Method:
    flag = await find(number, visit)
    if flag is None:
        await visit.state.clear()
        return no_such_flag(event, visit._)
    codes = await _chosen(flag, visit)
    await visit.state.clear()
    if not flag.is_quiet(visit.now) and flag.recategorise(visit.person.id, codes):
        await visit.session.flush()
        await write_note(visit.session, visit.vault, flag, visit.person.id, Kind.RECATEGORISED, reason, visit.now)
        await note(visit, Audited.RECATEGORISED, flag, ",".join(sorted(codes))[:64])
    return await flag_screen(event, flag, visit)


async def show_levels(query: CallbackQuery, callback_data: CategoryPress, visit: Visit) -> Method:
    """The four severities to choose from."""
    _ = visit._
    flag = await _mine(callback_data, query, visit)
    if not isinstance(flag, Flag):
        return flag
    await visit.state.clear()
    rows: list[Row] = [
        [
            button(
                ("✓ " if level == flag.severity else "") + dots(level),
                CategoryPress(action="level", flag=flag.id, value=str(level)),
            )
        ]
        for level in range(MAX_SEVERITY, 0, -1)
    ]
    text = _("<b>Severity of flag №{number}</b>\n\nIt decides how soon a flag is looked at.", number=flag.id)
    return show(query, text, [*rows, [back_to(flag.id)]])


def _level(value: str) -> int:
    return int(value) if value in {"1", "2", "3", "4"} else 0


async def ask_why_level(query: CallbackQuery, callback_data: CategoryPress, visit: Visit) -> Method:
    """Ask why it's more or less severe."""
    _ = visit._
    flag = await _mine(callback_data, query, visit)
    if not isinstance(flag, Flag):
        return flag
    level = _level(callback_data.value)
    if level in {0, flag.severity}:
        return await show_levels(query, callback_data, visit)
    await visit.state.set_state(Writing.severity)
    await visit.state.set_data({"flag": flag.id, "level": level})
    rows = reason_rows(SEVERITY, CategoryPress(action="set", flag=flag.id, value=str(level)), _)
    text = _("<b>Severity of flag №{number}</b>", number=flag.id) + f": {dots(level)}\n\n{ask_reason(_)}"
    back = button(_("« Back"), CategoryPress(action="levels", flag=flag.id))
    return show(query, text, [*rows, [back]])


async def set_level(query: CallbackQuery, callback_data: CategoryPress, visit: Visit) -> Method:
    """Set the severity, for a reason that was picked."""
    reason = picked(SEVERITY, callback_data.reason)
    if reason is None:
        return await show_levels(query, callback_data, visit)
    return await _set_level(query, callback_data.flag, _level(callback_data.value), reason, visit)


async def set_level_typed(message: Message, visit: Visit) -> Method:
    """Set the severity, for a reason that was typed."""
    data, reason = await visit.state.get_data(), typed_reason(message.text or "")
    if reason is None:
        return show(message, await not_kept(data.get("flag"), visit), [[back_to(data.get("flag", 0))]])
    return await _set_level(message, data.get("flag", 0), data.get("level", 0), reason, visit)


async def _set_level(event: Event, number: int, level: int, reason: str, visit: Visit) -> Method:
    await visit.state.clear()
    flag = await find(number, visit)
    if flag is None:
        return no_such_flag(event, visit._)
    if flag.set_severity(visit.person.id, level):
        await write_note(visit.session, visit.vault, flag, visit.person.id, Kind.SEVERITY, reason, visit.now)
        await note(visit, Audited.SEVERITY_SET, flag, str(level))
    return await flag_screen(event, flag, visit)
