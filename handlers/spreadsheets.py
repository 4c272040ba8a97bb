"""Tables as files that spreadsheets open: CSV and XLSX, written row by row, so that their length costs no memory.

A cell that begins like a formula gets an apostrophe before it: a spreadsheet would else run it. CSV begins with the
mark by which Excel knows UTF-8, and separates cells as Excel expects in the language of the reader.
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Protocol
from zipfile import ZIP_DEFLATED, ZipFile

from models.people import Language

Cell = str | int | None

LIMIT = 45_000_000
"""Bytes of a file that Telegram takes from a bot for certain (50 MB with all that is around it)."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Sheet(Protocol):
    """A file that is being written."""

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Add rows."""

    def close(self) -> None:
        """Finish the file."""


def safe(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula, also after spaces; numbers stay numbers."""
    if not isinstance(cell, str):
        return cell
    return f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA) else cell


def _delimiter(language: Language) -> str:
    """What separates cells: where the decimal sign is a comma, Excel expects semicolons."""
    return "," if language is Language.ENGLISH else ";"


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[Cell]], language: Language) -> bytes:
    """A short table as CSV, without a file."""
    table = StringIO(newline="")
    csv.writer(table, delimiter=_delimiter(language)).writerows([safe(cell) for cell in row] for row in (head, *rows))
    return table.getvalue().encode("utf-8-sig")


class CsvSheet:
    """A table as CSV."""

    def __init__(self, path: Path, head: Sequence[str], language: Language) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._file, delimiter=_delimiter(language))
        self.write([head])

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Add rows."""
        self._rows.writerows([safe(cell) for cell in row] for row in rows)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class XlsxSheet:
    """A table as a workbook of Excel; texts are texts, whatever they look like."""

    def __init__(self, path: Path, head: Sequence[str], language: Language) -> None:
        from xlsxwriter import Workbook

        options = {"constant_memory": True, "tmpdir": str(path.parent)}
        self._book = Workbook(str(path), options)
        self._sheet: Any = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(head) - 1, 16)
        self._next = 0
        self.write([head])

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Add rows."""
        text, number = self._sheet.write_string, self._sheet.write_number
        for at, row in enumerate(rows, self._next):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    if cell:
                        text(at, column, safe(cell))
                elif cell is not None:
                    number(at, column, cell)
            self._next = at + 1

    def close(self) -> None:
        """Finish the file."""
        self._book.close()


SHEETS: Mapping[str, Callable[[Path, Sequence[str], Language], Sheet]] = {"csv": CsvSheet, "xlsx": XlsxSheet}
"""By the ending of the file."""


def small_enough(path: Path) -> Path:
    """The file, or a ZIP of it in its place if it's too large for Telegram."""
    if path.stat().st_size <= LIMIT:
        return path
    packed = path.with_name(f"{path.name}.zip")
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.write(path, path.name)
    path.unlink()
    return packed
