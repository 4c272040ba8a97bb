"""Tables of counts in which nobody can be recognised: small counts are hidden, and whatever would give them away.

A table with its sums is a flow: from the total into the rows, from each row into its cells, from the cells into the
columns, and back into the total; what goes into a knot comes out of it. Suppose some numbers are hidden. One of them
can be worked out unless it lies on a ring of hidden numbers around which something can be moved: one more on every
edge that goes along, one less on every edge that goes against. So each hidden number is given such a ring, the
cheapest one. Zeros stay visible, so whoever looks knows that a hidden number is at least one, and no ring may lower
it below that. L. H. Cox, "Network models for complementary cell suppression" (1995), has the idea.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Generic, TypeVar

Row = TypeVar("Row", bound=Hashable)
Column = TypeVar("Column", bound=Hashable)
Knot = tuple[str, Hashable]
Edge = tuple[Knot, Knot]

LEAST = 5
"""The smallest count of people that is shown, but for zero."""
_TOP: Knot = ("top", None)
_BOTTOM: Knot = ("bottom", None)
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
    if any(number < 0 for number in table.values()):
        raise ValueError("a count can't be negative")
    rows, columns = list(dict.fromkeys(row for row, _ in table)), list(dict.fromkeys(column for _, column in table))
    cells = {(row, column): table.get((row, column), 0) for row in rows for column in columns}
    flow: dict[Edge, int] = {(("row", row), ("column", column)): number for (row, column), number in cells.items()}
    for row in rows:
        flow[_TOP, ("row", row)] = sum(cells[row, column] for column in columns)
    for column in columns:
        flow[("column", column), _BOTTOM] = sum(cells[row, column] for row in rows)
    flow[_BOTTOM, _TOP] = sum(cells.values())
    hidden = _hidden(flow, least, total_is_worth)

    def shown(edge: Edge) -> int | None:
        return None if edge in hidden else flow[edge]

    return Suppressed(
        cells={(row, column): shown((("row", row), ("column", column))) for row, column in cells},
        rows={row: shown((_TOP, ("row", row))) for row in rows},
        columns={column: shown((("column", column), _BOTTOM)) for column in columns},
        total=shown((_BOTTOM, _TOP)),
    )


def shown_count(number: int, least: int = LEAST) -> int | None:
    """A number that stands alone, hidden if it's small."""
    return None if 0 < number < least else number


def _hidden(flow: Mapping[Edge, int], least: int, total_is_worth: int) -> set[Edge]:
    """The small edges, and for each a ring of hidden ones."""
    hidden = {edge for edge, number in flow.items() if 0 < number < least}
    safe: set[Edge] = set()
    for edge in sorted(hidden, key=lambda edge: (-flow[edge], str(edge))):
        if edge not in safe:
            source, target = edge
            rings = [_ring(edge, target, source, flow, hidden, total_is_worth)]  # one more on this edge
            if flow[edge] > 1:
                rings.append(_ring(edge, source, target, flow, hidden, total_is_worth))  # one less
            _cost, ring = min(rings, key=lambda each: each[0])
            hidden.update(ring)
            safe.update(ring)
    return hidden


def _ring(
    edge: Edge, start: Knot, goal: Knot, flow: Mapping[Edge, int], hidden: set[Edge], total_is_worth: int
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
        for other, step in _steps(knot, edge, flow):
            price = 0 if step in hidden else _price(step, flow, total_is_worth)
            heappush(waiting, (cost + price, next(order), other, way | {step}))
    return inf, frozenset()


def _steps(knot: Knot, edge: Edge, flow: Mapping[Edge, int]) -> Iterator[tuple[Knot, Edge]]:
    """Where one more can go from a knot: along an edge, or against one, which then bears one less, but never zero."""
    for step, number in flow.items():
        if step == edge or number == 0:
            continue
        if step[0] == knot:
            yield step[1], step
        elif step[1] == knot and number > 1:
            yield step[0], step


def _price(edge: Edge, flow: Mapping[Edge, int], total_is_worth: int) -> int:
    """What is lost if an edge is hidden."""
    worth = 0
    if edge[1] == _TOP:
        worth = total_is_worth
    elif edge[1] == _BOTTOM:
        worth = _COLUMN_IS_WORTH
    elif edge[0] == _TOP:
        worth = _ROW_IS_WORTH
    return flow[edge] + worth * flow[_BOTTOM, _TOP]
