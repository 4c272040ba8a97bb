"""What Telegram itself shows of the bot: its commands, its name and descriptions, in each language."""

from collections.abc import Mapping
from typing import Any

from aiogram.methods import DeleteMyCommands, SetMyCommands
from aiogram.types import BotCommand, BotCommandScopeChat

from handlers.making import Made, Workshop
from handlers.visit import Visit
from models.outbox import Priority
from models.people import Person
from models.team import OWNING, SUPERVISING, Role, role_of
from models.words import N_

EVERYONE = {
    "start": N_("main menu"),
    "report": N_("report an incident"),
    "sos": N_("help now"),
    "rights": N_("know your rights"),
    "myreports": N_("my reports"),
    "learn": N_("lessons for drivers"),
    "progress": N_("my progress"),
    "certificate": N_("my certificate"),
    "verify": N_("check a certificate"),
    "language": N_("language"),
    "privacy": N_("what is stored about you"),
    "deletedata": N_("delete my data"),
    "help": N_("what I can do"),
}
REVIEWERS = {
    "queue": N_("queue of flags"),
    "flag": N_("open a flag: /flag 12"),
    "search": N_("find a flag"),
    "stats": N_("figures"),
    "export": N_("flags as a file"),
    "team": N_("the team"),
}
SUPERVISORS = {
    "approve": N_("what waits for a second person"),
}
OWNERS = {
    "team": N_("the team"),
    "audit": N_("who did what: /audit 12 for one flag"),
    "cohort": N_("cohorts and seminars"),
    "broadcast": N_("write to many people"),
}

NAME = N_("Qurmet: respect on the ride")
SHORT_DESCRIPTION = N_("For drivers, lessons in respect; for passengers, a simple way to say what happened.")
DESCRIPTION = N_(
    "Qurmet means respect.\n\nDrivers learn in lessons of three minutes how to treat passengers with respect. "
    "Passengers say what happened on a ride, in four taps. People look at every report.\n\n"
    "Not an emergency service: in danger, call 112."
)


def commands_for(role: Role | None) -> dict[str, str]:
    """The commands in the menu of a person with this role, by name: the role's own first."""
    own = OWNERS if role in OWNING else {}
    supervising = SUPERVISORS if role in SUPERVISING else {}
    return own | supervising | (REVIEWERS if role is not None else {}) | EVERYONE


def order_menu(visit: Visit, person_id: int) -> None:
    """Let the menu of a person's chat follow their role and language, once this is committed."""
    visit.order("menu", {}, priority=Priority.ALERT, person_id=person_id)


async def make_menu(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made:
    """The commands of a person's chat: those of their role by now, or everybody's."""
    async with workshop.database.reading() as session:
        role = await role_of(session, person.id)
    scope = BotCommandScopeChat(chat_id=person.telegram_id(workshop.vault))
    if role is None:
        return Made(DeleteMyCommands(scope=scope))
    _ = workshop.texts[person.language]
    commands = [BotCommand(command=name, description=_(what)) for name, what in commands_for(role).items()]
    return Made(SetMyCommands(commands=commands, scope=scope))
