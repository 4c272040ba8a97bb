"""A report told step by step, for whoever has time: one question a screen, each may be skipped, and back at any point.

    who → what → own words → day → platform → order → plate → first time? → under 18? → earlier report? → review → sent

The draft is kept sealed with every answer, survives restarts, and is offered again. Nothing is sent before the review.
"""

from datetime import date, timedelta

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from handlers.details import detail_lines
from handlers.home import back_home
from handlers.own import Typed, open_report, shorten, show_reports
from handlers.presses import Action, FormPress, HomePress, OwnPress, ReportPress
from handlers.report import send_flag
from handlers.screens import DANGER, PRIMARY, SUCCESS, Event, Method, Row, button, progress, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.behaviours import BEHAVIOURS, FORM_NAMES, Form, behaviours_of
from models.cars import plate_of_code
from models.details import PLATFORM_NAMES, TELLER_NAMES, Details, Platform, Teller
from models.drafts import Draft, Told, draft_of, new_draft
from models.flags import Ride, sent_from
from models.markup import units
from models.plates import looks_kazakh, normalise_plate
from models.quiet import local_day, read_day
from models.words import N_

STEPS = (
    "teller",
    "what",
    "words",
    "day",
    "platform",
    "order",
    "plate",
    "repeated",
    "minor",
    "retaliation",
    "review",
)
TYPED = frozenset({"words", "day", "order", "plate"})
QUESTIONS = {
    "teller": N_("<b>Who is telling this?</b>"),
    "what": N_("<b>What happened?</b>\n\nYou can choose several. Not sure what it was? Skip it: that is accepted too."),
    "words": N_("<b>In your own words</b>\n\nWrite as much or as little as you want, in any language."),
    "day": N_("<b>When was it?</b>\n\nTap a day, or write the date, for example 05.11.2026."),
    "platform": N_("<b>Where was the ride ordered?</b>"),
    "order": N_("<b>Order number</b>\n\nIf you see it in the app, you can write it here."),
    "plate": N_("<b>Number plate</b>\n\nAs you remember it, for example <code>123 ABC 02</code>."),
    "repeated": N_("<b>Has the same person done this before?</b>"),
    "minor": N_("<b>Is anybody affected, you included, under 18?</b>"),
    "retaliation": N_("<b>Did it happen because of an earlier report?</b>"),
}
SHORT = {
    "teller": N_("Told by"),
    "what": N_("What happened"),
    "words": N_("Own words"),
    "day": N_("When"),
    "platform": N_("App"),
    "order": N_("Order"),
    "plate": N_("Plate"),
    "repeated": N_("Before"),
    "minor": N_("Under 18"),
    "retaliation": N_("Earlier report"),
}
ORDER_LIMIT, WORDS_LIMIT = 40, 4000


class Filling(StatesGroup):
    """An answer may be typed; the draft's place says to which question."""

    answer = State()


def router() -> Router:
    """Routes for the guided form."""
    router = Router(name="form")
    router.message.register(take_typed, StateFilter(Filling.answer), Typed())
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

    A new one has the plate of a car that was scanned; one that is gone on with may be about another.
    """
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        key = callback_data.value[:16]
        if not key or await sent_from(visit.session, visit.person.id, key) is not None:
            return await show_reports(query, visit)
        draft = await new_draft(visit.session, visit.vault, visit.person.id, key, STEPS[0], visit.now)
        plate = await plate_of_code(visit.session, visit.vault, callback_data.car)
        draft.write(visit.vault, Told(plate=plate), visit.now)
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
    elif step in {"words", "order", "plate"}:
        setattr(told, step, None)
    elif step == "teller":
        told.teller = Teller(value) if value in set(Teller) else None
    elif step == "platform":
        told.platform = Platform(value) if value in set(Platform) else None
    elif step == "day":
        told.day = _day_of(value, visit)
    elif step in {"repeated", "minor", "retaliation"}:
        setattr(told, step, {"yes": True, "no": False}.get(value))
    return await _on(query, draft, told, step, visit)


def _day_of(value: str, visit: Visit) -> date | None:
    today = local_day(visit.now)
    return {"today": today, "yesterday": today - timedelta(days=1)}.get(value)


async def show_form(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """The behaviours of one form, those that are chosen with a tick."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None or callback_data.value not in set(Form):
        return await show_reports(query, visit)
    form, told = Form(callback_data.value), draft.read(visit.vault)
    rows: list[Row] = [
        [
            button(
                ("✓ " if each.code in told.codes else "") + _(each.name),
                FormPress(action="toggle", step="what", value=each.code),
                PRIMARY if each.code in told.codes else None,
            )
        ]
        for each in behaviours_of(form)
    ]
    rows.append([button(_("« Back"), FormPress(action="go", step="what"))])
    return show(query, f"<b>{_(FORM_NAMES[form])}</b>", rows)


async def toggle(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """Take a behaviour in or out."""
    draft = await draft_of(visit.session, visit.person.id)
    code = callback_data.value
    if draft is None or code not in BEHAVIOURS:
        return await show_reports(query, visit)
    told = draft.read(visit.vault)
    told.codes = [each for each in told.codes if each != code] if code in told.codes else [*told.codes, code]
    draft.write(visit.vault, told, visit.now)
    form = BEHAVIOURS[code].form
    return await show_form(query, FormPress(action="form", value=form), visit)


async def take_typed(message: Message, visit: Visit) -> Method:
    """Keep what was typed for the question at which the draft stands."""
    return await keep_answer(message, message.text or "", visit)


async def keep_answer(event: Event, typed: str, visit: Visit) -> Method:
    """Keep an answer in words for the question at which the draft stands; what can't be right is asked once more."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    text = typed.strip()
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
        told.day = day
    return await _on(event, draft, told, step, visit, note)


def _again(event: Event, step: str, text: str, _: Texts) -> Method:
    return show(event, text, [[button(_("Skip"), FormPress(action="set", step=step))]])


async def _on(event: Event, draft: Draft, told: Told, step: str, visit: Visit, note: str = "") -> Method:
    """Keep the answer, and go to the next question; once the review was seen, back to it."""
    draft.place = "review" if told.reviewed else _next(step, told)
    draft.write(visit.vault, told, visit.now)
    return await _show_step(event, draft, visit, note)


def _asked(told: Told) -> list[str]:
    """The questions for this report: of a passenger no plate is asked."""
    return [step for step in STEPS if step != "plate" or told.teller is not Teller.DRIVER]


def _next(step: str, told: Told) -> str:
    asked = _asked(told)
    return asked[min(asked.index(step) + 1, len(asked) - 1)] if step in asked else "review"


async def _show_step(event: Event, draft: Draft, visit: Visit, note: str = "") -> Method:
    _ = visit._
    told, step = draft.read(visit.vault), draft.place
    if step == "review" or step not in _asked(told):
        return await _review(event, draft, told, visit, note)
    if step in TYPED:
        await visit.state.set_state(Filling.answer)
    else:
        await visit.state.clear()
    asked = _asked(told)
    at = asked.index(step)
    rows = _choices(step, told, _)
    back = [button(_("« Back"), FormPress(action="go", step=asked[at - 1]))] if at else []
    onwards = button(
        _("Next »"), FormPress(action="go", step="review" if told.reviewed else _next(step, told)), PRIMARY
    )
    skip = button(_("Skip"), FormPress(action="set", step=step))
    rows.append([*back, onwards if _answered(step, told) else skip])
    rows.append([button(_("Help now"), HomePress(action="help"), DANGER), *back_home(_)])
    answer = _answer(step, told, visit)
    parts = [note, f"{progress(at, len(asked) - 1)}  {at + 1}/{len(asked) - 1}", _(QUESTIONS[step]), answer]
    return show(event, "\n\n".join(filter(None, parts)), rows)


def _choices(step: str, told: Told, _: Texts) -> list[Row]:
    def chosen(label: str, value: str, is_chosen: bool) -> Row:
        press = FormPress(action="set", step=step, value=value)
        return [button(("✓ " if is_chosen else "") + label, press, PRIMARY if is_chosen else None)]

    if step == "teller":
        return [chosen(_(name), each, told.teller is each) for each, name in TELLER_NAMES.items()]
    if step == "platform":
        return [chosen(_(name), each, told.platform is each) for each, name in PLATFORM_NAMES.items()]
    if step == "day":
        return [[*chosen(_("Today"), "today", False), *chosen(_("Yesterday"), "yesterday", False)]]
    if step == "what":
        counts = {form: sum(each.code in told.codes for each in behaviours_of(form)) for form in Form}
        return [
            [
                button(
                    ("✓ " if counts[form] else "") + _(FORM_NAMES[form]),
                    FormPress(action="toggle", step=step, value="OT")
                    if form is Form.OTHER
                    else FormPress(action="form", step=step, value=form),
                    PRIMARY if counts[form] else None,
                )
            ]
            for form in Form
        ]
    if step in {"repeated", "minor", "retaliation"}:
        said = getattr(told, step)
        return [[*chosen(_("Yes"), "yes", said is True), *chosen(_("No"), "no", said is False)]]
    return []


def _answered(step: str, told: Told) -> bool:
    return getattr(told, "codes" if step == "what" else step) not in (None, [])


def _answer(step: str, told: Told, visit: Visit) -> str:
    """What was typed for a question, to be seen when one comes back to it."""
    _ = visit._
    if step == "words" and told.words:
        return _("<blockquote>{words}</blockquote>", words=shorten(told.words))
    if step in {"order", "plate"} and getattr(told, step):
        return _("<code>{value}</code>", value=getattr(told, step))
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
    lines += [f"• {_(BEHAVIOURS[code].name)}" for code in codes]
    lines += detail_lines(_details(told), told.order, told.plate, _)
    if told.words:
        lines += ["", _("<blockquote>{words}</blockquote>", words=shorten(told.words, 1000))]
    lines += [
        "",
        _("People read it, not a program; the answer comes here."),
        _("The team does not see your account. The bot knows it, to answer you."),
        _("Telegram keeps this chat: you can delete it if others look at your phone."),
        _("We call nobody for you: whether to turn to the police or a help line is your choice."),
        "",
        _("By sending, you say that it is true as far as you know."),
    ]
    asked = [step for step in _asked(told) if step != "review"]
    buttons = [button(_(SHORT[step]), FormPress(action="go", step=step)) for step in asked]
    rows: list[Row] = [[button(_("Send"), FormPress(action="send", value=draft.key), SUCCESS)]]
    rows += [buttons[i : i + 3] for i in range(0, len(buttons), 3)]
    rows.append([button(_("Delete the draft"), FormPress(action="drop"), DANGER), *back_home(_)])
    return show(event, "\n".join(lines), rows)


def _details(told: Told) -> Details:
    return Details(
        teller=told.teller,
        platform=told.platform,
        happened_on=told.day,
        repeated=told.repeated,
        minor=told.minor,
        retaliation=told.retaliation,
    )


async def drop(query: CallbackQuery, visit: Visit) -> Method:
    """Delete the draft: nothing of it is left."""
    _ = visit._
    await visit.state.clear()
    draft = await draft_of(visit.session, visit.person.id)
    if draft is not None:
        await visit.session.delete(draft)
    again = [button(_("Report an incident"), ReportPress(action="begin"))]
    return show(query, _("The draft is deleted. Nothing was sent."), [again, back_home(_)])


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
    plate = told.plate if told.teller is not Teller.DRIVER else None
    screen = await send_flag(
        query,
        visit,
        draft=draft.key,
        codes=told.codes or ["OT"],
        ride=Ride.OVER,
        details=_details(told),
        words=told.words,
        order=told.order,
        plate=plate,
    )
    if await sent_from(visit.session, visit.person.id, draft.key) is not None:  # else it has to wait, and stays
        await visit.session.delete(draft)
    return screen
