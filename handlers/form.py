"""A report told step by step, for whoever has time: one question a screen, each may be skipped, and back at any point.

    who → what → own words → photos or voice → day → about when → region → place → platform → order → plate
        → first time? → under 18? → earlier report? → what shall happen → may you be asked? → who else may know
        → review → sent

The draft is kept sealed with every answer, survives restarts, and is offered again. Nothing is sent before the review.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from handlers.cohort import in_pairs
from handlers.consent import ASK_CONTACT, CONTACT_LIMIT, TOO_LONG
from handlers.details import consent_line, detail_lines
from handlers.home import call_rows, help_lines, help_text, way_out
from handlers.media import (
    ASKED,
    CAPTION_LEFT_OUT,
    FAR_AWAY,
    HINT,
    UNFIT,
    Media,
    Place,
    Unfit,
    place_of,
    take_piece,
    with_caption,
)
from handlers.own import ORDER_LIMIT, Typed, open_report, shorten, show_reports
from handlers.pieces import is_around_kazakhstan, piece_lines, remove_rows
from handlers.presses import Action, FormPress, HomePress, OwnPress, ReportPress
from handlers.promises import as_far_as_known, promises
from handlers.quick_exit import exit_button
from handlers.report import WORDS_LIMIT, Ways, add_to_earlier, send_flag
from handlers.screens import DANGER, PRIMARY, SUCCESS, Event, Method, Row, button, progress, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.behaviours import (
    BEHAVIOURS,
    MAX_SEVERITY,
    Form,
    behaviour_name,
    behaviours_of,
    form_name,
    with_toggled,
)
from models.cars import plate_of_code
from models.consents import AT_FIRST, RECIPIENT_NAMES, Recipient
from models.details import (
    AIM_NAMES,
    DAYTIME_NAMES,
    PLATFORM_NAMES,
    REACH_NAMES,
    TELLER_NAMES,
    Aim,
    Daytime,
    Platform,
    Reach,
    Teller,
)
from models.drafts import Draft, Told, draft_of, new_draft
from models.evidence import forget_of_draft, pieces_of_draft
from models.flags import Ride, sent_from
from models.markup import units
from models.plates import looks_kazakh, normalise_plate
from models.quiet import local_day, read_day
from models.regions import REGIONS
from models.words import N_

STEPS = (
    "teller",
    "what",
    "words",
    "media",
    "day",
    "daytime",
    "region",
    "place",
    "platform",
    "order",
    "plate",
    "repeated",
    "minor",
    "retaliation",
    "aim",
    "reach",
    "contact",
    "consents",
    "review",
)
TYPED = frozenset({"words", "day", "order", "plate", "contact"})
CHOICES: Mapping[str, Mapping[Any, str]] = {
    "teller": TELLER_NAMES,
    "platform": PLATFORM_NAMES,
    "daytime": DAYTIME_NAMES,
    "aim": AIM_NAMES,
    "reach": REACH_NAMES,
}
ONE_OF: Mapping[str, type[StrEnum]] = {
    "teller": Teller,
    "platform": Platform,
    "daytime": Daytime,
    "aim": Aim,
    "reach": Reach,
}
YES_OR_NO = frozenset({"repeated", "minor", "retaliation"})
SENT = {
    "media": HINT,
    "place": N_("Please send the place with the paperclip 📎, or go on with the button below."),
}
"""What is answered by sending something else than a text, with the hint for whoever types."""
QUESTIONS = {
    "teller": N_("<b>Who is telling this?</b>"),
    "what": N_("<b>What happened?</b>\n\nYou can choose several. Not sure what it was? Skip it: that is accepted too."),
    "words": N_("<b>In your own words</b>\n\nWrite as much or as little as you want, in any language."),
    "media": ASKED,
    "day": N_("<b>When was it?</b>\n\nTap a day, or write the date, for example 05.11.2026."),
    "daytime": N_("<b>About when was it?</b>"),
    "region": N_("<b>In which region was it?</b>"),
    "place": N_(
        "<b>Where was it?</b>\n\nSend the place with the paperclip 📎: tap it, then “Location”. "
        "Any place along the way helps."
    ),
    "platform": N_("<b>Where was the ride ordered?</b>"),
    "order": N_("<b>Order number</b>\n\nIf you see it in the app, you can write it here."),
    "plate": N_("<b>Number plate</b>\n\nAs you remember it, for example <code>123 ABC 02</code>."),
    "repeated": N_("<b>Has the same person done this before?</b>"),
    "minor": N_("<b>Is anybody affected, you included, under 18?</b>"),
    "retaliation": N_("<b>Did it happen because of an earlier report?</b>"),
    "aim": N_(
        "<b>What shall happen with it?</b>\n\nA report that is held is seen by nobody until another person names the "
        "same car. Then both go to the team, and you are told. You can change your mind at any time."
    ),
    "reach": N_("<b>May the team ask you something?</b>\n\nThey never see your account, whatever you choose."),
    "contact": ASK_CONTACT,
    "consents": N_(
        "<b>Who else may know?</b>\n\nThe team reads your report. Nobody else gets it without your consent. "
        "You can take each back later."
    ),
}
SHORT = {
    "teller": N_("Told by"),
    "what": N_("What happened"),
    "words": N_("Own words"),
    "media": N_("Photos, voice"),
    "day": N_("When"),
    "daytime": N_("About when"),
    "region": N_("Region"),
    "place": N_("Place"),
    "platform": N_("App"),
    "order": N_("Order"),
    "plate": N_("Plate"),
    "repeated": N_("Before"),
    "minor": N_("Under 18"),
    "retaliation": N_("Earlier report"),
    "aim": N_("What happens with it"),
    "reach": N_("Questions to me"),
    "contact": N_("Contact"),
    "consents": N_("Who may know"),
}


class Filling(StatesGroup):
    """An answer may be typed; the draft's place says to which question."""

    answer = State()


def router() -> Router:
    """Routes for the guided form."""
    router = Router(name="form")
    router.message.register(take_typed, StateFilter(Filling.answer), Typed())
    router.message.register(take_media, StateFilter(Filling.answer), Media())
    router.message.register(take_place, StateFilter(Filling.answer), Place())
    router.message.register(explain, StateFilter(Filling.answer), Unfit())
    router.callback_query.filter(FormPress.filter())
    router.callback_query.register(begin, Action("begin"))
    router.callback_query.register(go, Action("go"))
    router.callback_query.register(choose, Action("set"))
    router.callback_query.register(show_form, Action("form"))
    router.callback_query.register(toggle, Action("toggle"))
    router.callback_query.register(drop, Action("drop"))
    router.callback_query.register(send, Action("send"))
    return router


async def begin(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """Begin, or go on with the draft there is; `value` names the draft that the buttons before this belong to.

    A driver who comes from the fast way, as `step` says, is not asked again who tells. A new draft has the plate of a
    car that was scanned; one that is gone on with may be about another.
    """
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        key = callback_data.value[:16]
        if not key or await sent_from(visit.session, visit.person.id, key) is not None:
            return await show_reports(query, visit)
        draft = await new_draft(visit.session, visit.vault, visit.person.id, key, STEPS[0], visit.now)
        by_driver = callback_data.step == Teller.DRIVER
        plate = None if by_driver else await plate_of_code(visit.session, visit.vault, callback_data.car)
        draft.place = STEPS[1 if by_driver else 0]
        draft.write(visit.vault, Told(teller=Teller.DRIVER if by_driver else None, plate=plate), visit.now)
        await visit.session.flush()
    return await _show_step(query, draft, visit)


async def go(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """Show a question: the next, the one before, or one that is to be changed."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None or callback_data.step not in STEPS:
        return await show_reports(query, visit)
    draft.place = callback_data.step
    return await _show_step(query, draft, visit)


async def choose(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """Keep what was chosen by a button; an empty value is "skip", and takes back what was there."""
    draft = await draft_of(visit.session, visit.person.id)
    step, value = callback_data.step, callback_data.value
    if draft is None or step not in STEPS[:-1]:
        return await show_reports(query, visit)
    told = draft.read(visit.vault)
    if step == "what" and not value:
        told.codes = []
    elif step == "consents":
        told.consents = None if not value else told.consents
    elif step == "day":
        told.day, told.at = _day_of(value, visit), visit.now if value == "now" else None
    elif step == "region":
        told.region = value if value in REGIONS else None
    elif step in ONE_OF:
        setattr(told, step, ONE_OF[step](value) if value in set(ONE_OF[step]) else None)
    elif step in YES_OR_NO:
        setattr(told, step, {"yes": True, "no": False}.get(value))
    elif step != "media":
        setattr(told, step, None)
    return await _on(query, draft, told, step, visit)


def _day_of(value: str, visit: Visit) -> date | None:
    today = local_day(visit.now)
    return {"now": today, "today": today, "yesterday": today - timedelta(days=1)}.get(value)


async def show_form(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """The behaviours of one form, those that are chosen with a tick; help lines first where life may be in danger."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None or callback_data.value not in set(Form):
        return await show_reports(query, visit)
    form, told = Form(callback_data.value), draft.read(visit.vault)
    by_passenger = told.teller is Teller.DRIVER
    rows: list[Row] = [
        [
            _choice(
                _(behaviour_name(each.code, by_passenger=by_passenger)),
                FormPress(action="toggle", step="what", value=each.code),
                each.code in told.codes,
            )
        ]
        for each in behaviours_of(form, by_passenger=by_passenger)
    ]
    rows.append([exit_button(_), button(_("« Back"), FormPress(action="go", step="what"))])
    parts = [f"<b>{_(form_name(form, by_passenger=by_passenger))}</b>"]
    if any(BEHAVIOURS[code].severity == MAX_SEVERITY for code in told.codes):
        lines = help_lines(visit)
        parts = [help_text(_, lines), *parts]
        rows = [*call_rows(lines), *rows]
    return show(query, "\n\n".join(parts), rows)


def _choice(label: str, press: FormPress, chosen: bool) -> InlineKeyboardButton:
    return button(("✓ " if chosen else "") + label, press, PRIMARY if chosen else None)


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
        told.consents = [each for each in Recipient if (each in _consents(told)) is not (each == value)]
    draft.write(visit.vault, told, visit.now)
    if step == "what" and BEHAVIOURS[value].form is not Form.OTHER:
        return await show_form(query, FormPress(action="form", value=BEHAVIOURS[value].form), visit)
    return await _show_step(query, draft, visit)


def _consents(told: Told) -> Collection[Recipient]:
    return AT_FIRST if told.consents is None else told.consents


async def take_typed(message: Message, visit: Visit) -> Method:
    """Keep what was typed for the question at which the draft stands."""
    return await keep_answer(message, message.text or "", visit)


async def keep_answer(event: Event, typed: str, visit: Visit) -> Method:
    """Keep an answer in words for the question at which the draft stands; what can't be right is asked once more."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    text = typed.strip()
    if draft is not None and draft.place in SENT:
        return _again(event, draft.place, _(SENT[draft.place]), _)
    if draft is None or draft.place not in TYPED:
        await visit.state.clear()
        return await show_reports(event, visit)
    told, step = draft.read(visit.vault), draft.place
    note = ""
    if step == "words":
        if units(text) > WORDS_LIMIT:
            return _again(event, step, _("That is longer than one report can hold. Please shorten it."), _)
        told.words = text
    elif step == "order":
        if len(text) > ORDER_LIMIT:
            return _again(event, step, _("An order number is usually shorter. Please write only the number."), _)
        told.order = text
    elif step == "contact":
        if units(text) > CONTACT_LIMIT:
            return _again(event, step, _(TOO_LONG, limit=CONTACT_LIMIT), _)
        told.contact = text
    elif step == "plate":
        told.plate = normalise_plate(text) or None
        if told.plate is None:
            return _again(
                event, step, _("There are no letters or digits in that. Please write the plate once more."), _
            )
        if not looks_kazakh(told.plate):
            note = _("It does not look like a Kazakhstan plate; it is kept as you wrote it.")
    else:
        day = read_day(text, local_day(visit.now))
        if day is None:
            return _again(event, step, _("Please write the date as day, month, year: 05.11.2026."), _)
        if day > local_day(visit.now):
            return _again(event, step, _("That day has not come yet. Please write the date once more."), _)
        told.day, told.at = day, None
    return await _on(event, draft, told, step, visit, note)


async def take_media(message: Message, visit: Visit) -> Method | None:
    """Keep a photo or voice message with the draft, whatever is being asked; the words below it are added."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await show_reports(message, visit)
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
        return show(message, said, [[button(_("Next »"), FormPress(action="go", step=draft.place), PRIMARY)]])
    return await _show_step(message, draft, visit, said)


async def take_place(message: Message, visit: Visit) -> Method:
    """Keep the place of the draft, whatever is being asked; one that looks odd is kept too, with a hint."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await show_reports(message, visit)
    told = draft.read(visit.vault)
    told.place = place_of(message)
    note = "" if is_around_kazakhstan(told.place) else _(FAR_AWAY)
    if draft.place == "place":
        return await _on(message, draft, told, "place", visit, note)
    draft.write(visit.vault, told, visit.now)
    return await _show_step(message, draft, visit, note or _("Kept. Thank you."))


async def explain(message: Message, visit: Visit) -> Method:
    """Say what can be taken here, and why a file can't; the question stays asked."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await show_reports(message, visit)
    return await _show_step(message, draft, visit, visit._(UNFIT))


def _again(event: Event, step: str, text: str, _: Texts) -> Method:
    return show(event, text, [[exit_button(_), button(_("Skip"), FormPress(action="set", step=step))]])


async def _on(event: Event, draft: Draft, told: Told, step: str, visit: Visit, note: str = "") -> Method:
    """Keep the answer, and go to the next question; once the review was seen, back to it."""
    needs_contact = step == "reach" and told.reach is Reach.CONTACT and not told.contact
    draft.place = "review" if told.reviewed and not needs_contact else _next(step, told)
    draft.write(visit.vault, told, visit.now)
    return await _show_step(event, draft, visit, note)


def _asked(told: Told) -> list[str]:
    """The questions for this report: of a passenger no plate is asked, and of what is only counted, nobody to tell."""
    left_out = set()
    if told.teller is Teller.DRIVER:
        left_out.add("plate")
    if told.day is None or told.details().happened_at is not None:
        left_out.add("daytime")
    if told.aim is Aim.COUNT:
        left_out |= {"reach", "contact", "consents"}
    if told.reach is not Reach.CONTACT:
        left_out.add("contact")
    return [step for step in STEPS if step not in left_out]


def _next(step: str, told: Told) -> str:
    """The question after this one, which may itself be no longer asked."""
    asked = _asked(told)
    return next(each for each in STEPS[STEPS.index(step) + 1 :] if each in asked) if step != "review" else step


async def _show_step(event: Event, draft: Draft, visit: Visit, note: str = "") -> Method:
    _ = visit._
    told, step = draft.read(visit.vault), draft.place
    if step == "review" or step not in _asked(told):
        return await _review(event, draft, told, visit, note)
    if step in TYPED or step in SENT:
        await visit.state.set_state(Filling.answer)
    else:
        await visit.state.clear()
    asked = _asked(told)
    at = asked.index(step)
    pieces = await pieces_of_draft(visit.session, visit.person.id, draft.key) if step == "media" else []
    rows = [*_choices(step, told, _), *remove_rows(pieces, _)]
    back = [button(_("« Back"), FormPress(action="go", step=asked[at - 1]))] if at else []
    onwards = button(
        _("Next »"), FormPress(action="go", step="review" if told.reviewed else _next(step, told)), PRIMARY
    )
    skip = button(_("Skip"), FormPress(action="set", step=step))
    rows.append([*back, onwards if pieces or _answered(step, told) or step == "consents" else skip])
    if not told.reviewed and told.codes and at < len(asked) - 2:
        rows.append([button(_("To the end »"), FormPress(action="go", step="review"))])
    rows += [[button(_("Help now"), HomePress(action="help"), DANGER)], way_out(_)]
    answer = _answer(step, told, visit) or "\n".join(piece_lines(pieces, None, _))
    parts = [note, f"{progress(at, len(asked) - 1)}  {at + 1}/{len(asked) - 1}", _(QUESTIONS[step]), answer]
    return show(event, "\n\n".join(filter(None, parts)), rows)


def _choices(step: str, told: Told, _: Texts) -> list[Row]:
    """The buttons that answer a question, what was chosen with a tick."""

    def chosen(label: str, value: str, is_chosen: bool, action: str = "set") -> Row:
        return [_choice(label, FormPress(action=action, step=step, value=value), is_chosen)]

    if step == "what":
        return _forms(told, _)
    if step == "day":
        days = {_("Just now"): "now", _("Today"): "today", _("Yesterday"): "yesterday"}
        return [[button for label, value in days.items() for button in chosen(label, value, False)]]
    if step == "region":
        return in_pairs([chosen(_(name), code, told.region == code)[0] for code, name in REGIONS.items()])
    if step == "consents":
        return [
            chosen(_(name), each, each in _consents(told), "toggle")
            for each, name in RECIPIENT_NAMES.items()
            if each is not Recipient.DRIVER or told.teller is not Teller.DRIVER
        ]
    if step in YES_OR_NO:
        said = getattr(told, step)
        return [[*chosen(_("Yes"), "yes", said is True), *chosen(_("No"), "no", said is False)]]
    names = CHOICES.get(step, {})
    if step == "aim" and told.teller is Teller.DRIVER:
        names = {each: name for each, name in names.items() if each is not Aim.HOLD}
    return [chosen(_(name), each, getattr(told, step) is each) for each, name in names.items()]


def _forms(told: Told, _: Texts) -> list[Row]:
    by_passenger = told.teller is Teller.DRIVER
    rows: list[Row] = []
    for form in Form:
        codes = {each.code for each in behaviours_of(form, by_passenger=by_passenger)}
        if form is Form.OTHER:
            press = FormPress(action="toggle", step="what", value=form)
        else:
            press = FormPress(action="form", step="what", value=form)
        if codes:
            name = _(form_name(form, by_passenger=by_passenger))
            rows.append([_choice(name, press, bool(codes & set(told.codes)))])
    return rows


def _answered(step: str, told: Told) -> bool:
    return getattr(told, "codes" if step == "what" else step, None) not in (None, [])


def _answer(step: str, told: Told, visit: Visit) -> str:
    """What was typed for a question, to be seen when one comes back to it."""
    _ = visit._
    if step == "words" and told.words:
        return _("<blockquote>{words}</blockquote>", words=shorten(told.words))
    if step == "contact" and told.contact:
        return _("<blockquote>{words}</blockquote>", words=told.contact)
    if step in {"order", "plate"} and getattr(told, step):
        return _("<code>{value}</code>", value=getattr(told, step))
    if step == "place" and told.place:
        return piece_lines([], told.place, _)[0]
    if step == "day" and (at := told.details().happened_at) is not None:
        return _.moment(at)
    return _.date(told.day) if step == "day" and told.day else ""


async def _review(event: Event, draft: Draft, told: Told, visit: Visit, note: str = "") -> Method:
    """Everything that would be sent, each answer a button to change it; what can and can't be promised."""
    _ = visit._
    await visit.state.clear()
    draft.place = "review"
    told.reviewed = True
    draft.write(visit.vault, told, visit.now)
    codes = told.codes or ["OT"]
    lines = [note, ""] if note else []
    lines += [_("<b>Before you send it</b>"), ""]
    by_passenger = told.teller is Teller.DRIVER
    lines += [f"• {_(behaviour_name(code, by_passenger=by_passenger))}" for code in codes]
    lines += detail_lines(told.details(), told.order, None if by_passenger else told.plate, _)
    lines += piece_lines(await pieces_of_draft(visit.session, visit.person.id, draft.key), told.place, _)
    if told.aim is not None:
        lines.append(_(AIM_NAMES[told.aim]))
    if told.aim is not Aim.COUNT:
        lines.append(consent_line(_consents(told), _))
    if told.words:
        lines += ["", _("<blockquote>{words}</blockquote>", words=shorten(told.words, 1000))]
    lines += [
        "",
        promises(_, told.aim or Aim.ACT),
        "",
        as_far_as_known(_),
    ]
    asked = [step for step in _asked(told) if step != "review"]
    buttons = [button(_(SHORT[step]), FormPress(action="go", step=step)) for step in asked]
    rows: list[Row] = [[button(_("Send"), FormPress(action="send", value=draft.key), SUCCESS)]]
    if any(BEHAVIOURS[code].severity == MAX_SEVERITY for code in codes):
        rows = [*call_rows(help_lines(visit)), *rows]
    rows += [buttons[i : i + 3] for i in range(0, len(buttons), 3)]
    rows += [[button(_("Delete the draft"), FormPress(action="drop"), DANGER)], way_out(_)]
    return show(event, "\n".join(lines), rows)


async def drop(query: CallbackQuery, visit: Visit) -> Method:
    """Delete the draft: nothing of it is left."""
    _ = visit._
    await visit.state.clear()
    draft = await draft_of(visit.session, visit.person.id)
    if draft is not None:
        await forget_of_draft(visit.session, visit.person.id, draft.key)
        await visit.session.delete(draft)
    again = [button(_("Report an incident"), ReportPress(action="begin"))]
    return show(query, _("The draft is deleted. Nothing was sent."), [again, way_out(_)])


async def send(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """Store the flag and give the receipt; pressed again, it's the same flag."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None or draft.key != callback_data.value:
        sent = await sent_from(visit.session, visit.person.id, callback_data.value)
        if sent is not None:
            return await open_report(query, OwnPress(action="open", flag=sent.id), visit)
        return await show_reports(query, visit)
    await visit.state.clear()
    told = draft.read(visit.vault)
    if told.aim is Aim.HOLD and told.teller is not Teller.DRIVER and not told.plate:
        draft.place = "plate"
        note = visit._("To wait for another person, the number plate is needed.")
        return await _show_step(query, draft, visit, note)
    told.codes = told.codes or ["OT"]
    if told.teller is Teller.DRIVER and told.aim is Aim.HOLD:
        told.aim = None
    screen = None
    if callback_data.step == "add":
        screen = await add_to_earlier(query, told, visit, draft.key)
    if screen is not None:
        await visit.session.delete(draft)
        return screen
    ways = None
    if not callback_data.step:
        ways = Ways(*(callback_data.model_copy(update={"step": way}) for way in ("add", "anew")))
    screen = await send_flag(query, visit, draft=draft.key, ride=Ride.OVER, told=told, ways=ways, kept=True)
    if await sent_from(visit.session, visit.person.id, draft.key) is not None:  # else it has to wait, and stays
        await visit.session.delete(draft)
    return screen
