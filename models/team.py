"""The team: who may review flags, who supervises, and who owns the bot. Asked in the database at every action."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, LargeBinary, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.audit import Action, record
from models.base import Base, UtcDateTime, words
from models.people import Language, Person, load_people
from models.vault import Vault
from models.words import N_

LABEL_LIMIT = 40
"""Characters of what the owners call a member among themselves."""


class Role(StrEnum):
    """What a member of the team may do; a supervisor may do all that a reviewer may, an owner all that both may."""

    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    OWNER = "owner"


SUPERVISING = frozenset({Role.SUPERVISOR, Role.OWNER})
"""Who hands flags over and gives the second approval."""
OWNING = frozenset({Role.OWNER})
ROLE_NAMES = {Role.REVIEWER: N_("Reviewer"), Role.SUPERVISOR: N_("Supervisor"), Role.OWNER: N_("Owner")}


class Member(Base):
    """A person of the team. Their number among colleagues is that of the person, so it's never given again."""

    __tablename__ = "team"
    __table_args__ = (CheckConstraint("role = 'owner' OR NOT by_settings", "settings_name_owners"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    by_settings: Mapped[bool] = mapped_column(default=False)
    """Whether the settings name this owner; such a one comes and goes with the settings only."""
    sealed_label: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """What the owners call this member, so that they know who is who."""

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"team {self.person_id}"

    def label(self, vault: Vault) -> str | None:
        """What the owners call this member; raises CannotOpen."""
        return vault.open(self.sealed_label, self.seal_place).decode() if self.sealed_label else None

    def write_label(self, vault: Vault, label: str) -> None:
        """Keep what the owners call this member."""
        self.sealed_label = vault.seal(label.encode(), self.seal_place)

    def rekey(self, vault: Vault) -> None:
        """Seal the label with the newest key."""
        if self.sealed_label is not None:
            self.sealed_label = vault.rewrap(self.sealed_label, self.seal_place)


def reviews(person_id: int) -> ColumnElement[bool]:
    """A condition for any query about flags: this person is a member of the team."""
    return exists().where(Member.person_id == person_id)


async def role_of(session: AsyncSession, person_id: int) -> Role | None:
    """The person's role, or None for everybody outside the team."""
    return await session.scalar(select(Member.role).where(Member.person_id == person_id))


async def members(session: AsyncSession) -> list[tuple[Member, Person]]:
    """The whole team, with the persons that its members are."""
    query = select(Member, Person).join(Person, Person.id == Member.person_id).order_by(Member.person_id)
    return [(member, person) for member, person in await session.execute(query)]


async def labels(session: AsyncSession, vault: Vault) -> dict[int, str | None]:
    """What the owners call each member of today's team, by the member's number."""
    return {member.person_id: member.label(vault) for member in await session.scalars(select(Member))}


async def appoint_owners(
    session: AsyncSession, vault: Vault, telegram_ids: Collection[int], *, default: Language, now: datetime
) -> list[int]:
    """Make these people owners, as the settings say; whom the settings no longer name leaves the team.

    Owners who were appointed in the bot stay. What changes is in the audit. Returns who left, by number.
    """
    owners = await load_people(session, vault, dict.fromkeys(telegram_ids), default=default, now=now)
    ids = [person.id for person in owners.values()]
    unnamed = delete(Member).where(Member.by_settings.is_(True), Member.person_id.not_in(ids))
    left = list(await session.scalars(unnamed.returning(Member.person_id)))
    for person_id in left:
        await record(session, vault, Action.REMOVED, now=now, detail=str(person_id))
    for person_id in ids:
        member = await session.get(Member, person_id)
        if member is None:
            session.add(Member(person_id=person_id, role=Role.OWNER, since=now, by_settings=True))
            await record(session, vault, Action.JOINED, now=now, detail=f"{person_id} {Role.OWNER}")
            continue
        if member.role is not Role.OWNER:
            await record(session, vault, Action.ROLE_CHANGED, now=now, detail=f"{person_id} {Role.OWNER}")
            member.role, member.since = Role.OWNER, now
        member.by_settings = True
    return left
