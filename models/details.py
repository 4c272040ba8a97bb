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


@dataclass(frozen=True)
class Details:
    """What was chosen by buttons; None where nothing was said."""

    teller: Teller | None = None
    platform: Platform | None = None
    happened_on: date | None = None
    """The day in Kazakhstan."""
    happened_at: datetime | None = None
    """The moment on that day, where it was noted."""
    repeated: bool | None = None
    """Whether it was not the first time."""
    minor: bool | None = None
    """Whether somebody under 18 was affected."""
    retaliation: bool | None = None
    """Whether it happened because of an earlier report."""
