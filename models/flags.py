"""Flags: what a person reported, sealed with a key of its own, and the small machine of its states.

    new ──claim──▶ claimed ──close──▶ closed
     ▲──release──────┘
    new, claimed, held ──withdraw──▶ withdrawn
    held, counted ──hand over──▶ new

A held flag waits until another person names the same vehicle (`models/escrow.py`), a counted one is a number in the
statistics; neither exists for the team.

The number of a flag is for the team; the person who reported holds a receipt code. Whoever asks for a flag is named in
the query: the reporter by the row, readers and the team by their tables, so a right is never assumed.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    delete,
    desc,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from models.base import LARGEST_IDENTIFIER, NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.behaviours import BEHAVIOURS, FIRST_LOOK, MAX_SEVERITY, severity
from models.details import Aim, Daytime, Details, Platform, Reach, Teller
from models.people import Person, barred
from models.readers import Reader
from models.receipts import new_receipt
from models.team import Member, reviews
from models.vault import Box, Vault
from models.words import N_


class Ride(StrEnum):
    """Whether the ride was going on when the flag was sent."""

    GOING_ON = "now"
    OVER = "over"


class State(StrEnum):
    """Where a flag stands."""

    NEW = "new"
    CLAIMED = "claimed"
    HELD = "held"
    COUNTED = "counted"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


ENDED = frozenset({State.CLOSED, State.WITHDRAWN, State.COUNTED})
"""Nothing more comes of it by itself; deleted after the retention."""
UNSEEN = frozenset({State.HELD, State.COUNTED})
"""The team doesn't know that it exists."""
_FIRST_STATE = {Aim.ACT: State.NEW, Aim.HOLD: State.HELD, Aim.COUNT: State.COUNTED}


class Outcome(StrEnum):
    """What came of a flag."""

    ADVICE = "advice"
    RECORDED = "recorded"
    NO_FINDING = "no_finding"
    MISUSE = "misuse"


OUTCOME_NAMES = {
    Outcome.ADVICE: N_("Advice given to the driver"),
    Outcome.RECORDED: N_("Kept on record"),
    Outcome.NO_FINDING: N_("No breach established"),
    Outcome.MISUSE: N_("Not what the bot is for"),
}
"""As the team sees them."""
OUTCOMES_FOR_REPORTER = {
    Outcome.ADVICE: N_("The driver was given advice."),
    Outcome.RECORDED: N_("It is kept on record, in case the vehicle is reported again."),
    Outcome.NO_FINDING: N_("A breach could not be established. This does not mean that it did not happen."),
    Outcome.MISUSE: N_("Closed without further action."),
}
"""As the person who reported sees them: never a verdict on that person."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Spelt as in the indexes: with parameters SQLite would not use them.
_OPEN, _HELD = text("state IN ('new', 'claimed')"), text("state = 'held'")
ALERTS_DUE = text("alert_at IS NOT NULL")
SAME_STORY = timedelta(hours=2)
"""Within so long, another report of the same behaviour by the same person is likely to be the same incident."""


class Flag(Base):
    """An incident that somebody reported."""

    __tablename__ = "flags"
    __table_args__ = (
        UniqueConstraint("reporter_id", "draft"),
        Index("ix_flags_queue", desc("severity"), "due_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_flags_ended_at", "ended_at"),
        Index("ix_flags_received_at", "received_at"),
        Index("ix_flags_held", "received_at", sqlite_where=_HELD, postgresql_where=_HELD),
        Index("ix_flags_alert_at", "alert_at", sqlite_where=ALERTS_DUE, postgresql_where=ALERTS_DUE),
        CheckConstraint("severity BETWEEN 1 AND 4", "severity"),
        CheckConstraint("state <> 'claimed' OR reviewer_id IS NOT NULL", "claimed_by_somebody"),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", "closed_with_outcome"),
        CheckConstraint("(state IN ('closed', 'withdrawn', 'counted')) = (ended_at IS NOT NULL)", "ended"),
        CheckConstraint("(sealed_plate IS NULL) = (plate_index IS NULL)", "plate_indexed"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    uid: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    """Random; ties the wrapped key to this row."""
    reporter_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    draft: Mapped[str] = mapped_column(String(16))
    """The form it was sent from: sent twice, it's still one flag."""
    ride: Mapped[Ride] = mapped_column(words(Ride, "ride"))
    severity: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[State] = mapped_column(words(State, "state"), default=State.NEW)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """By when somebody of the team should have looked."""
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    outcome: Mapped[Outcome | None] = mapped_column(words(Outcome, "outcome"), default=None)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    receipt_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sealed_receipt: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_words: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    sealed_plate: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    plate_index: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True, default=None)
    sealed_contact: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    teller: Mapped[Teller | None] = mapped_column(words(Teller, "teller", closed=False), default=None)
    platform: Mapped[Platform | None] = mapped_column(words(Platform, "platform", closed=False), default=None)
    happened_on: Mapped[date | None] = mapped_column(default=None)
    """The day in Kazakhstan, as the person said."""
    repeated: Mapped[bool | None] = mapped_column(default=None)
    minor: Mapped[bool | None] = mapped_column(default=None)
    retaliation: Mapped[bool | None] = mapped_column(default=None)
    sealed_order: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When it came to the team after it had been held or only counted."""
    daytime: Mapped[Daytime | None] = mapped_column(words(Daytime, "daytime", closed=False), default=None)
    reach: Mapped[Reach | None] = mapped_column(words(Reach, "reach", closed=False), default=None)
    alerts: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    """How often the team was told that nobody has looked yet; see `models/duty.py`."""
    alert_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When it's told next, unless somebody opens it before."""
    sealed_passphrase: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    happened_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """The moment on that day, where it was noted."""
    sealed_place: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    region: Mapped[str | None] = mapped_column(String(5), default=None)
    """ISO 3166-2, as the person said, or as the plate says."""

    behaviours: Mapped[list["FlagBehaviour"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="selectin", order_by="FlagBehaviour.code"
    )

    @property
    def _key_place(self) -> str:
        return f"flag {self.uid.hex()}"

    def _box(self, vault: Vault) -> Box:
        return vault.unwrap(self.wrapped_key, self._key_place)

    def receipt(self, vault: Vault) -> str:
        """The receipt code, 12 digits."""
        return self._box(vault).open(self.sealed_receipt, "receipt").decode()

    def words(self, vault: Vault) -> str | None:
        """What the person told in their own words."""
        return self._box(vault).open(self.sealed_words, "words").decode() if self.sealed_words else None

    def plate(self, vault: Vault) -> str | None:
        """The normalised number plate."""
        return self._box(vault).open(self.sealed_plate, "plate").decode() if self.sealed_plate else None

    def contact(self, vault: Vault) -> str | None:
        """How the person may be reached outside the bot."""
        return self._box(vault).open(self.sealed_contact, "contact").decode() if self.sealed_contact else None

    def write_words(self, vault: Vault, words: str) -> None:
        """Keep the person's own words, in place of what was there."""
        self.sealed_words = self._box(vault).seal(words.encode(), "words")

    def write_plate(self, vault: Vault, plate: str) -> None:
        """Keep a normalised plate, and its blind index to find other flags on the same vehicle."""
        self.sealed_plate = self._box(vault).seal(plate.encode(), "plate")
        self.plate_index = vault.index(plate.encode(), "plate")

    def order(self, vault: Vault) -> str | None:
        """The number of the order in the app."""
        return self._box(vault).open(self.sealed_order, "order").decode() if self.sealed_order else None

    def write_order(self, vault: Vault, order: str) -> None:
        """Keep the number of the order."""
        self.sealed_order = self._box(vault).seal(order.encode(), "order")

    def passphrase(self, vault: Vault) -> bytes | None:
        """The salted digest of the passphrase; see `models/passphrases.py`."""
        return self._box(vault).open(self.sealed_passphrase, "passphrase") if self.sealed_passphrase else None

    def write_passphrase(self, vault: Vault, digest: bytes) -> None:
        """Keep the salted digest of a passphrase."""
        self.sealed_passphrase = self._box(vault).seal(digest, "passphrase")

    def place(self, vault: Vault) -> tuple[float, float] | None:
        """Where it was: latitude and longitude in degrees."""
        if self.sealed_place is None:
            return None
        latitude, longitude = self._box(vault).open(self.sealed_place, "place").decode().split(",")
        return float(latitude), float(longitude)

    def write_place(self, vault: Vault, place: tuple[float, float]) -> None:
        """Keep where it was: latitude and longitude in degrees."""
        self.sealed_place = self._box(vault).seal(f"{place[0]},{place[1]}".encode(), "place")

    def seal_part(self, vault: Vault, text: str, place: str) -> bytes:
        """Seal a text that hangs on this flag and lives in another table, for its place there."""
        return self._box(vault).seal(text.encode(), place)

    def open_part(self, vault: Vault, sealed: bytes, place: str) -> str:
        """What `seal_part` sealed for this place; raises CannotOpen."""
        return self._box(vault).open(sealed, place).decode()

    def weigh(self, *, same_vehicle: bool) -> None:
        """Set the severity by all that is known, and by when to look; a flag never becomes less urgent by that."""
        details = Details(minor=self.minor, retaliation=self.retaliation)
        codes = [behaviour.code for behaviour in self.behaviours]
        level = weight(codes, self.ride, details, same_vehicle=same_vehicle)
        if level > self.severity:
            self.severity = level
            if self.state not in ENDED:
                self.set_due(self.released_at or self.received_at)

    def write_contact(self, vault: Vault, contact: str) -> None:
        """Keep how the person may be reached."""
        self.sealed_contact = self._box(vault).seal(contact.encode(), "contact")

    def rekey(self, vault: Vault) -> None:
        """Move everything that hangs on the master keys to the newest one."""
        self.receipt_index = vault.index(self.receipt(vault).encode(), "receipt")
        if (plate := self.plate(vault)) is not None:
            self.plate_index = vault.index(plate.encode(), "plate")
        self.wrapped_key = vault.rewrap(self.wrapped_key, self._key_place)

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an outcome, or for another person; its reporter may add to it."""
        return self.state not in ENDED

    @property
    def with_team(self) -> bool:
        """Whether the team has it and it's not ended: then both sides may write to each other."""
        return self.state in {State.NEW, State.CLAIMED}

    @property
    def by_driver(self) -> bool:
        """Whether a driver tells of a passenger: then no plate belongs to it."""
        return self.teller is Teller.DRIVER

    def hand_over(self, now: datetime) -> bool:
        """Give what was held or only counted to the team; the time to look begins now."""
        if self.state not in UNSEEN:
            return False
        self.state, self.ended_at, self.released_at = State.NEW, None, now
        self.set_due(now)
        return True

    def set_due(self, since: datetime) -> None:
        """Set by when somebody should look, counted from a moment, and when the team is reminded of it before."""
        look = FIRST_LOOK[self.severity]
        self.due_at, self.alerts = since + look, 0
        self.alert_at = self.due_at - look / 3 if self.state not in UNSEEN else None

    def add_behaviours(self, codes: Sequence[str]) -> None:
        """Add behaviours that it doesn't have yet; what is known by then decides how severe it is."""
        kept = {behaviour.code for behaviour in self.behaviours}
        self.behaviours += [FlagBehaviour(code=code) for code in dict.fromkeys(codes) if code not in kept]
        self.weigh(same_vehicle=False)

    def claim(self, reviewer_id: int) -> bool:
        """Take it, unless somebody else has or it's ended."""
        if self.state is not State.NEW:
            return False
        self.state, self.reviewer_id = State.CLAIMED, reviewer_id
        return True

    def release(self, reviewer_id: int) -> bool:
        """Give it back to the queue; only who claimed it can."""
        if self.state is not State.CLAIMED or self.reviewer_id != reviewer_id:
            return False
        self.state, self.reviewer_id = State.NEW, None
        return True

    def close(self, reviewer_id: int, outcome: Outcome, now: datetime) -> bool:
        """End it with an outcome; only who claimed it can."""
        if self.state is not State.CLAIMED or self.reviewer_id != reviewer_id:
            return False
        self.state, self.outcome, self.ended_at = State.CLOSED, outcome, now
        return True

    def withdraw(self, now: datetime) -> bool:
        """End it because the person who reported wants so."""
        if not self.is_open:
            return False
        self.state, self.reviewer_id, self.ended_at = State.WITHDRAWN, None, now
        return True


class FlagBehaviour(Base):
    """One behaviour of a flag, by its code in `models.behaviours`."""

    __tablename__ = "flag_behaviours"

    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(String(4), primary_key=True)


async def store_flag(
    session: AsyncSession,
    vault: Vault,
    *,
    reporter_id: int,
    draft: str,
    codes: Sequence[str],
    ride: Ride,
    now: datetime,
    details: Details | None = None,
    aim: Aim = Aim.ACT,
) -> tuple[Flag, bool]:
    """The flag sent from this draft, and whether it's new: sent again, the draft gives the same flag.

    What is to be held must get its vehicle in the same transaction, see `models/escrow.py`.
    Raises KeyError for an unknown behaviour.
    """
    sent = await sent_from(session, reporter_id, draft)
    if sent is not None:
        return sent, False
    details = details or Details()
    level = weight(codes, ride, details)
    uid, receipt = secrets.token_bytes(16), new_receipt()
    box, wrapped_key = vault.new_key(f"flag {uid.hex()}")
    flag = Flag(
        uid=uid,
        reporter_id=reporter_id,
        draft=draft,
        ride=ride,
        severity=level,
        state=_FIRST_STATE[aim],
        ended_at=now if aim is Aim.COUNT else None,
        received_at=now,
        wrapped_key=wrapped_key,
        receipt_index=vault.index(receipt.encode(), "receipt"),
        sealed_receipt=box.seal(receipt.encode(), "receipt"),
        behaviours=[FlagBehaviour(code=code) for code in sorted(set(codes))],
        **asdict(details),
    )
    flag.set_due(now)
    session.add(flag)
    await session.flush()
    return flag, True


def weight(codes: Sequence[str], ride: Ride, details: Details, *, same_vehicle: bool = False) -> int:
    """The severity of what was told, 1 to 4. Raises KeyError for an unknown behaviour."""
    return severity(
        codes,
        ride_going_on=ride is Ride.GOING_ON,
        minor=bool(details.minor),
        retaliation=bool(details.retaliation),
        same_vehicle=same_vehicle,
    )


async def sent_from(session: AsyncSession, reporter_id: int, draft: str) -> Flag | None:
    """The flag that this person sent from a draft, if they did."""
    return await session.scalar(select(Flag).where(Flag.reporter_id == reporter_id, Flag.draft == draft))


async def wait_before_next(
    session: AsyncSession, reporter_id: int, *, an_hour: int, a_day: int, now: datetime
) -> datetime | None:
    """Until when a person who has sent so many flags has to wait with the next; None if they need not."""
    query = select(Flag.received_at).where(Flag.reporter_id == reporter_id, Flag.received_at > now - DAY)
    times = (await session.scalars(query.order_by(Flag.received_at.desc()).limit(a_day))).all()
    waits = [times[a_day - 1] + DAY] if len(times) >= a_day else []
    if len(times) >= an_hour:
        waits.append(times[an_hour - 1] + HOUR)
    return max((until for until in waits if until > now), default=None)


async def weigh_again(session: AsyncSession, vault: Vault, flag: Flag) -> None:
    """Make a flag more severe if the team knows of another one on its vehicle."""
    plate = flag.plate(vault)
    others = [] if plate is None else await flags_on_vehicle(session, vault, plate)
    flag.weigh(same_vehicle=any(other.id != flag.id for other in others))


async def same_story(
    session: AsyncSession, vault: Vault, reporter_id: int, codes: Sequence[str], plate: str | None, now: datetime
) -> Flag | None:
    """An open flag that this person sent a short while ago, of a like behaviour and of no other vehicle."""
    query = select(Flag).where(Flag.reporter_id == reporter_id, Flag.received_at > now - SAME_STORY)
    bases = {BEHAVIOURS[code].base for code in codes}
    for flag in await session.scalars(query.order_by(Flag.id.desc()).limit(20)):
        known = flag.plate(vault)
        other_vehicle = plate is not None and known is not None and plate != known
        if flag.is_open and not other_vehicle and bases & {BEHAVIOURS[each.code].base for each in flag.behaviours}:
            return flag
    return None


def own(person_id: int) -> ColumnElement[bool]:
    """A condition for any query about flags: this person sent it, or opened it with its passphrase."""
    sent = aliased(Flag)
    theirs = select(sent.id).where(sent.reporter_id == person_id)
    return Flag.id.in_(theirs.union_all(select(Reader.flag_id).where(Reader.person_id == person_id)))


async def holders(session: AsyncSession, flag: Flag) -> Sequence[Person]:
    """Whose flag it is: who sent it, and who opened it with its passphrase."""
    readers = select(Reader.person_id).where(Reader.flag_id == flag.id)
    query = select(Person).where(or_(Person.id == flag.reporter_id, Person.id.in_(readers))).order_by(Person.id)
    return (await session.scalars(query)).all()


async def flags_of(session: AsyncSession, person_id: int, limit: int = 20) -> Sequence[Flag]:
    """The newest flags of a person, newest first."""
    query = select(Flag).where(own(person_id)).order_by(Flag.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def own_flag(session: AsyncSession, person_id: int, flag_id: int) -> Flag | None:
    """A flag of this person. Any number may be asked for: it may come from a forged button."""
    return await _locked(session, flag_id, own(person_id))


async def own_flag_of_receipt(session: AsyncSession, vault: Vault, person_id: int, receipt: str) -> Flag | None:
    """A flag of this person, by its receipt code (12 digits)."""
    indexes = vault.indexes(receipt.encode(), "receipt")
    query = select(Flag).where(Flag.receipt_index.in_(indexes), own(person_id))
    return await session.scalar(query)


async def delete_flag(session: AsyncSession, flag: Flag) -> None:
    """Delete a flag for everybody, its key with it."""
    await session.delete(flag)
    await session.flush()


async def reviewed_flag(session: AsyncSession, reviewer_id: int, flag_id: int) -> Flag | None:
    """A flag that this person may review: a member of the team, it's not their own, and it was sent to the team."""
    return await _locked(session, flag_id, ~own(reviewer_id), Flag.state.not_in(UNSEEN), reviews(reviewer_id))


async def _locked(session: AsyncSession, flag_id: int, *rights: ColumnElement[bool]) -> Flag | None:
    """The flag as it is now, nobody else's to change until the transaction ends."""
    if not 0 < flag_id <= LARGEST_IDENTIFIER:
        return None
    query = select(Flag).where(Flag.id == flag_id, *rights).with_for_update(of=Flag)
    return await session.scalar(query.execution_options(populate_existing=True))


async def queue(session: AsyncSession, reviewer_id: int, *, limit: int, offset: int = 0) -> Sequence[Flag]:
    """Open flags that this person may review: the most severe first, then the ones due soonest.

    Of a barred person only the most severe ones come here.
    """
    query = (
        select(Flag)
        .where(_OPEN, ~own(reviewer_id), reviews(reviewer_id))
        .where(or_(Flag.severity == MAX_SEVERITY, Flag.reporter_id.not_in(barred())))
        .order_by(Flag.severity.desc(), Flag.due_at, Flag.id)
        .limit(limit)
        .offset(offset)
    )
    return (await session.scalars(query)).all()


async def flags_on_vehicle(session: AsyncSession, vault: Vault, plate: str) -> Sequence[Flag]:
    """The flags on the vehicle of a normalised plate that the team knows of, oldest first, the withdrawn ones apart."""
    indexes = vault.indexes(plate.encode(), "plate")
    query = select(Flag).where(Flag.plate_index.in_(indexes), Flag.state.not_in(UNSEEN | {State.WITHDRAWN}))
    return (await session.scalars(query.order_by(Flag.id))).all()


async def release_from_leavers(session: AsyncSession) -> None:
    """Give back to the queue what is claimed by somebody who is no longer of the team."""
    claimed = update(Flag).where(Flag.state == State.CLAIMED, Flag.reviewer_id.not_in(select(Member.person_id)))
    await session.execute(claimed.values(state=State.NEW, reviewer_id=None))


async def forget_ended(session: AsyncSession, before: datetime) -> None:
    """Delete flags that ended before a moment, or are held since then, their keys with them."""
    await session.execute(delete(Flag).where(Flag.ended_at < before))
    await session.execute(delete(Flag).where(_HELD, Flag.received_at < before))
