"""Tables of numbers as plain text, for a <pre> block: narrow enough for a phone held upright."""

from collections.abc import Sequence
from textwrap import wrap

WIDTH = 32
"""Characters that fit on a line of a narrow phone."""


def text_table(rows: Sequence[Sequence[str]], width: int = WIDTH) -> str:
    """Rows of a name and numbers, the heading first; all of the same length.

    Numbers are aligned on the right; a name that doesn't fit beside them is broken, never cut.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][1:]
    names = [wrap(row[0], width - sum(widths) - len(widths)) or [""] for row in rows]
    room = max(len(line) for name in names for line in name)
    lines: list[str] = []
    for name, row in zip(names, rows, strict=True):
        numbers = "".join(f" {number:>{size}}" for number, size in zip(row[1:], widths, strict=True))
        lines += [*name[:-1], f"{name[-1]:<{room}}{numbers}"]
    return "\n".join(lines)
