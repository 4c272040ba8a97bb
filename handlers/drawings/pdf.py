"""What drawings for PDF share: colours, lines of text, curves and shapes. Measures are millimetres, of fonts points."""

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Literal

from handlers.drawings.fonts import BOLD, REGULAR
from handlers.drawings.ornament import Curve

if TYPE_CHECKING:
    from fpdf import FPDF

INK, GREY, SKY, GOLD, LIGHT_GOLD = "#0E3A4C", "#587684", "#0798C2", "#DDA01B", "#FFD766"


def new_pdf(orientation: Literal["portrait", "landscape"]) -> "FPDF":
    """A document of A4 without pages yet, without margins, with our fonts."""
    from fpdf import FPDF

    pdf = FPDF(orientation=orientation, format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.add_font("DejaVu", "", REGULAR)
    pdf.add_font("DejaVu", "B", BOLD)
    pdf.set_author("Qurmet")
    return pdf


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
    size *= min(1, room / max(measure(pdf, text, size, bold=bold), 1))
    pdf.set_font("DejaVu", "B" if bold else "", size)
    pdf.set_text_color(colour)
    pdf.text(x, y, text)


def measure(pdf: "FPDF", text: str, size: float, *, bold: bool) -> float:
    """How wide a line is."""
    pdf.set_font("DejaVu", "B" if bold else "", size)
    return pdf.get_string_width(text)


def stroke(pdf: "FPDF", curves: Sequence[Curve], colour: str, width: float) -> None:
    """Draw curves, one after another where they meet, with a line of this width."""
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
    """The corners of a rectangle from its upper left one."""
    return [complex(x, y), complex(x + width, y), complex(x + width, y + height), complex(x, y + height)]


def diamond(middle: complex, size: float) -> list[complex]:
    """The corners of a small diamond."""
    return [middle + size * turn for turn in (1, 1j, -1, -1j)]
