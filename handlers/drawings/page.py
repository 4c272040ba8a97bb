"""What every printed page is drawn with: text, shapes, the code of a link, and a border of ram's horns.

Measures are in millimetres from the upper left corner, of fonts in points.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from math import inf
from typing import TYPE_CHECKING

from babel.dates import format_date

from handlers.drawings.fonts import BOLD, REGULAR
from handlers.drawings.ornament import Curve, horns, placed
from handlers.drawings.qr import qr_matrix
from handlers.texts import Texts
from models.people import Language

if TYPE_CHECKING:
    from fpdf import FPDF

INK, GREY, SKY, GOLD, LIGHT_GOLD = "#0E3A4C", "#587684", "#0798C2", "#DDA01B", "#FFD766"

_DAY = {
    Language.ENGLISH: "d MMMM y",
    Language.RUSSIAN: "d MMMM y 'г'.",
    Language.KAZAKH: "y 'жылғы' d MMMM",
}


def blank_page(size: tuple[float, float], language: Language, title: str, made: date) -> "FPDF":
    """A document with one empty page of this width and height; the same every time, so it bears a day and no clock."""
    from fpdf import FPDF

    pdf = FPDF(format=size)
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.add_font("DejaVu", "", REGULAR)
    pdf.add_font("DejaVu", "B", BOLD)
    pdf.set_lang(language.value)
    pdf.set_title(title)
    pdf.set_author("Qurmet")
    pdf.set_creation_date(datetime.combine(made, time(), UTC))
    pdf.add_page()
    return pdf


def day_in_words(day: date, _: Texts) -> str:
    """A day with its year, as documents write it."""
    return format_date(day, _DAY[_.language], locale=_.language.value)


def write(
    pdf: "FPDF",
    x: float,
    y: float,
    text: str,
    size: float,
    colour: str = INK,
    *,
    bold: bool = False,
    room: float = inf,
) -> None:
    """A line that begins at `x`, its baseline at `y`; smaller if it would be longer than `room`."""
    size *= min(1, room / max(width_of(pdf, text, size, bold=bold), 1))
    pdf.set_font("DejaVu", "B" if bold else "", size)
    pdf.set_text_color(colour)
    pdf.text(x, y, text)


def centred(
    pdf: "FPDF",
    y: float,
    text: str,
    size: float,
    colour: str = INK,
    *,
    room: float,
    bold: bool = False,
    spacing: float = 0,
) -> None:
    """A line in the middle of the page, its baseline at `y`, with `spacing` points between letters."""
    pdf.set_char_spacing(spacing)
    width = min(room, width_of(pdf, text, size, bold=bold))
    write(pdf, (pdf.w - width + spacing / pdf.k) / 2, y, text, size, colour, bold=bold, room=room)
    pdf.set_char_spacing(0)


def width_of(pdf: "FPDF", text: str, size: float, *, bold: bool) -> float:
    """How long a line is."""
    pdf.set_font("DejaVu", "B" if bold else "", size)
    return pdf.get_string_width(text)


def stroke(pdf: "FPDF", curves: Sequence[Curve], colour: str, width: float) -> None:
    """Draw along curves; those that follow each other as one line."""
    from fpdf.drawing import PaintedPath

    path = PaintedPath()
    path.style.fill_color = None
    path.style.stroke_color = colour
    path.style.stroke_width = width
    path.style.stroke_cap_style = "round"
    path.style.stroke_join_style = "round"
    path.style.auto_close = False
    at: complex | None = None
    for start, leave, arrive, end in curves:
        if start != at:
            path.move_to(start.real, start.imag)
        path.curve_to(leave.real, leave.imag, arrive.real, arrive.imag, end.real, end.imag)
        at = end
    with pdf.drawing_context() as drawing:
        drawing.add_item(path, clone=False)


def fill(pdf: "FPDF", shapes: Sequence[Sequence[complex]], colour: str) -> None:
    """Paint shapes in one go: between neighbours that are painted one by one hair lines would show."""
    from fpdf.drawing import PaintedPath

    path = PaintedPath()
    path.style.stroke_color = None
    path.style.fill_color = colour
    for first, *others in shapes:
        path.move_to(first.real, first.imag)
        for point in others:
            path.line_to(point.real, point.imag)
        path.close()
    with pdf.drawing_context() as drawing:
        drawing.add_item(path, clone=False)


def rectangle(x: float, y: float, width: float, height: float) -> list[complex]:
    """A rectangle by its upper left corner."""
    return [complex(x, y), complex(x + width, y), complex(x + width, y + height), complex(x, y + height)]


def diamond(middle: complex, size: float) -> list[complex]:
    """A square that stands on its corner, `size` from its middle to each."""
    return [middle + size * turn for turn in (1, 1j, -1, -1j)]


def link_code(pdf: "FPDF", link: str, x: float, y: float, side: float) -> None:
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


def border(pdf: "FPDF", margin: float, band: float) -> None:
    """A band of ram's horns around the page, gold on the blue of the sky, and one across each corner."""
    inner, unit = margin + band, band / 10
    across, down = pdf.w - 2 * inner, pdf.h - 2 * inner
    fill(pdf, [rectangle(margin, margin, pdf.w - 2 * margin, pdf.h - 2 * margin)], SKY)
    fill(pdf, [rectangle(inner, inner, across, down)], "#FFFFFF")
    edges = [  # where each begins on the outside, which way it goes, how long it is; clockwise
        (complex(inner, margin), 1 + 0j, across),
        (complex(pdf.w - margin, inner), 1j, down),
        (complex(pdf.w - inner, pdf.h - margin), -1 + 0j, across),
        (complex(margin, pdf.h - inner), -1j, down),
    ]
    curves: list[Curve] = []
    diamonds: list[list[complex]] = []
    for start, along, length in edges:
        inward = along * 1j
        count = round(length / (14.2 * unit))
        step = along * length / count
        for place in range(count):
            curves += placed(horns(), start + step * (place + 0.5) + inward * 1.9 * unit, inward * 6.2 * unit)
        diamonds += [diamond(start + step * place + inward * 2.9 * unit, unit) for place in range(1, count)]
        corner = start - along * band / 2 + inward * band / 2
        curves += placed(horns(), corner + (along + inward) * 1.8 * unit, -(along + inward) * 3 * unit)
        diamonds.append(diamond(corner + (along + inward) * 2.9 * unit, unit))
    stroke(pdf, curves, LIGHT_GOLD, 0.75 * unit)
    fill(pdf, diamonds, LIGHT_GOLD)
    with pdf.local_context(line_width=0.3, draw_color=GOLD):
        pdf.rect(inner + 1.6 * unit, inner + 1.6 * unit, across - 3.2 * unit, down - 3.2 * unit)
