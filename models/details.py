"""What a guided report adds to a behaviour: who tells it, when it was, where the ride was ordered, and what makes it
more severe. Everything may be left out."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from models.words import N_


class Teller(StrEnum):
    """Who tells of the incident."""

    PASSENGER = "passenger"
    DRIVER = "driver"
    WITNESS = "witness"


class Platform(StrEnum):
    """Where the ride was ordered. Active in Kazakhstan by the end of 2025: Yandex Go, inDrive, Aparu."""

    YANDEX = "yandex"
    INDRIVE = "indrive"
    APARU = "aparu"
    OTHER = "other"


class Daytime(StrEnum):
    """About when in the day, as people in Kazakhstan divide it."""

    NIGHT = "night"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class Aim(StrEnum):
    """What is to be done with a report: shown to the team, held until another person names the vehicle, or counted."""

    ACT = "act"
    HOLD = "hold"
    COUNT = "count"


class Reach(StrEnum):
    """Whether the person who reported may be asked something, and how.

    Whatever it is, the team doesn't learn who it is; only a contact can be shown to them, if two of them agree.
    """

    ANONYMOUS = "anonymous"
    HERE = "here"
    CONTACT = "contact"


TELLER_NAMES = {
    Teller.PASSENGER: N_("I was the passenger"),
    Teller.DRIVER: N_("I was the driver"),
    Teller.WITNESS: N_("I saw it"),
}
PLATFORM_NAMES = {
    Platform.YANDEX: "Yandex Go",
    Platform.INDRIVE: "inDrive",
    Platform.APARU: "Aparu",
    Platform.OTHER: N_("Another one, or none"),
}
DAYTIME_NAMES = {
    Daytime.MORNING: N_("Morning (6 to 12)"),
    Daytime.AFTERNOON: N_("Afternoon (12 to 18)"),
    Daytime.EVENING: N_("Evening (18 to 24)"),
    Daytime.NIGHT: N_("Night (0 to 6)"),
}
AIM_NAMES = {
    Aim.ACT: N_("Let the team look into it now"),
    Aim.HOLD: N_("Hold it until another person names the same car"),
    Aim.COUNT: N_("Only count it in the statistics"),
}
REACH_NAMES = {
    Reach.ANONYMOUS: N_("No questions to me, please"),
    Reach.HERE: N_("The team may ask me here, in this chat"),
    Reach.CONTACT: N_("I leave another way to reach me"),
}


@dataclass(frozen=True)
class Details:
    """What was chosen by buttons; None where nothing was said."""

    teller: Teller | None = None
    platform: Platform | None = None
    happened_on: date | None = None
    """The day in Kazakhstan."""
    daytime: Daytime | None = None
    happened_at: datetime | None = None
    """The moment on that day, where it was noted."""
    repeated: bool | None = None
    """Whether it was not the first time."""
    minor: bool | None = None
    """Whether somebody under 18 was affected."""
    retaliation: bool | None = None
    """Whether it happened because of an earlier report."""
    reach: Reach | None = None
    """None: nothing was said. Then the team may ask through the bot, where neither side learns who the other is."""
    region: str | None = None
    """Where in Kazakhstan it was, ISO 3166-2."""
