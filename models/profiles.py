"""Profiles: what a person said of themselves for the counts; asked once in a lifetime, optional.

It says how many women and men from which region took part, as the OSCE counts its seminars; and owners may write to
the people of a region. Nothing else hangs on it.
"""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, words
from models.upsert import insert_new

UNSAID = "unsaid"
"""The answer of who would rather not say where they are from."""


class Gender(StrEnum):
    """What a person said of their gender."""

    WOMAN = "woman"
    MAN = "man"
    UNSAID = "unsaid"


class Profile(Base):
    """What a person said of themselves for the counts; asked once, optional."""

    __tablename__ = "profiles"
    __table_args__ = (Index("ix_profiles_gender_region", "gender", "region"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    gender: Mapped[Gender | None] = mapped_column(words(Gender, "gender"), default=None)
    """None until answered; "rather not say" is an answer."""
    region: Mapped[str | None] = mapped_column(String(6), default=None)
    """ISO 3166-2, "unsaid", or None until answered."""


async def profile_of(session: AsyncSession, person_id: int) -> Profile:
    """The person's profile, empty if nothing was answered yet."""
    profile = await session.get(Profile, person_id)
    if profile is None:
        await session.execute(insert_new(session, Profile), [{"person_id": person_id}])
        profile = await session.get_one(Profile, person_id)
    return profile
