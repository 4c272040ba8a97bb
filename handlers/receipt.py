"""What is seen once a report is stored: its code, what follows now, and what can still be added."""

from collections.abc import Mapping
from typing import Any

from aiogram.methods import SendMessage

from handlers.home import help_lines, help_rows, help_text, way_out
from handlers.making import Made, Workshop
from handlers.own import add_rows
from handlers.presses import OwnPress, PassphrasePress
from handlers.screens import Event, Method, Row, button, copy_button, keyboard, show
from handlers.visit import Visit
from models.behaviours import BEHAVIOURS, FORMS_OF_HARASSMENT, MAX_SEVERITY
from models.details import Aim
from models.flags import Flag, State
from models.late_news import as_shown
from models.people import Person


async def make_receipt(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The code of a report in a message of its own, which stays when the screen becomes another."""
    _, receipt = workshop.texts[person.language], values["receipt"]
    text = _("Your code: <code>{receipt}</code>", receipt=receipt)
    return Made(SendMessage(chat_id=0, text=text, reply_markup=keyboard([[copy_button(_("Copy"), receipt)]])))


def receipt_screen(event: Event, flag: Flag, receipt: str, aim: Aim | None, visit: Visit) -> Method:
    """A stored report: its code as people read it, what follows, and what can be added; `aim` is what was asked for."""
    return show(event, _stored(flag, receipt, aim, visit), _stored_rows(flag, receipt, visit))


def _stored(flag: Flag, receipt: str, aim: Aim | None, visit: Visit) -> str:
    _ = visit._
    # What others reported of the car shows in nothing here: it may be its driver who looks.
    help_first = flag.severity_as_told == MAX_SEVERITY
    codes = [behaviour.code for behaviour in flag.behaviours]
    parts = [help_text(_, help_lines(visit))] if help_first else []
    parts += [
        _("<b>Your report is saved.</b> It was not your fault.")
        if any(BEHAVIOURS[code].form in FORMS_OF_HARASSMENT for code in codes)
        else _("<b>Your report is saved.</b> Thank you for telling."),
        _("Your code: <code>{receipt}</code>", receipt=receipt),
        _what_follows(flag, aim, visit),
    ]
    if not help_first:
        parts.append(_("If you are in danger, please call 112: this bot can't send help."))
    return "\n\n".join(parts)


def _what_follows(flag: Flag, aim: Aim | None, visit: Visit) -> str:
    _ = visit._
    looks_held = as_shown(flag, visit.now).state is State.HELD
    if looks_held or aim is Aim.HOLD:  # also if another person had named the car before
        return _(
            "Nobody sees it until another person names the same car; then it goes to the team and you are told. "
            "You can send it to the team or withdraw it at any time in /myreports. It is deleted after {days} days.",
            days=visit.terms.days_kept,
        )
    if flag.state is State.COUNTED:
        return _("It is only counted: nobody reads it. In /myreports you can change that, or delete it.")
    return _(
        "We aim to look at it by {time}. Until it is closed you can add to it or withdraw it in /myreports. "
        "The answer will be there too; this code finds it again.",
        time=_.moment(flag.promised_at),
    )


def _stored_rows(flag: Flag, receipt: str, visit: Visit) -> list[Row]:
    _ = visit._
    rows: list[Row] = [[copy_button(_("Copy the code"), receipt)]]
    if flag.severity_as_told == MAX_SEVERITY:
        rows = [*help_rows("", visit), *rows]
    if as_shown(flag, visit.now).is_open:
        rows += add_rows(flag, _)
        rows.append(
            [
                button(_("Set a passphrase"), PassphrasePress(action="ask", flag=flag.handle)),
                button(_("Withdraw"), OwnPress(action="withdraw", flag=flag.handle)),
            ]
        )
    return [*rows, [button(_("My reports"), OwnPress(action="list"))], way_out(_)]
