"""Plots: of the size promised, true to the figures, readable without colour, hiding what must not be shown."""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handlers.drawings.plots import answers_over_time, bars
from handlers.texts import load_texts
from models.people import Language

TEXTS = load_texts()
EN, KK = TEXTS[Language.ENGLISH], TEXTS[Language.KAZAKH]
DAY = date(2026, 9, 28)
DAYS = [(DAY + timedelta(days=ago), 3 + ago % 4, ago % 3) for ago in range(20)]


def pixels(png: bytes) -> NDArray[np.uint8]:
    """Rows of pixels, each of three colours."""
    picture = Image.open(BytesIO(png))
    assert picture.format == "PNG"
    return np.asarray(picture.convert("RGB"))


def blue(png: bytes) -> NDArray[np.bool_]:
    """Where the colour of the first group is."""
    found: NDArray[np.bool_] = (pixels(png) == (0, 0x72, 0xB2)).all(axis=2)
    return found


@pytest.mark.parametrize("days", [[], DAYS[:1], DAYS, [(DAY + timedelta(days=ago), 5, 1) for ago in range(200)]])
def test_answers_over_time_have_the_size_promised(days: list[tuple[date, int, int]]) -> None:
    assert pixels(answers_over_time(days, KK)).shape == (560, 900, 3)


def test_bars_are_as_high_as_the_answers_are_many() -> None:
    one, three = DAY, DAY + timedelta(days=6)
    where = blue(answers_over_time([(one, 2, 0), (three, 6, 0)], EN))[140:, :]  # below the legend
    heights = where.sum(axis=0)
    left, right = heights[:450].max(), heights[450:].max()
    assert right / left == pytest.approx(3, rel=0.05)
    # Five days between them are a gap.
    assert not where[:, 250:700].any()


def test_the_order_of_days_does_not_matter_and_their_figures_do() -> None:
    drawn = answers_over_time(DAYS, EN)
    assert answers_over_time(DAYS[::-1], EN) == drawn
    assert answers_over_time([*DAYS[:-1], (DAYS[-1][0], 1, 1)], EN) != drawn
    assert answers_over_time(DAYS, KK) != drawn


def test_right_and_wrong_differ_without_colour() -> None:
    def shades(right: int, wrong: int) -> int:
        png = answers_over_time([(DAY, right, wrong)], EN)
        inside = Image.open(BytesIO(png)).convert("L").crop((770, 250, 840, 450))
        return len(inside.getcolors() or [])

    assert shades(4, 0) == 1
    assert shades(0, 4) > 1  # hatched


def test_lengths_tell_the_figures() -> None:
    def lengths(figures: list[float | None], unit: str) -> list[int]:
        rows = blue(bars("Completed", [str(n) for n in range(len(figures))], {"": figures}, EN, unit)).sum(axis=1)
        return sorted({int(length) for length in rows if length})

    short, long = lengths([30, 60], "")
    assert long / short == pytest.approx(2, rel=0.02)
    # Per cents are of a hundred.
    assert lengths([50], "%")[0] / lengths([50], "points")[0] == pytest.approx(0.5, abs=0.1)
    assert lengths([None, None], "%") == lengths([0], "") == []
    # Losses lie on the other side of nothing.
    gain = blue(bars("Gain", ["a"], {"": [10]}, EN)).any(axis=0)
    both = blue(bars("Gain", ["a", "b"], {"": [10, -10]}, EN)).any(axis=0)
    assert both.argmax() <= gain.argmax()
    assert both.sum() <= gain.sum() + 4


def test_what_must_not_be_shown_is_an_empty_cell_of_one_size() -> None:
    hidden = bars("By gender", ["women", "men"], {"": [None, 12]}, EN)
    assert hidden != bars("By gender", ["women", "men"], {"": [0, 12]}, EN)
    assert hidden != bars("By gender", ["women", "men"], {"": [4, 12]}, EN)
    assert not blue(bars("By gender", ["women"], {"": [None]}, EN)).any()


def test_bars_grow_with_what_they_show() -> None:
    few = pixels(bars("By region", ["Алматы"], {"a": [1]}, KK))
    more = pixels(bars("By region", ["Алматы", "Қостанай"], {"a": [1, 2], "b": [None, 3], "c": [2, 2]}, KK))
    assert few.shape[1] == more.shape[1] == 900
    assert more.shape[0] > few.shape[0] + 200
    assert pixels(bars("Nothing yet", [], {}, KK)).shape[1] == 900


def test_no_name_of_a_seminar_breaks_a_plot() -> None:
    names = [r"$\frac$ 50% <b>&amp;", "🌸🌸", "", "Ж" * 300, "семинар " * 40]
    picture = pixels(bars("ШЫМКЕНТ ҚАЛАСЫ " * 20, names, {"": [1.25, 2, 3, 4, None]}, KK))
    ink = (picture.min(axis=2) < 200).any(axis=0)
    assert not ink[:30].any()
    assert not ink[880:].any()


@pytest.mark.parametrize("groups", [{"a": [1, 2]}, {"a": [1], "b": []}, {letter: [1] for letter in "abcde"}])
def test_figures_that_do_not_fit_their_labels_are_refused(groups: dict[str, list[float | None]]) -> None:
    with pytest.raises(ValueError, match=r"longer|shorter|groups"):
        bars("Title", ["one"], groups, EN)


def test_drawing_needs_no_window_manager() -> None:
    bars("Title", ["one"], {"": [1]}, EN)
    assert "matplotlib.figure" in sys.modules
    assert "matplotlib.pyplot" not in sys.modules


def test_threads_draw_what_one_alone_draws() -> None:
    alone = [answers_over_time(DAYS[:days], KK) for days in range(8)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda days: answers_over_time(DAYS[:days], KK), range(8))) == alone
