"""Who of the team may do a thing, asked in the database at every action; and how colleagues are named."""

from collections.abc import Collection, Mapping
from typing import Any

from aiogram.filters import Filter

from handlers.texts import Texts
from handlers.visit import Visit
from models.team import OWNING, SUPERVISING, Role, role_of


class _In(Filter):
    """The person has one of these roles, says the database now: a role can end between two presses."""

    roles: Collection[Role]

    async def __call__(self, *args: Any, visit: Visit) -> bool:
        """Whoever has none of them gets the same answer as to an unknown command."""
        return await role_of(visit.session, visit.person.id) in self.roles


class OnTeam(_In):
    """The person is of the team."""

    roles = frozenset(Role)


class Supervises(_In):
    """The person is a supervisor or an owner."""

    roles = SUPERVISING


class Owns(_In):
    """The person is an owner."""

    roles = OWNING


def colleague(person_id: int | None, me: int, known: Mapping[int, str | None], _: Texts) -> str:
    """A member as the team knows them: by number, and by the label that owners gave; not escaped."""
    if person_id is None:
        return _("the person who reported")
    number = f"№{person_id}"
    if person_id == me:
        you = _("you")
        return f"{number} ({you})"
    return f"{number} {known[person_id]}" if known.get(person_id) else number
