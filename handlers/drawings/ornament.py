"""Kazakh ornament from simple shapes: the ram's horn (қошқар мүйіз) and the four ears (төртқұлақ).

Points are complex numbers, so that moving is adding, turning and growing is multiplying, and a mirror image is the
conjugate. A horn grows from 0 along the positive real axis.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

# How far the handles of a Bézier curve lie from its ends for a quarter of a circle with radius 1.
_HANDLE = 0.5523


class Curve(NamedTuple):
    """A cubic Bézier curve: where it starts, its two handles, where it ends."""

    start: complex
    leave: complex
    arrive: complex
    end: complex


def horns(stem: float = 0.43) -> list[Curve]:
    """A pair of horns on a stem, each a chain of quarter circles that grow smaller: 2 wide, the stem + 0.57 long."""
    one = [Curve(0j, stem / 3 + 0j, stem * 2 / 3 + 0j, stem + 0j)]
    one += _curl(stem + 0j, 1 + 0j, (0.57, 0.43, 0.35, 0.26, 0.18))
    return one + [Curve(*(point.conjugate() for point in curve)) for curve in one]


def four_ears() -> list[Curve]:
    """Four pairs of horns crosswise around 0, each 1.72 long, so that neighbours don't touch."""
    return [curve for turn in (1, 1j, -1, -1j) for curve in placed(horns(stem=1.15), 0j, turn)]


def placed(curves: Iterable[Curve], at: complex, turn: complex) -> list[Curve]:
    """The curves moved to a point, turned and grown: `turn` is the vector that 1 becomes."""
    return [Curve(*(at + turn * point for point in curve)) for curve in curves]


def _curl(start: complex, heading: complex, radii: Iterable[float]) -> Iterator[Curve]:
    for radius in radii:
        ahead, aside = radius * heading, radius * heading * 1j
        end = start + ahead + aside
        yield Curve(start, start + _HANDLE * ahead, end - _HANDLE * aside, end)
        start, heading = end, heading * 1j
