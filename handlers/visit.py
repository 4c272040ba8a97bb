"""One update of one person, and all that its handler may use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.making import post_order
from handlers.texts import Texts
from models.audit import Action, record
from models.lessons import Course
from models.outbox import Priority
from models.people import Language, Person
from models.vault import Vault


@dataclass(frozen=True)
class Terms:
    """On what terms the bot is run here: by whom (may be empty), and how many days what is kept or shown."""

    operator: str
    days_kept: int
    """Days for which closed reports are kept."""
    contacts_kept_days: int
    """Days for which a contact of the help directory is shown after it was verified."""
    flags_an_hour: int
    flags_a_day: int
    """How many reports one person may send; the most severe ones are always taken."""
    reply_delay_days: int
    """Days after a report before its driver may hear of it."""
    appeal_term_days: int
    """Days in which a second look may be asked for."""


@dataclass(frozen=True)
class Visit:
    """What the engine hands to a handler as `visit`; everything in it belongs to one transaction."""

    session: AsyncSession
    vault: Vault
    person: Person
    state: FSMContext
    raw_state: str | None
    """The name of what is being asked, or None."""
    now: datetime
    course: Course
    texts: Mapping[Language, Texts]
    terms: Terms
    link: Callable[[str], str]
    """The address that opens the bot with a payload of 1-64 characters (A-Z, a-z, 0-9, _ and -)."""

    @property
    def _(self) -> Texts:
        """The texts in the person's language."""
        return self.texts[self.person.language]

    async def record(
        self, action: Action, flag_id: int | None = None, detail: str = "", *, actor_id: int | None = None
    ) -> None:
        """Write into the audit what happens; it names nobody, unless `actor_id` says who of the team does it."""
        await record(self.session, self.vault, action, now=self.now, actor_id=actor_id, flag_id=flag_id, detail=detail)

    def order(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        priority: Priority = Priority.RELAY,
        due_at: datetime | None = None,
        person_id: int | None = None,
    ) -> None:
        """Order a message for this person, or another one, to be made at delivery; see `handlers/making.py`."""
        who = self.person.id if person_id is None else person_id
        post_order(self.session, self.vault, who, name, values, priority=priority, now=self.now, due_at=due_at)
