"""The certificate: drawn once, as PDF with real text, and rendered from that as PNG for the chat.

The same paper gives the same bytes, so a certificate that is drawn again is the same document.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

from babel.dates import format_date

from handlers.drawings.fonts import drawable
from handlers.drawings.ornament import Curve, four_ears, horns, placed
from handlers.drawings.pdf import (
    GOLD,
    GREY,
    INK,
    LIGHT_GOLD,
    SKY,
    diamond,
    fill,
    measure,
    new_pdf,
    rectangle,
    stroke,
    write,
)
from handlers.drawings.qr import qr_matrix
from handlers.texts import Texts
from models.people import Language

if TYPE_CHECKING:
    from fpdf import FPDF

WIDTH, HEIGHT = 297.0, 210.0  # A4 across; every measure here is in millimetres, of fonts in points
MARGIN, BAND, SIDE = 9.0, 10.0, 38.0
PNG_WIDTH = 1600

_DAY = {
    Language.ENGLISH: "d MMMM y",
    Language.RUSSIAN: "d MMMM y 'г'.",
    Language.KAZAKH: "y 'жылғы' d MMMM",
}
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
    pdf = new_pdf("landscape")
    pdf.set_lang(_.language.value)
    pdf.set_title(f"{_('Certificate')} {paper.number}")
    pdf.set_creation_date(datetime.combine(paper.issued, time(), UTC))
    pdf.add_page()
    _border(pdf)
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
    _centred(pdf, 73, _("Certificate").upper(), 29, bold=True, spacing=2.6)
    _centred(pdf, 87, _("This certifies that"), 12.5, GREY)
    _centred(pdf, 103, drawable(paper.name), 30, bold=True)
    fill(pdf, [rectangle(WIDTH / 2 + x, 110.8, 50, 0.4) for x in (-54, 4)], GOLD)
    fill(pdf, [diamond(complex(WIDTH / 2, 111), 1.3)], GOLD)
    _centred(pdf, 122.5, _("has completed the twelve lessons of the Qurmet course"), 13.5)
    _centred(pdf, 130, _("and passed its final test"), 13.5)


def _foot(pdf: "FPDF", paper: Paper, _: Texts) -> None:
    """Dates, number and code: what the certificate is checked by."""
    side, bottom = 36.0, 178.0
    code = WIDTH - SIDE - side
    room = code - SIDE - 12
    facts = [
        (_("Issued"), _day(paper.issued, _)),
        (_("Valid until"), _day(paper.expires, _)),
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
    _code(pdf, paper.link, code, bottom - side, side)


def _code(pdf: "FPDF", link: str, x: float, y: float, side: float) -> None:
    """The QR code of a link, as shapes; in the document it can also be pressed."""
    rows = qr_matrix(link)
    module = side / len(rows)
    dark = [
        rectangle(x + column * module, y + row * module, module, module)
        for row, modules in enumerate(rows)
        for column, is_dark in enumerate(modules)
        if is_dark
    ]
    fill(pdf, dark, INK)
    pdf.link(x, y, side, side, link)


def _border(pdf: "FPDF") -> None:
    """A band of ram's horns around the page, gold on the blue of the sky, and one across each corner."""
    inner = MARGIN + BAND
    across, down = WIDTH - 2 * inner, HEIGHT - 2 * inner
    fill(pdf, [rectangle(MARGIN, MARGIN, WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN)], SKY)
    fill(pdf, [rectangle(inner, inner, across, down)], "#FFFFFF")
    edges = [  # where each begins on the outside, which way it goes, how long it is; clockwise
        (complex(inner, MARGIN), 1 + 0j, across),
        (complex(WIDTH - MARGIN, inner), 1j, down),
        (complex(WIDTH - inner, HEIGHT - MARGIN), -1 + 0j, across),
        (complex(MARGIN, HEIGHT - inner), -1j, down),
    ]
    curves: list[Curve] = []
    diamonds: list[list[complex]] = []
    for start, along, length in edges:
        inward = along * 1j
        count = round(length / 14.2)
        step = along * length / count
        for place in range(count):
            curves += placed(horns(), start + step * (place + 0.5) + inward * 1.9, inward * 6.2)
        diamonds += [diamond(start + step * place + inward * 2.9, 1) for place in range(1, count)]
        corner = start - along * BAND / 2 + inward * BAND / 2
        curves += placed(horns(), corner + (along + inward) * 1.8, -(along + inward) * 3)
        diamonds.append(diamond(corner + (along + inward) * 2.9, 1))
    stroke(pdf, curves, LIGHT_GOLD, 0.75)
    fill(pdf, diamonds, LIGHT_GOLD)
    with pdf.local_context(line_width=0.3, draw_color=GOLD):
        pdf.rect(inner + 1.6, inner + 1.6, across - 3.2, down - 3.2)


def _day(day: date, _: Texts) -> str:
    return format_date(day, _DAY[_.language], locale=_.language.value)


def _centred(
    pdf: "FPDF", y: float, text: str, size: float, colour: str = INK, *, bold: bool = False, spacing: float = 0
) -> None:
    """A line in the middle of the page, its baseline at `y`, with `spacing` points between letters."""
    room = WIDTH - 2 * SIDE
    pdf.set_char_spacing(spacing)
    width = min(room, measure(pdf, text, size, bold=bold))
    write(pdf, (WIDTH - width + spacing / pdf.k) / 2, y, text, size, colour, bold=bold, room=room)
    pdf.set_char_spacing(0)
