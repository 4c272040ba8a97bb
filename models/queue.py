"""The queue: open flags in the order in which the team should look at them, a page at a time.

However many flags there are, a page is read from the front of a few ranges of an index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, TextClause, and_, func, literal, not_, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from models.base import Identifier, UtcDateTime
from models.behaviours import MAX_SEVERITY, Form
from models.details import Platform
from models.flag_rights import reviewable
from models.flags import CLAIMED, OPEN, UNOPENED, Flag, State, kept_out_of_queue
from models.people import barred

_NEW = text("state = 'new'")  # spelt as in the indexes
Condition = ColumnElement[bool] | TextClause


@dataclass(frozen=True)
class Wanted:
    """Which open flags of the queue are asked for; what is None or False leaves none out."""

    state: State | None = None
    """New or claimed."""
    mine: bool = False
    """Claimed by who asks."""
    overdue: bool = False
    form: Form | None = None
    platform: Platform | None = None
    region: str | None = None
    """ISO 3166-2."""

    def conditions(self, reviewer_id: int, now: datetime) -> list[Condition]:
        """The same as conditions of a query; each as the indexes can use it."""
        found: list[Condition] = []
        if self.mine:
            found += [CLAIMED, Flag.reviewer_id == reviewer_id]
        elif self.state is not None:
            found.append(_NEW if self.state is State.NEW else CLAIMED)
        if self.overdue:
            found.append(_overdue(now))
        if self.form is not None:
            found.append(Flag.form == self.form)
        if self.platform is not None:
            found.append(Flag.platform == self.platform)
        if self.region is not None:
            found.append(Flag.region == self.region)
        return found


class Place(NamedTuple):
    """A place in the queue, that of one flag; flags that come or go elsewhere don't move it."""

    shelf: int
    due_at: datetime
    id: int


# The queue stands on shelves, in this order: (severity, whether only the overdue or only the others stand there).
# The most severe ones come first, overdue or not; each shelf is one range of an index.
_SHELVES = (
    (MAX_SEVERITY, None),
    *((level, True) for level in range(MAX_SEVERITY - 1, 0, -1)),
    *((level, False) for level in range(MAX_SEVERITY - 1, 0, -1)),
)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _overdue(now: datetime) -> ColumnElement[bool]:
    return and_(UNOPENED, Flag.due_at < now)


def is_overdue(flag: Flag, now: datetime) -> bool:
    """Whether somebody should have looked at it by now."""
    return flag.opened_at is None and flag.due_at < now


def place_of(flag: Flag, now: datetime) -> Place:
    """Where a flag stands in the queue."""
    overdue = None if flag.severity == MAX_SEVERITY else is_overdue(flag, now)
    return Place(_SHELVES.index((flag.severity, overdue)), flag.due_at, flag.id)


def _waiting(reviewer_id: int) -> list[Condition]:
    """Open flags that this person may review; of a barred person only the most severe ones."""
    return [OPEN, *reviewable(reviewer_id), not_(kept_out_of_queue())]


async def queue(
    session: AsyncSession,
    reviewer_id: int,
    *,
    limit: int,
    now: datetime = _LONG_AGO,
    wanted: Wanted = Wanted(),
    after: Place | None = None,
    before: Place | None = None,
) -> Sequence[Flag]:
    """Open flags that this person may review, without their behaviours: the most severe, then those that nobody has
    looked at in time, then the others; each by severity, then by when they are due.

    Of a barred person only the most severe ones come here. After a place, or so many just before one.
    """
    conditions = [OPEN, *reviewable(reviewer_id), *wanted.conditions(reviewer_id, now)]
    edge, backwards = (before, True) if before is not None else (after, False)
    order = (Flag.due_at.desc(), Flag.id.desc()) if backwards else (Flag.due_at, Flag.id)
    shelves = list(enumerate(_SHELVES))
    found: list[Flag] = []
    for number, (level, overdue) in reversed(shelves) if backwards else shelves:
        if edge is not None and (number > edge.shelf if backwards else number < edge.shelf):
            continue
        if wanted.overdue and overdue is False:
            continue
        query = select(Flag).where(*conditions, Flag.severity == level).options(lazyload(Flag.behaviours))
        if level < MAX_SEVERITY:
            query = query.where(not_(barred(Flag.reporter_id)))
        if overdue is not None and not wanted.overdue:
            query = query.where(_overdue(now) if overdue else or_(Flag.opened_at.is_not(None), Flag.due_at >= now))
        if edge is not None and number == edge.shelf:
            here = tuple_(Flag.due_at, Flag.id)
            there = tuple_(literal(edge.due_at, UtcDateTime()), literal(edge.id, Identifier))
            query = query.where(here < there if backwards else here > there)
        found += await session.scalars(query.order_by(*order).limit(limit - len(found)))
        if len(found) == limit:
            break
    return found[::-1] if backwards else found


COUNTED_TO = 500
"""No count of the queue goes further: it must stay quick, and nobody needs it exactly by then."""


class Waiting(NamedTuple):
    """How many flags wait, each `COUNTED_TO` at most."""

    open: int
    overdue: int
    mine: int


async def count_waiting(session: AsyncSession, reviewer_id: int, now: datetime) -> Waiting:
    """How many open flags this person may review, how many nobody has looked at in time, how many they work on."""
    counts = []
    for wanted in (Wanted(), Wanted(overdue=True), Wanted(mine=True)):
        conditions = [*_waiting(reviewer_id), *wanted.conditions(reviewer_id, now)]
        some = select(literal(1)).select_from(Flag).where(*conditions).limit(COUNTED_TO).subquery()
        counts.append(await session.scalar(select(func.count()).select_from(some)) or 0)
    return Waiting(*counts)
