"""The drawing of a statement: whatever people type is on it or left out knowingly, and the same is the same."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pypdfium2 import PdfDocument

from handlers.drawings.statement import Statement, as_pdf
from handlers.texts import load_texts
from models.people import Language

TEXTS = load_texts()
STATEMENT = Statement(
    receipt="4821-5503-9174",
    received=datetime(2026, 11, 21, 7, 30, tzinfo=UTC),
    drawn=datetime(2026, 11, 21, 19, 5, tzinfo=UTC),
    behaviours=["Touch or force: Touch, kiss: hand, cheek"],
    details=["Order: {nb}"],
    words=None,
    standing=["received"],
    hash="0123456789abcdef" * 4,
)
LEFT_OUT = "left out here"


def pages(words: str | None, language: Language = Language.ENGLISH) -> list[str]:
    document = PdfDocument(as_pdf(replace(STATEMENT, words=words), TEXTS[language]))
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return texts


@pytest.mark.parametrize("language", Language)
def test_days_are_those_of_kazakhstan_and_kazakh_letters_are_real_glyphs(
    language: Language, caplog: pytest.LogCaptureFixture
) -> None:
    letters = "ӘҒҚҢӨҰҮҺІ әғқңөұүһі"
    with caplog.at_level(logging.WARNING):
        (text,) = pages(letters, language)
    assert letters in text
    assert "12:30" in text
    assert "22" in text  # after midnight in Almaty
    assert "00:05" in text
    assert "missing" not in caplog.text


@pytest.mark.parametrize(
    ("typed", "drawn", "left_out"),
    [
        ("  one \t two  ", "one two", False),
        ("{nb} **bold** __x__ <b>&amp;</b>", "{nb} **bold** __x__ <b>&amp;</b>", False),
        ("И\u0306н\u202eга", "Йнга", False),
        ("family 👩‍👩‍👧 family", "family family", True),
        ("漢字 and words", "and words", True),
    ],
)
def test_words_are_drawn_as_typed_and_what_can_t_be_drawn_is_told(typed: str, drawn: str, left_out: bool) -> None:
    (text,) = pages(typed)
    assert drawn in text
    assert (LEFT_OUT in text) is left_out
    assert "Order: {nb}" in text
    assert "Page 1 of 1" in text


@pytest.mark.parametrize(
    ("words", "count"), [("Щ" * 4000, 3), ("\n" * 4000 + "Щ", 1), ("Щаг " * 1000, 3), ("Щ\n" * 2000, 45), ("", 1)]
)
def test_any_words_fit_on_as_many_pages_as_they_need_and_the_place_to_sign_is_never_torn(
    words: str, count: int
) -> None:
    texts = pages(words)
    assert len(texts) == count
    assert sum(text.count("Щ") for text in texts) == words.count("Щ")
    for number, text in enumerate(texts, 1):
        assert f"4821-5503-9174 · Page {number} of {count}" in text
    for said in ("First name and surname", "Signature", "not legal advice", "0123 4567 89ab cdef"):
        assert said in texts[-1]


def test_a_script_that_runs_to_the_left_does_so_on_paper() -> None:
    page = PdfDocument(as_pdf(replace(STATEMENT, words="שלום ABC"), TEXTS[Language.ENGLISH]))[0].get_textpage()
    places = {}
    for at in range(page.count_chars()):
        if (letter := page.get_text_range(at, 1)) in "שםC":
            places[letter] = page.get_charbox(at)[0]
    assert places["C"] < places["ם"] < places["ש"]


def test_the_same_statement_is_the_same_document() -> None:
    first = as_pdf(STATEMENT, TEXTS[Language.RUSSIAN])
    assert as_pdf(replace(STATEMENT), TEXTS[Language.RUSSIAN]) == first
    assert PdfDocument(first).get_metadata_value("CreationDate").startswith("D:20261121190500")
    assert as_pdf(replace(STATEMENT, words="x"), TEXTS[Language.RUSSIAN]) != first
