"""On call: who of the team hears first of a new flag, and what everybody hears when nobody looks in time.

No word of these messages says what was reported, or by whom.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from aiogram import Router
from aiogram.methods import AnswerCallbackQuery, SendMessage
from aiogram.types import CallbackQuery
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.desk import note
from handlers.notices import first_free, post_message
from handlers.presses import Action, DutyPress, ReviewPress
from handlers.queue import show_queue
from handlers.roles import OnTeam
from handlers.screens import Method, button, keyboard
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.duty import URGENT, Alert, nobody_to_tell, on_call, set_duty
from models.flag_rights import parties
from models.flags import Flag
from models.outbox import Priority
from models.people import Language, Person
from models.team import Role, members
from models.vault import Vault
from models.weekly import Week
from models.words import N_

TEXTS = {
    Alert.ON_CALL: N_("Something in the queue should be looked at soon."),
    Alert.EVERYBODY: N_("Something in the queue is overdue: nobody has looked at it yet."),
    Alert.OWNERS: N_("Something in the queue is long overdue, and nobody has looked at it yet."),
}
EMPTY = N_("Nobody is on call. In /queue anybody of the team can go on call.")


def router() -> Router:
    """Routes for being on call."""
    router = Router(name="duty")
    router.callback_query.filter(DutyPress.filter(), OnTeam())
    router.callback_query.register(go, Action("on", "off"))
    return router


async def go(query: CallbackQuery, callback_data: DutyPress, visit: Visit) -> list[Method]:
    """Go on call, or off: what the button says, however often it's pressed."""
    _ = visit._
    now_on = callback_data.action == "on"
    if await set_duty(visit.session, visit.person.id, now_on, visit.now):
        action = Audited.ON_CALL if now_on else Audited.OFF_CALL
        await note(visit, action)
    if (flags := await nobody_to_tell(visit.session, visit.now)) is not None:
        await post_nobody_on_call(visit.session, visit.vault, visit.texts, flags, visit.now)
    text = _("You are on call.") if now_on else _("You are no longer on call.")
    return [await show_queue(query, visit), AnswerCallbackQuery(callback_query_id=query.id, text=text)]


async def post_alerts(
    session: AsyncSession,
    vault: Vault,
    texts: Mapping[Language, Texts],
    waiting: Sequence[tuple[Flag, Alert]],
    now: datetime,
) -> None:
    """Tell each who is to hear of these flags once, of the worst; who is on a side of one hears nothing of it.

    Where nobody else is left of those who should hear, the rest of the team does.
    """
    members_of_team = await members(session)
    team = [person for _member, person in members_of_team]
    circles: Mapping[Alert, Sequence[Person]] = {
        Alert.ON_CALL: await on_call(session),
        Alert.EVERYBODY: team,
        Alert.OWNERS: [person for member, person in members_of_team if member.role is Role.OWNER],
    }
    worst: dict[int, tuple[Person, Alert, int]] = {}
    for flag, alert in waiting:
        on_a_side = await parties(session, flag)
        for person in first_free([circles[alert], team], on_a_side):
            _person, heard, severity = worst.get(person.id, (person, alert, 0))
            worst[person.id] = (person, max(heard, alert), max(severity, flag.severity))
    for person, alert, severity in worst.values():
        priority = Priority.ALERT if severity >= URGENT else Priority.REMINDER
        _tell(session, vault, texts, person, texts[person.language](TEXTS[alert]), priority, now)


async def post_week(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], week: Week, now: datetime
) -> None:
    """Tell the whole team how the last week went."""
    for _member, person in await members(session):
        _ = texts[person.language]
        lines = [
            _("<b>The last seven days</b>"),
            _("received: {n}", n=week.received),
            _("looked at in time: {n} of {total}", n=week.in_time, total=week.due),
            _("closed: {n}", n=week.closed),
            _("waiting now: {n}, of them overdue: {late}", n=week.waiting, late=week.overdue),
        ]
        _tell(session, vault, texts, person, "\n".join(lines), Priority.REMINDER, now)


async def post_nobody_on_call(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], flags: Sequence[Flag], now: datetime
) -> None:
    """Tell the owners that nobody is on call.

    If it's for flags that came, then only who is on no side of one of them: it would tell that there is one.
    """
    team = await members(session)
    everybody = [person for _member, person in team]
    owners = [person for member, person in team if member.role is Role.OWNER]
    told = {} if flags else {person.id: person for person in owners}
    for flag in flags:
        told |= {person.id: person for person in first_free([owners, everybody], await parties(session, flag))}
    for person in told.values():
        _tell(session, vault, texts, person, texts[person.language](EMPTY), Priority.ALERT, now)


def _tell(
    session: AsyncSession,
    vault: Vault,
    texts: Mapping[Language, Texts],
    person: Person,
    text: str,
    priority: Priority,
    now: datetime,
) -> None:
    _ = texts[person.language]
    rows = [[button(_("Open the queue"), ReviewPress(action="queue"))]]
    message = SendMessage(chat_id=0, text=text, reply_markup=keyboard(rows))
    post_message(session, vault, person, message, priority=priority, now=now)
