"""The certificate: what it says can be read, its code opens the link, and the same paper is the same document."""

import logging
from datetime import date
from io import BytesIO

import pytest
import segno
from PIL import Image
from pypdfium2 import PdfDocument, PdfTextPage

from handlers.drawings.certificate import PNG_WIDTH, Paper, as_pdf, as_png
from handlers.texts import load_texts
from models.people import Language

LINK = "https://t.me/qurmet_bot?start=verify_7F3K92MD"
NAME = "Құралай Өтегенова"
PAPER = Paper(NAME, "7F3K-92MD", date(2026, 3, 5), date(2027, 3, 4), LINK)
DATES = {
    Language.ENGLISH: ("5 March 2026", "4 March 2027"),
    Language.RUSSIAN: ("5 марта 2026 г.", "4 марта 2027 г."),
    Language.KAZAKH: ("2026 жылғы 5 наурыз", "2027 жылғы 4 наурыз"),
}
TEXTS = load_texts()
POINTS_A_MILLIMETRE = 72 / 25.4


def text_page(pdf: bytes) -> PdfTextPage:
    return PdfDocument(pdf)[0].get_textpage()


def named(name: str) -> Paper:
    return Paper(name, PAPER.number, PAPER.issued, PAPER.expires, PAPER.link)


@pytest.mark.parametrize("language", Language)
def test_everything_can_be_read_in_each_language(language: Language) -> None:
    _ = TEXTS[language]
    document = PdfDocument(as_pdf(PAPER, _))
    assert len(document) == 1
    text = document[0].get_textpage().get_text_range()
    said = [_("This certifies that"), _("Issued"), _("Valid until"), _("Number"), f"/verify {PAPER.number}"]
    for words in (NAME, *DATES[language], *said):
        assert words in text
    assert _("Certificate").upper() in text.replace(" ", "")
    assert document.get_metadata_value("Title") == f"{_('Certificate')} {PAPER.number}"
    assert f"/Lang ({language})".encode() in as_pdf(PAPER, _)


def test_kazakh_letters_are_real_glyphs(caplog: pytest.LogCaptureFixture) -> None:
    letters = "ӘҒҚҢӨҰҮҺІ әғқңөұүһі"
    with caplog.at_level(logging.WARNING):
        pdf = as_pdf(named(letters), TEXTS[Language.KAZAKH])
    assert letters in text_page(pdf).get_text_range()
    assert "missing" not in caplog.text
    # A letter that is really drawn looks like no other.
    pictures = {as_png(as_pdf(named(letter), TEXTS[Language.KAZAKH])) for letter in "ӘҒ"}
    assert len(pictures) == 2


@pytest.mark.parametrize(
    ("typed", "drawn"),
    [
        ("Айгерім 🌸 Н.", "Айгерім Н."),
        ("  Aigerim\n\tN. ", "Aigerim N."),
        ("<b>A & B</b>", "<b>A & B</b>"),
        ("𝗔𝗶𝗱𝗮 𝖠", "Aida A"),
        ("И\u0306н\u202eга", "Йнга"),
    ],
)
def test_a_name_is_drawn_as_typed_but_for_what_no_font_can_draw(
    typed: str, drawn: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = text_page(as_pdf(named(typed), TEXTS[Language.ENGLISH])).get_text_range()
    assert drawn in text.splitlines()
    assert "missing" not in caplog.text


@pytest.mark.parametrize("name", ["Щ" * 60, "Константин Константинович Константинопольский-Заславский 2-й", "Ай"])
def test_a_name_of_60_letters_fits(name: str) -> None:
    page = text_page(as_pdf(named(name), TEXTS[Language.RUSSIAN]))
    found = page.search(name, match_case=True).get_next()
    assert found is not None
    first, count = found
    boxes = [page.get_charbox(first + place) for place in range(count)]
    left, right = boxes[0][0] / POINTS_A_MILLIMETRE, boxes[-1][2] / POINTS_A_MILLIMETRE
    assert left > 35
    assert right < 297 - 35
    assert (left + right) / 2 == pytest.approx(297 / 2, abs=1)
    assert max(top - bottom for _left, bottom, _right, top in boxes) > 7  # points


def test_the_same_paper_is_the_same_document() -> None:
    pdf = as_pdf(PAPER, TEXTS[Language.KAZAKH])
    again = as_pdf(named(NAME), TEXTS[Language.KAZAKH])
    assert again == pdf
    assert as_png(again) == as_png(pdf)
    # Two drawings in one second would hide a clock: the document bears the day of the paper.
    assert PdfDocument(pdf).get_metadata_value("CreationDate").startswith("D:20260305000000")
    assert as_pdf(named("Ай"), TEXTS[Language.KAZAKH]) != pdf


def test_the_code_on_the_picture_opens_the_link() -> None:
    picture = Image.open(BytesIO(as_png(as_pdf(PAPER, TEXTS[Language.ENGLISH]))))
    assert picture.format == "PNG"
    assert picture.size == (PNG_WIDTH, 1132)
    # What is nearly black in the lower right corner: the border is blue and gold.
    left, top = 1150, 700
    dark = picture.crop((left, top, *picture.size)).convert("L").point(lambda light: 255 * (light < 100))
    code = dark.crop(dark.getbbox())
    wanted = segno.make_qr(LINK, error="m").matrix
    module = code.width / len(wanted)
    middles = [int((place + 0.5) * module) for place in range(len(wanted))]
    assert [[code.getpixel((x, y)) == 255 for x in middles] for y in middles] == [
        list(map(bool, row)) for row in wanted
    ]
