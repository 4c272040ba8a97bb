"""Handing a flag over to a colleague, whoever works on it now."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.flags import Flag, State
from models.team import Member, role_of


async def colleagues(session: AsyncSession, flag: Flag) -> Sequence[Member]:
    """All members but the one who has the flag.

    Also the one who reported it, if they are of the team: a list without them would tell who it was.
    """
    query = select(Member).where(Member.person_id != (flag.reviewer_id or 0))
    return (await session.scalars(query.order_by(Member.person_id))).all()


async def hand_over(session: AsyncSession, flag: Flag, member_id: int) -> bool:
    """Give an open flag to a member; False if it has ended, or is theirs to report and not to review."""
    if not flag.is_open or member_id == flag.reporter_id or await role_of(session, member_id) is None:
        return False
    flag.state, flag.reviewer_id = State.CLAIMED, member_id
    return True


def give_back(flag: Flag) -> bool:
    """Put a claimed flag back into the queue, whoever claimed it."""
    if flag.state is not State.CLAIMED:
        return False
    flag.state, flag.reviewer_id = State.NEW, None
    return True
