"""A flag as it comes in: stored once, however often it's sent; not too many of one person; not the same story twice."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.behaviours import BEHAVIOURS, primary_form
from models.details import Aim, Details
from models.flags import Flag, FlagBehaviour, Ride, State, weight
from models.handles import new_uid
from models.receipts import new_receipt
from models.vault import Vault

_FIRST_STATE = {Aim.ACT: State.NEW, Aim.HOLD: State.HELD, Aim.COUNT: State.COUNTED}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SAME_STORY = timedelta(hours=2)
"""Within so long, another report of the same behaviour by the same person is likely to be the same incident."""


async def store_flag(
    session: AsyncSession,
    vault: Vault,
    *,
    reporter_id: int,
    draft: str,
    codes: Sequence[str],
    ride: Ride,
    now: datetime,
    details: Details | None = None,
    aim: Aim = Aim.ACT,
) -> tuple[Flag, bool]:
    """The flag sent from this draft, and whether it's new: sent again, the draft gives the same flag.

    What is to be held must get its vehicle in the same transaction, see `models/escrow.py`.
    Raises KeyError for an unknown behaviour.
    """
    sent = await sent_from(session, reporter_id, draft)
    if sent is not None:
        return sent, False
    details = details or Details()
    level = weight(codes, ride, details)
    uid, receipt = new_uid(), new_receipt()
    box, wrapped_key = vault.new_key(f"flag {uid.hex()}")
    flag = Flag(
        uid=uid,
        reporter_id=reporter_id,
        draft=draft,
        ride=ride,
        severity=level,
        state=_FIRST_STATE[aim],
        ended_at=now if aim is Aim.COUNT else None,
        received_at=now,
        wrapped_key=wrapped_key,
        receipt_index=vault.index(receipt.encode(), "receipt"),
        sealed_receipt=box.seal(receipt.encode(), "receipt"),
        behaviours=[FlagBehaviour(code=code) for code in sorted(set(codes))],
        form=primary_form(codes),
        **asdict(details),
    )
    session.add(flag)
    flag.set_due(now)
    await session.flush()
    return flag, True


async def sent_from(session: AsyncSession, reporter_id: int, draft: str) -> Flag | None:
    """The flag that this person sent from a draft, if they did."""
    return await session.scalar(select(Flag).where(Flag.reporter_id == reporter_id, Flag.draft == draft))


async def wait_before_next(
    session: AsyncSession,
    reporter_id: int,
    *,
    an_hour: int,
    a_day: int,
    now: datetime,
    deleted: Sequence[datetime] = (),
) -> datetime | None:
    """Until when a person who has sent so many flags has to wait with the next; None if they need not.

    `deleted` says when those were sent that are there no more.
    """
    query = select(Flag.received_at).where(Flag.reporter_id == reporter_id, Flag.received_at > now - DAY)
    there = await session.scalars(query.order_by(Flag.received_at.desc()).limit(a_day))
    times = sorted([*there, *(at for at in deleted if at > now - DAY)], reverse=True)
    waits = [times[a_day - 1] + DAY] if len(times) >= a_day else []
    if len(times) >= an_hour:
        waits.append(times[an_hour - 1] + HOUR)
    return max((until for until in waits if until > now), default=None)


async def same_story(
    session: AsyncSession, vault: Vault, reporter_id: int, codes: Sequence[str], plate: str | None, now: datetime
) -> Sequence[Flag]:
    """What this person sent a short while ago of a like behaviour and of no other vehicle, newest first."""
    query = select(Flag).where(Flag.reporter_id == reporter_id, Flag.received_at > now - SAME_STORY)
    bases = {BEHAVIOURS[code].base for code in codes}
    alike = []
    for flag in await session.scalars(query.order_by(Flag.id.desc()).limit(20)):
        known = flag.plate(vault)
        other_vehicle = plate is not None and known is not None and plate != known
        if not other_vehicle and bases & {BEHAVIOURS[each.code].base for each in flag.behaviours}:
            alike.append(flag)
    return alike
