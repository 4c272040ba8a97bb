"""Tables of counts in which nobody can be recognised: small counts are hidden, and whatever would give them away.

A table with its sums is a flow: from the total into the rows, from each row into its cells, from the cells into the
columns, and back into the total; what goes into a knot comes out of it. Suppose some numbers are hidden. One of them
can be worked out unless it lies on a ring of hidden numbers around which something can be moved: one more on every
edge that goes along, one less on every edge that goes against. So each hidden number is given such a ring, the
cheapest one. Zeros stay visible, so whoever looks knows that a hidden number is at least one, and no ring may lower
it below that. L. H. Cox, "Network models for complementary cell suppression" (1995), has the idea.

A flow may also have edges that nobody ever sees, as two tables of the same things are tied: hiding those costs nothing,
and they may become zero.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Generic, TypeVar

Row = TypeVar("Row", bound=Hashable)
Column = TypeVar("Column", bound=Hashable)
Knot = tuple[str, Hashable]
Edge = tuple[Knot, Knot]
_Steps = Mapping[Knot, Sequence[tuple[Knot, Edge]]]

LEAST = 5
"""The smallest count of people that is shown, but for zero."""
TOP: Knot = ("top", None)
BOTTOM: Knot = ("bottom", None)
_ROW_IS_WORTH, _COLUMN_IS_WORTH = 1, 4
"""How much rather a row's sum (or the total) and a column's are kept than a cell, in totals."""


@dataclass(frozen=True)
class Suppressed(Generic[Row, Column]):
    """A table with its sums; None where a number is hidden."""

    cells: Mapping[tuple[Row, Column], int | None]
    rows: Mapping[Row, int | None]
    columns: Mapping[Column, int | None]
    total: int | None


def suppress(
    table: Mapping[tuple[Row, Column], int], least: int = LEAST, *, total_is_worth: int = _ROW_IS_WORTH
) -> Suppressed[Row, Column]:
    """Hide every number from 1 to `least` - 1, the sums too, and what the hidden ones could be worked out from.

    Cells are hidden rather than sums, the sums of rows and the total rather than those of columns; how dear the total
    is may be said, the sum of a row being worth 1 and that of a column 4.
    Cells that aren't in the table are zero. Raises ValueError for a negative count.
    """
    rows, columns = list(dict.fromkeys(row for row, _ in table)), list(dict.fromkeys(column for _, column in table))
    cells = {(row, column): table.get((row, column), 0) for row in rows for column in columns}
    flow: dict[Edge, int] = {(("row", row), ("column", column)): number for (row, column), number in cells.items()}
    worth: dict[Edge, int] = {(BOTTOM, TOP): total_is_worth}
    for row in rows:
        flow[TOP, ("row", row)] = sum(cells[row, column] for column in columns)
        worth[TOP, ("row", row)] = _ROW_IS_WORTH
    for column in columns:
        flow[("column", column), BOTTOM] = sum(cells[row, column] for row in rows)
        worth[("column", column), BOTTOM] = _COLUMN_IS_WORTH
    flow[BOTTOM, TOP] = sum(cells.values())
    shown = suppress_flow(flow, worth, least=least)
    return Suppressed(
        cells={(row, column): shown[("row", row), ("column", column)] for row, column in cells},
        rows={row: shown[TOP, ("row", row)] for row in rows},
        columns={column: shown[("column", column), BOTTOM] for column in columns},
        total=shown[BOTTOM, TOP],
    )


def suppress_flow(
    flow: Mapping[Edge, int],
    worth: Mapping[Edge, int],
    unseen: Sequence[Mapping[Edge, int]] = ({},),
    *,
    least: int = LEAST,
    least_unseen: int = 1,
) -> dict[Edge, int | None]:
    """The numbers on the edges of a flow; None for those from 1 to `least` - 1, and what gives them away.

    Together with the unseen edges, what goes into a knot comes out of it; the edge from BOTTOM to TOP is the total.
    `worth` says how much rather an edge is kept than one that isn't there, in totals. The unseen edges come in kinds:
    a ring takes those of one kind only, so how many there are of each kind may be known. They are all the edges that
    whoever looks holds for possible, also those on which there's nothing; from 1 to `least_unseen` - 1 of them, of
    all kinds together, can't be worked out either.
    Raises ValueError for a negative count.
    """
    if any(number < 0 for each in (flow, *unseen) for number in each.values()):
        raise ValueError("a count can't be negative")
    prices = {edge: number + worth.get(edge, 0) * flow[BOTTOM, TOP] for edge, number in flow.items()}
    numbers = sum(map(Counter, unseen), Counter(flow))
    small = {edge for edge, number in numbers.items() if 0 < number < (least if edge in flow else least_unseen)}
    prices.update(dict.fromkeys(small, 0))
    kinds = [_steps(flow, each) for each in unseen]
    safe: set[Edge] = set()
    for edge in sorted(small, key=lambda edge: (-numbers[edge], str(edge))):
        if edge not in safe:
            source, target = edge
            rings = [
                _ring(edge, start, goal, steps, prices)
                for steps in kinds
                for start, goal in ((target, source), (source, target))  # one more, one less
                if (start, edge) in steps.get(goal, ())
            ]
            _cost, ring = min(rings, key=lambda each: each[0])
            safe.update(ring)
            prices.update(dict.fromkeys(ring, 0))
    hidden = safe.union(small)
    return {edge: None if edge in hidden else number for edge, number in flow.items()}


def shown_count(number: int, least: int = LEAST) -> int | None:
    """A number that stands alone, hidden if it's small."""
    return None if 0 < number < least else number


def _steps(flow: Mapping[Edge, int], unseen: Mapping[Edge, int]) -> _Steps:
    """Where one more can go from each knot: along an edge, or against one, which then bears one less.

    Whether a number is zero is known, but for those that nobody sees.
    """
    steps: dict[Knot, list[tuple[Knot, Edge]]] = defaultdict(list)
    for edges, known in ((flow, 1), (unseen, 0)):
        for edge, number in edges.items():
            source, target = edge
            if number >= known:
                steps[source].append((target, edge))
            if number > known:
                steps[target].append((source, edge))
    return steps


def _ring(
    edge: Edge, start: Knot, goal: Knot, steps: _Steps, prices: Mapping[Edge, int]
) -> tuple[float, frozenset[Edge]]:
    """The cheapest way for one more from the edge's one end to its other, with its cost and the edge itself."""
    order = count()
    waiting: list[tuple[int, int, Knot, frozenset[Edge]]] = [(0, next(order), start, frozenset({edge}))]
    seen: set[Knot] = set()
    while waiting:
        cost, _, knot, way = heappop(waiting)
        if knot == goal:
            return cost, way
        if knot in seen:
            continue
        seen.add(knot)
        for other, step in steps.get(knot, ()):
            if step != edge and other not in seen:
                heappush(waiting, (cost + prices.get(step, 0), next(order), other, way | {step}))
    return inf, frozenset()
