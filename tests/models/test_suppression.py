"""Suppression: nobody can be recognised in a table of counts, whoever adds and subtracts what is shown."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.suppression import LEAST, Suppressed, shown_count, suppress

Table = Mapping[tuple[str, str], int]

ROWS, COLUMNS = "ABC", "wmu"


@st.composite
def tables(draw: st.DrawFn) -> dict[tuple[str, str], int]:
    """Tables of up to nine cells, most of them small, as seminars are."""
    rows, columns = ROWS[: draw(st.integers(1, 3))], COLUMNS[: draw(st.integers(1, 3))]
    number = st.integers(0, 12) | st.just(1) | st.just(0)
    return {cell: draw(number) for cell in product(rows, columns)}


def numbers(table: Table) -> dict[Any, int]:
    """All that such a table could show, under the name of its place."""
    rows, columns = {row for row, _ in table}, {column for _, column in table}
    return {
        **table,
        **{("row", row): sum(table[row, column] for column in columns) for row in rows},
        **{("column", column): sum(table[row, column] for row in rows) for column in columns},
        "total": sum(table.values()),
    }


def visible(result: Suppressed[str, str]) -> dict[Any, int]:
    """What is shown, under the same names."""
    everything: dict[Any, int | None] = {
        **result.cells,
        **{("row", row): number for row, number in result.rows.items()},
        **{("column", column): number for column, number in result.columns.items()},
        "total": result.total,
    }
    return {place: number for place, number in everything.items() if number is not None}


def guesses(table: Table, seen: Mapping[Any, int]) -> Iterator[dict[Any, int]]:
    """Tables that fit all that is seen: a hidden number is at least one, as zeros are shown."""
    hidden = [cell for cell in table if cell not in seen]
    for moved in product((-1, 0, 1), repeat=len(hidden)):
        guess = {**table, **{cell: table[cell] + by for cell, by in zip(hidden, moved, strict=True)}}
        if all(guess[cell] >= 1 for cell in hidden):
            every = numbers(guess)
            if all(every[place] == number for place, number in seen.items()):
                yield every


@settings(max_examples=60, deadline=None)
@given(tables())
@example({("A", "w"): 1, ("A", "m"): 1, ("A", "u"): 10, ("B", "w"): 1, ("B", "m"): 1, ("B", "u"): 10})
@example({("A", "w"): 3, ("A", "m"): 30, ("B", "w"): 0, ("B", "m"): 12})
@example({("A", "w"): 4})
def test_no_hidden_number_can_be_worked_out_from_those_that_are_shown(table: dict[tuple[str, str], int]) -> None:
    truth, seen = numbers(table), visible(suppress(table))
    unsure = {place for guess in guesses(table, seen) for place, number in guess.items() if number != truth[place]}
    assert unsure == truth.keys() - seen.keys()


@settings(max_examples=50, deadline=None)
@given(tables())
def test_what_is_shown_is_true_and_never_from_one_to_four(table: dict[tuple[str, str], int]) -> None:
    truth, seen = numbers(table), visible(suppress(table))
    assert all(truth[place] == number for place, number in seen.items())
    assert not any(0 < number < LEAST for number in seen.values())
    assert {place for place, number in truth.items() if number == 0} <= seen.keys()


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(list(product(ROWS, COLUMNS))), st.integers(LEAST, 500) | st.just(0)))
def test_a_table_without_small_numbers_is_shown_whole(table: dict[tuple[str, str], int]) -> None:
    result = suppress(table)
    assert None not in {*result.cells.values(), *result.rows.values(), *result.columns.values(), result.total}
    assert result.total == sum(table.values())


def test_a_small_cell_takes_others_along_before_any_sum() -> None:
    table = {("A", "w"): 3, ("A", "m"): 37, ("B", "w"): 20, ("B", "m"): 17, ("C", "w"): 11, ("C", "m"): 12}
    result = suppress(table)
    hidden = {cell for cell, number in result.cells.items() if number is None}
    assert hidden == {("A", "w"), ("A", "m"), ("C", "w"), ("C", "m")}
    assert (result.rows, result.columns, result.total) == ({"A": 40, "B": 37, "C": 23}, {"w": 34, "m": 66}, 100)


def test_women_and_men_stay_countable_when_few_would_rather_not_say() -> None:
    result = suppress({("A", "w"): 11, ("A", "m"): 37, ("A", "u"): 2})
    assert result.columns == {"w": 11, "m": 37, "u": None}
    assert result.total is None


def test_a_limit_can_be_chosen() -> None:
    assert suppress({("A", "w"): 8, ("A", "m"): 30}, least=10).cells["A", "w"] is None
    assert suppress({("A", "w"): 2, ("A", "m"): 2}, least=2).total == 4


def test_a_table_of_nobody_is_shown() -> None:
    assert suppress({}).total == 0
    assert suppress({("A", "w"): 0}).cells == {("A", "w"): 0}


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        suppress({("A", "w"): -1})


def test_a_number_that_stands_alone_is_hidden_from_one_to_four() -> None:
    assert [shown_count(number) for number in range(7)] == [0, None, None, None, None, 5, 6]
