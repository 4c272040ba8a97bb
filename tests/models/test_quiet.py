"""Quiet hours: nobody is reminded from 21:00 to 9:00 in Kazakhstan."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.quiet import HOURS, ZONE, at_hour, local_day, next_at_hour, quiet_until, read_day

MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@given(MOMENTS)
def test_quiet_hours_end_at_nine_in_the_morning_and_hold_from_nine_in_the_evening(at: datetime) -> None:
    end = quiet_until(at)
    awake = 9 <= at.astimezone(ZONE).hour < 21
    assert (end is None) is awake
    if end is not None:
        assert at < end <= at + timedelta(hours=12)
        assert (end.astimezone(ZONE).hour, end.astimezone(ZONE).minute) == (9, 0)
        assert quiet_until(end) is None


@pytest.mark.parametrize(
    ("utc", "ends"), [("15:59:59", None), ("16:00", "04:00"), ("03:59:59", "04:00"), ("04:00", None)]
)
def test_they_are_those_of_almaty_whatever_the_zone_of_the_moment(utc: str, ends: str | None) -> None:
    at = datetime.fromisoformat(f"2026-11-21T{utc}+00:00")
    end = quiet_until(at)
    assert (end and f"{end.astimezone(UTC):%H:%M}") == ends


@given(MOMENTS, st.sampled_from(HOURS))
def test_the_next_time_at_an_hour_is_later_and_within_a_day(after: datetime, hour: int) -> None:
    at = next_at_hour(after, hour)
    assert after < at <= after + timedelta(days=1)
    assert at == at_hour(local_day(at), hour)
    assert quiet_until(at) is None


def test_a_day_begins_at_midnight_in_almaty() -> None:
    assert local_day(datetime(2026, 11, 21, 18, 59, tzinfo=UTC)) == date(2026, 11, 21)
    assert local_day(datetime(2026, 11, 21, 19, 0, tzinfo=UTC)) == date(2026, 11, 22)


@pytest.mark.parametrize("text", ["1.1.1999", "00.01.2027", "29.02.2027", "2027-01-01", "", "1.1.27", "١.١.20٢7x"])
def test_a_day_that_is_none_is_not_read(text: str) -> None:
    assert read_day(text) is None


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("5.11.2026", date(2026, 11, 5)),
        (" 05-11-26 ", date(2026, 11, 5)),
        ("5/11", date(2026, 11, 5)),
        ("21.11.", date(2026, 11, 21)),
        ("22.11", date(2025, 11, 22)),
        ("29.02", None),
        ("1.1.1999", None),
        ("1.1.99999999999999999999", None),
        ("когда-то", None),
    ],
)
def test_a_day_that_has_been_may_be_written_shorter(typed: str, day: date | None) -> None:
    assert read_day(typed, date(2026, 11, 21)) == day
