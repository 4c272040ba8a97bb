"""Receipt codes: every slip of the kind people make is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.receipts import new_receipt, read_receipt, show_receipt

SAMPLES = [new_receipt() for _ in range(40)]


def test_a_receipt_has_twelve_digits_and_is_read_back_as_it_is_shown() -> None:
    for code in SAMPLES:
        assert len(code) == 12
        assert code.isascii()
        assert code.isdigit()
        assert read_receipt(show_receipt(code)) == code
    assert show_receipt("482155039174") == "4821-5503-9174"


def test_receipts_are_not_repeated() -> None:
    assert len({new_receipt() for _ in range(1000)}) == 1000


def test_every_single_wrong_digit_is_noticed() -> None:
    for code in SAMPLES:
        for place in range(12):
            for digit in "0123456789":
                wrong = code[:place] + digit + code[place + 1 :]
                assert read_receipt(wrong) == (code if wrong == code else None)


def test_every_swap_of_neighbours_is_noticed() -> None:
    for code in SAMPLES:
        for place in range(11):
            wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
            assert read_receipt(wrong) == (code if wrong == code else None)


@pytest.mark.parametrize("separators", ["-", " ", "", "–", "\u00a0", " - ", ".", "\n"])
def test_a_receipt_is_read_with_whatever_stands_between_its_digits(separators: str) -> None:
    code = SAMPLES[0]
    assert read_receipt("№ " + separators.join([code[:4], code[4:8], code[8:]]) + " ") == code


@pytest.mark.parametrize("zero", ["٠", "۰", "０"], ids=["arabic", "persian", "fullwidth"])
def test_digits_of_other_scripts_are_digits(zero: str) -> None:
    for code in SAMPLES:
        assert read_receipt("".join(chr(ord(zero) + int(digit)) for digit in code)) == code


def test_what_is_no_receipt_is_refused() -> None:
    for typed in ("", "4821", "none", "²" * 12, SAMPLES[0][:11], SAMPLES[0] + "0"):
        assert read_receipt(typed) is None


@given(st.text())
def test_nothing_that_is_typed_breaks_the_reading(typed: str) -> None:
    code = read_receipt(typed)
    assert code is None or read_receipt(code) == code
