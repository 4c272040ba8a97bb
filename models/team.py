"""The team: who may review flags, and who owns the bot. Asked in the database at every action."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime, words
from models.people import Language, Person, load_people
from models.vault import Vault


class Role(StrEnum):
    """What a member of the team may do; an owner may do all that a reviewer may."""

    REVIEWER = "reviewer"
    OWNER = "owner"


class Member(Base):
    """A person of the team."""

    __tablename__ = "team"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


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


async def appoint_owners(
    session: AsyncSession, vault: Vault, telegram_ids: Collection[int], *, default: Language, now: datetime
) -> None:
    """Make exactly these people owners, as the settings say; who is an owner no longer leaves the team."""
    owners = await load_people(session, vault, dict.fromkeys(telegram_ids), default=default, now=now)
    ids = [person.id for person in owners.values()]
    await session.execute(delete(Member).where(Member.role == Role.OWNER, Member.person_id.not_in(ids)))
    for person_id in ids:
        await session.merge(Member(person_id=person_id, role=Role.OWNER, since=now))
