"""The sheet for a car: a page of A6 in two languages, with a code large enough to scan from the back seat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import TYPE_CHECKING

from handlers.drawings.fonts import drawable
from handlers.drawings.page import (
    GOLD,
    GREY,
    INK,
    blank_page,
    border,
    centred,
    day_in_words,
    diamond,
    fill,
    link_code,
    rectangle,
    width_of,
)
from handlers.drawings.qr import QUIET, qr_matrix
from handlers.texts import Texts

if TYPE_CHECKING:
    from fpdf import FPDF

WIDTH, HEIGHT = 105.0, 148.0  # A6 upright
MARGIN, BAND, ROOM = 4.0, 5.0, 80.0
TOP, CODE = 41.4, 56.0
SIZE = 9.5


@dataclass(frozen=True)
class Sheet:
    """What the sheet of a car says: the normalised plate, the number of the certificate, and the link of the code."""

    plate: str
    number: str
    made: date
    expires: date
    link: str


def as_pdf(sheet: Sheet, languages: Sequence[Texts]) -> bytes:
    """The sheet as PDF, in two languages one below the other; the same sheet gives the same bytes."""
    plate = drawable(sheet.plate)
    pdf = blank_page((WIDTH, HEIGHT), languages[0].language, f"Qurmet {plate}", sheet.made)
    border(pdf, MARGIN, BAND)
    y = 15.2
    for _ in languages:
        for line in _lines(pdf, _("Check this driver's certificate, thank, or tell what happened")):
            centred(pdf, y, line, SIZE, bold=True, room=ROOM)
            y += 4.3
        y += 1.2
    link_code(pdf, sheet.link, (WIDTH - CODE) / 2, TOP, CODE)
    _plate(pdf, plate, TOP + CODE + quiet_rim(sheet.link))
    y = HEIGHT - 23.2
    certificate = " · ".join(dict.fromkeys(_("Certificate") for _ in languages))
    centred(pdf, y, f"{certificate} № {sheet.number}", 9.5, bold=True, room=ROOM)
    for _ in languages:
        y += 4.5
        centred(pdf, y, _("Valid until: {date}", date=day_in_words(sheet.expires, _)), 9, GREY, room=ROOM)
    return bytes(pdf.output())


def quiet_rim(link: str) -> float:
    """The millimetres around the code of a link that must stay empty for readers to find it."""
    return QUIET * CODE / len(qr_matrix(link))


def _plate(pdf: "FPDF", plate: str, y: float) -> None:
    """The plate, large in a frame with its upper edge at `y`, and a line below it."""
    high, size = 10.5, 22.0
    width = min(ROOM, width_of(pdf, plate, size, bold=True) + 10)
    with pdf.local_context(line_width=0.5, draw_color=INK):
        pdf.rect((WIDTH - width) / 2, y, width, high, round_corners=True, corner_radius=1.6)
    centred(pdf, y + 8, plate, size, bold=True, room=width - 8)
    middle = complex(WIDTH / 2, y + high + 3.6)
    fill(pdf, [diamond(middle, 1.0)], GOLD)
    fill(pdf, [rectangle(middle.real + x, middle.imag - 0.15, 24, 0.3) for x in (-27, 3)], GOLD)


def _lines(pdf: "FPDF", text: str) -> list[str]:
    """The text in as few lines as fit, each about as long as the others."""
    for count in range(1, len(text)):
        for columns in range(len(text) // count, len(text) + 1):
            lines = wrap(text, columns)
            if len(lines) <= count and all(width_of(pdf, line, SIZE, bold=True) <= ROOM for line in lines):
                return lines
    return [text]
