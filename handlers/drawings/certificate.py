"""The certificate: drawn once, as PDF with real text, and rendered from that as PNG for the chat.

The same paper gives the same bytes, so a certificate that is drawn again is the same document.
"""

from dataclasses import dataclass
from datetime import date
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

from handlers.drawings.fonts import drawable
from handlers.drawings.ornament import four_ears, placed
from handlers.drawings.page import (
    GOLD,
    GREY,
    SKY,
    blank_page,
    border,
    centred,
    day_in_words,
    diamond,
    fill,
    link_code,
    rectangle,
    stroke,
    write,
)
from handlers.texts import Texts

if TYPE_CHECKING:
    from fpdf import FPDF

WIDTH, HEIGHT = 297.0, 210.0  # A4 across
MARGIN, BAND, SIDE = 9.0, 10.0, 38.0
ROOM = WIDTH - 2 * SIDE
PNG_WIDTH = 1600

# PDFium may be used by one thread at a time.
_pdfium = Lock()


@dataclass(frozen=True)
class Paper:
    """What a certificate says: the name as its holder typed it, and the link that the code opens."""

    name: str
    number: str
    issued: date
    expires: date
    link: str


def as_pdf(paper: Paper, _: Texts) -> bytes:
    """The certificate as PDF, one page of A4 across, in the language of the texts."""
    pdf = blank_page((WIDTH, HEIGHT), _.language, f"{_('Certificate')} {paper.number}", paper.issued)
    border(pdf, MARGIN, BAND)
    _words(pdf, paper, _)
    _foot(pdf, paper, _)
    return bytes(pdf.output())


def as_png(pdf: bytes) -> bytes:
    """The first page of a PDF as PNG, 1600 pixels wide."""
    from pypdfium2 import PdfDocument

    target = BytesIO()
    with _pdfium:
        document = PdfDocument(pdf)
        try:
            page = document[0]
            page.render(scale=PNG_WIDTH / page.get_width()).to_pil().save(target, "PNG")
        finally:
            document.close()
    return target.getvalue()


def _words(pdf: "FPDF", paper: Paper, _: Texts) -> None:
    """What the certificate says, line by line in the middle."""
    middle = complex(WIDTH / 2, 46)
    stroke(pdf, placed(four_ears(), middle, 6.4 + 0j), SKY, 0.9)
    fill(pdf, [diamond(middle, 1.7)], GOLD)
    centred(pdf, 73, _("Certificate").upper(), 29, bold=True, spacing=2.6, room=ROOM)
    centred(pdf, 87, _("This certifies that"), 12.5, GREY, room=ROOM)
    centred(pdf, 103, drawable(paper.name), 30, bold=True, room=ROOM)
    fill(pdf, [rectangle(WIDTH / 2 + x, 110.8, 50, 0.4) for x in (-54, 4)], GOLD)
    fill(pdf, [diamond(complex(WIDTH / 2, 111), 1.3)], GOLD)
    centred(pdf, 122.5, _("has completed the twelve lessons of the Qurmet course"), 13.5, room=ROOM)
    centred(pdf, 130, _("and passed its final test"), 13.5, room=ROOM)


def _foot(pdf: "FPDF", paper: Paper, _: Texts) -> None:
    """Dates, number and code: what the certificate is checked by."""
    side, bottom = 36.0, 178.0
    code = WIDTH - SIDE - side
    room = code - SIDE - 12
    facts = [
        (_("Issued"), day_in_words(paper.issued, _)),
        (_("Valid until"), day_in_words(paper.expires, _)),
        (_("Number"), paper.number),
    ]
    column = room * 0.37
    for place, (label, value) in enumerate(facts):
        x = SIDE + place * column
        write(pdf, x, bottom - 22, label, 9.5, GREY)
        write(pdf, x, bottom - 15.5, value, 11.5, bold=True, room=column - 5)
    fill(pdf, [rectangle(SIDE, bottom - 8, room, 0.25)], GOLD)
    how = _("Scan the code or send /verify {number} to the bot", number=paper.number)
    write(pdf, SIDE, bottom, how, 9.5, GREY, room=room)
    link_code(pdf, paper.link, code, bottom - side, side)
