"""What every module of the reviewers' desk shares: who may see a flag, what is written down, and the ways back.

Whoever is not of the team gets the same answer as to an unknown command. Every look and change is in the audit.
"""

from datetime import datetime

from aiogram.fsm.state import State, StatesGroup
from aiogram.types import InlineKeyboardButton

from handlers.home import back_home
from handlers.notices import tell_reporter
from handlers.presses import QueuePress, ReviewPress
from handlers.screens import Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action, entries
from models.behaviours import MAX_SEVERITY
from models.flag_rights import holders, reviewed_flag
from models.flags import Flag
from models.flags import State as FlagState


class Writing(StatesGroup):
    """What a member of the team may be typing; the data says about which flag."""

    note = State()
    closing = State()
    reopening = State()
    category = State()
    severity = State()
    duplicate = State()
    search = State()


async def note(visit: Visit, action: Action, flag: Flag | None = None, detail: str = "") -> None:
    """Write down what this member of the team does; `detail` holds codes, never words of a person."""
    await visit.record(action, flag.id if flag is not None else None, detail[:64], actor_id=visit.person.id)


async def find(number: int, visit: Visit) -> Flag | None:
    """The flag, if this person may review it; a try that fails is written down."""
    flag = await reviewed_flag(visit.session, visit.person.id, number)
    if flag is None:
        await note(visit, Action.DENIED, detail=f"flag {number}")
    return flag


async def find_kept(number: int, visit: Visit) -> Flag | None:
    """The same, but of one that was withdrawn nothing more is shown."""
    flag = await find(number, visit)
    return None if flag is None or flag.state is FlagState.WITHDRAWN else flag


async def has_opened(flag: Flag, visit: Visit, since: datetime | None = None) -> bool:
    """Whether this member has opened a flag themselves, ever or since a moment."""
    found = await entries(
        visit.session, limit=1, since=since, actor_id=visit.person.id, actions={Action.OPENED}, flag_id=flag.id
    )
    return bool(found)


def only_to_read(flag: Flag, visit: Visit) -> str:
    """Why nothing that reaches whoever reported can be done with a flag yet; empty if it can."""
    if flag.quiet_until is None or not flag.is_quiet(visit.now):
        return ""
    return visit._(
        "Another person named this car a short while ago. So that nobody learns by the hour who reported, whoever sent "
        "this flag hears of it on {time}. Until then it can be read and claimed, but not closed, recategorised, "
        "deleted or put together with another, and nobody is asked or contacted.",
        time=visit._.moment(flag.quiet_until),
    )


def no_such_flag(event: Event, _: Texts) -> Method:
    """What everybody sees who may not open a flag, whether it's there or not."""
    text = _("There is no flag with this number that you may open.")
    return show(event, text, [[*to_queue(_), *back_home(_)]])


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
    """Tell everybody whose flag it is that there's news; where other news waits, this is said with it."""
    if flag.is_quiet(visit.now):
        return
    for person in await holders(visit.session, flag):
        await tell_reporter(visit.session, visit.vault, visit.texts, person, flag.handle, visit.now)
