"""The driver of the car that a flag names, as far as the bot knows: drivers declare the plates that they drive.

Nobody checks what they declare. So somebody who names a plate only after the day in question hears nothing, or anybody
could ask the bot whether a car was reported; and where two people named the same plate, the bot can't know who drove.
"""

from datetime import datetime
from enum import Enum

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.cars import UNSAID, Car, CarIndex
from models.coarse import day_of, several_rides
from models.flag_rights import holders
from models.flags import Flag
from models.quiet import local_day
from models.vault import Vault


class Unknown(Enum):
    """Why the bot doesn't know who drove."""

    NOBODY = "nobody named the plate in time"
    SEVERAL = "several people named it"


async def driver_of(session: AsyncSession, vault: Vault, flag: Flag) -> int | Unknown:
    """The person who had declared the car of a flag by the day in question, if it's exactly one."""
    drove = {car.person_id for car in await _cars_of(session, vault, flag)}
    if len(drove) > 1:
        return Unknown.SEVERAL
    theirs = {person.id for person in await holders(session, flag)}
    return drove.pop() if drove and not drove & theirs else Unknown.NOBODY


async def delay_of(session: AsyncSession, vault: Vault, flag: Flag, delay_days: int) -> int:
    """Days that several rides in the car of a flag take its driver: the most, if they named it more than once."""
    answers = [car.driven_that_counts for car in await _cars_of(session, vault, flag)]
    return max(several_rides(each, delay_days) for each in answers or [UNSAID])


async def _cars_of(session: AsyncSession, vault: Vault, flag: Flag) -> list[Car]:
    """What was declared as the car of a flag by the day in question, and had not ended before it."""
    plate = flag.plate(vault)
    if plate is None or flag.by_driver:
        return []
    cars = await session.scalars(select(Car).where(Car.plate_index.in_(vault.indexes(plate.encode(), "plate"))))
    day = day_of(flag)
    return [
        car
        for car in cars
        if car.made_at < flag.received_at
        and local_day(car.made_at) <= day
        and (car.ended_at is None or local_day(car.ended_at) >= day)
    ]


async def forget_cars(session: AsyncSession, ended_before: datetime) -> None:
    """Delete cars that ended before a moment; not while a flag on such a vehicle is kept, which its driver of then
    may neither open nor release as a stranger.
    """
    reported = exists().where(CarIndex.car_id == Car.id, CarIndex.plate_index == Flag.plate_index)
    await session.execute(delete(Car).where(Car.ended_at < ended_before, ~reported))
