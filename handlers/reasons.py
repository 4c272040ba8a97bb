"""Reasons of decisions: a few to pick from, or typed. Only the team sees them."""

from html import escape

from aiogram.filters.callback_data import CallbackData

from handlers.screens import Row, button
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import record_denied
from models.flags import Outcome
from models.markup import units
from models.notes import REASON_LIMIT
from models.words import N_

CLOSED = (
    N_("What was told is enough to decide"),
    N_("It fits earlier reports on this vehicle"),
    N_("There is too little to decide"),
    N_("At the person's own request"),
)
MISUSE = (
    N_("It is not about a ride"),
    N_("The same was sent many times"),
    N_("It cannot have happened like that"),
)
REOPENED = (
    N_("Something new became known"),
    N_("It was closed by mistake"),
    N_("At the person's own request"),
)
RECATEGORISED = (
    N_("The person's words say something else"),
    N_("It was a slip of the finger"),
    N_("The person explained it"),
)
SEVERITY = (
    N_("Somebody may be in danger"),
    N_("It happened more than once"),
    N_("It is less urgent than it seemed"),
)
SECOND_LOOK = (
    N_("I see it the same way"),
    N_("What they say changes it"),
    N_("It was weighed differently than usual"),
)
_ALL = frozenset((*CLOSED, *MISUSE, *REOPENED, *RECATEGORISED, *SEVERITY, *SECOND_LOOK))


def reasons_for(outcome: Outcome) -> tuple[str, ...]:
    """What there is to pick from when a flag is closed with this outcome."""
    return MISUSE if outcome is Outcome.MISUSE else CLOSED


def reason_rows(reasons: tuple[str, ...], press: CallbackData, _: Texts) -> list[Row]:
    """A button for each reason; what it presses has its position in the list as `reason`."""
    return [[button(_(reason), press.model_copy(update={"reason": at}))] for at, reason in enumerate(reasons)]


def picked(reasons: tuple[str, ...], at: int) -> str | None:
    """The reason at a position, which may be forged."""
    return reasons[at] if 0 <= at < len(reasons) else None


def typed_reason(text: str) -> str | None:
    """What was typed as a reason; None if it's too long or empty."""
    reason = text.strip()
    return reason if reason and units(reason) <= REASON_LIMIT else None


def ask_reason(_: Texts) -> str:
    """What is asked for."""
    return _("<b>Why?</b>\n\nPick a reason or write one. Only the team sees it.")


async def not_kept(flag_id: int | None, visit: Visit) -> str:
    """What is said to a reason that can't be kept; that one was tried is written down."""
    _, actor = visit._, visit.person.id
    await record_denied(visit.session, visit.vault, actor, "reason too long", visit.now, flag_id)
    return _("Please write it in {limit} characters at most.", limit=REASON_LIMIT)


def shown(text: str, _: Texts) -> str:
    """A note or reason as HTML: in the reader's language if it was picked, else as it was typed."""
    return _(text) if text in _ALL else escape(text, quote=False)
