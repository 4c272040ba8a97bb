"""Deleting a person or a flag: what hangs on them goes with them, and nothing is left half-done."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.broadcasts import Broadcast, Stage
from models.flags import UNSEEN, Flag, State
from models.limits import KEPT, What, hold_on_to
from models.merging import part_before_deletion
from models.passphrases import Try
from models.people import Person
from models.vault import Vault


async def keep_limits(session: AsyncSession, vault: Vault, person: Person, now: datetime) -> None:
    """What must go on counting when this person is deleted."""
    telegram_id, since = person.telegram_id(vault), now - KEPT
    sent = select(Flag.received_at).where(Flag.reporter_id == person.id, Flag.received_at > since)
    tried = select(Try.at).where(Try.person_id == person.id, Try.at > since)
    hold_on_to(session, vault, telegram_id, What.REPORT, await session.scalars(sent), now)
    hold_on_to(session, vault, telegram_id, What.TRY, await session.scalars(tried), now)
    if person.barred_at is not None:
        hold_on_to(session, vault, telegram_id, What.BAR, [person.barred_at], now)


async def keep_limits_of_flag(session: AsyncSession, vault: Vault, flag: Flag, now: datetime) -> None:
    """What must go on counting when this flag is deleted: that its person sent it."""
    reporter = await session.get_one(Person, flag.reporter_id)
    hold_on_to(session, vault, reporter.telegram_id(vault), What.REPORT, [flag.received_at], now)


async def delete_person(session: AsyncSession, person: Person) -> list[int]:
    """Delete the person; what they claimed, or what was merged with theirs, goes back to the queue.

    Returns the numbers of the flags that the team knew of; all went with them, their keys included. The rows
    that belong to the person elsewhere go by the foreign keys.
    """
    flags = list(await session.scalars(select(Flag.id).where(Flag.reporter_id == person.id, Flag.state.not_in(UNSEEN))))
    back_to_queue = {"state": State.NEW, "reviewer_id": None}
    await part_before_deletion(session, Flag.reporter_id == person.id)
    claimed = (Flag.reviewer_id == person.id) & (Flag.state == State.CLAIMED)
    await session.execute(update(Flag).where(claimed).values(back_to_queue))
    draft = (Broadcast.owner_id == person.id) & (Broadcast.stage == Stage.DRAFT)
    await session.execute(delete(Broadcast).where(draft).execution_options(synchronize_session=False))
    await session.flush()
    await session.execute(delete(Person).where(Person.id == person.id).execution_options(synchronize_session=False))
    session.expunge(person)
    return flags


async def delete_flag(session: AsyncSession, flag: Flag) -> None:
    """Delete a flag for everybody, its key with it; what was looked at together with it goes back to the queue."""
    await part_before_deletion(session, Flag.id == flag.id)
    await session.delete(flag)
    await session.flush()
