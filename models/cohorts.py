"""Cohorts: groups that learn together, such as a seminar of a region, and who came by whose code.

A code is read as people write it: in either case, and with the Cyrillic letters that look like its Latin ones.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Select, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime
from models.upsert import insert_new

CODE_LENGTH = 6
NAME_LENGTH = 80
"""Characters of the name of a cohort, and of an organisation's."""
_LETTERS = "ACEHKMPTX23456789"
"""Signs that look alike in Latin and Cyrillic, and aren't mistaken for one another."""
_FOLD = str.maketrans("АСЕНКМРТХ", "ACEHKMPTX")
_CODE = re.compile(rf"(?!.*[A-Z]{{3}})[{_LETTERS}]{{{CODE_LENGTH}}}")
"""Never three letters in a row: so no code spells a word, and no word is taken for a code."""


class Cohort(Base):
    """A group that learns together."""

    __tablename__ = "cohorts"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    code: Mapped[str] = mapped_column(String(CODE_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    organisation: Mapped[str] = mapped_column(String(NAME_LENGTH))
    region: Mapped[str | None] = mapped_column(String(5))
    """ISO 3166-2, None for several."""
    held_on: Mapped[date] = mapped_column(Date)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """From then on nobody joins any more."""

    def end(self, now: datetime) -> bool:
        """Take nobody any more; False if it had ended before."""
        if self.ended_at is not None:
            return False
        self.ended_at = now
        return True


class Participant(Base):
    """A person who came by a cohort's code."""

    __tablename__ = "participants"

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)


def read_code(text: str) -> str | None:
    """The code that a text is, whatever its case and alphabet; None if it's anything else."""
    code = text.strip().upper().translate(_FOLD)
    return code if _CODE.fullmatch(code) else None


def new_code() -> str:
    """A code that is hard to guess."""
    while not _CODE.fullmatch(code := "".join(secrets.choice(_LETTERS) for _ in range(CODE_LENGTH))):
        pass
    return code


async def make_cohort(
    session: AsyncSession,
    *,
    name: str,
    organisation: str,
    region: str | None,
    held_on: date,
    owner_id: int,
    now: datetime,
) -> Cohort:
    """A new cohort, with a code of its own."""
    code = new_code()
    while await cohort_of_code(session, code) is not None:
        code = new_code()
    cohort = Cohort(
        code=code,
        name=name,
        organisation=organisation,
        region=region,
        held_on=held_on,
        owner_id=owner_id,
        made_at=now,
    )
    session.add(cohort)
    await session.flush()
    return cohort


async def cohort_of_code(session: AsyncSession, code: str) -> Cohort | None:
    """The cohort of a code, ended or not."""
    return await session.scalar(select(Cohort).where(Cohort.code == code))


async def newest_cohorts(session: AsyncSession, limit: int, offset: int = 0) -> Sequence[Cohort]:
    """Cohorts, the newest first."""
    return (await session.scalars(select(Cohort).order_by(Cohort.id.desc()).limit(limit).offset(offset))).all()


async def join_cohort(session: AsyncSession, cohort: Cohort, person_id: int, now: datetime) -> bool:
    """Count the person in, once; False if the cohort has ended and the person isn't in it already."""
    if await is_in(session, cohort.id, person_id):
        return True
    if cohort.ended_at is not None:
        return False
    row = {"cohort_id": cohort.id, "person_id": person_id, "joined_at": now}
    await session.execute(insert_new(session, Participant), [row])
    return True


async def is_in(session: AsyncSession, cohort_id: int, person_id: int) -> bool:
    """Whether the person came by this cohort's code."""
    return await session.get(Participant, (cohort_id, person_id)) is not None


def participants_of(cohort_id: int) -> Select[int]:
    """A query for the ids of everybody in a cohort."""
    return select(Participant.person_id).where(Participant.cohort_id == cohort_id)
