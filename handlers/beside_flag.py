"""What stands below a flag besides the reviewer's own work: what a supervisor, an owner, a second person decide."""

from handlers.barring import bar_button
from handlers.presses import FlagPress
from handlers.screens import DANGER, Row, button
from handlers.visit import Visit
from models.approvals import Kind, granted, may_ask
from models.flags import Flag
from models.handover import may_hand_over
from models.people import Person
from models.team import OWNING, role_of


async def rows_beside(flag: Flag, visit: Visit) -> list[Row]:
    """The buttons, only those that the person may press now."""
    _ = visit._
    role = await role_of(visit.session, visit.person.id)
    rows: list[Row] = []
    if await may_ask(visit.session, Kind.CONTACT, visit.person.id, visit.now, flag):
        open_now = await granted(visit.session, Kind.CONTACT, visit.person.id, visit.now, flag.id)
        label = _("Show the contact") if open_now else _("How to reach the person")
        rows.append([button(label, FlagPress(action="contact", flag=flag.id))])
    if await may_hand_over(visit.session, flag, visit.person.id):
        rows.append([button(_("Hand over"), FlagPress(action="give", flag=flag.id))])
    if role in OWNING:
        rows.append([bar_button(await visit.session.get_one(Person, flag.reporter_id), flag.id, _)])
        if not flag.is_quiet(visit.now):
            rows.append([button(_("Delete for good"), FlagPress(action="purge", flag=flag.id), DANGER)])
    return rows
