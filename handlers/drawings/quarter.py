"""The report of a quarter as PDF, to be published: a page in each language, with the same figures.

What a page says comes as a `Page`, ready to be drawn; the same pages give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from handlers.drawings.fonts import drawable
from handlers.drawings.ornament import horns, placed
from handlers.drawings.page import (
    GOLD,
    GREY,
    INK,
    LIGHT_GOLD,
    SKY,
    blank_page,
    diamond,
    fill,
    rectangle,
    stroke,
    width_of,
    write,
)
from models.people import Language

if TYPE_CHECKING:
    from fpdf import FPDF

WIDTH, HEIGHT = 210.0, 297.0
SIDE, ROOM = 20.0, 170.0
PALE = "#DCE6EA"
_NAMES = 62.0
"""How wide the names beside bars are."""


@dataclass(frozen=True)
class Bars:
    """A heading, and figures as bars: (name, figure as it's written, figure or None if it's hidden)."""

    title: str
    rows: Sequence[tuple[str, str, int | None]]


@dataclass(frozen=True)
class Page:
    """What a page says, from its top to its foot, in one language."""

    language: Language
    title: str
    subtitle: str
    numbers: Sequence[tuple[str, str]]
    """The large ones: (figure, what it is)."""
    forms: Bars
    table_title: str
    table: Sequence[Sequence[str]]
    """Rows of cells, the heading first."""
    outcomes: Bars
    notes: Sequence[str]
    foot: str


def report_pdf(pages: Sequence[Page], made_on: date) -> bytes:
    """The report, a page of A4 for each of the pages."""
    first, *others = pages
    pdf = blank_page((WIDTH, HEIGHT), first.language, first.title, made_on)
    _draw(pdf, first)
    for page in others:
        pdf.add_page()
        _draw(pdf, page)
    return bytes(pdf.output())


def _draw(pdf: "FPDF", page: Page) -> None:
    _band(pdf)
    write(pdf, SIDE, 33, page.title, 19, bold=True, room=ROOM)
    write(pdf, SIDE, 40.5, page.subtitle, 10.5, GREY, room=ROOM)
    y = _numbers(pdf, 47, page.numbers)
    y = _bars(pdf, y + 10, page.forms)
    y = _table(pdf, y + 10, page.table_title, page.table)
    y = _bars(pdf, y + 10, page.outcomes)
    _notes(pdf, y + 7, page.notes)
    write(pdf, SIDE, HEIGHT - 10, drawable(page.foot), 8, GREY, room=ROOM)


def _band(pdf: "FPDF") -> None:
    """Ram's horns across the top, as around the certificate."""
    high, count = 12.0, 14
    fill(pdf, [rectangle(0, 0, WIDTH, high)], SKY)
    step = WIDTH / count
    curves = [
        curve for at in range(count) for curve in placed(horns(), complex(step * (at + 0.5), 2.9), complex(0, 6.2))
    ]
    stroke(pdf, curves, LIGHT_GOLD, 0.75)
    fill(pdf, [diamond(complex(step * at, 4.2), 1) for at in range(1, count)], LIGHT_GOLD)
    fill(pdf, [rectangle(0, high, WIDTH, 0.7)], GOLD)


def _numbers(pdf: "FPDF", y: float, numbers: Sequence[tuple[str, str]]) -> float:
    gap = 5.0
    wide = (ROOM - gap * (len(numbers) - 1)) / len(numbers)
    for place, (figure, name) in enumerate(numbers):
        x = SIDE + place * (wide + gap)
        fill(pdf, [rectangle(x, y, wide, 20)], "#EEF4F6")
        fill(pdf, [rectangle(x, y, 1.2, 20)], GOLD)
        write(pdf, x + 5, y + 10.5, figure, 20, bold=True, room=wide - 8)
        write(pdf, x + 5, y + 16.5, name, 9, GREY, room=wide - 8)
    return y + 20


def _heading(pdf: "FPDF", y: float, title: str) -> float:
    write(pdf, SIDE, y, title, 12, bold=True, room=ROOM)
    fill(pdf, [rectangle(SIDE, y + 1.8, ROOM, 0.25)], GOLD)
    return y + 3.5


def _bars(pdf: "FPDF", y: float, bars: Bars) -> float:
    y = _heading(pdf, y, bars.title)
    room = ROOM - _NAMES - 14
    most = max([number for _name, _written, number in bars.rows if number is not None] + [1])
    for name, figure, number in bars.rows:
        write(pdf, SIDE, y + 4.2, name, 9, room=_NAMES - 3)
        long = room * (number or 0) / most
        if number is not None:
            fill(pdf, [rectangle(SIDE + _NAMES, y + 1, max(long, 0.4), 4)], "#0072B2" if number else PALE)
        write(pdf, SIDE + _NAMES + long + 2, y + 4.2, figure, 9, INK if number is not None else GREY, bold=True)
        y += 5.6
    return y


def _table(pdf: "FPDF", y: float, title: str, table: Sequence[Sequence[str]]) -> float:
    y = _heading(pdf, y, title)
    first = 30.0
    wide = (ROOM - first) / (len(table[0]) - 1)
    for place, cells in enumerate(table):
        size, colour = (8.0, GREY) if place == 0 else (9.0, INK)
        for column, cell in enumerate(cells):
            if column == 0:
                write(pdf, SIDE, y + 4.4, cell, size, colour, room=first - 3)
                continue
            within = min(width_of(pdf, cell, size, bold=False), wide - 3)
            write(pdf, SIDE + first + column * wide - within, y + 4.4, cell, size, colour, room=wide - 3)
        y += 6
        fill(pdf, [rectangle(SIDE, y, ROOM, 0.15)], PALE)
    return y


def _notes(pdf: "FPDF", y: float, notes: Sequence[str]) -> None:
    pdf.set_font("DejaVu", "", 8)
    pdf.set_text_color(GREY)
    pdf.set_xy(SIDE, y)
    pdf.c_margin = 0
    for note in notes:
        pdf.set_x(SIDE)
        pdf.multi_cell(ROOM, 3.9, drawable(note), align="L", new_x="LEFT", new_y="NEXT")
        pdf.set_y(pdf.get_y() + 1.2)
