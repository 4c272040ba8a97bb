"""The talk about a flag: the person who reported and the team write to each other, neither knowing who the other is.

Each message is sealed in the box of its flag, and goes with the flag. A message is a text, or a photo or voice message
(`models/evidence.py`) with or without one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, LargeBinary, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime
from models.evidence import Evidence, Status
from models.flags import Flag
from models.handles import Handled
from models.vault import Vault

TEXT_LIMIT = 4000
"""Characters of a message as Telegram counts them."""
QUIET_FOR = timedelta(minutes=10)
"""Who was told of a message and hasn't read it is not told of the next one for so long."""


class Talk(Handled, Base):
    """One message of the talk about a flag."""

    __tablename__ = "talk"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), index=True)
    from_team: Mapped[bool]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    """Never shown to the other side."""
    sealed_text: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    said_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When the other side first read it."""

    @property
    def _place(self) -> str:
        return f"talk {self.id}"

    def text(self, vault: Vault, flag: Flag) -> str | None:
        """What was written; raises CannotOpen."""
        return flag.open_part(vault, self.sealed_text, self._place) if self.sealed_text else None


async def say(
    session: AsyncSession, vault: Vault, flag: Flag, author_id: int, text: str | None, *, from_team: bool, now: datetime
) -> Talk:
    """Add a message to the talk about a flag; what the other side said before counts as read."""
    said = Talk(flag_id=flag.id, from_team=from_team, author_id=author_id, said_at=now)
    session.add(said)
    await session.flush()
    if text:
        said.sealed_text = flag.seal_part(vault, text, said._place)
    await note_seen(session, flag.id, by_team=from_team, now=now)
    return said


async def note_seen(session: AsyncSession, flag_id: int, *, by_team: bool, now: datetime) -> None:
    """One side has read what the other has said so far; what is still being fetched it hasn't."""
    theirs = (Talk.flag_id == flag_id, Talk.from_team.is_(not by_team), Talk.seen_at.is_(None), _ready())
    statement = update(Talk).where(*theirs).values(seen_at=now)
    await session.execute(statement.execution_options(synchronize_session=False))


def _ready() -> ColumnElement[bool]:
    unready = exists().where(Evidence.talk_id == Talk.id, Evidence.status != Status.STORED)
    return ~unready


async def thread(
    session: AsyncSession, flag_id: int, *, by_team: bool, limit: int = 10
) -> Sequence[tuple[Talk, Evidence | None]]:
    """The newest messages as one side may see them, oldest first, each with its photo or voice message.

    What could not be read is left out; what is still being fetched only its own side sees.
    """
    own = Talk.from_team.is_(by_team)
    shown = or_(Evidence.id.is_(None), Evidence.status == Status.STORED, own & (Evidence.status == Status.WAITING))
    query = (
        select(Talk, Evidence)
        .outerjoin(Evidence, Evidence.talk_id == Talk.id)
        .where(Talk.flag_id == flag_id, shown)
        .order_by(Talk.id.desc())
        .limit(limit)
    )
    rows = [(said, piece) for said, piece in await session.execute(query)]
    return rows[::-1]


async def asks(session: AsyncSession, flag_id: int) -> bool:
    """Whether the team has the last word, so that the person may want to answer."""
    last = await thread(session, flag_id, by_team=False, limit=1)
    return bool(last) and last[-1][0].from_team


async def is_last_word(session: AsyncSession, vault: Vault, flag: Flag, text: str) -> bool:
    """Whether just this is the last that was said, by the team."""
    last = await thread(session, flag.id, by_team=True, limit=1)
    return bool(last) and last[-1][0].from_team and last[-1][0].text(vault, flag) == text


async def is_news(session: AsyncSession, said: Talk) -> bool:
    """Whether to tell the other side of a message: not again while it hasn't read one of the last minutes."""
    others = (
        Talk.flag_id == said.flag_id,
        Talk.from_team.is_(said.from_team),
        Talk.id != said.id,
        Talk.seen_at.is_(None),
        Talk.said_at > said.said_at - QUIET_FOR,
    )
    return not await session.scalar(select(exists().where(*others, _ready())))
