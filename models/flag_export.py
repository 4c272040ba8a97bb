"""Flags as rows of a table for those who study them, in which nobody is to be recognised.

A row has no number of a flag, no receipt, no words, no plate, no place more exact than a region, no day and nobody's
name. What counts is the same as in the figures (`models/flag_figures.py`). The rows come in a random order, another one
each time, so that neither the order nor the number of a row says when a flag came.

Rare combinations are made coarser (a light k-anonymity, k = 5, over month, region and form, the form being that of
the most severe behaviour):

1. A row stays as it is if at least five share its month, region and form.
2. Else it gets the quarter for its month and "other" for its region, if at least five such rows share quarter and form.
3. Else the year alone, "other" for its region and form, and no behaviours, if at least five such rows share the year.
4. Else it's left out.

It's light because what else stands in a row (who told it, the app, the outcome, times) isn't part of the combination:
who knows of a ride may still guess at its row. So an export is for those who have promised not to, and is in the audit.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Integer, String, case, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.behaviours import BEHAVIOURS
from models.flag_figures import CODES, RANKS, counts, local, rank, seconds, shown_at
from models.flags import Flag, FlagBehaviour
from models.periods import ALL, Period
from models.profiles import UNSAID
from models.suppression import LEAST

OTHER = "other"
CHUNK = 4000
"""Rows read at a time: few enough that nobody notices how long it takes."""
_EVER = Period(ALL)
_FORMS = {code: str(behaviour.form) for code, behaviour in BEHAVIOURS.items()}


class Group(NamedTuple):
    """What could make a row recognisable."""

    period: str
    """A month as 2026-11, a quarter as 2026-Q4, or a year."""
    region: str
    """ISO 3166-2, "unsaid" or "other"."""
    form: str
    """A form's code, or "other"."""


class ExportRow(NamedTuple):
    """A flag without anybody in it; None and empty texts are unknown."""

    group: Group
    behaviours: str
    """Codes with spaces between them; none where the form is "other"."""
    severity: int
    ride: str
    teller: str | None
    platform: str | None
    state: str
    outcome: str | None
    minutes_to_look: int | None
    """From when the team could see it to its first look."""
    minutes_to_close: int | None


class Source:
    """The rows of one export, all of them as they are at one moment: the session must see one moment only."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._coarse: Mapping[Group, Group | None] = {}
        self.number = 0
        """How many rows there will be, once `prepare` was called."""

    async def prepare(self) -> None:
        """Count the combinations, and decide what becomes of each."""
        flag = select(self._month().label("month"), _region().label("region"), rank().label("rank"))
        each = flag.where(*counts(_EVER)).subquery().c
        query = select(each.month, each.region, each.rank, func.count()).group_by(each.month, each.region, each.rank)
        found: Counter[Group] = Counter()
        for month, region, place, number in await self._session.execute(query):
            found[Group(month, region, _form(place))] += number
        self._coarse = coarser(found)
        self.number = sum(number for group, number in found.items() if self._coarse[group] is not None)

    async def chunks(self) -> AsyncIterator[list[ExportRow]]:
        """The rows, some thousand at a time, in a random order."""
        codes = select(func.aggregate_strings(FlagBehaviour.code, " ")).where(FlagBehaviour.flag_id == Flag.id)
        query = (
            select(
                self._month(),
                _region(),
                codes.scalar_subquery(),
                Flag.severity,
                *(cast(each, String) for each in (Flag.ride, Flag.teller, Flag.platform, Flag.state, Flag.outcome)),
                self._minutes(Flag.opened_at),
                case((Flag.outcome.is_not(None), self._minutes(Flag.ended_at)), else_=literal(None, Integer)),
            )
            .where(*counts(_EVER))
            .order_by(func.random())
        )
        result = await self._session.stream(query.execution_options(yield_per=CHUNK))
        async for rows in result.partitions(CHUNK):
            yield [row for each in rows if (row := self._row(*each)) is not None]

    def _row(self, month: str, region: str, codes: str, *values: Any) -> ExportRow | None:
        ordered = sorted(codes.split())
        group = self._coarse[Group(month, region, _FORMS[min(ordered, key=RANKS.__getitem__)])]
        if group is None:
            return None
        return ExportRow(group, "" if group.form == OTHER else " ".join(ordered), *values)

    def _month(self) -> Any:
        return local(self._session, Flag.received_at, "%Y-%m", "YYYY-MM")

    def _minutes(self, until: Any) -> Any:
        return cast(func.round(seconds(self._session, shown_at(), until) / 60), Integer)


def coarser(found: Mapping[Group, int]) -> dict[Group, Group | None]:
    """What each combination becomes so that at least five share it, by how many flags it has; None: left out."""
    became: dict[Group, Group | None] = {group: group for group in found}
    for step in (_in_quarter, _in_year, lambda _group: None):
        sizes: Counter[Group] = Counter()
        for group, now in became.items():
            if now is not None:
                sizes[now] += found[group]
        became = {
            group: step(group) if now is not None and sizes[now] < LEAST else now for group, now in became.items()
        }
    return became


def _in_quarter(group: Group) -> Group:
    year, _dash, month = group.period.partition("-")
    return Group(f"{year}-Q{(int(month) + 2) // 3}", OTHER, group.form)


def _in_year(group: Group) -> Group:
    return Group(group.period[:4], OTHER, OTHER)


def _region() -> Any:
    return func.coalesce(Flag.region, UNSAID)


def _form(place: int) -> str:
    return _FORMS[CODES[place]]
