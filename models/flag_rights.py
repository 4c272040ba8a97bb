"""Whose a flag is, and who may open it: asked of the database in the query that finds the flag, so never assumed.

The reporter is named by the row, whoever opened it with its passphrase by the readers, the team by its members. Who is
on either side of a flag has no part in it as a member of the team.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models.base import LARGEST_IDENTIFIER
from models.cars import Car, CarIndex, driven_by
from models.drivers import Hearing, Remedy
from models.flags import Flag, known
from models.handles import uid_of
from models.people import Person
from models.readers import Reader
from models.team import reviews
from models.vault import Vault


def own(person_id: int) -> ColumnElement[bool]:
    """A condition for any query about flags: this person sent it, or opened it with its passphrase."""
    return Flag.id.in_(union_all(*_own_ids(person_id)))


def _own_ids(person_id: int) -> list[Select[int]]:
    sent = aliased(Flag)
    return [
        select(sent.id).where(sent.reporter_id == person_id),
        select(Reader.flag_id).where(Reader.person_id == person_id),
    ]


def _driven_ids(person_id: int) -> list[Select[int]]:
    """The flags on a car that this person named as theirs, whenever that was, and those about which they were told."""
    named = aliased(Flag)
    return [
        select(named.id).where(named.plate_index.in_(driven_by(person_id))),
        select(Hearing.flag_id).where(Hearing.driver_id == person_id),
        select(Remedy.flag_id).where(Remedy.driver_id == person_id),
    ]


def _family(flag: Flag) -> ColumnElement[bool]:
    """A condition: the flag itself, and all that are looked at together with it."""
    main = flag.merged_into_id or flag.id
    return or_(Flag.id == main, Flag.merged_into_id == main)


async def parties(session: AsyncSession, flag: Flag) -> set[int]:
    """Who is on either side of a flag, or of one that it's looked at together with.

    So they hear nothing of it as members of the team.
    """
    together, plates = select(Flag.id).where(_family(flag)), select(Flag.plate_index).where(_family(flag))
    sides: CompoundSelect[int] = union_all(
        select(Flag.reporter_id).where(_family(flag)),
        select(Reader.person_id).where(Reader.flag_id.in_(together)),
        select(Car.person_id).where(Car.id.in_(select(CarIndex.car_id).where(CarIndex.plate_index.in_(plates)))),
        select(Hearing.driver_id).where(Hearing.flag_id.in_(together)),
        select(Remedy.driver_id).where(Remedy.flag_id.in_(together), Remedy.driver_id.is_not(None)),
    )
    return set(await session.scalars(sides))


def concerning(person_id: int) -> Select[int]:
    """The numbers of the flags on either side of which this person is, and of what is looked at together with them."""
    return select(Flag.id).where(_main().in_(_mains_concerning(person_id)))


def _main() -> ColumnElement[int]:
    """The number of the flag that a flag is looked at together with: its own, if it stands alone."""
    return func.coalesce(Flag.merged_into_id, Flag.id)


def _mains_concerning(person_id: int) -> Select[int]:
    side = aliased(Flag)
    theirs = union_all(*_own_ids(person_id), *_driven_ids(person_id))
    return select(func.coalesce(side.merged_into_id, side.id)).where(side.id.in_(theirs))


async def holders(session: AsyncSession, flag: Flag) -> Sequence[Person]:
    """Whose flag it is: who sent it, and who opened it with its passphrase."""
    readers = select(Reader.person_id).where(Reader.flag_id == flag.id)
    query = select(Person).where(or_(Person.id == flag.reporter_id, Person.id.in_(readers))).order_by(Person.id)
    return (await session.scalars(query)).all()


async def flags_of(session: AsyncSession, person_id: int, limit: int = 20) -> Sequence[Flag]:
    """The newest flags of a person, newest first."""
    query = select(Flag).where(own(person_id)).order_by(Flag.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def own_flag(session: AsyncSession, person_id: int, flag_id: int) -> Flag | None:
    """A flag of this person, by its number."""
    return await _locked(session, Flag.id == flag_id, own(person_id))


async def own_flag_of_handle(session: AsyncSession, person_id: int, handle: str) -> Flag | None:
    """A flag of this person. Any handle may be asked for: it may come from a forged button."""
    uid = uid_of(handle)
    return await _locked(session, Flag.uid == uid, own(person_id)) if uid is not None else None


async def plate_of_own(session: AsyncSession, vault: Vault, person_id: int, handle: str) -> str | None:
    """The normalised plate of a flag of this person, which others may change meanwhile. Any handle may be asked for."""
    uid = uid_of(handle)
    if uid is None:
        return None
    flag = await session.scalar(select(Flag).where(Flag.uid == uid, own(person_id)))
    return flag.plate(vault) if flag is not None else None


async def own_flag_of_receipt(session: AsyncSession, vault: Vault, person_id: int, receipt: str) -> Flag | None:
    """A flag of this person, by its receipt code (12 digits)."""
    indexes = vault.indexes(receipt.encode(), "receipt")
    query = select(Flag).where(Flag.receipt_index.in_(indexes), own(person_id))
    return await session.scalar(query)


async def reviewed_flag(session: AsyncSession, reviewer_id: int, flag_id: int) -> Flag | None:
    """A flag that this person may review: a member of the team, it's not their own, and it was sent to the team.

    Any number may be asked for: it may come from a forged button.
    """
    if not 0 < flag_id <= LARGEST_IDENTIFIER:
        return None
    return await _locked(session, Flag.id == flag_id, *reviewable(reviewer_id))


def reviewable(reviewer_id: int) -> list[ColumnElement[bool]]:
    """Conditions for any query about flags: this person may review them.

    Neither a flag of their own or on a car that they drive, nor any that such a flag is looked at together with.
    """
    return [_main().not_in(_mains_concerning(reviewer_id)), known(), reviews(reviewer_id)]


async def _locked(session: AsyncSession, *conditions: ColumnElement[bool]) -> Flag | None:
    """The flag as it is now, nobody else's to change until the transaction ends."""
    query = select(Flag).where(*conditions).with_for_update(of=Flag)
    return await session.scalar(query.execution_options(populate_existing=True))
