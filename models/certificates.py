"""Certificates: that a person passed the final test, for twelve months, checked by anybody who has the number.

A number is 10 digits, the last a check digit (Damm's), so that a forged or misread one is told from a real one at
once. The name lies sealed; whoever checks a number learns the first name and an initial, and no more.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from stdnum import damm

from models.base import Base, Identifier, UtcDateTime, words
from models.exams import PLANS, Sitting
from models.people import Language
from models.quiet import ZONE, local_day
from models.upsert import insert_new
from models.vault import Vault

NAME_LIMIT = 60
"""Characters of a name on a certificate."""
REASON_LIMIT = 300
"""Characters of the reason for which a certificate is revoked."""
RENEWED_FROM, REMINDED = timedelta(days=60), timedelta(days=30)
"""How long before its end a certificate may be renewed, and its holder is reminded of that."""
_RANDOM_DIGITS = 9
_ALPHABETS = ("CYRILLIC", "LATIN")
_SIGNS = " -'."
_SPELLINGS = str.maketrans(dict.fromkeys("‐‑‒–—", "-") | dict.fromkeys("’‘ʼ`", "'"))  # as telephones type them
_CERTIFYING = [exam for exam, plan in PLANS.items() if plan.certifies]


class Standing(StrEnum):
    """What a certificate is worth today."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Certificate(Base):
    """One certificate. A passed test gives one, however often it's asked for."""

    __tablename__ = "certificates"
    __table_args__ = (
        Index("ix_certificates_person_id", "person_id", "issued_at"),
        CheckConstraint("expires_at > issued_at", "term"),
        CheckConstraint("(revoked_at IS NULL) = (sealed_reason IS NULL)", "revoked_with_reason"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id", ondelete="CASCADE"), unique=True)
    """The test that was passed."""
    number: Mapped[str] = mapped_column(String(10), unique=True)
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[Language] = mapped_column(words(Language, "language"))
    """The language in which it was issued, and stays."""
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    sealed_reason: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """Why it was revoked, in the owner's words."""

    @property
    def seal_place(self) -> str:
        """What the seals are bound to."""
        return f"certificate {self.number}"

    def name(self, vault: Vault) -> str:
        """The name as the person typed it; raises CannotOpen."""
        return vault.open(self.sealed_name, self.seal_place).decode()

    def standing(self, now: datetime) -> Standing:
        """What it's worth at a moment."""
        if self.revoked_at is not None:
            return Standing.REVOKED
        return Standing.VALID if now < self.expires_at else Standing.EXPIRED

    @property
    def renewable_from(self) -> datetime:
        """From when its holder may have a new one: 60 days before its end; if it was revoked, its end."""
        return self.expires_at if self.revoked_at is not None else self.expires_at - RENEWED_FROM

    def is_renewable(self, now: datetime) -> bool:
        """Whether its holder may have a new one at a moment."""
        return now >= self.renewable_from

    def reason(self, vault: Vault) -> str | None:
        """Why it was revoked; raises CannotOpen."""
        return vault.open(self.sealed_reason, self.seal_place).decode() if self.sealed_reason else None

    def revoke(self, vault: Vault, reason: str, now: datetime) -> None:
        """Make it worthless for good."""
        self.revoked_at, self.sealed_reason = now, vault.seal(reason.encode(), self.seal_place)

    def rekey(self, vault: Vault) -> None:
        """Seal what is sealed with the newest key."""
        self.sealed_name = vault.rewrap(self.sealed_name, self.seal_place)
        if self.sealed_reason is not None:
            self.sealed_reason = vault.rewrap(self.sealed_reason, self.seal_place)


# its number


def new_number() -> str:
    """A fresh number: 10 digits without separators."""
    digits = f"{secrets.randbelow(10**_RANDOM_DIGITS):0{_RANDOM_DIGITS}d}"
    return digits + str(damm.calc_check_digit(digits))


def show_number(number: str) -> str:
    """The number as people see it, "12345-67890"."""
    return f"{number[:5]}-{number[5:]}"


def read_number(typed: str) -> str | None:
    """The number that somebody typed, with whatever spaces and dashes; None if it can't be one."""
    digits = "".join(str(int(sign)) for sign in typed if sign.isdecimal())
    return digits if len(digits) == _RANDOM_DIGITS + 1 and damm.is_valid(digits) else None


# its name


class NameFault(StrEnum):
    """Why a name can't stand on a certificate."""

    EMPTY = "empty"
    LONG = "long"
    DIGITS = "digits"
    SIGNS = "signs"


def tidy_name(typed: str) -> str:
    """A name in one line without spaces to spare; dashes and apostrophes in one spelling."""
    return " ".join(unicodedata.normalize("NFC", typed).translate(_SPELLINGS).split())


def fault_of_name(name: str) -> NameFault | None:
    """What keeps a tidy name from a certificate; None if it may stand there.

    It has 1-60 characters: letters of the Cyrillic and Latin alphabets, and between them spaces, hyphens,
    apostrophes and full stops.
    """
    if len(name) > NAME_LIMIT:
        return NameFault.LONG
    if any(sign.isnumeric() for sign in name):
        return NameFault.DIGITS
    if not all(sign in _SIGNS or _is_letter(sign) for sign in name):
        return NameFault.SIGNS
    return None if any(map(_is_letter, name)) else NameFault.EMPTY


def _is_letter(sign: str) -> bool:
    return sign.isalpha() and unicodedata.name(sign, "").startswith(_ALPHABETS)


def short_name(name: str) -> str:
    """What strangers see of a name: its first word, and the initial of its last, "Ерлан С."."""
    parts = [part for part in re.split(r"[ .]+", name) if any(map(_is_letter, part))]
    if len(parts) < 2:
        return "".join(parts)
    initial = next(filter(_is_letter, parts[-1]))
    return f"{parts[0]} {initial.upper()}."


# certificates of people


def end_of_term(issued_at: datetime) -> datetime:
    """The end of the same day 12 months later, in Kazakhstan; of 28 February if there's no 29th."""
    day = local_day(issued_at)
    while True:
        try:
            return datetime.combine(day.replace(year=day.year + 1), time(23, 59, 59), ZONE)
        except ValueError:
            day -= timedelta(days=1)


async def certificates_of(session: AsyncSession, person_id: int) -> Sequence[Certificate]:
    """A person's certificates, the newest first."""
    query = select(Certificate).where(Certificate.person_id == person_id)
    return (await session.scalars(query.order_by(Certificate.issued_at.desc(), Certificate.id.desc()))).all()


async def newest_certificate(session: AsyncSession, person_id: int) -> Certificate | None:
    """The certificate that counts for the person themselves."""
    return next(iter(await certificates_of(session, person_id)), None)


async def valid_certificate(session: AsyncSession, person_id: int, now: datetime) -> Certificate | None:
    """The person's newest certificate that is valid at a moment."""
    certificates = await certificates_of(session, person_id)
    return next((each for each in certificates if each.standing(now) is Standing.VALID), None)


async def may_renew(session: AsyncSession, person_id: int, now: datetime) -> bool:
    """Whether the newest certificate ends within 60 days, or has ended; a revoked one only once its term is over."""
    newest = await newest_certificate(session, person_id)
    return newest is not None and newest.is_renewable(now)


async def own_certificate(session: AsyncSession, person_id: int, certificate_id: int) -> Certificate | None:
    """The certificate of that row, if it's the person's own."""
    query = select(Certificate).where(Certificate.id == certificate_id, Certificate.person_id == person_id)
    return await session.scalar(query)


async def certificate_of_number(session: AsyncSession, number: str) -> Certificate | None:
    """The certificate with this number, whoever asks; 10 digits."""
    return await session.scalar(select(Certificate).where(Certificate.number == number))


async def certifiable(session: AsyncSession, person_id: int) -> Sitting | None:
    """The passed test for which the person is to have a certificate now, the newest if there are several.

    A test from before an earlier certificate may be renewed gives no second one.
    """
    query = select(Sitting).where(
        Sitting.person_id == person_id, Sitting.exam.in_(_CERTIFYING), Sitting.passed.is_(True)
    )
    newest = await newest_certificate(session, person_id)
    if newest is not None:
        query = query.where(Sitting.finished_at >= newest.renewable_from)
    return await session.scalar(query.order_by(Sitting.finished_at.desc(), Sitting.id.desc()).limit(1))


async def issue(
    session: AsyncSession, vault: Vault, sitting: Sitting, name: str, language: Language, now: datetime
) -> tuple[Certificate, bool]:
    """The certificate for a passed test, and whether it's new; a test gives one only, and its name stays."""
    query = select(Certificate).where(Certificate.sitting_id == sitting.id)
    number = ""
    while (found := await session.scalar(query)) is None:  # again only if the number is taken
        number = new_number()
        draft = Certificate(number=number)
        row = {
            "person_id": sitting.person_id,
            "sitting_id": sitting.id,
            "number": number,
            "sealed_name": vault.seal(name.encode(), draft.seal_place),
            "language": language,
            "issued_at": now,
            "expires_at": end_of_term(now),
        }
        await session.execute(insert_new(session, Certificate), [row])
    return found, found.number == number


async def revoke_all(
    session: AsyncSession, vault: Vault, person_id: int, reason: str, now: datetime
) -> Sequence[Certificate]:
    """Revoke every certificate of the person that is still valid; returns those, none if there was none."""
    query = select(Certificate).where(
        Certificate.person_id == person_id, Certificate.revoked_at.is_(None), Certificate.expires_at > now
    )
    valid = (await session.scalars(query.order_by(Certificate.id).with_for_update())).all()
    for certificate in valid:
        certificate.revoke(vault, reason, now)
    return valid
