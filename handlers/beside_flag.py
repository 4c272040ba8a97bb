"""What stands below a flag besides the reviewer's own work: what a supervisor, an owner, a second person decide."""

from handlers.barring import bar_button
from handlers.home import back_home
from handlers.presses import FlagPress, ReviewPress
from handlers.screens import DANGER, Event, Method, Row, button, show
from handlers.visit import Visit
from models.approvals import Kind, granted, may_ask
from models.audit import Action, record
from models.flags import Flag, reviewed_flag
from models.people import Person
from models.team import OWNING, SUPERVISING, role_of


async def rows_beside(flag: Flag, visit: Visit) -> list[Row]:
    """The buttons, only those that the person may press now."""
    _ = visit._
    role = await role_of(visit.session, visit.person.id)
    rows: list[Row] = []
    if await may_ask(visit.session, Kind.CONTACT, visit.person.id, flag):
        open_now = await granted(visit.session, Kind.CONTACT, visit.person.id, visit.now, flag.id)
        label = _("Show the contact") if open_now else _("How to reach the person")
        rows.append([button(label, FlagPress(action="contact", flag=flag.id))])
    if role in SUPERVISING and flag.is_open:
        rows.append([button(_("Hand over"), FlagPress(action="give", flag=flag.id))])
    if role in OWNING:
        rows.append([bar_button(await visit.session.get_one(Person, flag.reporter_id), flag.id, _)])
        rows.append([button(_("Delete for good"), FlagPress(action="purge", flag=flag.id), DANGER)])
    return rows


async def flag_to_work_on(number: int, visit: Visit) -> Flag | None:
    """The flag, if this person may review it; a try that fails is written down."""
    flag = await reviewed_flag(visit.session, visit.person.id, number)
    if flag is None:
        await note(visit, Action.DENIED, detail=f"flag {number}")
    return flag


async def note(visit: Visit, action: Action, flag: Flag | None = None, detail: str = "") -> None:
    """Write down what this member of the team does."""
    await record(
        visit.session,
        visit.vault,
        action,
        now=visit.now,
        actor_id=visit.person.id,
        flag_id=flag.id if flag is not None else None,
        detail=detail[:64],
    )


def no_such_flag(event: Event, visit: Visit) -> Method:
    """What everybody sees who may not open a flag, whether it's there or not."""
    _ = visit._
    text = _("There is no flag with this number that you may open.")
    return show(event, text, [[button(_("Queue"), ReviewPress(action="queue")), *back_home(_)]])


def back_to_flag(flag_id: int) -> Row:
    """The way back to the screen of a flag."""
    return [button(f"« №{flag_id}", ReviewPress(action="open", flag=flag_id))]
