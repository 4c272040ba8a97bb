"""People: drivers, passengers, reviewers and owners are all persons who wrote to the bot.

A person is found by a keyed hash of the Telegram id. The id itself lies in the row sealed, because
without it nobody could be written to. No name, user name or telephone number is stored.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Index, LargeBinary, exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Mapped, joinedload, mapped_column, relationship

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.conversation import Conversation
from models.course import Attempt
from models.limits import take_bars
from models.upsert import insert_new
from models.vault import Vault


class Language(StrEnum):
    """The languages of the product (ISO 639-1)."""

    KAZAKH = "kk"
    RUSSIAN = "ru"
    ENGLISH = "en"

    @classmethod
    def of(cls, code: str | None, default: "Language") -> "Language":
        """The language of an IETF tag as Telegram gives it ("ru", "en-US"), else the default."""
        primary = (code or "").partition("-")[0].lower()
        return cls(primary) if primary in set(cls) else default


_BARRED = text("barred_at IS NOT NULL")


class Person(Base):
    """Somebody who wrote to the bot in a private chat."""

    __tablename__ = "people"
    __table_args__ = (
        Index("ix_people_barred", "id", sqlite_where=_BARRED, postgresql_where=_BARRED),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    telegram_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sealed_telegram_id: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[Language] = mapped_column(words(Language, "language"))
    language_chosen: Mapped[bool] = mapped_column(default=False)
    """True once the person chose; until then the language follows Telegram's."""
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When the person blocked the bot; nothing is sent until they come back."""
    barred_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When an owner barred the person for misuse: their reports don't reach the team, the most severe ones apart."""

    conversation: Mapped[Conversation | None] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    attempts: Mapped[list[Attempt]] = relationship(passive_deletes="all", lazy="raise")
    """Loaded with the person: only those that are still open."""

    def telegram_id(self, vault: Vault) -> int:
        """The Telegram id, opened from its seal; raises CannotOpen."""
        return int(vault.open(self.sealed_telegram_id, _place(self.telegram_index)))

    def rekey(self, vault: Vault) -> None:
        """Move what hangs on the master keys to the newest one."""
        self.telegram_index, self.sealed_telegram_id = _sealed(vault, self.telegram_id(vault))


def _index_input(telegram_id: int) -> bytes:
    return str(telegram_id).encode()


def _place(index: bytes) -> str:
    """The index names the place, so that a row can't be made to write to another person."""
    return f"person {index.hex()}"


def _sealed(vault: Vault, telegram_id: int) -> tuple[bytes, bytes]:
    """The blind index of a Telegram id, and the id sealed."""
    index = vault.index(_index_input(telegram_id), "person")
    return index, vault.seal(_index_input(telegram_id), _place(index))


async def load_people(
    session: AsyncSession,
    vault: Vault,
    languages: Mapping[int, str | None],
    *,
    default: Language,
    now: datetime,
) -> dict[int, Person]:
    """The persons of these Telegram ids, by Telegram id; who is new gets a row.

    `languages` maps each Telegram id to the language that Telegram names for it. Rows are locked in the
    order of their ids and inserted in the order of Telegram's, so that two replicas don't wait for each other in a
    circle.
    """
    if not languages:
        return {}
    by_index = {index: i for i in languages for index in vault.indexes(_index_input(i), "person")}
    people = await _select(session, by_index)
    missing = sorted(i for i in languages if i not in people)
    if missing:
        rows = [
            {
                "telegram_index": index,
                "sealed_telegram_id": sealed,
                "language": Language.of(languages[i], default),
                "language_chosen": False,
                "joined_at": now,
            }
            for i, (index, sealed) in ((i, _sealed(vault, i)) for i in missing)
        ]
        await session.execute(insert_new(session, Person), rows)
        newcomers = {index: i for index, i in by_index.items() if i in missing}
        people |= await _select(session, newcomers)
        for telegram_id, barred_at in (await take_bars(session, vault, missing)).items():
            people[telegram_id].barred_at = barred_at
    for telegram_id, person in people.items():
        person.blocked_at = None
        if not person.language_chosen:
            person.language = Language.of(languages[telegram_id], person.language)
    return people


async def _select(session: AsyncSession, by_index: Mapping[bytes, int]) -> dict[int, Person]:
    wanted = Person.telegram_index.in_(by_index)
    if session.get_bind().dialect.name != "sqlite":
        # Locked first and read after: what is joined to a row that had to be waited for would be as old as the wait.
        # Others may still post to them.
        await session.execute(select(Person.id).where(wanted).order_by(Person.id).with_for_update(key_share=True))
    query = (
        select(Person)
        .where(wanted)
        .options(joinedload(Person.conversation), joinedload(Person.attempts.and_(Attempt.finished_at.is_(None))))
        .execution_options(populate_existing=True)
    )
    return {by_index[person.telegram_index]: person for person in (await session.scalars(query)).unique()}


async def find_person(session: AsyncSession, vault: Vault, telegram_id: int) -> Person | None:
    """The person of a Telegram id, if they ever wrote."""
    indexes = vault.indexes(_index_input(telegram_id), "person")
    return await session.scalar(select(Person).where(Person.telegram_index.in_(indexes)))


def barred(person_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """A condition for other queries: an owner barred the person of this column."""
    return exists().where(Person.id == person_id, Person.barred_at.is_not(None))


async def present(session: AsyncSession, vault: Vault, telegram_ids: Collection[int]) -> dict[int, int]:
    """The rows' numbers of those of these Telegram ids who ever wrote; nobody deletes them before the commit."""
    by_index = {index: i for i in telegram_ids for index in vault.indexes(_index_input(i), "person")}
    query = (
        select(Person.telegram_index, Person.id)
        .where(Person.telegram_index.in_(by_index))
        .order_by(Person.id)
        .with_for_update(read=True, key_share=True)
    )
    return {by_index[index]: number for index, number in await session.execute(query)}


async def mark_blocked(session: AsyncSession, person_ids: Collection[int], now: datetime) -> None:
    """Remember that these persons blocked the bot."""
    for person in await session.scalars(select(Person).where(Person.id.in_(person_ids))):
        person.blocked_at = now
