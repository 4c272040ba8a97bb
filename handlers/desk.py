"""What every module of the reviewers' desk shares: who may come in, what is written down, and the way back.

Whoever is not of the team gets the same answer as to an unknown command. Every look and change is in the audit.
"""

from typing import Any

from aiogram.filters import Filter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import InlineKeyboardButton

from handlers.notices import tell_reporter
from handlers.presses import QueuePress, ReviewPress
from handlers.screens import Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record
from models.behaviours import MAX_SEVERITY
from models.flags import Flag, reviewed_flag
from models.people import Person
from models.team import role_of


class Writing(StatesGroup):
    """What a member of the team may be typing; the data says about which flag."""

    note = State()
    closing = State()
    reopening = State()
    category = State()
    severity = State()
    duplicate = State()
    search = State()


class OnTeam(Filter):
    """The person is of the team, says the database now."""

    async def __call__(self, *args: Any, visit: Visit) -> bool:
        """Ask at every action: a role can end between two presses."""
        return await role_of(visit.session, visit.person.id) is not None


async def note(visit: Visit, action: Audited, flag: Flag | None = None, detail: str = "") -> None:
    """Write down what this member of the team does; `detail` holds codes, never words of a person."""
    await record(
        visit.session,
        visit.vault,
        action,
        now=visit.now,
        actor_id=visit.person.id,
        flag_id=flag.id if flag is not None else None,
        detail=detail,
    )


async def find(number: int, visit: Visit) -> Flag | None:
    """The flag, if this person may review it; a try that fails is written down."""
    flag = await reviewed_flag(visit.session, visit.person.id, number)
    if flag is None:
        await note(visit, Audited.DENIED, detail=f"flag {number}"[:64])
    return flag


def no_such_flag(event: Event, _: Texts) -> Method:
    """The answer for a flag that there isn't, or that this person may not open."""
    return show(event, _("There is no flag with this number that you may open."), [to_queue(_)])


def to_queue(_: Texts) -> Row:
    """The way to the queue."""
    return [button(_("Queue"), QueuePress(action="list"))]


def open_button(flag_id: int, label: str = "№{}") -> InlineKeyboardButton:
    """The button that opens a flag."""
    return button(label.format(flag_id), ReviewPress(action="open", flag=flag_id))


def back_to(flag_id: int) -> InlineKeyboardButton:
    """The way back to a flag."""
    return open_button(flag_id, "« №{}")


def dots(severity: int) -> str:
    """A severity as people see it."""
    return "●" * severity + "○" * (MAX_SEVERITY - severity)


async def tell(flag: Flag, visit: Visit) -> None:
    """Tell whoever sent a flag that there's news."""
    reporter = await visit.session.get(Person, flag.reporter_id)
    if reporter is not None:
        await tell_reporter(visit.session, visit.vault, visit.texts, reporter, flag.id, visit.now)
