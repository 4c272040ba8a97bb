"""Invitations into the team: a link that one person may use, once, within two days.

Only a hash of the code is kept: whoever reads the database can't join with it.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.team import Member, Role, role_of
from models.vault import Vault

TERM = timedelta(hours=48)
_CODE_BYTES = 24


class Invite(Base):
    """An invitation that nobody has accepted yet."""

    __tablename__ = "team_invites"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    sealed_label: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"invite {self.code_hash.hex()}"

    def label(self, vault: Vault) -> str:
        """What the owners will call the member; raises CannotOpen."""
        return vault.open(self.sealed_label, self.seal_place).decode()

    def rekey(self, vault: Vault) -> None:
        """Seal the label with the newest key."""
        self.sealed_label = vault.rewrap(self.sealed_label, self.seal_place)


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


async def invite(
    session: AsyncSession, vault: Vault, *, role: Role, label: str, made_by: int, now: datetime
) -> tuple[Invite, str]:
    """A new invitation, and its code (32 characters of A-Z, a-z, 0-9, _ and -), which is not kept anywhere."""
    code = secrets.token_urlsafe(_CODE_BYTES)
    invite = Invite(code_hash=_hash(code), role=role, made_by=made_by, expires_at=now + TERM)
    invite.sealed_label = vault.seal(label.encode(), invite.seal_place)
    session.add(invite)
    await session.flush()
    return invite, code


async def invite_of_code(session: AsyncSession, code: str, now: datetime) -> Invite | None:
    """The invitation of a code, if it's still good; nobody else uses it until the transaction ends.

    It's as good as its maker: the invitations of who no longer owns the bot are worth nothing.
    """
    query = select(Invite).where(Invite.code_hash == _hash(code), Invite.expires_at > now).with_for_update()
    found = await session.scalar(query)
    if found is None or await role_of(session, found.made_by) is not Role.OWNER:
        return None
    return found


async def accept(session: AsyncSession, vault: Vault, invite: Invite, person_id: int, now: datetime) -> Member:
    """Make the person, who is not of the team yet, a member; the invitation is used up."""
    member = Member(person_id=person_id, role=invite.role, since=now)
    member.write_label(vault, invite.label(vault))
    session.add(member)
    await session.delete(invite)
    await session.flush()
    return member


async def waiting_invites(session: AsyncSession, now: datetime) -> Sequence[Invite]:
    """The invitations that are still good, the oldest first."""
    return (await session.scalars(select(Invite).where(Invite.expires_at > now).order_by(Invite.id))).all()


async def withdraw_invite(session: AsyncSession, invite_id: int) -> bool:
    """Make an invitation worthless; False if it was used or withdrawn before."""
    gone = await session.scalar(delete(Invite).where(Invite.id == invite_id).returning(Invite.id))
    return gone is not None


async def forget_invites(session: AsyncSession, now: datetime) -> None:
    """Drop those whose time is over."""
    await session.execute(delete(Invite).where(Invite.expires_at <= now))
