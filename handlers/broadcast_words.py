"""A broadcast in words: whom it's for, how many that are, and what of it is written into the audit."""

from aiogram.types import InlineKeyboardButton
from babel.numbers import format_decimal
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.desk import note
from handlers.home import LANGUAGE_NAMES
from handlers.presses import BroadcastPress
from handlers.screens import button
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.broadcasts import Audience, Broadcast, Group, Stage, reach
from models.cohorts import Cohort
from models.people import Language
from models.regions import REGIONS
from models.words import N_

_HIDDEN = "*"
GROUPS = {
    Group.EVERYBODY: N_("Everybody"),
    Group.DRIVERS: N_("Drivers"),
    Group.CERTIFIED: N_("Certificate holders"),
}


async def whom_in_words(session: AsyncSession, whom: Audience, _: Texts) -> str:
    """The audience in words."""
    cohort = await cohort_of(session, whom)
    parts = [cohort.name if cohort is not None else _(GROUPS.get(whom.group, N_("A cohort")))]
    if whom.region is not None:
        parts.append(_(REGIONS[whom.region]))
    if whom.language is not None:
        parts.append(LANGUAGE_NAMES[whom.language])
    return " · ".join(parts)


async def cohort_of(session: AsyncSession, whom: Audience) -> Cohort | None:
    """The cohort that it's for, if it's for one that is still there."""
    return await session.get(Cohort, whom.cohort) if whom.cohort is not None else None


async def reach_lines(draft: Broadcast, visit: Visit) -> list[str]:
    """How many people get it, in all and by language."""
    _, whom = visit._, draft.whom
    found = await reach(visit.session, whom, visit.now)
    by_language = found.by_language(whom.region)
    number = found.number(whom.region, draft.readers)
    return [
        _("Get it: {number}", number=shown_number(number, _)),
        *(
            f"• {LANGUAGE_NAMES[each]}: {shown_number(by_language[each], _)}"
            for each in Language
            if each in draft.readers
        ),
    ]


def shown_number(number: int | None, _: Texts) -> str:
    """A number as people read it; None is hidden."""
    return _HIDDEN if number is None else format_decimal(number, locale=_.language.value)


def legend(lines: list[str], _: Texts) -> list[str]:
    """What the sign of hidden numbers means, if it's there."""
    if not any(line.endswith(_HIDDEN) for line in lines):
        return []
    return [f"{_HIDDEN}: " + _("hidden, so that nobody can be recognised")]


async def note_broadcast(visit: Visit, action: Audited, broadcast: Broadcast, detail: str = "") -> None:
    """Write into the audit what this owner does with a broadcast."""
    await note(visit, action, detail=f"{broadcast.id}: {detail}" if detail else counted(broadcast))


def counted(broadcast: Broadcast) -> str:
    """A broadcast for the audit: its number, and how many of how many were sent."""
    if broadcast.stage is Stage.DRAFT or not broadcast.may_count:
        return str(broadcast.id)
    return f"{broadcast.id}: {broadcast.sent}/{broadcast.total}"


def to_list(_: Texts) -> InlineKeyboardButton:
    """The way to the list."""
    return button(_("« Broadcasts"), BroadcastPress(action="list"))
