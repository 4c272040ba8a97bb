"""What whoever reported sees of their flag as long as the news of it waits.

That another person named the vehicle releases what was held, and takes up again what was closed, at once: the team sees
it. Whoever reported hears some hours later, at a moment drawn by lot, and until then sees the flag as it stood before:
or somebody, the driver perhaps, who reports from two accounts would read on one that somebody else has just reported,
and when. Meanwhile the team does nothing that reaches them.

What they do themselves meanwhile works as if nothing had happened.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, literal, or_
from sqlalchemy.orm import InstrumentedAttribute

from models.audit import KEPT_OF_ANY, Action, AuditEntry
from models.flags import ENDED, UNSEEN, WITH_TEAM, Flag, Outcome, State

_HOUR = 60 * 60
SOONEST, LATEST = 1 * _HOUR, 12 * _HOUR
"""Seconds after another person named the vehicle, between which the news is due."""
_BY_HOLDERS = (
    *KEPT_OF_ANY,
    Action.RECEIVED,
    Action.ADDED,
    Action.ANSWERED,
    Action.CONSENTED,
    Action.CONSENT_REVOKED,
    Action.REACH_CHANGED,
    Action.REPORTER_APPEALED,
    Action.WITHDRAWN,
)
"""What they do that is written down of a flag that the team has."""


def news_at(now: datetime) -> datetime:
    """When whoever reported hears that another person named the vehicle now; drawn anew at each call."""
    return now + timedelta(seconds=SOONEST + secrets.randbelow(LATEST - SOONEST + 1))


@dataclass(frozen=True)
class Shown:
    """Where a flag stands as whoever reported may see it."""

    state: State
    opened_at: datetime | None
    released_at: datetime | None
    reopened_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    hidden_since: datetime | None = None
    """What the team did from this moment on isn't shown; None if nothing is hidden."""

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an outcome, or for another person."""
        return self.state not in ENDED

    @property
    def with_team(self) -> bool:
        """Whether the team has it and it's not ended."""
        return self.state in WITH_TEAM

    @property
    def unseen(self) -> bool:
        """Whether the team doesn't know that it exists."""
        return self.state in UNSEEN

    def hides(self, moment: datetime | None) -> bool:
        """Whether what the team did at a moment isn't shown."""
        return self.hidden_since is not None and moment is not None and moment >= self.hidden_since


def as_shown(flag: Flag, now: datetime) -> Shown:
    """Where a flag stands as whoever reported may see it now."""
    if not flag.is_quiet(now) or flag.quiet_since is None:
        return Shown(flag.state, flag.opened_at, flag.released_at, flag.reopened_at, flag.ended_at, flag.outcome)
    since = flag.quiet_since
    if flag.outcome_before is not None:
        opened_at = flag.opened_at if flag.opened_at is not None and flag.opened_at < since else None
        return Shown(
            State.CLOSED,
            opened_at,
            flag.released_at,
            flag.reopened_before,
            flag.ended_before,
            flag.outcome_before,
            since,
        )
    sent_by_self = flag.released_at if _was_sent_by_self(flag) else None
    if flag.state is State.WITHDRAWN:
        return Shown(State.WITHDRAWN, None, sent_by_self, None, flag.ended_at, None, since)
    return Shown(State.HELD if sent_by_self is None else State.NEW, None, sent_by_self, None, None, None, since)


def _was_sent_by_self(flag: Flag) -> bool:
    """Whether whoever reported gave it to the team too, not knowing that it's there already."""
    return flag.released_at != flag.quiet_since


def waits_for_news(flag_id: InstrumentedAttribute[int], now: datetime) -> ColumnElement[bool]:
    """A condition for any query: the news of the flag with the number in this column waits."""
    return exists().where(Flag.id == flag_id, Flag.quiet_until > now)


def send_quietly(flag: Flag, now: datetime) -> bool:
    """Give to the team what looks held and isn't any more: to whoever reported it looks as if it went now."""
    if flag.state is State.WITHDRAWN or not as_shown(flag, now).unseen or not flag.is_quiet(now):
        return False
    flag.released_at = now
    return True


def shown_entries(flag: Flag, now: datetime) -> ColumnElement[bool]:
    """A condition for any query of the audit: whoever reported may see this entry about the flag now."""
    shown = as_shown(flag, now)
    if shown.hidden_since is None:
        return literal(True)
    visible = [AuditEntry.at < shown.hidden_since, AuditEntry.action.in_(KEPT_OF_ANY)]
    since = shown.released_at if flag.outcome_before is None else shown.hidden_since
    if since is not None:
        visible.append(and_(AuditEntry.at >= since, AuditEntry.action.in_(_BY_HOLDERS)))
    return or_(*visible)
