"""Barring somebody who misuses reports: an owner's decision on a flag, without knowing who it is.

The person is told nothing and sees nothing change; their reports are kept, but only the most severe ones come to the
team. It can be undone on any flag of theirs.
"""

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardButton

from handlers.desk import note
from handlers.presses import Action, BarPress, ReviewPress
from handlers.roles import Owns
from handlers.screens import DANGER, PRIMARY, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.duty import wait_again_for
from models.flag_rights import reviewed_flag
from models.people import Person


def router() -> Router:
    """Routes for barring."""
    router = Router(name="barring")
    router.callback_query.filter(BarPress.filter(), Owns())
    router.callback_query.register(ask, Action("ask"))
    router.callback_query.register(bar, Action("bar", "unbar"))
    return router


def bar_button(reporter: Person, flag_id: int, _: Texts) -> InlineKeyboardButton:
    """The button for owners on a flag: whoever sent it is barred, or no longer."""
    if reporter.barred_at is not None:
        return button(_("Take reports of this person again"), BarPress(action="unbar", flag=flag_id))
    return button(_("Bar whoever sent it"), BarPress(action="ask", flag=flag_id))


async def ask(query: CallbackQuery, callback_data: BarPress, visit: Visit) -> Method:
    """Make sure before somebody is barred."""
    _ = visit._
    rows: list[Row] = [
        [button(_("Yes, bar"), BarPress(action="bar", flag=callback_data.flag), DANGER)],
        [button(_("No"), ReviewPress(action="open", flag=callback_data.flag), PRIMARY)],
    ]
    text = _(
        "<b>Bar whoever sent flag №{number}?</b>\n\nOnly for misuse that is certain. The person is told nothing; of "
        "their reports only the most severe ones still come to the queue. You can undo it here.",
        number=callback_data.flag,
    )
    return show(query, text, rows)


async def bar(query: CallbackQuery, callback_data: BarPress, visit: Visit) -> Method:
    """Bar whoever sent the flag, or take that back."""
    _ = visit._
    flag = await reviewed_flag(visit.session, visit.person.id, callback_data.flag)
    back: Row = [button(_("Queue"), ReviewPress(action="queue"))]
    if flag is None:
        return show(query, _("There is no flag with this number that you may open."), [back])
    reporter = await visit.session.get_one(Person, flag.reporter_id)
    barring = callback_data.action == "bar"
    if (reporter.barred_at is not None) is not barring:
        reporter.barred_at = visit.now if barring else None
        if not barring:
            await wait_again_for(visit.session, reporter.id, visit.now)
        action = Audited.BARRED if barring else Audited.UNBARRED
        await note(visit, action, flag)
    text = _("Barred. The person is told nothing.") if barring else _("Their reports come to the queue again.")
    return show(query, text, [[button(f"« №{flag.id}", ReviewPress(action="open", flag=flag.id)), *back]])
