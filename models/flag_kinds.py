"""Flags by form, by behaviour and by severity, small counts hidden: one table, because each tells of the others.

A form is the sum of its behaviours. A severity follows from the most severe behaviour: it's as high or higher, unless
somebody of the team has set another one. So all three are one flow, see `models/suppression.py`: from all flags into
the forms, from each form into its behaviours, from each behaviour into the severities, and back. How many of a
behaviour have which severity is told nowhere: these edges are unseen, and lead only where the rules do, or where there
are flags.

What else raises a severity, or has a say in what may be told, is counted in tables of its own: the ride, who told it,
vehicles named again. So a ring keeps to flags that are alike in this, and is true whatever those tables tell.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from models.behaviours import BEHAVIOURS, MAX_SEVERITY, Form, behaviours_of, severity
from models.flags import Ride
from models.suppression import BOTTOM, TOP, Edge, suppress_flow

SEVERITIES = range(MAX_SEVERITY, 0, -1)
_BY_PASSENGERS = {behaviour.code for form in Form for behaviour in behaviours_of(form, by_passenger=True)}
_BEHAVIOUR_IS_WORTH, _FORM_IS_WORTH, _SEVERITY_IS_WORTH, _TOTAL_IS_WORTH = 1, 4, 16, 1000
"""How much rather these are kept: how soon the team reacted stands beside a severity; the total is told elsewhere."""


class Circumstances(NamedTuple):
    """What is counted in other tables, and has a say in the behaviour or in the severity of a flag."""

    ride: Ride
    by_driver: bool
    same_vehicle: bool

    def allow(self, code: str, level: int) -> bool:
        """Whether the rules allow this severity for this behaviour, as the most severe one of a flag."""
        if self.by_driver and code not in _BY_PASSENGERS:
            return False
        going_on = self.ride is Ride.GOING_ON
        return level >= severity([code], ride_going_on=going_on, same_vehicle=self.same_vehicle)


class Place(NamedTuple):
    """Where a flag is counted: the code of its most severe behaviour, and its severity."""

    code: str
    severity: int


@dataclass(frozen=True)
class Kinds:
    """How many flags of each kind, in the order in which they are offered, the most severe first; None is hidden."""

    forms: Mapping[Form, int | None]
    behaviours: Mapping[str, int | None]
    severities: Mapping[int, int | None]


def kinds_of(numbers: Mapping[tuple[Circumstances, Place], int]) -> Kinds:
    """The three tables of so many flags.

    The total is told elsewhere. Where it would have to be hidden too, all of them are instead.
    """
    shown = suppress_flow(_flow(numbers), _WORTH, _unseen(numbers))
    told = shown[BOTTOM, TOP] is not None
    return Kinds(
        forms={form: shown[_form(form)] if told else None for form in Form},
        behaviours={code: shown[_behaviour(code)] if told else None for code in BEHAVIOURS},
        severities={level: shown[_severity(level)] if told else None for level in SEVERITIES},
    )


def _form(form: Form) -> Edge:
    return TOP, ("form", form)


def _behaviour(code: str) -> Edge:
    return ("form", BEHAVIOURS[code].form), ("behaviour", code)


def _severity(level: int) -> Edge:
    return ("severity", level), BOTTOM


_WORTH = {
    **{_form(form): _FORM_IS_WORTH for form in Form},
    **{_behaviour(code): _BEHAVIOUR_IS_WORTH for code in BEHAVIOURS},
    **{_severity(level): _SEVERITY_IS_WORTH for level in SEVERITIES},
    (BOTTOM, TOP): _TOTAL_IS_WORTH,
}


def _flow(numbers: Mapping[tuple[Circumstances, Place], int]) -> dict[Edge, int]:
    flow = dict.fromkeys(_WORTH, 0)
    for (_circumstances, (code, level)), number in numbers.items():
        for edge in (_form(BEHAVIOURS[code].form), _behaviour(code), _severity(level), (BOTTOM, TOP)):
            flow[edge] += number
    return flow


def _unseen(numbers: Mapping[tuple[Circumstances, Place], int]) -> list[dict[Edge, int]]:
    """How many flags of each behaviour have each severity, for each of the circumstances."""
    alike: dict[Circumstances, Counter[Place]] = defaultdict(Counter)
    for (circumstances, place), number in numbers.items():
        alike[circumstances][place] += number
    places = [Place(code, level) for code in BEHAVIOURS for level in SEVERITIES]
    return [
        {(("behaviour", place.code), ("severity", place.severity)): found[place]
         for place in places if found[place] or circumstances.allow(*place)}
        for circumstances, found in alike.items()
    ] or [{}]  # fmt: skip
