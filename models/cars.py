"""Cars of certified drivers: whoever scans a car's code learns whether its driver's certificate is valid.

The code on the sheet in the car is random: a car can't be found by counting, and neither can its plate.
"""

import re
import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, Select, String, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import LARGEST_IDENTIFIER, NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.quiet import local_day
from models.vault import CannotOpen, Vault

MOST = 3
"""Cars that a driver may have at once."""
MOST_LATELY = 6
"""Cars that a driver may name within `LATELY`: whoever named any number could be heard as the driver of each."""
LATELY = timedelta(days=90)
ENDED_KEPT = timedelta(days=90)
"""For how long an ended car still says so, and still names the vehicle in a report; then it's forgotten."""
_CODE_BYTES = 9
_CODE = re.compile(r"[A-Za-z0-9_-]{12}", re.ASCII)


class Driven(StrEnum):
    """How often somebody drives a car with passengers in it, as they say themselves; the most often first."""

    MOST_DAYS = "most_days"
    SOME_DAYS = "some_days"
    NOW_AND_THEN = "now_and_then"


UNSAID = Driven.SOME_DAYS
"""What counts as long as nothing is said: that must not be a way to hear sooner, nor a reason to be heard last."""


class Car(Base):
    """A car, as its driver declared it."""

    __tablename__ = "cars"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    """The driver."""
    code: Mapped[str] = mapped_column(String(12), unique=True)
    """What the code in the car says, 12 characters of a link; public, and not to be guessed."""
    sealed_plate: Mapped[bytes] = mapped_column(LargeBinary)
    plate_index: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    """The same as of flags on this vehicle."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    driven: Mapped[Driven | None] = mapped_column(words(Driven, "driven"), default=None)
    """What its driver says today; None if they were not asked, or would rather not say."""
    driven_least: Mapped[Driven | None] = mapped_column(words(Driven, "driven_least"), default=None)
    """The least often that they ever said, once that and no longer today's answer counts; None until then."""

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"car {self.code}"

    def plate(self, vault: Vault) -> str:
        """The normalised number plate; raises CannotOpen."""
        return vault.open(self.sealed_plate, self.seal_place).decode()

    def write_plate(self, vault: Vault, plate: str) -> None:
        """Keep a normalised plate, and its blind index."""
        self.sealed_plate = vault.seal(plate.encode(), self.seal_place)
        self.plate_index = vault.index(plate.encode(), "plate")

    def rekey(self, vault: Vault) -> None:
        """Move what hangs on the master keys to the newest one."""
        self.plate_index = vault.index(self.plate(vault).encode(), "plate")
        self.sealed_plate = vault.rewrap(self.sealed_plate, self.seal_place)

    def say_driven(self, driven: Driven, now: datetime) -> None:
        """Keep how often it is driven; after the day on which it was named, an answer can't make a wait shorter.

        Or a driver could change it after one ride, and read from how soon they hear on which side of it a report came.
        """
        if self.driven_least is not None or local_day(now) != local_day(self.made_at):
            self.driven_least = max(self.driven_that_counts, driven, key=list(Driven).index)
        self.driven = driven

    @property
    def driven_that_counts(self) -> Driven:
        """How often it is driven, as far as anything waits for it."""
        return self.driven_least or self.driven or UNSAID

    def end(self, now: datetime) -> None:
        """Let its code confirm nothing any more; ending it twice is harmless."""
        self.ended_at = self.ended_at or now


class CarIndex(Base):
    """A car's plate under one of today's keys: while keys change, flags on its vehicle stand under either."""

    __tablename__ = "car_indexes"

    car_id: Mapped[int] = mapped_column(ForeignKey("cars.id", ondelete="CASCADE"), primary_key=True)
    plate_index: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True, index=True)


async def index_cars(session: AsyncSession, vault: Vault) -> None:
    """Let every car be found under each of today's keys and under no other; harmless where nothing has changed.

    A car that none of the keys opens stays as it is.
    """
    kept: dict[int, set[bytes]] = defaultdict(set)
    for car_id, index in await session.execute(select(CarIndex.car_id, CarIndex.plate_index)):
        kept[car_id].add(index)
    for car in await session.scalars(select(Car)):
        try:
            wanted = set(vault.indexes(car.plate(vault).encode(), "plate"))
        except CannotOpen:
            continue
        session.add_all(CarIndex(car_id=car.id, plate_index=index) for index in wanted - kept[car.id])
        if gone := kept[car.id] - wanted:
            await session.execute(delete(CarIndex).where(CarIndex.car_id == car.id, CarIndex.plate_index.in_(gone)))
    await session.flush()


def driven_by(person_id: int) -> Select[bytes]:
    """The plates of the cars that this person ever named as theirs, under each of today's keys."""
    return select(CarIndex.plate_index).join(Car, Car.id == CarIndex.car_id).where(Car.person_id == person_id)


async def declare_car(session: AsyncSession, vault: Vault, person_id: int, plate: str, now: datetime) -> Car | None:
    """The driver's car with this normalised plate; declared twice, it's the same one. None if it may not be added.

    What they said of a car with this plate that ended stands, and counts, as long as that car is kept: to name it anew
    is no way to hear sooner.

    Whether the driver may have one is the caller's to know: a valid certificate is what it takes.
    """
    cars = await cars_of(session, person_id)
    indexes = vault.indexes(plate.encode(), "plate")
    found = next((car for car in cars if car.plate_index in indexes), None)
    if found is not None or not await may_add_car(session, person_id, now):
        return found
    car = Car(person_id=person_id, code=secrets.token_urlsafe(_CODE_BYTES), made_at=now)
    car.write_plate(vault, plate)
    before = select(Car).where(Car.person_id == person_id, Car.plate_index.in_(indexes)).order_by(Car.id.desc())
    if (last := await session.scalar(before.limit(1))) is not None:
        car.driven, car.driven_least = last.driven, last.driven_that_counts
    session.add(car)
    await session.flush()
    session.add_all(CarIndex(car_id=car.id, plate_index=index) for index in indexes)
    await session.flush()
    return car


async def may_add_car(session: AsyncSession, person_id: int, now: datetime) -> bool:
    """Whether the driver may name another car: they have few now, and named few lately."""
    named = await session.scalar(
        select(func.count()).where(Car.person_id == person_id, Car.made_at > now - LATELY).select_from(Car)
    )
    return len(await cars_of(session, person_id)) < MOST and (named or 0) < MOST_LATELY


async def cars_of(session: AsyncSession, person_id: int) -> Sequence[Car]:
    """A driver's cars that have not ended, the oldest first."""
    query = select(Car).where(Car.person_id == person_id, Car.ended_at.is_(None)).order_by(Car.id)
    return (await session.scalars(query)).all()


async def who_declared(session: AsyncSession, vault: Vault, plate: str) -> set[int]:
    """All who said that they drive the car with this normalised plate, or did, as long as that is kept."""
    query = select(Car.person_id).where(Car.plate_index.in_(vault.indexes(plate.encode(), "plate")))
    return set(await session.scalars(query))


async def own_car(session: AsyncSession, person_id: int, car_id: int) -> Car | None:
    """A car of this driver that has not ended. Any number may be asked for: it may come from a forged button."""
    if not 0 < car_id <= LARGEST_IDENTIFIER:
        return None
    query = select(Car).where(Car.id == car_id, Car.person_id == person_id, Car.ended_at.is_(None))
    return await session.scalar(query)


def is_code(code: str) -> bool:
    """Whether a car could have this code."""
    return _CODE.fullmatch(code) is not None


async def car_of_code(session: AsyncSession, code: str) -> Car | None:
    """The car with this code, an ended one too, whoever asks. Anything may be asked for."""
    return await session.scalar(select(Car).where(Car.code == code)) if is_code(code) else None


async def plate_of_code(session: AsyncSession, vault: Vault, code: str) -> str | None:
    """The plate of the car with this code, as long as the car is there."""
    car = await car_of_code(session, code)
    return car.plate(vault) if car is not None else None
