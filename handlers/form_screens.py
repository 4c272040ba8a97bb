"""The screens that ask the questions of a report: one a screen, with what was answered, the way back and onwards."""

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, InlineKeyboardButton

from handlers.form_questions import QUESTIONS, REVIEW, asked, following, is_answered
from handlers.form_review import show_review
from handlers.home import call_rows, help_lines, help_text, way_out
from handlers.own import shorten, show_reports
from handlers.pieces import piece_lines, remove_rows
from handlers.presses import FormPress, HomePress
from handlers.quick_exit import exit_button
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, in_rows, progress, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.behaviours import BEHAVIOURS, MAX_SEVERITY, Form, behaviour_name, behaviours_of, form_name
from models.consents import RECIPIENT_NAMES, Recipient
from models.details import Aim
from models.drafts import Draft, Told, draft_of
from models.evidence import pieces_of_draft


class Filling(StatesGroup):
    """An answer may be typed; the draft's place says to which question."""

    answer = State()


async def show_step(event: Event, draft: Draft, visit: Visit, note: str = "") -> Method:
    """The question at which the draft stands, after a note; the review, if that is where it stands."""
    _ = visit._
    told, step = draft.read(visit.vault), draft.place
    steps = asked(told)
    if step not in steps:
        return await show_review(event, draft, told, visit, note)
    question, at = QUESTIONS[step], steps.index(step)
    if question.is_typed or question.hint:
        await visit.state.set_state(Filling.answer)
    else:
        await visit.state.clear()
    pieces = await pieces_of_draft(visit.session, visit.person.id, draft.key) if step == "media" else []
    rows = [*_choices(step, told, _), *remove_rows(pieces, _)]
    back = [button(_("« Back"), FormPress(action="go", step=steps[at - 1]))] if at else []
    to = REVIEW if told.reviewed else following(step, told)
    onwards = button(_("Next »"), FormPress(action="go", step=to), PRIMARY)
    skip = button(_("Skip"), FormPress(action="set", step=step))
    rows.append([*back, onwards if pieces or is_answered(step, told) or step == "consents" else skip])
    if not told.reviewed and told.codes and at < len(steps) - 1:
        rows.append([button(_("To the end »"), FormPress(action="go", step=REVIEW))])
    rows += [[button(_("Help now"), HomePress(action="help"), DANGER)], way_out(_)]
    answer = _answer(step, told, visit) or "\n".join(piece_lines(pieces, None, _))
    parts = [note, f"{progress(at, len(steps))}  {at + 1}/{len(steps)}", _(question.text), answer]
    return show(event, "\n\n".join(filter(None, parts)), rows)


def _choices(step: str, told: Told, _: Texts) -> list[Row]:
    """The buttons that answer a question, what was chosen with a tick."""

    def chosen(label: str, value: str, is_chosen: bool, action: str = "set") -> InlineKeyboardButton:
        return _choice(label, FormPress(action=action, step=step, value=value), is_chosen)

    if step == "what":
        return _forms(told, _)
    if step == "day":
        days = {_("Just now"): "now", _("Today"): "today", _("Yesterday"): "yesterday"}
        return [[chosen(label, value, False) for label, value in days.items()]]
    if step == "consents":
        return [
            [chosen(_(name), each, each in told.recipients, "toggle")]
            for each, name in RECIPIENT_NAMES.items()
            if each is not Recipient.DRIVER or not told.by_driver
        ]
    if QUESTIONS[step].is_yes_or_no:
        said = getattr(told, step)
        return [[chosen(_("Yes"), "yes", said is True), chosen(_("No"), "no", said is False)]]
    buttons = [
        chosen(_(name), each, getattr(told, step) == each)
        for each, name in QUESTIONS[step].choices.items()
        if each is not Aim.HOLD or not told.by_driver
    ]
    return in_rows(buttons) if step == "region" else [[each] for each in buttons]


def _choice(label: str, press: FormPress, chosen: bool) -> InlineKeyboardButton:
    return button(("✓ " if chosen else "") + label, press, PRIMARY if chosen else None)


def _forms(told: Told, _: Texts) -> list[Row]:
    rows: list[Row] = []
    for form in Form:
        codes = {each.code for each in behaviours_of(form, by_passenger=told.by_driver)}
        action = "toggle" if form is Form.OTHER else "form"
        if codes:
            name = _(form_name(form, by_passenger=told.by_driver))
            press = FormPress(action=action, step="what", value=form)
            rows.append([_choice(name, press, bool(codes & set(told.codes)))])
    return rows


async def show_behaviours(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """The behaviours of one form, those that are chosen with a tick; help lines first where life may be in danger."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None or callback_data.value not in set(Form):
        return await show_reports(query, visit)
    form, told = Form(callback_data.value), draft.read(visit.vault)
    rows: list[Row] = [
        [
            _choice(
                _(behaviour_name(each.code, by_passenger=told.by_driver)),
                FormPress(action="toggle", step="what", value=each.code),
                each.code in told.codes,
            )
        ]
        for each in behaviours_of(form, by_passenger=told.by_driver)
    ]
    rows.append([exit_button(_), button(_("« Back"), FormPress(action="go", step="what"))])
    parts = [f"<b>{_(form_name(form, by_passenger=told.by_driver))}</b>"]
    if any(BEHAVIOURS[code].severity == MAX_SEVERITY for code in told.codes):
        lines = help_lines(visit)
        parts = [help_text(_, lines), *parts]
        rows = [*call_rows(lines), *rows]
    return show(query, "\n\n".join(parts), rows)


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
