"""Behaviours: the list of the field, each with its form, and how severe several are together."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.behaviours import BEHAVIOURS, FORM_NAMES, Form, behaviours_of, primary_form, severity
from models.first_look import FIRST_LOOK
from models.flag_figures import RANKS

# The table that the list is made from: code and severity.
TABLE = """
SX1 1  SX2 1  SX3 1  SX3+ 2  SX4 2  SX5 3  SX6 4  VB1 1  VB2 2  VB3 3  OT 1
NV1 1  NV2 2  NV3 2  NV3+ 3  NV4 2  NV5 3  NV5+ 4
PH1 3  PH2 3  PH3 4  PH4 4  PH5 4  PH6 4  ST1 2  ST2 3  ST3 4  ST4 3  DI1 2  DI2 3  DR1 1  DR2 3  DR3 4
"""


def test_the_behaviours_and_their_severity_are_those_of_the_field() -> None:
    cells = iter(TABLE.split())
    assert {code: behaviour.severity for code, behaviour in BEHAVIOURS.items()} == {
        code: int(severity) for code, severity in zip(cells, cells, strict=True)
    }


def test_every_form_is_offered_with_all_its_behaviours_and_a_name() -> None:
    offered = [behaviour.code for form in Form for behaviour in behaviours_of(form)]
    assert sorted(offered) == sorted(BEHAVIOURS)
    assert set(FORM_NAMES) == set(Form)
    for form in Form:
        assert behaviours_of(form)
        assert {behaviour.form for behaviour in behaviours_of(form)} == {form}
    assert len({each.name for each in BEHAVIOURS.values()}) == len(BEHAVIOURS)


def test_not_being_sure_needs_no_second_question_the_form_is_the_behaviour() -> None:
    assert [behaviour.code for behaviour in behaviours_of(Form.OTHER)] == [Form.OTHER.value]


def test_the_more_severe_the_sooner_a_person_looks() -> None:
    hours = {level: look / timedelta(hours=1) for level, look in FIRST_LOOK.items()}
    assert hours == {4: 0.25, 3: 4, 2: 24, 1: 72}


@given(st.lists(st.sampled_from(sorted(BEHAVIOURS)), min_size=1))
def test_the_most_severe_behaviour_counts_raised_by_one_while_the_ride_goes_on(codes: list[str]) -> None:
    calm, urgent = (severity(codes, ride_going_on=going_on) for going_on in (False, True))
    assert calm == max(BEHAVIOURS[code].severity for code in codes)
    assert urgent == min(4, calm + 1)
    assert urgent in FIRST_LOOK


def test_an_unknown_behaviour_or_none_at_all_has_no_severity() -> None:
    with pytest.raises(KeyError):
        severity(["SX1", "XX9"], ride_going_on=False)
    with pytest.raises(ValueError, match="empty"):
        severity([], ride_going_on=False)


@given(st.lists(st.sampled_from(sorted(BEHAVIOURS)), min_size=1))
def test_a_report_of_several_stands_under_the_form_under_which_the_figures_count_it(codes: list[str]) -> None:
    assert primary_form(codes) is BEHAVIOURS[min(codes, key=RANKS.__getitem__)].form
    assert primary_form(["SX1", Form.OTHER]) is Form.SEXUALISED
