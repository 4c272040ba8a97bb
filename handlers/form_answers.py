"""The answers to the questions of a report: chosen by a button, typed, or sent as a photo, a voice or a place."""

from datetime import date, timedelta

from aiogram.types import CallbackQuery, Message

from handlers.consent import CONTACT_LIMIT, TOO_LONG
from handlers.form_questions import QUESTIONS, REVIEW, following, is_answered
from handlers.form_screens import show_behaviours, show_step
from handlers.home import way_out
from handlers.media import CAPTION_LEFT_OUT, FAR_AWAY, UNFIT, place_of, take_piece, with_caption
from handlers.own import ORDER_LIMIT, nothing_kept, show_reports
from handlers.pieces import is_around_kazakhstan
from handlers.presses import FormPress, HomePress
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, show
from handlers.sending import WORDS_LIMIT
from handlers.texts import Texts
from handlers.visit import Visit
from models.behaviours import BEHAVIOURS, Form, with_toggled
from models.consents import Recipient
from models.details import Aim, Reach
from models.drafts import Draft, Told, draft_of
from models.markup import units
from models.plates import looks_kazakh, normalise_plate
from models.quiet import local_day, read_day


async def choose(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """Keep what was chosen by a button; an empty value is "skip", and takes back what was there.

    "Skip" on a screen further up, whose question was answered since, takes nothing back.
    """
    draft = await draft_of(visit.session, visit.person.id)
    step, value = callback_data.step, callback_data.value
    if draft is None or step not in QUESTIONS:
        return await show_reports(query, visit)
    if not value and step != draft.place:
        return await show_step(query, draft, visit)
    told, question = draft.read(visit.vault), QUESTIONS[step]
    if step == "what" and not value:
        told.codes = []
    elif step == "consents":
        told.consents = None if not value else told.consents
    elif step == "day":
        told.day, told.at = _day_of(value, visit), visit.now if value == "now" else None
    elif question.is_yes_or_no:
        setattr(told, step, {"yes": True, "no": False}.get(value))
    elif step != "media":
        setattr(told, step, next((each for each in question.choices if each == value), None))
    if told.by_driver and told.aim is Aim.HOLD:  # no car, by which another person could name it
        told.aim = None
    return await _on(query, draft, told, step, visit)


def _day_of(value: str, visit: Visit) -> date | None:
    today = local_day(visit.now)
    return {"now": today, "today": today, "yesterday": today - timedelta(days=1)}.get(value)


async def toggle(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """Take a behaviour, or a recipient, in or out."""
    draft = await draft_of(visit.session, visit.person.id)
    step, value = callback_data.step, callback_data.value
    if draft is None or value not in (BEHAVIOURS if step == "what" else set(Recipient)):
        return await show_reports(query, visit)
    told = draft.read(visit.vault)
    if step == "what":
        told.codes = with_toggled(told.codes, value)
    else:
        told.consents = [each for each in Recipient if (each in told.recipients) is not (each == value)]
    draft.write(visit.vault, told, visit.now)
    if step == "what" and BEHAVIOURS[value].form is not Form.OTHER:
        return await show_behaviours(query, FormPress(action="form", value=BEHAVIOURS[value].form), visit)
    return await show_step(query, draft, visit)


async def take_typed(message: Message, visit: Visit) -> Method:
    """Keep what was typed for the question at which the draft stands."""
    return await keep_answer(message, message.text or "", visit)


async def keep_answer(event: Event, typed: str, visit: Visit) -> Method:
    """Keep an answer in words for the question at which the draft stands; what can't be right is asked once more."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    question = QUESTIONS.get(draft.place) if draft is not None else None
    if draft is None or question is None or not (question.is_typed or question.hint):
        await visit.state.clear()
        return await nothing_kept(event, visit)
    told, step = draft.read(visit.vault), draft.place
    wrong = _(question.hint) if question.hint else _write_down(step, typed.strip(), told, visit)
    if wrong is not None:
        return show(event, wrong, _rows_of_wrong(step, is_answered(step, draft.read(visit.vault)), _))
    note = ""
    if step == "plate" and not looks_kazakh(told.plate or ""):
        note = _("It does not look like a Kazakhstan plate; it is kept as you wrote it.")
    return await _on(event, draft, told, step, visit, note)


def _rows_of_wrong(step: str, answered: bool, _: Texts) -> list[Row]:
    """The ways on from an answer that can't be right; one that was there before is kept."""
    back = button(_("« Back"), FormPress(action="go", step=step))
    skip = [] if answered else [button(_("Skip"), FormPress(action="set", step=step))]
    return [[back, *skip], [button(_("Help now"), HomePress(action="help"), DANGER)], way_out(_)]


def _write_down(step: str, text: str, told: Told, visit: Visit) -> str | None:
    """Put what was typed into what was told; if it can't be right, what is said to it."""
    _, today = visit._, local_day(visit.now)
    if step == "words":
        if units(text) > WORDS_LIMIT:
            return _("That is longer than one report can hold. Please shorten it.")
        told.words = text
    elif step == "order":
        if len(text) > ORDER_LIMIT:
            return _("An order number is usually shorter. Please write only the number.")
        told.order = text
    elif step == "contact":
        if units(text) > CONTACT_LIMIT:
            return _(TOO_LONG, limit=CONTACT_LIMIT)
        told.contact = text
    elif step == "plate":
        told.plate = normalise_plate(text) or None
        if told.plate is None:
            return _("There are no letters or digits in that. Please write the plate once more.")
    else:
        day = read_day(text, today)
        if day is None:
            return _("Please write the date as day, month, year: 05.11.2026.")
        if day > today:
            return _("That day has not come yet. Please write the date once more.")
        told.day, told.at = day, None
    return None


async def take_media(message: Message, visit: Visit) -> Method | None:
    """Keep a photo or voice message with the draft, whatever is being asked; the words below it are added."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await nothing_kept(message, visit)
    kept, said = await take_piece(message, visit, draft=draft.key)
    if kept and message.caption:
        told = draft.read(visit.vault)
        words = with_caption(told.words, message)
        if units(words or "") <= WORDS_LIMIT:
            told.words = words
        else:
            said = "\n\n".join(filter(None, [said, _(CAPTION_LEFT_OUT)]))
        draft.write(visit.vault, told, visit.now)
    if said is None:
        return None
    if kept and message.media_group_id is not None:  # how many there are is known when all of it is here
        onwards = button(_("Next »"), FormPress(action="go", step=draft.place), PRIMARY)
        return show(message, said, [[onwards], way_out(_)])
    return await show_step(message, draft, visit, said)


async def take_place(message: Message, visit: Visit) -> Method:
    """Keep the place of the draft, whatever is being asked; one that looks odd is kept too, with a hint."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await nothing_kept(message, visit)
    told = draft.read(visit.vault)
    told.place = place_of(message)
    note = "" if is_around_kazakhstan(told.place) else _(FAR_AWAY)
    if draft.place == "place":
        return await _on(message, draft, told, "place", visit, note)
    draft.write(visit.vault, told, visit.now)
    return await show_step(message, draft, visit, note or _("Kept. Thank you."))


async def explain(message: Message, visit: Visit) -> Method:
    """Say what can be taken here, and why a file can't; the question stays asked."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await nothing_kept(message, visit)
    return await show_step(message, draft, visit, visit._(UNFIT))


async def _on(event: Event, draft: Draft, told: Told, step: str, visit: Visit, note: str = "") -> Method:
    """Keep the answer, and go to the next question; once the review was seen, back to it."""
    needs_contact = step == "reach" and told.reach is Reach.CONTACT and not told.contact
    draft.place = REVIEW if told.reviewed and not needs_contact else following(step, told)
    draft.write(visit.vault, told, visit.now)
    return await show_step(event, draft, visit, note)
