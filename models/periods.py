"""Periods for which figures are asked: the last days, a month, a quarter; days begin at midnight in Kazakhstan."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.quiet import at_hour, local_day

LAST_DAYS = {"7": 7, "30": 30, "90": 90, "year": 365}
"""How many days, today's included, by the name of the period."""
ALL = "all"
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
_QUARTER = re.compile(r"(20\d\d)-?[Qq]([1-4])", re.ASCII)


@dataclass(frozen=True)
class Period:
    """From a moment, until before another; None is open."""

    name: str
    """One of LAST_DAYS, "all", a month as 2026-11 or a quarter as 2026-Q3."""
    since: datetime | None = None
    until: datetime | None = None


def period_of(name: str, now: datetime) -> Period | None:
    """The period of this name, seen from a moment; None if there's none."""
    if name == ALL:
        return Period(ALL)
    if name in LAST_DAYS:
        return Period(name, at_hour(local_day(now) - timedelta(days=LAST_DAYS[name] - 1), 0))
    if (found := _MONTH.fullmatch(name)) is not None:
        return _months(name, int(found[1]), int(found[2]), 1)
    if (found := _QUARTER.fullmatch(name)) is not None:
        return _quarter(int(found[1]), int(found[2]))
    return None


def last_quarter(now: datetime) -> Period:
    """The last quarter that is over."""
    today = local_day(now)
    before = 4 * today.year + (today.month - 1) // 3 - 1
    return _quarter(before // 4, before % 4 + 1)


def _quarter(year: int, quarter: int) -> Period:
    return _months(f"{year}-Q{quarter}", year, 3 * quarter - 2, 3)


def _months(name: str, year: int, month: int, length: int) -> Period:
    after = 12 * year + month - 1 + length
    return Period(name, at_hour(date(year, month, 1), 0), at_hour(date(after // 12, after % 12 + 1, 1), 0))
