"""What was reported before: on the same vehicle, of any category, and by the same person.

A vehicle that is reported again makes each of its flags more severe, once, and what was closed is decided on anew,
together with the new one. What somebody sent about a car that they drive themselves does none of that: or they could
ask the bot whether it was reported. Nor does what somebody sent whom an owner barred for misuse.

Of the person who reported only numbers are given, never which flags they sent.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from models.audit import Action, record
from models.cars import who_declared
from models.flag_rights import reviewable
from models.flags import UNSEEN, Flag, Outcome, State, flags_on_vehicle, kept_out_of_queue
from models.late_news import news_at
from models.merging import follow, raise_main
from models.people import barred
from models.readers import Reader
from models.vault import Vault

REPEAT_DAYS = 90
"""So far back a vehicle's flags are counted."""
_SHOWN = 50


async def without_weight(session: AsyncSession, vault: Vault, plate: str, flags: Collection[Flag]) -> set[int]:
    """Which of these flags, all on one vehicle, say nothing about the others: their numbers.

    They belong to somebody who declared the vehicle as theirs, or were sent by somebody who was barred.
    """
    numbers = [flag.id for flag in flags]
    found = set(await session.scalars(select(Flag.id).where(Flag.id.in_(numbers), barred(Flag.reporter_id))))
    if drivers := await who_declared(session, vault, plate):
        read = select(Reader.flag_id).where(Reader.flag_id.in_(numbers), Reader.person_id.in_(drivers))
        found |= {flag.id for flag in flags if flag.reporter_id in drivers} | set(await session.scalars(read))
    return found


async def weigh_again(session: AsyncSession, vault: Vault, flag: Flag, now: datetime) -> None:
    """Make a flag, and all others on its vehicle that are open, more severe if the team knows of more than one.

    What they are looked at together with is then at least as severe.
    """
    plate = flag.plate(vault)
    if plate is None:
        return
    others = [other for other in await flags_on_vehicle(session, vault, plate) if other.id != flag.id]
    left_out = await without_weight(session, vault, plate, [flag, *others])
    if flag.id in left_out:
        return
    others = [other for other in others if other.id not in left_out]
    risen = [flag] if others and flag.name_again(now) else []
    if flag.state not in UNSEEN:
        for other in others:
            if other.name_again(now):
                await record(session, vault, Action.SEVERITY_SET, now=now, flag_id=other.id, detail="vehicle")
                risen.append(other)
    for each in risen:
        await raise_main(session, vault, each, now)


async def take_up_again(session: AsyncSession, vault: Vault, flag: Flag, now: datetime) -> list[Flag]:
    """Put the closed flags on the vehicle of this one back into the queue; which ones, with their duplicates.

    Nothing of the sort for what the team doesn't know of.
    """
    plate = flag.plate(vault)
    if plate is None or flag.state in UNSEEN:
        return []
    query = (
        select(Flag)
        .where(Flag.plate_index.in_(vault.indexes(plate.encode(), "plate")), Flag.id != flag.id)
        .where(Flag.state == State.CLOSED)
        .order_by(Flag.id)
        .with_for_update(of=Flag)
        .execution_options(populate_existing=True)
    )
    closed = (await session.scalars(query)).all()
    left_out = await without_weight(session, vault, plate, [flag, *closed])
    again = []
    for other in closed if flag.id not in left_out else []:
        if other.id not in left_out and other.take_up_again(now, news_at(now)):
            await session.flush()
            again += [other, *await follow(session, other)]
    return again


async def others_on_vehicle(session: AsyncSession, vault: Vault, flag: Flag, reviewer_id: int) -> Sequence[Flag]:
    """The newest flags on the same vehicle that this person may review, newest first, without their behaviours.

    Neither the withdrawn ones, nor those that are looked at together with this one, nor what is kept out of the queue
    because its sender was barred.
    """
    plate = flag.plate(vault)
    if plate is None:
        return []
    query = (
        select(Flag)
        .where(Flag.plate_index.in_(vault.indexes(plate.encode(), "plate")), Flag.id != flag.id)
        .where(Flag.state != State.WITHDRAWN, Flag.merged_into_id.is_distinct_from(flag.id), *reviewable(reviewer_id))
        .where(Flag.id != (flag.merged_into_id or 0), not_(kept_out_of_queue()))
        .order_by(Flag.received_at.desc(), Flag.id.desc())
        .limit(_SHOWN)
        .options(lazyload(Flag.behaviours))
    )
    return (await session.scalars(query)).all()


async def count_on_vehicles(session: AsyncSession, vault: Vault, flags: Sequence[Flag]) -> dict[int, int]:
    """Which flag on its vehicle each of these is, 1 for the first, in the 90 days until it was sent; by its number.

    Duplicates, what was withdrawn and what a barred person sent don't count; flags without a plate are left out.
    """
    indexes = {
        flag.id: frozenset(vault.indexes(plate.encode(), "plate"))
        for flag in flags
        if (plate := flag.plate(vault)) is not None
    }
    if not indexes:
        return {}
    oldest = min(flag.received_at for flag in flags) - timedelta(days=REPEAT_DAYS)
    query = select(Flag.plate_index, Flag.received_at, Flag.id).where(
        Flag.plate_index.in_(frozenset().union(*indexes.values())),
        Flag.received_at >= oldest,
        Flag.state.not_in(UNSEEN | {State.WITHDRAWN}),
        Flag.merged_into_id.is_(None),
        not_(barred(Flag.reporter_id)),
    )
    sent = defaultdict(list)
    for index, received_at, number in await session.execute(query):
        sent[index].append((received_at, number))
    counts = {}
    for flag in flags:
        if flag.id in indexes:
            until, since = (flag.received_at, flag.id), flag.received_at - timedelta(days=REPEAT_DAYS)
            earlier = [at for index in indexes[flag.id] for at in sent[index] if since <= at[0] and at < until]
            counts[flag.id] = len(earlier) + 1
    return counts


async def reporter_history(session: AsyncSession, flag: Flag) -> Counter[Outcome | None]:
    """How many other flags the same person sent to the team, by outcome; None for those that are open."""
    query = (
        select(Flag.outcome, func.count().label("sent"))
        .where(Flag.reporter_id == flag.reporter_id, Flag.id != flag.id)
        .where(Flag.state.not_in(UNSEEN | {State.WITHDRAWN}))
        .group_by(Flag.outcome)
    )
    return Counter({row.outcome: row.sent for row in await session.execute(query)})
