"""What changes when a member gets another role or leaves, and what may not change: somebody must own the bot."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.flags import Flag, State, release_from_leavers
from models.team import Member, Role, role_of
from models.vault import Vault


class Hindrance(StrEnum):
    """Why a member stays as they are."""

    UNKNOWN = "unknown"
    """Not a member any more."""
    SETTINGS = "settings"
    """The settings name this owner, so only they can be changed."""
    LAST_OWNER = "last owner"


async def member_of(session: AsyncSession, person_id: int) -> Member | None:
    """A member of the team by number."""
    return await session.get(Member, person_id)


async def open_flags(session: AsyncSession) -> dict[int, int]:
    """How many flags each member works on, by the member's number; none for who works on none."""
    query = select(Flag.reviewer_id, func.count()).where(Flag.state == State.CLAIMED).group_by(Flag.reviewer_id)
    return {person_id: count for person_id, count in await session.execute(query) if person_id is not None}


async def change_role(session: AsyncSession, person_id: int, role: Role) -> Hindrance | None:
    """Give a member another role, unless something is in the way."""
    member = await _changeable(session, person_id, owner_after=role is Role.OWNER)
    if isinstance(member, Hindrance):
        return member
    member.role = role
    return None


async def why_staying(session: AsyncSession, person_id: int) -> Hindrance | None:
    """What keeps a member from leaving now, if anything does."""
    member = await _changeable(session, person_id, owner_after=False)
    return member if isinstance(member, Hindrance) else None


async def remove_member(
    session: AsyncSession, vault: Vault, person_id: int, now: datetime
) -> Hindrance | Sequence[Flag]:
    """Let a member leave, unless something is in the way; the flags that they had claimed go back to the queue."""
    member = await _changeable(session, person_id, owner_after=False)
    if isinstance(member, Hindrance):
        return member
    await session.delete(member)
    await session.flush()
    return await release_from_leavers(session, vault, now)


async def is_last_owner(session: AsyncSession, person_id: int) -> bool:
    """Whether nobody would own the bot without this member; whom the settings name comes back with them."""
    if await role_of(session, person_id) is not Role.OWNER:
        return False
    return await _changeable(session, person_id, owner_after=False) is Hindrance.LAST_OWNER


async def _changeable(session: AsyncSession, person_id: int, *, owner_after: bool) -> Member | Hindrance:
    """The member, all owners locked: of two owners who remove each other at once, one stays."""
    query = select(Member).where((Member.role == Role.OWNER) | (Member.person_id == person_id))
    locked = query.order_by(Member.person_id).with_for_update().execution_options(populate_existing=True)
    found = {member.person_id: member for member in await session.scalars(locked)}
    member = found.get(person_id)
    if member is None:
        return Hindrance.UNKNOWN
    if member.by_settings:
        return Hindrance.SETTINGS
    others_own = any(other.role is Role.OWNER for other in found.values() if other is not member)
    if member.role is Role.OWNER and not owner_after and not others_own:
        return Hindrance.LAST_OWNER
    return member
