"""Days and quiet hours, as people in Kazakhstan live them: one time zone, and nobody is reminded at night."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Almaty")
"""The one time zone of Kazakhstan since 1 March 2024 (UTC+5)."""
MORNING, EVENING = 9, 21
"""Reminders go out from 09:00 until 21:00."""
HOURS = range(MORNING, EVENING)
"""The hours at which a person may ask to be reminded."""
_FULL_DAY = re.compile(r"\s*(\d{1,2})\.(\d{1,2})\.(20\d\d)\s*")
_ANY_DAY = re.compile(r"\s*(\d{1,2})[./ -](\d{1,2})(?:[./ -](20\d\d|\d\d))?\.?\s*")


def local_day(at: datetime) -> date:
    """The day of a moment in Kazakhstan."""
    return at.astimezone(ZONE).date()


def monday_of(day: date) -> date:
    """The Monday of the week of a day."""
    return day - timedelta(days=day.weekday())


def at_hour(day: date, hour: int) -> datetime:
    """The moment at which an hour of a day begins in Kazakhstan."""
    return datetime.combine(day, time(hour), ZONE)


def next_at_hour(after: datetime, hour: int) -> datetime:
    """The first moment later than `after` at which that hour begins."""
    today = at_hour(local_day(after), hour)
    return today if today > after else at_hour(local_day(after) + timedelta(days=1), hour)


def quiet_until(at: datetime) -> datetime | None:
    """When the quiet hours end in which a moment lies; None if it lies in none."""
    return None if at.astimezone(ZONE).hour in HOURS else next_at_hour(at, MORNING)


def read_day(text: str, today: date | None = None) -> date | None:
    """The day of this century that was typed as DD.MM.YYYY; None if the calendar has none.

    With `today` it may be written shorter, as people speak of what has been: 5.11.26, or 5.11 for the last such day.
    """
    found = _FULL_DAY.fullmatch(text) if today is None else _ANY_DAY.fullmatch(text)
    if found is None:
        return None
    day, month, year = (int(part) if part else None for part in found.groups())
    assert day is not None
    assert month is not None
    try:
        if year is None:
            assert today is not None
            this = date(today.year, month, day)
            return this if this <= today else date(today.year - 1, month, day)
        return date(year if year >= 2000 else 2000 + year, month, day)
    except ValueError:
        return None
