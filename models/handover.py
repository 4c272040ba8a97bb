"""Handing a flag over to a colleague, whoever works on it now."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.flags import Flag, State
from models.team import Member


async def may_take(session: AsyncSession, flag: Flag) -> Sequence[Member]:
    """The members to whom this flag may be given: all but the one who reported and the one who has it."""
    query = select(Member).where(Member.person_id.not_in([flag.reporter_id, flag.reviewer_id or 0]))
    return (await session.scalars(query.order_by(Member.person_id))).all()


async def hand_over(session: AsyncSession, flag: Flag, member_id: int) -> bool:
    """Give an open flag to a member; False if it has ended or the member may not have it."""
    if not flag.is_open or member_id not in {member.person_id for member in await may_take(session, flag)}:
        return False
    flag.state, flag.reviewer_id = State.CLAIMED, member_id
    return True


def give_back(flag: Flag) -> bool:
    """Put a claimed flag back into the queue, whoever claimed it."""
    if flag.state is not State.CLAIMED:
        return False
    flag.state, flag.reviewer_id = State.NEW, None
    return True
