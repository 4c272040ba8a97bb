"""The sheet for a car: both languages, nothing over anything else, and a code that opens the link."""

import logging
from collections.abc import Iterator
from datetime import date
from io import BytesIO

import pytest
import segno
from PIL import Image
from pypdfium2 import PdfDocument

from handlers.drawings.car import CODE, HEIGHT, MARGIN, TOP, WIDTH, Sheet, as_pdf, quiet_rim
from handlers.drawings.certificate import as_png
from handlers.texts import load_texts
from models.people import Language

LINK = "https://t.me/qurmet_bot?start=qAbCdEfGhIjKl"
SHEET = Sheet("123ABC02", "12345-67890", date(2026, 3, 5), date(2027, 3, 4), LINK)
TEXTS = load_texts()
LANGUAGES = [TEXTS[Language.KAZAKH], TEXTS[Language.RUSSIAN]]
MILLIMETRE = 72 / 25.4


def with_plate(plate: str) -> Sheet:
    return Sheet(plate, SHEET.number, SHEET.made, SHEET.expires, SHEET.link)


def boxes(pdf: bytes) -> Iterator[tuple[float, float, float, float]]:
    """Where each letter stands: left, top, right, bottom in millimetres from the upper left corner."""
    page = PdfDocument(pdf)[0].get_textpage()
    for place in range(page.count_chars()):
        if page.get_text_range(place, 1).strip():
            left, bottom, right, top = (side / MILLIMETRE for side in page.get_charbox(place))
            yield left, HEIGHT - top, right, HEIGHT - bottom


def test_the_sheet_is_one_page_of_a6_and_says_everything_in_two_languages() -> None:
    pdf = as_pdf(SHEET, LANGUAGES)
    document = PdfDocument(pdf)
    assert len(document) == 1
    assert [round(side / MILLIMETRE) for side in document[0].get_size()] == [105, 148]
    text = document[0].get_textpage().get_text_range()
    for words in (SHEET.plate, SHEET.number, "2027 жылғы 4 наурыз", "4 марта 2027 г."):
        assert words in text
    for _ in LANGUAGES:
        assert _("Check this driver's certificate, thank, or tell what happened") in " ".join(text.split())
    assert b"/Lang (kk)" in pdf
    assert as_pdf(SHEET, LANGUAGES) == pdf
    assert document.get_metadata_value("CreationDate").startswith("D:20260305000000")


@pytest.mark.parametrize("plate", ["123ABC02", "W" * 16, "Ж1", "🚗王1"])
def test_nothing_stands_on_the_code_its_rim_or_the_border_whatever_the_plate(
    plate: str, caplog: pytest.LogCaptureFixture
) -> None:
    rim = quiet_rim(LINK)
    left, top, right, bottom = (WIDTH - CODE) / 2 - rim, TOP - rim, (WIDTH + CODE) / 2 + rim, TOP + CODE + rim
    for x, y, end, foot in boxes(as_pdf(with_plate(plate), LANGUAGES)):
        assert end < left or x > right or foot < top or y > bottom, (x, y)
        assert min(x, y, WIDTH - end, HEIGHT - foot) > MARGIN + 5
    assert "missing" not in caplog.text
    assert caplog.records == [] or max(record.levelno for record in caplog.records) < logging.WARNING


def test_the_code_on_the_sheet_opens_the_link() -> None:
    picture = Image.open(BytesIO(as_png(as_pdf(SHEET, LANGUAGES)))).convert("L")
    unit = picture.width / WIDTH
    rim = quiet_rim(LINK) - 0.5
    box = [(WIDTH - CODE) / 2 - rim, TOP - rim, (WIDTH + CODE) / 2 + rim, TOP + CODE + rim]
    dark = picture.crop(tuple(round(side * unit) for side in box)).point(lambda light: 255 * (light < 100))
    code = dark.crop(dark.getbbox())
    assert code.width == pytest.approx(CODE * unit, abs=2)  # its rim is empty
    wanted = segno.make_qr(LINK, error="m").matrix
    module = code.width / len(wanted)
    middles = [int((place + 0.5) * module) for place in range(len(wanted))]
    assert [[code.getpixel((x, y)) == 255 for x in middles] for y in middles] == [
        list(map(bool, row)) for row in wanted
    ]
