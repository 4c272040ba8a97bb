"""The review of a report before it's sent: all that would be sent, and what can and can't be promised."""

from handlers.details import consent_line, detail_lines
from handlers.form_questions import QUESTIONS, REVIEW, asked
from handlers.home import call_rows, help_lines, way_out
from handlers.own import shorten
from handlers.pieces import piece_lines
from handlers.presses import FormPress
from handlers.promises import as_far_as_known, promises
from handlers.screens import DANGER, SUCCESS, Event, Method, Row, button, in_rows, show
from handlers.visit import Visit
from models.behaviours import BEHAVIOURS, MAX_SEVERITY, behaviour_name
from models.details import AIM_NAMES, Aim
from models.drafts import Draft, Told
from models.evidence import pieces_of_draft


async def show_review(event: Event, draft: Draft, told: Told, visit: Visit, note: str = "") -> Method:
    """Everything that would be sent, each answer a button to change it; from now on each answer leads back here."""
    _ = visit._
    await visit.state.clear()
    draft.place = REVIEW
    told.reviewed = True
    draft.write(visit.vault, told, visit.now)
    codes = told.codes or ["OT"]
    lines = [note, ""] if note else []
    lines += [_("<b>Before you send it</b>"), ""]
    lines += [f"• {_(behaviour_name(code, by_passenger=told.by_driver))}" for code in codes]
    lines += detail_lines(told.details(), told.order, None if told.by_driver else told.plate, _)
    lines += piece_lines(await pieces_of_draft(visit.session, visit.person.id, draft.key), told.place, _)
    if told.aim is not None:
        lines.append(_(AIM_NAMES[told.aim]))
    if told.aim is not Aim.COUNT:
        lines.append(consent_line(told.recipients, _))
    if told.words:
        lines += ["", _("<blockquote>{words}</blockquote>", words=shorten(told.words, 1000))]
    lines += [
        "",
        promises(_, told.aim or Aim.ACT),
        "",
        as_far_as_known(_),
    ]
    rows: list[Row] = [[button(_("Send"), FormPress(action="send", value=draft.key), SUCCESS)]]
    if any(BEHAVIOURS[code].severity == MAX_SEVERITY for code in codes):
        rows = [*call_rows(help_lines(visit)), *rows]
    rows += in_rows([button(_(QUESTIONS[step].short), FormPress(action="go", step=step)) for step in asked(told)], 3)
    rows += [[button(_("Delete the draft"), FormPress(action="drop"), DANGER)], way_out(_)]
    return show(event, "\n".join(lines), rows)
