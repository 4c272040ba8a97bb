"""Files that Telegram has already: what was sent once is sent again by its file id, at no cost."""

from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class Upload(Base):
    """A file of the product's own, such as a lesson's picture; never anything of a person's."""

    __tablename__ = "uploads"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    """What it is, with a hash of its content: another content is another file."""
    file_id: Mapped[str] = mapped_column(String(200))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def file_id_of(session: AsyncSession, name: str) -> str | None:
    """The file id under which Telegram has it, if it was sent before."""
    return await session.scalar(select(Upload.file_id).where(Upload.name == name))


async def keep_file_id(session: AsyncSession, name: str, file_id: str, now: datetime) -> None:
    """Remember a file id."""
    await session.merge(Upload(name=name, file_id=file_id, uploaded_at=now))
