"""The ride capsule: not now, but not forgotten either. Time and plate are kept, and the bot writes when asked to.

    Report an incident → Later → (the plate) → when? → … → a message without a word of what about → go on

What is kept is the draft of the guided form; one that is there already only gains what it lacks. The reminder is made
at delivery: whoever has sent, deleted or put off the draft meanwhile hears nothing.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery, Message

from handlers.form_questions import FIRST
from handlers.home import way_out
from handlers.making import Made, Workshop
from handlers.own import Typed, nothing_kept, show_reports
from handlers.presses import Action, CapsulePress, FormPress
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, keyboard, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.drafts import Draft, Told, draft_of, new_draft
from models.new_flags import sent_from
from models.outbox import Priority
from models.people import Person
from models.plates import looks_kazakh, normalise_plate
from models.quiet import at_hour, local_day
from models.words import N_

WHEN = {
    "hour": N_("In an hour"),
    "evening": N_("Today at 20:00"),
    "morning": N_("Tomorrow at 10:00"),
    "tomorrow": N_("Tomorrow at 20:00"),
}


class Noting(StatesGroup):
    """The plate may be typed."""

    plate = State()


def router() -> Router:
    """Routes for the ride capsule."""
    router = Router(name="capsule")
    router.message.register(take_plate, StateFilter(Noting.plate), Typed())
    router.callback_query.filter(CapsulePress.filter())
    router.callback_query.register(begin, Action("begin"))
    router.callback_query.register(ask_when, Action("when"))
    router.callback_query.register(choose, Action("at"))
    router.callback_query.register(ask_drop, Action("ask"))
    router.callback_query.register(keep, Action("keep"))
    return router


async def begin(query: CallbackQuery, callback_data: CapsulePress, visit: Visit) -> Method:
    """Note the time in the draft, and ask when to write; `value` names the draft that the buttons before belong to."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        key = callback_data.value[:16]
        if not key or await sent_from(visit.session, visit.person.id, key) is not None:
            key = secrets.token_urlsafe(6)
        draft = await new_draft(visit.session, visit.vault, visit.person.id, key, FIRST, visit.now)
        await visit.session.flush()
    told, today = draft.read(visit.vault), local_day(visit.now)
    if told.at is None and told.day in (None, today):
        told.day, told.at = today, visit.now
        draft.write(visit.vault, told, visit.now)
    return await _ask_when(query, told, visit)


async def ask_when(event: CallbackQuery, visit: Visit) -> Method:
    """When to write, asked again."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await show_reports(event, visit)
    return await _ask_when(event, draft.read(visit.vault), visit)


async def _ask_when(event: Event, told: Told, visit: Visit, note: str = "") -> Method:
    _ = visit._
    parts = [note, _("<b>Later</b>\n\nNothing has been sent.")]
    kept = _kept(told, _)
    if kept:
        parts.append("\n".join(kept))
    if told.plate is None:
        await visit.state.set_state(Noting.plate)
        parts.append(_("If you see the number plate or remember it, you can write it now."))
    else:
        await visit.state.clear()
    parts.append(_("When shall I write to you? My message will not say what about."))
    moments = _moments(visit.now)
    rows: list[Row] = [
        [button(_(WHEN[value]), CapsulePress(action="at", value=value), PRIMARY) for value in pair if value in moments]
        for pair in (("hour", "evening"), ("morning", "tomorrow"))
    ]
    return show(event, "\n\n".join(filter(None, parts)), [*rows, way_out(_)])


def _kept(told: Told, _: Texts) -> list[str]:
    lines = [_("Time: {time}", time=_.moment(told.at))] if told.at is not None else []
    if told.plate:
        lines.append(_("Number plate: <code>{plate}</code>", plate=told.plate))
    return lines


def _moments(now: datetime) -> dict[str, datetime]:
    """The moments to choose from, as their words stand on the buttons; none that has been."""
    today, tomorrow = local_day(now), local_day(now) + timedelta(days=1)
    moments = {
        "hour": now + timedelta(hours=1),
        "evening": at_hour(today, 20),
        "morning": at_hour(tomorrow, 10),
        "tomorrow": at_hour(tomorrow, 20),
    }
    return {value: moment for value, moment in moments.items() if moment > now}


async def take_plate(message: Message, visit: Visit) -> Method:
    """Keep the plate; one that looks odd is kept too, with a hint."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await nothing_kept(message, visit)
    told, plate = draft.read(visit.vault), normalise_plate(message.text or "")
    if not plate:
        note = _("There are no letters or digits in that. Please write the plate once more.")
        return await _ask_when(message, told, visit, note)
    told.plate = plate
    draft.write(visit.vault, told, visit.now)
    note = "" if looks_kazakh(plate) else _("It does not look like a Kazakhstan plate; it is kept as you wrote it.")
    return await _ask_when(message, told, visit, note)


async def choose(query: CallbackQuery, callback_data: CapsulePress, visit: Visit) -> Method:
    """Write at that moment, and only then: what was chosen before no longer counts. A moment gone by is asked again."""
    _ = visit._
    draft, moment = await draft_of(visit.session, visit.person.id), _moments(visit.now).get(callback_data.value)
    if draft is None:
        return await show_reports(query, visit)
    if moment is None:
        return await ask_when(query, visit)
    await visit.state.clear()
    name = _renamed(draft, visit)
    # Not a reminder of the bot's own, which would wait for the morning: this hour was asked for.
    visit.order("capsule", {"capsule": name}, priority=Priority.RELAY, due_at=moment)
    text = _(
        "I will write on {time}.\n\nUntil then it is kept as a draft, encrypted, and nothing is sent. "
        "You find it in /report at any time.",
        time=_.moment(moment),
    )
    rows: list[Row] = [
        [button(_("Another time"), CapsulePress(action="when")), button(_("Go on now"), FormPress(action="begin"))],
        way_out(_),
    ]
    return show(query, text, rows)


def _renamed(draft: Draft, visit: Visit) -> str:
    """Give the capsule a new name in the draft: reminders under an older one are silent from now on."""
    told = draft.read(visit.vault)
    told.capsule = secrets.token_urlsafe(6)
    draft.write(visit.vault, told, visit.now)
    return told.capsule


async def make_capsule(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The message that was asked for; nothing once the draft was sent, deleted or put off."""
    async with workshop.database.reading() as session:
        draft = await draft_of(session, person.id)
    if draft is None or draft.read(workshop.vault).capsule != values["capsule"]:
        return None
    _ = workshop.texts[person.language]
    rows: list[Row] = [
        [button(_("Go on"), FormPress(action="begin"), PRIMARY), button(_("Later"), CapsulePress(action="when"))],
        [button(_("No longer needed"), CapsulePress(action="ask"))],
    ]
    return Made(SendMessage(chat_id=0, text=_("You asked me to write at this time."), reply_markup=keyboard(rows)))


async def ask_drop(query: CallbackQuery, visit: Visit) -> Method:
    """Make sure before the draft goes."""
    _ = visit._
    await visit.state.clear()
    if await draft_of(visit.session, visit.person.id) is None:
        return await show_reports(query, visit)
    rows: list[Row] = [
        [button(_("Yes, delete it"), FormPress(action="drop"), DANGER)],
        [button(_("No, keep it"), CapsulePress(action="keep"), PRIMARY)],
        way_out(_),
    ]
    return show(query, _("Delete what was kept? Nothing of it was sent."), rows)


async def keep(query: CallbackQuery, visit: Visit) -> Method:
    """Keep the draft, and write no more about it."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await show_reports(query, visit)
    _renamed(draft, visit)
    text = _("It is kept as a draft for 30 days: /report. I will not write about it any more.")
    return show(query, text, [[button(_("Go on now"), FormPress(action="begin"))], way_out(_)])
