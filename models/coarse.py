"""What a driver may learn of a flag, and when: the kind of behaviour and the week, after a while, and nothing else.

Nobody must be able to tell from it which ride, which day or which passenger it was: several other rides have to lie in
between. The bot can't count rides, but it asks drivers once, when they name a car and long before any report, how often
they drive it with passengers; what is waited for is the time that several rides take at that pace. It begins when the
week ends in which the report came, so that it's the same for all reports of a week, and some days, which nobody can
foresee, are added. A driver with very few rides may guess all the same; whoever asks is told so.
"""

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from models.behaviours import Form
from models.cars import Driven
from models.flags import Flag
from models.quiet import at_hour, local_day, monday_of
from models.words import N_

HOUR = 10
"""The hour in Kazakhstan at which drivers hear of anything."""
TIME_TO_SAY_NO = 3
"""Days between a decision of the team and the first moment at which the driver may hear of it."""
EXTRA_DAYS = 7
"""So many different days it may be, at random."""
TIMES_AS_LONG: Mapping[Driven, int] = {Driven.MOST_DAYS: 1, Driven.SOME_DAYS: 2, Driven.NOW_AND_THEN: 4}
"""How many times the delay of the settings, a week or more, several rides take.

Whoever drives on most days has them within a week. On some days of the week is taken as about half of the days, so it
takes two; now and then as once a week, so that four weeks bring several.
"""
FORMS_FOR_DRIVER = {
    Form.SEXUALISED: N_("personal questions and remarks"),
    Form.VERBAL: N_("tone and words"),
    Form.NON_VERBAL: N_("looks, gestures, filming"),
    Form.PHYSICAL: N_("personal space"),
    Form.STALKING: N_("contact after a ride"),
    Form.UNEQUAL: N_("the same service for everyone"),
    Form.DRIVING: N_("the way of driving"),
    Form.OTHER: N_("how a passenger felt on the ride"),
}
"""The kinds of behaviour in neutral words, as a driver reads them."""


def day_of(flag: Flag) -> date:
    """The day in Kazakhstan on which it happened, as far as is known: else the day on which it was reported."""
    return flag.happened_on or local_day(flag.received_at)


def week_named(flag: Flag) -> tuple[date, date]:
    """The first and the last day of the week that the driver is told, Monday and Sunday."""
    monday = monday_of(day_of(flag))
    return monday, monday + timedelta(days=6)


def several_rides(driven: Driven, delay_days: int) -> int:
    """Days that several rides take somebody who drives so often; `delay_days` at least."""
    return delay_days * TIMES_AS_LONG[driven]


def week_reported(flag: Flag) -> tuple[date, date]:
    """The first and the last day of the week in which a report came, Monday and Sunday."""
    monday = monday_of(local_day(flag.received_at))
    return monday, monday + timedelta(days=6)


def first_day(flag: Flag, days: int, decided_at: datetime) -> date:
    """The first of the days on which the driver may hear of something that was decided at a moment.

    `days`, as many as several rides take, are counted from the end of the week in which the report came; the week
    that is named is over by then.
    """
    return max(
        week_reported(flag)[1] + timedelta(days=days),
        local_day(decided_at) + timedelta(days=TIME_TO_SAY_NO),
    )


def first_moment(flag: Flag, days: int, now: datetime) -> datetime:
    """When the driver may hear of something that is decided now; the day is drawn by lot, anew at each call."""
    return at_hour(first_day(flag, days, now) + timedelta(days=secrets.randbelow(EXTRA_DAYS)), HOUR)


def longest_wait(delay_days: int) -> int:
    """Days from a decision to the end of the last day on which any driver may hear of it.

    That is, of a report that came on a Monday: the rest of its week, the longest that several rides take, and the lot.
    """
    return 6 + delay_days * max(TIMES_AS_LONG.values()) + EXTRA_DAYS
