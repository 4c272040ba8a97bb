"""Escrow: a flag that is held until a second, different person names the same vehicle; then both go to the team.

Naming a vehicle and looking for others on it happen under one lock for that vehicle, in one transaction: of two people
who name it in the same moment, the second sees the first. What a person sent for statistics only, or took back, matches
nothing; two flags of one person don't match either, nor does one whose sender drives the vehicle or was barred.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import combinations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.flags import Flag, State
from models.late_news import news_at
from models.plates import region_of
from models.readers import Reader
from models.repeats import weigh_again, without_weight
from models.vault import Vault

_COUNTS = frozenset({State.NEW, State.CLAIMED, State.MERGED, State.CLOSED, State.HELD})
"""Flags that say somebody named this vehicle."""


async def _are_of_two(session: AsyncSession, named: Sequence[Flag]) -> bool:
    """Whether two of these flags are of different persons; who opened a flag from another account is the same one."""
    if len({flag.reporter_id for flag in named}) < 2:
        return False
    people = {flag.id: {flag.reporter_id} for flag in named}
    for flag_id, person_id in await session.execute(
        select(Reader.flag_id, Reader.person_id).where(Reader.flag_id.in_(people))
    ):
        people[flag_id].add(person_id)
    return any(one.isdisjoint(other) for one, other in combinations(people.values(), 2))


async def lock_vehicle(session: AsyncSession, vault: Vault, plate: str) -> None:
    """Be the only one who names this vehicle until the transaction ends; on SQLite there's one writer anyway."""
    if session.get_bind().dialect.name == "sqlite":
        return
    for index in sorted(vault.indexes(plate.encode(), "plate")):
        await session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(index[:8], "big", signed=True))))


async def name_vehicle(session: AsyncSession, vault: Vault, flag: Flag, plate: str, now: datetime) -> Sequence[Flag]:
    """Keep a normalised plate with a flag: a vehicle that was reported before makes it more severe.

    Where no region was said, it's the one that stands on the plate.
    Returns the flags that this released from being held, oldest first; this one may be among them.
    """
    await lock_vehicle(session, vault, plate)
    if flag.region in {None, region_of(flag.plate(vault) or "")}:
        flag.region = region_of(plate)
    if plate != flag.plate(vault):
        flag.plates += 1
    flag.write_plate(vault, plate)
    await session.flush()
    await weigh_again(session, vault, flag, now)
    return await _release_matching(session, vault, flag, now)


async def _release_matching(session: AsyncSession, vault: Vault, flag: Flag, now: datetime) -> Sequence[Flag]:
    """Release what is held on the vehicle of a flag, if two persons have named it; the caller holds its lock."""
    plate = flag.plate(vault)
    if plate is None or flag.state not in _COUNTS:
        return []
    indexes = vault.indexes(plate.encode(), "plate")
    query = select(Flag).where(Flag.plate_index.in_(indexes), Flag.state.in_(_COUNTS)).order_by(Flag.id)
    named = (await session.scalars(query.with_for_update(of=Flag).execution_options(populate_existing=True))).all()
    left_out = await without_weight(session, vault, plate, named)
    named = [each for each in named if each.id not in left_out]
    if flag.id in left_out or not await _are_of_two(session, named):
        return []
    held = [each for each in named if each.state is State.HELD]
    for each in held:
        each.hand_over(now, news_at(now))
    await session.flush()
    for each in held:
        await weigh_again(session, vault, each, now)
    return held
