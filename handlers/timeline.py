"""What happened with a flag and when, as the team sees it: from the flag itself and from the audit."""

from datetime import datetime

from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action, AuditEntry, entries
from models.flags import OUTCOME_NAMES, Flag, Outcome
from models.words import N_

_SHOWN = 12
EVENTS = {
    Action.CLAIMED: N_("claimed"),
    Action.RELEASED: N_("given back to the queue"),
    Action.HANDED_OVER: N_("handed over"),
    Action.RECATEGORISED: N_("category changed"),
    Action.SEVERITY_SET: N_("severity changed"),
    Action.MERGED: N_("put together with another flag"),
    Action.PARTED: N_("looked at on its own again"),
    Action.CLOSED: N_("closed"),
    Action.REOPENED: N_("reopened"),
    Action.ADDED: N_("the person who reported added to it"),
    Action.APPEAL_DECIDED: N_("second look given"),
    Action.WITHDRAWN: N_("withdrawn"),
}


async def timeline(flag: Flag, visit: Visit) -> list[str]:
    """The lines as HTML, oldest first; of what was done only the newest."""
    _ = visit._
    lines = [(flag.received_at, _("received"))]
    if flag.released_at is not None:
        lines.append((flag.released_at, _("given to the team")))
    if flag.opened_at is not None:
        lines.append((flag.opened_at, _("first opened")))
    newest = await entries(visit.session, limit=_SHOWN, actions=tuple(EVENTS), flag_id=flag.id)
    lines += [(entry.at, _event(entry, visit.person.id, _)) for entry in reversed(newest)]
    lines.sort(key=_when)
    return [_("{time}: {event}", time=_.moment(at), event=event) for at, event in lines]


def _when(line: tuple[datetime, str]) -> datetime:
    return line[0]


def _event(entry: AuditEntry, me: int, _: Texts) -> str:
    event = _(EVENTS[entry.action])
    if entry.action is Action.CLOSED and entry.detail in set(Outcome):
        event = f"{event}, {_(OUTCOME_NAMES[Outcome(entry.detail)])}"
    if entry.actor_id is None:
        return event
    who = _("you") if entry.actor_id == me else _("a colleague")
    return f"{event} ({who})"
