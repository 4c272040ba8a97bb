"""A report that isn't sent yet: one a person, sealed, so that it can be left and gone on with; gone after 30 days."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, LargeBinary, String, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime
from models.consents import AT_FIRST, Recipient
from models.details import Aim, Daytime, Details, Platform, Reach, Teller
from models.quiet import local_day
from models.vault import Vault

KEPT = timedelta(days=30)


class Told(BaseModel):
    """What has been told so far; what was skipped is None or empty."""

    teller: Teller | None = None
    codes: list[str] = Field(default_factory=list)
    words: str | None = None
    place: tuple[float, float] | None = None
    """Where it was: latitude and longitude in degrees."""
    day: date | None = None
    at: datetime | None = None
    """The moment on that day, where it was noted."""
    platform: Platform | None = None
    order: str | None = None
    plate: str | None = None
    repeated: bool | None = None
    minor: bool | None = None
    retaliation: bool | None = None
    daytime: Daytime | None = None
    aim: Aim | None = None
    reach: Reach | None = None
    contact: str | None = None
    consents: list[Recipient] | None = None
    region: str | None = None
    reviewed: bool = False
    """Whether the review was seen: from then on each answer leads back to it."""
    capsule: str | None = None
    """Names the one reminder that was asked for last; any other is silent."""

    @property
    def by_driver(self) -> bool:
        """Whether a driver tells, of a passenger."""
        return self.teller is Teller.DRIVER

    @property
    def recipients(self) -> Collection[Recipient]:
        """Who besides the team may know of it."""
        return AT_FIRST if self.consents is None else self.consents

    @property
    def way_to_reach(self) -> str | None:
        """The contact, if it's what the person chose last: not once no questions are wanted, or it's only counted."""
        return self.contact or None if self.reach is Reach.CONTACT and self.aim is not Aim.COUNT else None

    def details(self) -> Details:
        """What of it is stored as it was chosen by buttons; another way to be reached only if it was told."""
        return Details(
            teller=self.teller,
            platform=self.platform,
            happened_on=self.day,
            daytime=self.daytime,
            happened_at=self.at if self.at is not None and local_day(self.at) == self.day else None,
            repeated=self.repeated,
            minor=self.minor,
            retaliation=self.retaliation,
            reach=None if self.reach is Reach.CONTACT and self.way_to_reach is None else self.reach,
            region=self.region,
        )


class Draft(Base):
    """The draft of a person."""

    __tablename__ = "drafts"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(16))
    """Names the flag that comes of it: sent twice, it's still one."""
    place: Mapped[str] = mapped_column(String(16))
    """The question that the person sees."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"draft {self.person_id}"

    def read(self, vault: Vault) -> Told:
        """What has been told; raises CannotOpen."""
        return Told.model_validate_json(vault.open(self.sealed, self.seal_place))

    def write(self, vault: Vault, told: Told, now: datetime) -> None:
        """Keep what has been told."""
        self.sealed, self.changed_at = vault.seal(told.model_dump_json().encode(), self.seal_place), now


async def draft_of(session: AsyncSession, person_id: int) -> Draft | None:
    """The person's draft, if there is one."""
    return await session.get(Draft, person_id)


async def new_draft(session: AsyncSession, vault: Vault, person_id: int, key: str, place: str, now: datetime) -> Draft:
    """Begin a draft in place of the one before."""
    draft = Draft(person_id=person_id, key=key, place=place)
    draft.write(vault, Told(), now)
    return await session.merge(draft)


async def forget_drafts(session: AsyncSession, before: datetime) -> None:
    """Drop drafts that nobody touched since a moment."""
    await session.execute(delete(Draft).where(Draft.changed_at < before))
