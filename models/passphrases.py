"""Passphrases: with its code and a passphrase a report can be opened from another account.

Of a passphrase only a salted digest is kept, sealed with the key of its flag. Tries are counted, per person and per
code, whether there is a flag with that code or not: nothing that can be seen tells the two apart.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from unicodedata import normalize

from sqlalchemy import ForeignKey, Index, LargeBinary, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime
from models.flags import Flag
from models.limits import What, moments_of
from models.new_flags import DAY, HOUR
from models.people import Person
from models.quiet import at_hour, local_day
from models.readers import add_reader
from models.receipts import read_receipt
from models.vault import Vault

LEAST, MOST = 8, 128
"""Characters of a passphrase, once it's tidy."""
AN_HOUR, A_DAY = 5, 20
"""Wrong tries of one person."""
A_DAY_ON_A_CODE = 10
"""Wrong tries on one code, of all accounts together."""
KEPT = timedelta(days=1)
"""For how long wrong tries are remembered: as long as they count."""
_SALT = 16


class Fault(StrEnum):
    """Why something can't be a passphrase."""

    SHORT = "short"
    LONG = "long"
    CODE = "code"


class Try(Base):
    """A wrong passphrase that somebody wrote for a code, which need not be the code of any flag."""

    __tablename__ = "tries"
    __table_args__ = (
        Index("ix_tries_person_id_at", "person_id", "at"),
        Index("ix_tries_code_index_at", "code_index", "at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    """Forgotten with the person; for the code the try itself counts on, for the person `models/limits.py` does."""
    flag_id: Mapped[int | None] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), index=True)
    code_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Blind index of the code."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True)
class Opening:
    """What came of a try."""

    flag: Flag | None = None
    """The flag that the person may open from now on."""
    released: bool = False
    """Whether the person had claimed it as a reviewer, and no longer has."""
    wait_until: datetime | None = None
    """There were too many wrong tries: none is possible before this moment."""
    missed: Flag | None = None
    """The flag of the code, if there is one and the passphrase was wrong; nothing of it may be shown."""
    is_first_today: bool = False
    """Whether `missed` was not tried before on this day in Kazakhstan."""


def tidy_passphrase(typed: str) -> str:
    """A passphrase as it's compared: whatever case it was typed in, with single spaces."""
    return normalize("NFC", " ".join(normalize("NFC", typed).casefold().split()))


def fault_of_passphrase(tidy: str) -> Fault | None:
    """What is wrong with a tidy passphrase; None if nothing is."""
    if read_receipt(tidy) is not None and not any(sign.isalpha() for sign in tidy):
        return Fault.CODE
    if len(tidy) < LEAST:
        return Fault.SHORT
    return Fault.LONG if len(tidy) > MOST else None


def keep_passphrase(vault: Vault, flag: Flag, tidy: str) -> None:
    """Set the passphrase of a flag, in place of an earlier one."""
    salt = secrets.token_bytes(_SALT)
    flag.write_passphrase(vault, salt + _digest(tidy, salt))


def is_passphrase(vault: Vault, flag: Flag | None, tidy: str) -> bool:
    """Whether this is the passphrase of a flag; takes as long where there's no flag, or none is set."""
    kept = flag.passphrase(vault) if flag is not None else None
    salt = kept[:_SALT] if kept is not None else bytes(_SALT)
    is_same = hmac.compare_digest(_digest(tidy, salt), kept[_SALT:] if kept is not None else b"")
    return kept is not None and is_same


def _digest(tidy: str, salt: bytes) -> bytes:
    """A digest of 32 bytes that takes some milliseconds: people use a passphrase in more than one place."""
    return hashlib.scrypt(tidy.encode(), salt=salt, n=2**11, r=8, p=1, dklen=32)


async def open_elsewhere(
    session: AsyncSession, vault: Vault, *, person_id: int, receipt: str, tidy: str, now: datetime
) -> Opening:
    """Try a passphrase on the flag of a code; who has to wait learns nothing, right or wrong."""
    indexes = vault.indexes(receipt.encode(), "receipt")
    found = select(Flag).where(Flag.receipt_index.in_(indexes)).with_for_update(of=Flag)
    flag = await session.scalar(found.execution_options(populate_existing=True))
    if (until := await wait_before_try(session, vault, person_id, receipt, now)) is not None:
        return Opening(wait_until=until)
    if is_passphrase(vault, flag, tidy) and flag is not None:
        await add_reader(session, flag.id, person_id, now)
        return Opening(flag=flag, released=flag.release(person_id))
    is_first = flag is not None and not await _was_tried(session, flag.id, since=at_hour(local_day(now), 0))
    flag_id = flag.id if flag is not None else None
    session.add(Try(person_id=person_id, flag_id=flag_id, code_index=_code_index(vault, receipt)[0], at=now))
    return Opening(missed=flag, is_first_today=is_first)


async def wait_before_try(
    session: AsyncSession, vault: Vault, person_id: int, receipt: str, now: datetime
) -> datetime | None:
    """Until when this person has to wait with a passphrase for this code; None if they need not."""
    on_code = Try.code_index.in_(_code_index(vault, receipt))
    person = await session.get(Person, person_id)
    before = await moments_of(session, vault, person.telegram_id(vault), What.TRY, now - DAY) if person else ()
    waits = []
    for whose, limit, length, also in (
        (Try.person_id == person_id, AN_HOUR, HOUR, before),
        (Try.person_id == person_id, A_DAY, DAY, before),
        (on_code, A_DAY_ON_A_CODE, DAY, ()),
    ):
        newest = select(Try.at).where(whose, Try.at > now - length).order_by(Try.at.desc()).limit(limit)
        times = sorted([*await session.scalars(newest), *(at for at in also if at > now - length)], reverse=True)
        if len(times) >= limit:
            waits.append(times[limit - 1] + length)
    return max(waits, default=None)


def _code_index(vault: Vault, receipt: str) -> list[bytes]:
    """Under every key, newest first; not the index by which a flag is found, so that rows can't be brought together."""
    return vault.indexes(receipt.encode(), "try")


async def _was_tried(session: AsyncSession, flag_id: int, since: datetime) -> bool:
    query = select(Try.id).where(Try.flag_id == flag_id, Try.at >= since).limit(1)
    return await session.scalar(query) is not None


async def forget_tries(session: AsyncSession, before: datetime) -> None:
    """Delete tries from before a moment."""
    await session.execute(delete(Try).where(Try.at < before))
