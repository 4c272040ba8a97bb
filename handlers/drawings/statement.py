"""The statement: what a person told, on A4 with real text, to sign and to hand in.

The same statement gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING
from unicodedata import bidirectional, normalize

from handlers.drawings.fonts import BOLD, REGULAR, drawable
from handlers.texts import Texts
from models.quiet import ZONE

if TYPE_CHECKING:
    from fpdf import FPDF

INK, GREY, LINE = "#0E3A4C", "#587684", "#B9C9D1"
MARGIN, ROOM = 22.0, 166.0  # every measure here is in millimetres, of fonts in points
LABEL = 44.0
HASH_GROUP = 4
PAGES = "\u00a0\u00a0"
"""Stands for the number of pages until it's known: what `drawable` gives never holds it, whatever people type."""


@dataclass(frozen=True)
class Statement:
    """What a statement says; texts are in the language in which it's drawn, without markup."""

    receipt: str
    received: datetime
    drawn: datetime
    behaviours: Sequence[str]
    details: Sequence[str]
    words: str | None
    """The person's own, as they were typed."""
    standing: Sequence[str]
    hash: str
    """SHA-256 of the content, 64 hexadecimal digits."""


def as_pdf(statement: Statement, _: Texts) -> bytes:
    """The statement as PDF, upright A4, as many pages as the words need, in the language of the texts."""
    pdf = _paper(statement, _)
    _write(pdf, _("Statement"), 20, bold=True)
    _write(pdf, _("told through the Qurmet bot"), 11, GREY)
    _space(pdf, 5)
    for label, value in (
        (_("Report code"), statement.receipt),
        (_("Received"), moment(statement.received, _)),
        (_("Drawn"), moment(statement.drawn, _)),
    ):
        _fact(pdf, label, value)
    _write(pdf, _("Times are those of Kazakhstan (Asia/Almaty, UTC+5)."), 8.5, GREY)
    _section(pdf, _("What happened"), [f"• {each}" for each in statement.behaviours])
    _section(pdf, _("Details"), statement.details)
    if statement.words:
        lines = statement.words.splitlines()
        _section(pdf, _("In the person's own words"), lines)
        if any(_is_cut(line) for line in lines):
            _write(pdf, _("Emoji and signs that can't be printed are left out here; the hash counts them."), 8.5, GREY)
    _section(pdf, _("Where it stands"), statement.standing)
    _foot(pdf, statement, _)
    return bytes(pdf.output())


def _paper(statement: Statement, _: Texts) -> "FPDF":
    from fpdf import FPDF

    class Paper(FPDF):
        """Numbers its pages and says on each which statement it belongs to."""

        def footer(self) -> None:
            self.set_y(-14)
            self.set_font("DejaVu", "", 8)
            self.set_text_color(GREY)
            pages = _("Page {page} of {pages}", page=self.page_no(), pages=PAGES)
            self.cell(0, 5, f"{statement.receipt} · {pages}", align="C")

    pdf = Paper(format="A4")
    pdf.set_margins(MARGIN, 20, MARGIN)
    pdf.c_margin = 0
    pdf.alias_nb_pages(PAGES)
    pdf.set_auto_page_break(True, 20)
    pdf.add_font("DejaVu", "", REGULAR)
    pdf.add_font("DejaVu", "B", BOLD)
    pdf.set_lang(_.language.value)
    pdf.set_title(f"{_('Statement')} {statement.receipt}")
    pdf.set_author("Qurmet")
    pdf.set_creation_date(statement.drawn)
    pdf.add_page()
    return pdf


def moment(at: datetime, _: Texts) -> str:
    """Day and time in Kazakhstan, with the year: a paper is read long after."""
    return f"{_.day(at)}, {at.astimezone(ZONE):%H:%M}"


def _is_cut(line: str) -> bool:
    """Whether something that is to be seen in a line can't be drawn."""
    seen = [sign for sign in normalize("NFC", line) if sign.isprintable() and not sign.isspace()]
    return len("".join(drawable(line).split())) < len(seen)


def _foot(pdf: "FPDF", statement: Statement, _: Texts) -> None:
    """What is to be filled in by hand, what the statement is not, and the hash; never torn apart."""
    pdf.set_font("DejaVu", "", 9)
    terms = _(
        "Told by the person, true as far as they know; not checked by the bot; not a document of an authority; "
        "not legal advice."
    )
    hashed = _(
        "SHA-256 of the content. It was written down when the statement was drawn. "
        "Drawn again with the same content, it has the same hash."
    )
    _space(pdf, 5)
    if pdf.get_y() + 80 > pdf.h - pdf.b_margin:
        pdf.add_page()
    _write(pdf, _("To fill in by hand. The bot does not know the name."), 8.5, GREY)
    for label in (_("First name and surname"), _("Date"), _("Signature")):
        _space(pdf, 6)
        _write(pdf, label, 10, GREY)
        with pdf.local_context(line_width=0.25, draw_color=INK):
            pdf.line(MARGIN + LABEL + 12, pdf.get_y() - 0.6, MARGIN + ROOM, pdf.get_y() - 0.6)
    _space(pdf, 6)
    _rule(pdf)
    _write(pdf, terms, 9.5)
    _space(pdf, 3)
    _write(pdf, hashed, 8.5, GREY)
    groups = [statement.hash[at : at + HASH_GROUP] for at in range(0, len(statement.hash), HASH_GROUP)]
    half = len(groups) // 2
    for part in (groups[:half], groups[half:]):
        _write(pdf, " ".join(part), 10.5, bold=True)


def _section(pdf: "FPDF", title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    _space(pdf, 4)
    if pdf.get_y() + 20 > pdf.h - pdf.b_margin:
        pdf.add_page()
    _rule(pdf)
    _write(pdf, title, 11.5, bold=True)
    _space(pdf, 1)
    for before, line in pairwise(["", *map(drawable, lines)]):
        if line:
            _write(pdf, line, 10.5)
        elif before:  # however many lines were left empty
            _space(pdf, 2.5)


def _fact(pdf: "FPDF", label: str, value: str) -> None:
    pdf.set_font("DejaVu", "", 10)
    pdf.set_text_color(GREY)
    pdf.cell(LABEL, 6, label)
    pdf.set_font("DejaVu", "B", 10.5)
    pdf.set_text_color(INK)
    pdf.cell(0, 6, value, new_x="LMARGIN", new_y="NEXT")


def _rule(pdf: "FPDF") -> None:
    with pdf.local_context(line_width=0.2, draw_color=LINE):
        pdf.line(MARGIN, pdf.get_y(), MARGIN + ROOM, pdf.get_y())
    _space(pdf, 2.5)


def _space(pdf: "FPDF", height: float) -> None:
    pdf.set_y(pdf.get_y() + height)


def _write(pdf: "FPDF", text: str, size: float, colour: str = INK, *, bold: bool = False) -> None:
    """A paragraph, wrapped; one in a script that runs to the left begins at the right."""
    pdf.set_font("DejaVu", "B" if bold else "", size)
    pdf.set_text_color(colour)
    height = size * 0.53
    direction = next((kind for sign in text if (kind := bidirectional(sign)) in {"L", "R", "AL"}), "L")
    if not any(bidirectional(sign) in {"R", "AL"} for sign in text):
        pdf.multi_cell(0, height, text, align="L", new_x="LMARGIN", new_y="NEXT")
        return
    lines = pdf.multi_cell(0, height, text, align="L", dry_run=True, output="LINES")
    assert isinstance(lines, list)
    for line in lines:
        align = "L" if direction == "L" else "R"
        pdf.cell(0, height, _visual(line, direction == "L"), align=align, new_x="LMARGIN", new_y="NEXT")


def _visual(line: str, to_the_right: bool) -> str:
    """The letters of a line in the order in which they stand on paper."""
    from fpdf.bidi import BidiParagraph
    from fpdf.enums import TextDirection

    base = TextDirection.LTR if to_the_right else TextDirection.RTL
    return BidiParagraph(line, base_direction=base).get_reordered_string()
