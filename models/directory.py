"""The help directory: whom people can turn to, where, and on which day somebody last made sure of it.

A contact that nobody has verified for too long hides itself, because a dead number costs a person in need more than a
missing one. The three emergency numbers always stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from models.words import N_

WARNED = timedelta(days=30)
"""So long before a contact hides itself the owners hear of it."""


class Kind(StrEnum):
    """How a contact is reached."""

    PHONE = "phone"
    """`value` is its number, as people write it."""
    SITE = "site"
    """`value` is its address, from https:// on."""
    NAME = "name"
    """It is asked for by its name; no number or address of it was verified."""


@dataclass(frozen=True)
class Contact:
    """Somebody who helps. `name` and `purpose` are texts of the catalogues, and so is `hours` where they are known."""

    value: str
    name: str
    purpose: str
    verified: date
    kind: Kind = Kind.PHONE
    hours: str | None = None
    region: str | None = None
    """ISO code of a region; None for all of Kazakhstan."""

    def hidden_from(self, kept_days: int) -> date | None:
        """The first day on which nobody sees it any more, unless it is verified again; None if it always stays."""
        return None if self in EMERGENCY else self.verified + timedelta(days=kept_days + 1)

    def is_shown(self, today: date, kept_days: int) -> bool:
        """Whether it was verified in the last `kept_days` days, or always stays."""
        hidden = self.hidden_from(kept_days)
        return hidden is None or today < hidden


_READ = date(2026, 11, 21)
_AT_ANY_HOUR = N_("at any hour")

# Sources: egov.kz and 247media.kz for 112, 102, 103; turantimes.kz and apgazeta.kz for 111; zakon.kz for legal aid.
EMERGENCY = (
    Contact(
        value="112",
        name=N_("one emergency number, free"),
        purpose=N_("in any danger; from any phone, even with a blocked SIM card"),
        verified=_READ,
        hours=_AT_ANY_HOUR,
    ),
    Contact(
        value="102",
        name=N_("police"),
        purpose=N_("when somebody threatens you, hurts you or won't leave you in peace"),
        verified=_READ,
        hours=_AT_ANY_HOUR,
    ),
    Contact(
        value="103",
        name=N_("ambulance"),
        purpose=N_("when somebody is hurt or unwell"),
        verified=_READ,
        hours=_AT_ANY_HOUR,
    ),
)
HELP_LINES = (
    *EMERGENCY,
    Contact(
        value="111",
        name=N_("family, women, children: advice, psychologist"),
        purpose=N_("confidential; takes text messages too, and you can stay anonymous"),
        verified=date(2026, 7, 21),
        hours=_AT_ANY_HOUR,
    ),
)
"""What "Help now" shows: each answers at any hour."""
CONTACTS = (
    *HELP_LINES,
    Contact(
        value="1303",
        name=N_("psychological help, Almaty"),
        purpose=N_("when you would like to talk with a psychologist"),
        verified=_READ,
        region="KZ-75",
    ),
    Contact(
        value="+7 7172 54 76 03",
        name=N_("psychological help, Astana"),
        purpose=N_("when you would like to talk with a psychologist"),
        verified=_READ,
        region="KZ-71",
    ),
    Contact(
        value="150",
        name=N_("Union of Crisis Centres"),
        purpose=N_("when you need support in a crisis"),
        verified=_READ,
    ),
    Contact(
        value="",
        name=N_("Legal aid: “Е-Заң көмегі”"),
        purpose=N_(
            "look for the platform by this name; the state guarantees legal consultation within three working days, "
            "in person or online"
        ),
        verified=_READ,
        kind=Kind.NAME,
    ),
    Contact(
        value="https://lprc.kz",
        name=N_("LPRC, Legal Policy Research Center"),
        purpose=N_("articles on rights, harassment and the law"),
        verified=_READ,
        kind=Kind.SITE,
    ),
)
"""All contacts, in the order in which people see them."""


def shown(region: str | None, today: date, kept_days: int) -> tuple[Contact, ...]:
    """What people of a region (ISO code) see: its own contacts and those of all Kazakhstan; None for the latter alone.

    `today` is the day in Kazakhstan. Contacts that were not verified in the last `kept_days` days are left out.
    """
    return tuple(
        contact for contact in CONTACTS if contact.region in (None, region) and contact.is_shown(today, kept_days)
    )


def phone(number: str, today: date, kept_days: int) -> Contact | None:
    """The contact that has this phone number and is shown; None for every other number."""
    for contact in CONTACTS:
        if contact.kind is Kind.PHONE and contact.value == number and contact.is_shown(today, kept_days):
            return contact
    return None


def hiding(today: date, kept_days: int) -> Iterator[tuple[Contact, date]]:
    """Contacts that are hidden, or will be within 30 days, each with its first hidden day."""
    for contact in CONTACTS:
        hidden = contact.hidden_from(kept_days)
        if hidden is not None and today >= hidden - WARNED:
            yield contact, hidden
