"""Plots for a phone held in one hand: few words, large letters, and nothing told by colour alone.

The colours are those of Okabe and Ito, which people who see colours differently can tell apart; hatching says the same.
Everything is placed in pixels from the upper left corner.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from textwrap import wrap
from threading import Lock
from typing import TYPE_CHECKING, Literal

from babel.dates import format_date
from babel.numbers import format_decimal

from handlers.drawings.fonts import BOLD, REGULAR, drawable
from handlers.texts import Texts
from models.people import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 900, 560
FEW = "*"
"""What stands where so few people are counted that they could be recognised."""

INK, GREY, PALE = "#0E3A4C", "#587684", "#DCE6EA"
RIM, ROOM = 40, WIDTH - 80
TITLE, WORDS, SMALL = 38, 29, 26
# How groups look: colour and hatching.
LOOKS = (("#0072B2", ""), ("#F0B23C", "//"), ("#56B4E9", "xx"), ("#CC79A7", ".."))
# A power of two: a picture is then exactly as many pixels high as was asked.
_DPI = 64
_FEWEST_DAYS = 7
_THICK = 40
# Matplotlib promises nothing to threads: fonts and settings are shared.
_matplotlib = Lock()


def answers_over_time(days: Sequence[tuple[date, int, int]], _: Texts) -> bytes:
    """Right and wrong answers by day, (day, right, wrong) in any order, as a PNG of 900 x 560 pixels.

    A day without answers stays a gap. Up to three months can be told apart day by day.
    """
    from matplotlib.ticker import MaxNLocator

    left, top, right, bottom = 95, 165, WIDTH - RIM, HEIGHT - 75
    last = max((day for day, *_counts in days), default=date.min)
    span = max([(last - day).days for day, *_counts in days] + [_FEWEST_DAYS - 1])
    step = (right - left) / (span + 1)
    most = max([yes + no for _day, yes, no in days] + [4])
    unit = (bottom - top) / most
    with _matplotlib:
        axes = _sheet()
        _write(axes, RIM, 62, _("Your answers"), TITLE, bold=True)
        totals = sum(yes for _day, yes, _no in days), sum(no for _day, _yes, no in days)
        _legend(axes, 120, [_("right: {n}", n=totals[0]), _("wrong: {n}", n=totals[1])])
        for count in MaxNLocator(4, integer=True).tick_values(0, most):
            if count <= most:
                axes.plot(
                    [left, right], [bottom - count * unit] * 2, color=PALE if count else GREY, linewidth=2, zorder=0
                )
                _write(axes, left - 14, bottom - count * unit + 9, f"{count:.0f}", SMALL, GREY, align="right")
        for day, yes, no in days:
            x = right - ((last - day).days + 0.9) * step
            _box(axes, x, bottom - yes * unit, step * 0.8, yes * unit, LOOKS[0])
            _box(axes, x, bottom - (yes + no) * unit, step * 0.8, no * unit, LOOKS[1])
        for ago in range(0, span + 1, -(-(span + 1) // 5)) if days else ():
            text = format_date(last - timedelta(ago), "d MMM", locale=_.language.value)
            half = _width(text, SMALL) / 2
            _write(
                axes, min(right - (ago + 0.5) * step, WIDTH - 10 - half), bottom + 42, text, SMALL, GREY, align="center"
            )
        return _png(axes, HEIGHT)


def bars(
    title: str,
    labels: Sequence[str],
    groups: Mapping[str, Sequence[float | None]],
    _: Texts,
    unit: str = "",
) -> bytes:
    """Figures as horizontal bars, a PNG 900 pixels wide and as high as it takes; up to 30 labels and 4 groups.

    Each group has a figure for each label; None is one that must not be shown and is drawn as an empty cell. The unit
    stands after each figure; with "%" a whole bar is at least 100. A single group is not named.

    Raises ValueError where a group has more or fewer figures than there are labels, and for more groups than looks.
    """
    if len(groups) > len(LOOKS):
        raise ValueError(f"{len(groups)} groups, but only {len(LOOKS)} can be told apart")
    rows = list(zip(labels, *groups.values(), strict=True))
    shown = [figure for figures in groups.values() for figure in figures if figure is not None]
    low = min([*shown, 0])
    high = max([*shown, 100 if unit == "%" else 0])
    with _matplotlib:
        margin = 16 + max(_width(text, WORDS, bold=True) for text in [FEW, *(_figure(one, unit, _) for one in shown)])
        scale = (ROOM - margin) / (high - low or 1)
        zero = RIM - low * scale
        axes = _sheet()
        y = 20.0
        for line in _lines(title, TITLE, most=3, bold=True):
            y += 46
            _write(axes, RIM, y, line, TITLE, bold=True)
        if len(groups) > 1:
            y = _legend(axes, y + 54, list(groups))
        for label, *figures in rows:
            y += 20
            for line in _lines(label, WORDS, most=2):
                y += 38
                _write(axes, RIM, y, line, WORDS)
            y += 12
            top = y
            for figure, look in zip(figures, LOOKS, strict=False):
                if figure is None:
                    _box(axes, zero, y + 3, _width(FEW, WORDS) + 24, _THICK - 6, None)
                    _write(axes, zero + 12, y + 30, FEW, WORDS, GREY)
                else:
                    _box(axes, zero + min(figure, 0) * scale, y + 3, abs(figure) * scale, _THICK - 6, look)
                    _write(axes, zero + max(figure, 0) * scale + 12, y + 30, _figure(figure, unit, _), WORDS, bold=True)
                y += _THICK
            axes.plot([zero, zero], [top, y], color=GREY, linewidth=2)
        return _png(axes, round(y) + 36)


def by_hour_of_day(title: str, hours: Mapping[int, int | None], _: Texts) -> bytes:
    """How many at each hour of the day, 0 to 23, as a PNG of 900 x 560 pixels; None is one that must not be shown."""
    from matplotlib.ticker import MaxNLocator

    left, right, bottom = 95, WIDTH - RIM, HEIGHT - 75
    step = (right - left) / 24
    most = max([number for number in hours.values() if number is not None] + [4])
    with _matplotlib:
        axes, y = _sheet(), 20.0
        for line in _lines(title, TITLE, most=2, bold=True):
            y += 46
            _write(axes, RIM, y, line, TITLE, bold=True)
        unit = (bottom - y - 50) / most
        for count in MaxNLocator(4, integer=True).tick_values(0, most):
            if count <= most:
                at = bottom - count * unit
                axes.plot([left, right], [at, at], color=PALE if count else GREY, linewidth=2, zorder=0)
                _write(axes, left - 14, at + 9, f"{count:.0f}", SMALL, GREY, align="right")
        for hour in range(24):
            x, number = left + (hour + 0.1) * step, hours.get(hour, 0)
            if number is None:
                _write(axes, x + 0.4 * step, bottom - 8, FEW, WORDS, GREY, align="center")
            else:
                _box(axes, x, bottom - number * unit, step * 0.8, number * unit, LOOKS[0])
            if hour % 3 == 0:
                _write(axes, x + 0.4 * step, bottom + 42, f"{hour:02}", SMALL, GREY, align="center")
        return _png(axes, HEIGHT)


def _figure(figure: float, unit: str, _: Texts) -> str:
    # Adding 0 makes of -0.0 a plain 0.
    number = format_decimal(round(figure, 1) + 0, "#,##0.#", locale=_.language.value).replace("-", "−")
    close = not unit or (unit == "%" and _.language == Language.ENGLISH)
    return f"{number}{unit}" if close else f"{number}\N{NO-BREAK SPACE}{unit}"


def _sheet() -> "Axes":
    """An empty white sheet whose measures are pixels; `_png` cuts it to its height."""
    # Figure alone, without pyplot, keeps nothing behind and draws with Agg, which needs no display.
    from matplotlib.figure import Figure

    axes = Figure(dpi=_DPI, facecolor="white").add_axes((0, 0, 1, 1))
    axes.axis("off")
    return axes


def _png(axes: "Axes", height: int) -> bytes:
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.set_size_inches(WIDTH / _DPI, height / _DPI)
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    target = BytesIO()
    figure.savefig(target, format="png")
    return target.getvalue()


def _write(
    axes: "Axes",
    x: float,
    y: float,
    text: str,
    size: int,
    colour: str = INK,
    *,
    bold: bool = False,
    align: Literal["left", "center", "right"] = "left",
) -> None:
    """A line of drawable text with its baseline at `y`, its letters `size` pixels high."""
    from matplotlib.font_manager import FontProperties

    font = FontProperties(fname=str(BOLD if bold else REGULAR), size=size * 72 / _DPI)
    # parse_math: dollar signs in the name of a seminar are no formula.
    axes.text(x, y, text, fontproperties=font, color=colour, ha=align, va="baseline", parse_math=False)


def _box(axes: "Axes", x: float, y: float, width: float, height: float, look: tuple[str, str] | None) -> None:
    """A bar in the look of its group; without a look an empty cell."""
    from matplotlib.patches import Rectangle

    colour, hatch = look or ("white", "")
    edge, style = (INK, "solid") if look else (GREY, (0, (4, 3)))
    axes.add_patch(
        Rectangle((x, y), width, height, facecolor=colour, edgecolor=edge, hatch=hatch, linewidth=1, linestyle=style)
    )


def _legend(axes: "Axes", y: float, names: Sequence[str]) -> float:
    """The looks of the groups and their names, in as many lines as they need; the baseline of the last one."""
    x = float(RIM)
    for name, look in zip(names, LOOKS, strict=False):
        [line] = _lines(name, WORDS, most=1, room=ROOM - 46) or [""]
        if x > RIM and x + 46 + _width(line, WORDS) > RIM + ROOM:
            x, y = float(RIM), y + 44
        _box(axes, x, y - 25, 34, 30, look)
        _write(axes, x + 46, y, line, WORDS)
        x += 46 + _width(line, WORDS) + 40
    return y


def _lines(text: str, size: int, most: int, *, bold: bool = False, room: float = ROOM) -> list[str]:
    """What can be drawn of the text, in at most so many lines that fit the room, cut where it's too long."""
    text = drawable(text)
    for columns in range(80, 4, -1):
        lines = wrap(text, columns, max_lines=most, placeholder=" …")
        if all(_width(line, size, bold=bold) <= room for line in lines):
            return lines
    return lines


def _width(text: str, size: int, *, bold: bool = False) -> float:
    return _measure(size, bold).getlength(text)


@cache
def _measure(size: int, bold: bool) -> "FreeTypeFont":
    from PIL.ImageFont import truetype

    return truetype(BOLD if bold else REGULAR, size)
