"""Duplicates: several flags about one incident, looked at together as one, the main flag.

What is merged stays the report of its own person, with its own receipt and consents; it's closed and reopened with the
main one, which is at least as severe as each of them. If it's withdrawn or deleted, the others wait in the queue again.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.audit import Action, record
from models.consents import consents_of
from models.flags import Flag, State
from models.vault import Vault


async def merged_with(session: AsyncSession, main_id: int) -> Sequence[Flag]:
    """The flags that are looked at together with this one, or were closed with it; oldest first."""
    query = select(Flag).where(Flag.merged_into_id == main_id).order_by(Flag.id).with_for_update(of=Flag)
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def with_duplicates(session: AsyncSession, flag_id: int) -> Sequence[Flag]:
    """A flag, and those that are looked at together with it or were; oldest first."""
    query = select(Flag).where(or_(Flag.id == flag_id, Flag.merged_into_id == flag_id)).order_by(Flag.id)
    return (await session.scalars(query)).all()


async def merge(session: AsyncSession, reviewer_id: int, flag: Flag, main: Flag) -> bool:
    """Look at a flag together with the main one, and at all that was merged with it; whether that was possible."""
    with_it = await merged_with(session, flag.id)
    if not flag.merge(reviewer_id, main):
        return False
    for each in with_it:
        each.merged_into_id = main.id
    return True


async def raise_main(session: AsyncSession, vault: Vault, flag: Flag, now: datetime) -> Flag:
    """Make the main flag as severe as what is looked at together with it has become; a flag on its own is the main one.

    Returns the main flag.
    """
    main = await main_of(session, flag)
    if main.rise_to(flag.severity):
        await record(session, vault, Action.SEVERITY_SET, now=now, flag_id=main.id, detail=f"duplicate {flag.id}")
    return main


async def main_of(session: AsyncSession, flag: Flag) -> Flag:
    """The main flag that a flag is looked at, or was closed, together with: itself, if it stands alone."""
    if flag.merged_into_id is None:
        return flag
    query = select(Flag).where(Flag.id == flag.merged_into_id).with_for_update(of=Flag)
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def follow(session: AsyncSession, main: Flag) -> list[Flag]:
    """Close or reopen with the main flag all that is merged with it; which ones moved."""
    return [
        each
        for each in await merged_with(session, main.id)
        if each.follow(main, await consents_of(session, each.id, lock=True))
    ]


async def part_from(session: AsyncSession, main: Flag) -> list[Flag]:
    """Give back to the queue all that is looked at together with a flag; which ones."""
    return [each for each in await merged_with(session, main.id) if each.part()]


async def parted_by_deletion(session: AsyncSession, *which: ColumnElement[bool]) -> list[int]:
    """The flags that stand on their own again once those of the conditions are deleted: their numbers."""
    query = select(Flag.id).where(Flag.state == State.MERGED, Flag.merged_into_id.in_(select(Flag.id).where(*which)))
    return list(await session.scalars(query.order_by(Flag.id)))


async def part_before_deletion(session: AsyncSession, *which: ColumnElement[bool]) -> None:
    """The same for all flags that are about to be deleted, given as conditions."""
    gone = select(Flag.id).where(*which).scalar_subquery()
    merged = update(Flag).where(Flag.state == State.MERGED, Flag.merged_into_id.in_(gone))
    alert = func.coalesce(Flag.alert_at, Flag.due_at)
    await session.execute(merged.values(state=State.NEW, merged_into_id=None, alert_at=alert))


async def works_on(session: AsyncSession, flag: Flag, person_id: int) -> bool:
    """Whether this member has claimed a flag, or the main one that it's looked at together with."""
    return await worker_on(session, flag) == person_id


async def worker_on(session: AsyncSession, flag: Flag) -> int | None:
    """Who of the team has claimed a flag, or the main one that it's looked at together with."""
    if flag.state is State.MERGED:
        return await session.scalar(select(Flag.reviewer_id).where(Flag.id == flag.merged_into_id))
    return flag.reviewer_id if flag.state is State.CLAIMED else None


def differs(one: str | None, other: str | None) -> bool | None:
    """Whether two plates are of different vehicles; None if one isn't known."""
    return None if one is None or other is None else one != other
