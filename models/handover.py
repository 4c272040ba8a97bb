"""Handing a flag over to a colleague: by whoever works on it, or by a supervisor."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.flag_rights import reviewable
from models.flags import Flag, State
from models.team import SUPERVISING, Member, role_of

_GIVEN = frozenset({State.NEW, State.CLAIMED})


async def may_hand_over(session: AsyncSession, flag: Flag, person_id: int) -> bool:
    """Whether a member may give this flag away: who works on it, or a supervisor whoever does."""
    if flag.state not in _GIVEN:
        return False
    return flag.is_worked_on_by(person_id) or await role_of(session, person_id) in SUPERVISING


async def colleagues(session: AsyncSession, flag: Flag) -> Sequence[Member]:
    """All members but the one who has the flag.

    Also the one who reported it, if they are of the team: a list without them would tell who it was.
    """
    query = select(Member).where(Member.person_id != (flag.reviewer_id or 0))
    return (await session.scalars(query.order_by(Member.person_id))).all()


async def may_review(session: AsyncSession, flag: Flag, member_id: int) -> bool:
    """Whether somebody may review this flag."""
    return await session.scalar(select(Flag.id).where(Flag.id == flag.id, *reviewable(member_id))) is not None
