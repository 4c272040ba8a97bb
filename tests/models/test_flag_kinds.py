"""Flags by form, behaviour and severity: who knows the rules can't work out a hidden number from all three."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from models.behaviours import BEHAVIOURS, BY_PASSENGERS, Form
from models.flag_kinds import SEVERITIES, Circumstances, Kinds, Place, kinds_of
from models.flags import Ride

World = Mapping[tuple[Circumstances, Place], int]
Four = tuple[int, int, int, int]
"""How many there are of 1, 2, 3 and 4."""

CODES = ("VB1", "VB2", "VB3", "SX1", "SX6", "PH2", "PH4", "DR1")
USUAL = Circumstances(Ride.OVER, by_driver=False, same_vehicle=False)
RAISED = USUAL._replace(ride=Ride.GOING_ON), USUAL._replace(same_vehicle=True)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A few flags, some of them alike; now and then somebody has set a severity that's lower than the rules'."""
    raised = draw(st.sampled_from(RAISED))
    circumstances = st.sampled_from([USUAL, USUAL, raised, USUAL._replace(by_driver=True)])
    world: Counter[tuple[Circumstances, Place]] = Counter()
    for _ in range(draw(st.integers(1, 6))):
        of, code, level = draw(circumstances), draw(st.sampled_from(CODES)), draw(st.integers(1, 4))
        if not of.allow(code, level) and (of.by_driver or draw(st.integers(0, 9))):
            of, level = USUAL if of.by_driver else of, 4
        world[of, Place(code, level)] += draw(st.sampled_from([1, 1, 2, 4, 5, 6, 9]))
    return world


def figures(codes: Mapping[str, int], levels: Mapping[int, int]) -> dict[Any, int]:
    """The three tables, with nothing hidden."""
    forms = {form: sum(codes.get(code, 0) for code in BEHAVIOURS if BEHAVIOURS[code].form is form) for form in Form}
    tables = {
        "form": forms,
        "code": {code: codes.get(code, 0) for code in BEHAVIOURS},
        "level": {level: levels.get(level, 0) for level in SEVERITIES},
    }
    return {(table, key): number for table, numbers in tables.items() for key, number in numbers.items()}


def of_table(numbers: Mapping[Any, Any], table: str) -> dict[Any, Any]:
    return {key: number for (name, key), number in numbers.items() if name == table}


def visible(kinds: Kinds) -> dict[Any, int | None]:
    """What is shown, under the same names."""
    tables = {"form": kinds.forms, "code": kinds.behaviours, "level": kinds.severities}
    return {(table, key): number for table, numbers in tables.items() for key, number in numbers.items()}


def around(truth: Mapping[Any, int], shown: Mapping[Any, int | None]) -> Iterator[dict[Any, int]]:
    """Tables of the same sum in which each hidden number is another by one, or the same, and not zero."""
    hidden = [key for key, number in shown.items() if number is None]
    for moved in product((-1, 0, 1), repeat=len(hidden)):
        if sum(moved) == 0 and all(truth[key] + by > 0 for key, by in zip(hidden, moved, strict=True)):
            yield {**truth, **{key: truth[key] + by for key, by in zip(hidden, moved, strict=True)}}


@cache
def possible(bases: Four, levels: Four, raised: int) -> bool:
    """Whether behaviours of such base severities can have led to these severities, so many having been raised."""
    ways = product(*(range(min(number, raised) + 1) for number in bases))
    return any(
        all(sum(bases[at:]) + way[at - 1] <= sum(levels[at:]) for at in (1, 2, 3)) for way in ways if sum(way) == raised
    )


def four(numbers: Iterable[tuple[int, int]]) -> Four:
    found: Counter[int] = Counter()
    for level, number in numbers:
        found[level] += number
    return found[1], found[2], found[3], found[4]


def guesses(world: World, shown: Mapping[Any, int | None]) -> Iterator[dict[Any, int]]:
    """All that whoever looks can hold for possible, who also knows how many were raised and how many drivers told."""
    truth = figures(*two_tables(world))
    by_rules = all(of.allow(*place) for of, place in world)
    raised = sum(number for (of, _place), number in world.items() if of in RAISED)
    by_driver = sum(number for (of, _place), number in world.items() if of.by_driver)
    severities = list(around(of_table(truth, "level"), of_table(shown, "level")))
    for codes in around(of_table(truth, "code"), of_table(shown, "code")):
        if sum(n for code, n in codes.items() if BY_PASSENGERS.get(code, code)) < by_driver:
            continue
        bases = four((BEHAVIOURS[code].severity, number) for code, number in codes.items())
        for levels in severities:
            guess = figures(codes, levels)
            fits = all(guess[key] == number if number is not None else guess[key] > 0 for key, number in shown.items())
            if fits and (not by_rules or possible(bases, four(levels.items()), raised)):
                yield guess


def two_tables(world: World) -> tuple[Counter[str], Counter[int]]:
    codes: Counter[str] = Counter()
    levels: Counter[int] = Counter()
    for (_of, place), number in world.items():
        codes[place.code] += number
        levels[place.severity] += number
    return codes, levels


def usual(**numbers: int) -> World:
    """Flags by code and severity, as in VB1_2."""
    return {(USUAL, Place(name[:-2], int(name[-1]))): number for name, number in numbers.items()}


@settings(max_examples=150, deadline=None)
@given(worlds())
# As many of the highest severity as such behaviours are shown, and one more.
@example(usual(PH4_4=1, PH2_3=9, SX6_4=8, VB1_1=20))
# The severity that was raised is that of the ride that was going on.
@example({**usual(VB1_1=1, VB2_2=1, DR1_1=6), (RAISED[0], Place("VB1", 2)): 6})
# All that isn't told by drivers is what drivers aren't asked.
@example({**usual(DR1_1=1), (USUAL._replace(by_driver=True), Place("VB1", 1)): 6})
def test_no_hidden_number_can_be_worked_out_by_who_knows_the_rules(world: World) -> None:
    shown = visible(kinds_of(world))
    unsure = {key for key, number in shown.items() if number is None}
    assume(unsure != shown.keys())  # then nothing is told
    truth = figures(*two_tables(world))
    assert all(number in {None, truth[key]} for key, number in shown.items())
    assert not unsure & {key for key, number in truth.items() if number == 0}
    assert not any(0 < number < 5 for number in shown.values() if number is not None)
    for guess in guesses(world, shown):
        unsure -= {key for key in unsure if guess[key] != truth[key]}
        if not unsure:
            break
    assert not unsure


def test_behaviours_are_hidden_rather_than_forms_and_forms_rather_than_severities() -> None:
    kinds = kinds_of(usual(PH4_4=1, PH2_3=9, SX6_4=8, VB1_1=20))
    hidden = {key for key, number in visible(kinds).items() if number is None}
    assert hidden == {("code", "PH4"), ("code", "SX6"), ("form", Form.PHYSICAL), ("form", Form.SEXUALISED)}


def test_what_nobody_reported_is_shown_as_zero_and_of_nobody_everything_is() -> None:
    assert set(visible(kinds_of({})).values()) == {0}
    assert kinds_of(usual(VB2_2=12)).severities == {4: 0, 3: 0, 2: 12, 1: 0}
