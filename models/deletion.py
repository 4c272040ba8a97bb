"""Deleting a person: everything that hangs on them goes with them, and nothing of theirs is left half-done."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.broadcasts import Broadcast, Stage
from models.flags import UNSEEN, Flag, State
from models.people import Person


async def delete_person(session: AsyncSession, person: Person) -> list[int]:
    """Delete the person; what they had claimed as a reviewer goes back to the queue.

    Returns the numbers of the flags that the team knew of; all went with them, their keys included. The rows
    that belong to the person elsewhere go by the foreign keys.
    """
    flags = list(await session.scalars(select(Flag.id).where(Flag.reporter_id == person.id, Flag.state.not_in(UNSEEN))))
    back_to_queue = {"state": State.NEW, "reviewer_id": None}
    claimed = (Flag.reviewer_id == person.id) & (Flag.state == State.CLAIMED)
    await session.execute(update(Flag).where(claimed).values(back_to_queue))
    draft = (Broadcast.owner_id == person.id) & (Broadcast.stage == Stage.DRAFT)
    await session.execute(delete(Broadcast).where(draft).execution_options(synchronize_session=False))
    await session.flush()
    await session.execute(delete(Person).where(Person.id == person.id).execution_options(synchronize_session=False))
    session.expunge(person)
    return flags
