"""What follows when a report comes to the team: an entry in the audit, word to the team and to whoever waited."""

from collections.abc import Sequence

from handlers.notices import tell_reporter, tell_team_of_flag
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record
from models.behaviours import MAX_SEVERITY
from models.escrow import name_vehicle
from models.flag_rights import holders
from models.flags import UNSEEN, Flag
from models.people import Person
from models.repeats import take_up_again


async def arrived(flag: Flag, visit: Visit) -> None:
    """Note that a report was received, and tell the team; of one that isn't for the team nothing is noted.

    Nobody is called for a report of somebody who was barred, unless it's of the highest severity.
    """
    if flag.state in UNSEEN:
        return
    await record(visit.session, visit.vault, Audited.RECEIVED, now=visit.now, flag_id=flag.id)
    reporter = await visit.session.get_one(Person, flag.reporter_id)
    if reporter.barred_at is None or flag.severity == MAX_SEVERITY:
        await tell_team_of_flag(visit.session, visit.vault, visit.texts, flag, visit.now)
    await _take_up_again(flag, visit)


async def _take_up_again(flag: Flag, visit: Visit) -> None:
    """Closed reports on the same vehicle are looked at once more; whoever sent them hears some hours later of news."""
    for each in await take_up_again(visit.session, visit.vault, flag, visit.now):
        await record(visit.session, visit.vault, Audited.REOPENED, now=visit.now, flag_id=each.id, detail="vehicle")
        for person in await holders(visit.session, each):
            await _tell_later(person, each, visit)


async def _tell_later(person: Person, flag: Flag, visit: Visit) -> None:
    """Tell a person of their flag once the news is due; see `models/late_news.py`."""
    due_at = flag.quiet_until
    await tell_reporter(visit.session, visit.vault, visit.texts, person, flag.handle, visit.now, due_at=due_at)


async def vehicle_named(flag: Flag, plate: str, visit: Visit) -> None:
    """A report that was sent before gets its normalised plate, with all that follows for others on the vehicle."""
    await released(await name_vehicle(visit.session, visit.vault, flag, plate, visit.now), visit)
    await _take_up_again(flag, visit)


async def released(flags: Sequence[Flag], visit: Visit) -> None:
    """What was held comes to the team, and each who waited is told some hours later that there's news."""
    for flag in flags:
        await arrived(flag, visit)
        for person in await holders(visit.session, flag):
            await _tell_later(person, flag, visit)


async def note_added(flag: Flag, what: str, visit: Visit) -> None:
    """Note in the audit that the person who reported added something; `what` names it, in 64 characters at most."""
    await _note(flag, Audited.ADDED, what, visit)


async def note_removed(flag: Flag, what: str, visit: Visit) -> None:
    """Note in the audit that the person who reported took something out again."""
    await _note(flag, Audited.PIECE_REMOVED, what, visit)


async def _note(flag: Flag, action: Audited, what: str, visit: Visit) -> None:
    """Nothing is noted of what the team doesn't know of."""
    if flag.state not in UNSEEN:
        await record(visit.session, visit.vault, action, now=visit.now, flag_id=flag.id, detail=what)
