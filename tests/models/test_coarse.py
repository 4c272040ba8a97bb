"""What a driver may learn of a flag, and when."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.behaviours import Form
from models.cars import Driven
from models.coarse import (
    EXTRA_DAYS,
    FORMS_FOR_DRIVER,
    HOUR,
    TIME_TO_SAY_NO,
    first_day,
    first_moment,
    longest_wait,
    several_rides,
    week_named,
    week_reported,
)
from models.flags import Flag
from models.quiet import ZONE, local_day, quiet_until

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def a_flag(received_at: datetime, happened_on: date | None = None) -> Flag:
    return Flag(received_at=received_at, happened_on=happened_on)


def test_every_form_has_a_neutral_name_for_drivers_and_none_says_what_was_done() -> None:
    assert set(FORMS_FOR_DRIVER) == set(Form)
    assert not any(word in name for name in FORMS_FOR_DRIVER.values() for word in ("touch", "rude", "sex", "threat"))


def test_the_week_is_that_of_the_day_it_happened_and_else_of_the_day_it_was_reported() -> None:
    sunday_night = datetime(2026, 11, 22, 18, 59, tzinfo=UTC)  # 23:59 in Almaty
    assert week_named(a_flag(sunday_night)) == (date(2026, 11, 16), date(2026, 11, 22))
    assert week_named(a_flag(sunday_night + timedelta(minutes=1))) == (date(2026, 11, 23), date(2026, 11, 29))
    assert week_named(a_flag(sunday_night, date(2026, 11, 2))) == (date(2026, 11, 2), date(2026, 11, 8))


@given(
    received=MOMENTS,
    later=st.timedeltas(timedelta(), timedelta(days=60)),
    ago=st.integers(0, 60),
    delay=st.integers(7, 30),
    driven=st.sampled_from(Driven),
)
def test_the_driver_hears_by_day_after_several_rides_the_week_and_the_time_to_say_no(
    received: datetime, later: timedelta, ago: int, delay: int, driven: Driven
) -> None:
    flag, now = a_flag(received, local_day(received) - timedelta(days=ago)), received + later
    days = several_rides(driven, delay)
    moments = {first_moment(flag, days, now) for _ in range(20)}
    for moment in moments:
        day = local_day(moment)
        assert moment.astimezone(ZONE).hour == HOUR
        assert quiet_until(moment) is None
        assert day > week_named(flag)[1]
        assert day >= local_day(received) + timedelta(days=days)
        assert day >= local_day(now) + timedelta(days=TIME_TO_SAY_NO)
        assert day >= first_day(flag, several_rides(Driven.MOST_DAYS, delay), now)
        assert moment <= now + timedelta(days=longest_wait(delay))
    assert max(moments) - min(moments) < timedelta(days=EXTRA_DAYS)


def test_the_longest_wait_is_that_of_a_report_on_a_monday_of_whoever_drives_now_and_then() -> None:
    monday = datetime(2026, 11, 15, 19, tzinfo=UTC)  # 00:00 in Almaty
    flag = a_flag(monday)
    last = max(first_moment(flag, several_rides(Driven.NOW_AND_THEN, 7), monday) for _ in range(200))
    assert last + timedelta(hours=24 - HOUR) == monday + timedelta(days=longest_wait(7))


def test_the_less_often_somebody_drives_the_longer_several_rides_take() -> None:
    assert [several_rides(each, 7) for each in Driven] == [7, 14, 28]


def test_the_days_it_may_be_are_the_same_for_all_reports_of_a_week() -> None:
    monday = datetime(2026, 11, 15, 19, tzinfo=UTC)  # 00:00 in Almaty
    for received in (monday, monday + timedelta(days=3), monday + timedelta(days=7, minutes=-1)):
        flag = a_flag(received)
        assert week_reported(flag) == (date(2026, 11, 16), date(2026, 11, 22))
        days = {local_day(first_moment(flag, 14, received)) for _ in range(200)}
        assert days == {date(2026, 12, 6) + timedelta(days=each) for each in range(EXTRA_DAYS)}


def test_the_day_is_drawn_by_lot() -> None:
    flag = a_flag(datetime(2026, 11, 20, tzinfo=UTC))
    assert len({first_moment(flag, 7, flag.received_at) for _ in range(200)}) == EXTRA_DAYS
