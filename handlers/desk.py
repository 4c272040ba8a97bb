"""What each module of the reviewers' desk asks: who may see a flag, and what is written down about it."""

from handlers.home import back_home
from handlers.presses import ReviewPress
from handlers.screens import Event, Method, button, show
from handlers.visit import Visit
from models.audit import Action, record
from models.flags import Flag, State, reviewed_flag


async def note(visit: Visit, action: Action, flag: Flag | None = None, detail: str = "") -> None:
    """Write down what this member of the team does."""
    flag_id = flag.id if flag is not None else None
    actor = visit.person.id
    await record(visit.session, visit.vault, action, now=visit.now, actor_id=actor, flag_id=flag_id, detail=detail)


async def flag_at_desk(number: int, visit: Visit) -> Flag | None:
    """The flag, if this person may review it and it wasn't withdrawn; a try without the right is written down."""
    flag = await reviewed_flag(visit.session, visit.person.id, number)
    if flag is None:
        await note(visit, Action.DENIED, detail=f"flag {number}"[:64])
        return None
    return None if flag.state is State.WITHDRAWN else flag


def nothing_there(event: Event, visit: Visit) -> Method:
    """What is shown instead of a flag that this person may not open."""
    _ = visit._
    text = _("There is no flag with this number that you may open.")
    return show(event, text, [[button(_("Queue"), ReviewPress(action="queue")), *back_home(_)]])
