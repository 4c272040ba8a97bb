"""What a driver may learn of a flag, and when: the kind of behaviour and the week, after a while, and nothing else.

Nobody must be able to tell from it which ride, which day or which passenger it was. The bot doesn't know a driver's
rides and doesn't ask for them: a driver who had to count them would begin to guess. What stands in for "several other
rides" is time: the week named has ended, some days have passed since the report came, and a few more days, which nobody
can foresee, are added. A driver with very few rides may guess all the same; whoever asks is told so.
"""

import secrets
from datetime import date, datetime, timedelta

from models.behaviours import Form
from models.flags import Flag
from models.quiet import at_hour, local_day
from models.words import N_

HOUR = 10
"""The hour in Kazakhstan at which drivers hear of anything."""
TIME_TO_SAY_NO = 3
"""Days between a decision of the team and the first moment at which the driver may hear of it."""
EXTRA_DAYS = 7
"""So many different days it may be, at random."""
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
    day = day_of(flag)
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def first_moment(flag: Flag, delay_days: int, now: datetime) -> datetime:
    """When the driver may hear of something that is decided now, at the earliest.

    `delay_days` are counted from when the report came. The rest is drawn by lot, anew at each call.
    """
    _monday, sunday = week_named(flag)
    first = max(
        local_day(flag.received_at) + timedelta(days=delay_days),
        local_day(now) + timedelta(days=TIME_TO_SAY_NO),
        sunday + timedelta(days=1),
    )
    return at_hour(first + timedelta(days=secrets.randbelow(EXTRA_DAYS)), HOUR)
