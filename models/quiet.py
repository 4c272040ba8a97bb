"""Days and quiet hours, as people in Kazakhstan live them: one time zone, and nobody is reminded at night."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Almaty")
"""The one time zone of Kazakhstan since 1 March 2024 (UTC+5)."""
MORNING, EVENING = 9, 21
"""Reminders go out from 09:00 until 21:00."""
HOURS = range(MORNING, EVENING)
"""The hours at which a person may ask to be reminded."""


def local_day(at: datetime) -> date:
    """The day of a moment in Kazakhstan."""
    return at.astimezone(ZONE).date()


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
