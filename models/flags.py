"""Flags: what a person reported, sealed with a key of its own, and the small machine of its states.

    new ──claim──▶ claimed ──close──▶ closed ──reopen──▶ claimed
     ▲──release──────┘                └──vehicle named again──▶ new
    new, claimed ──merge──▶ merged ──part──▶ new
    new, claimed, merged, held ──withdraw──▶ withdrawn
    held, counted ──hand over──▶ new

A merged flag is looked at together with another one, the main one: it's closed and reopened with it, with its outcome
(`models/merging.py`). A held flag waits until another person names the same vehicle (`models/escrow.py`), a counted one
is a number in the statistics; neither exists for the team.

The number of a flag is for the team; the person who reported holds a receipt code, and their buttons a handle
(`models/handles.py`). Who may open it: `models/flag_rights.py`.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
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
    and_,
    delete,
    desc,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.audit import Action, AuditEntry, record
from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.behaviours import MAX_SEVERITY, Form, primary_form, severity
from models.consents import Recipient
from models.details import Daytime, Details, Platform, Reach, Teller
from models.first_look import first_look
from models.handles import Handled
from models.people import barred
from models.team import Member
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
    MERGED = "merged"
    HELD = "held"
    COUNTED = "counted"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


MOST_PLATES = 3
"""Number plates that may be named for one flag: a slip is corrected, but no plate after plate is tried."""
ENDED = frozenset({State.CLOSED, State.WITHDRAWN, State.COUNTED})
"""Nothing more comes of it by itself; deleted after the retention."""
UNSEEN = frozenset({State.HELD, State.COUNTED})
"""The team doesn't know that it exists."""
WITH_TEAM = frozenset({State.NEW, State.CLAIMED, State.MERGED})
"""The team has it, and it's not ended."""


class Outcome(StrEnum):
    """What came of a flag."""

    ADVICE = "advice"
    LESSON = "lesson"
    PASSED_TO_PLATFORM = "passed to platform"
    PASSED_TO_LEGAL_AID = "passed to legal aid"
    PASSED_TO_POLICE = "passed to police"
    RECORDED = "recorded"
    NO_FINDING = "no_finding"
    MISUSE = "misuse"


OUTCOME_NAMES = {
    Outcome.ADVICE: N_("Advice given to the driver"),
    Outcome.LESSON: N_("Lesson assigned to the driver"),
    Outcome.PASSED_TO_PLATFORM: N_("Passed to the app"),
    Outcome.PASSED_TO_LEGAL_AID: N_("Passed to legal aid"),
    Outcome.PASSED_TO_POLICE: N_("Passed to the police"),
    Outcome.RECORDED: N_("Kept on record"),
    Outcome.NO_FINDING: N_("No breach established"),
    Outcome.MISUSE: N_("Not what the bot is for"),
}
"""As the team sees them."""
OUTCOMES_FOR_REPORTER = {
    Outcome.ADVICE: N_("The team decided on advice for the driver."),
    Outcome.LESSON: N_("The team decided on a lesson for the driver."),
    Outcome.PASSED_TO_PLATFORM: N_("With your consent it was passed to the app through which the ride was ordered."),
    Outcome.PASSED_TO_LEGAL_AID: N_("With your consent it was passed to an organisation that gives legal help."),
    Outcome.PASSED_TO_POLICE: N_("With your consent it was passed to the police."),
    Outcome.RECORDED: N_("It is kept on record, in case the vehicle is reported again."),
    Outcome.NO_FINDING: N_("A breach could not be established. This does not mean that it did not happen."),
    Outcome.MISUSE: N_("Closed without further action."),
}
"""As the person who reported sees them: never a verdict on that person."""
ONCE_TOLD = {
    Outcome.ADVICE: N_("The driver was given advice."),
    Outcome.LESSON: N_("The driver was assigned a lesson."),
}
"""The same once it has reached the driver: it may never, as where the bot doesn't know who drove."""
NEEDS_CONSENT = {
    Outcome.PASSED_TO_PLATFORM: Recipient.PLATFORM,
    Outcome.PASSED_TO_LEGAL_AID: Recipient.LEGAL_AID,
    Outcome.PASSED_TO_POLICE: Recipient.POLICE,
}
"""Outcomes by which somebody else comes to know, and whom the person who reported must have allowed that."""
_STAYS_CLOSED = frozenset({*NEEDS_CONSENT, Outcome.MISUSE})
"""With these a flag isn't taken up again by itself: others work on it, or there is nothing in it."""

# Spelt as in the indexes: with parameters SQLite would not use them.
OPEN, CLAIMED = text("state IN ('new', 'claimed')"), text("state = 'claimed'")
_HELD = text("state = 'held'")
_MERGED = text("merged_into_id IS NOT NULL")
UNOPENED = text("state IN ('new', 'claimed') AND opened_at IS NULL")
ALERTS_DUE = text("alert_at IS NOT NULL")


class Flag(Handled, Base):
    """An incident that somebody reported."""

    __tablename__ = "flags"
    __table_args__ = (
        UniqueConstraint("reporter_id", "draft"),
        Index("ix_flags_queue", desc("severity"), "due_at", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_flags_queue_form", "form", "severity", "due_at", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        *(
            Index(f"ix_flags_queue_{by}", by, "severity", "due_at", "id", sqlite_where=OPEN, postgresql_where=OPEN)
            for by in ("region", "platform")
        ),
        Index("ix_flags_unopened", "severity", "due_at", "id", sqlite_where=UNOPENED, postgresql_where=UNOPENED),
        Index(
            "ix_flags_claimed",
            "reviewer_id",
            "severity",
            "due_at",
            "id",
            sqlite_where=CLAIMED,
            postgresql_where=CLAIMED,
        ),
        Index("ix_flags_received", "received_at", "id"),
        Index("ix_flags_merged", "merged_into_id", sqlite_where=_MERGED, postgresql_where=_MERGED),
        Index("ix_flags_form", "form", "received_at", "id"),
        Index("ix_flags_ended_at", "ended_at"),
        Index("ix_flags_held", "received_at", sqlite_where=_HELD, postgresql_where=_HELD),
        Index("ix_flags_alert_at", "alert_at", sqlite_where=ALERTS_DUE, postgresql_where=ALERTS_DUE),
        CheckConstraint("severity BETWEEN 1 AND 4", "severity"),
        CheckConstraint("state <> 'claimed' OR reviewer_id IS NOT NULL", "claimed_by_somebody"),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", "closed_with_outcome"),
        CheckConstraint("(state IN ('closed', 'withdrawn', 'counted')) = (ended_at IS NOT NULL)", "ended"),
        CheckConstraint("(sealed_plate IS NULL) = (plate_index IS NULL)", "plate_indexed"),
        CheckConstraint("state <> 'merged' OR merged_into_id IS NOT NULL", "merged_into_another"),
        CheckConstraint("merged_into_id IS NULL OR state IN ('merged', 'closed')", "merged_or_closed_with_it"),
        CheckConstraint("merged_into_id <> id", "not_merged_into_itself"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    uid: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    """Random; ties the wrapped key to this row, and is its handle."""
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
    outcome: Mapped[Outcome | None] = mapped_column(words(Outcome, "outcome", closed=False), default=None)
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
    form: Mapped[Form] = mapped_column(words(Form, "form", closed=False), default=Form.OTHER)
    """That of its most severe behaviour."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("flags.id", ondelete="SET NULL"), default=None)
    """The main flag that it's looked at together with."""
    same_vehicle: Mapped[bool | None] = mapped_column(default=None)
    """Whether another flag named its vehicle, which raised its severity, once."""
    reopened_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When it was last taken up again after it had been closed."""
    quiet_since: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When another person named its vehicle, by which it came to the team or was taken up again."""
    quiet_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """Until then whoever reported sees it as it stood before; see `models/late_news.py`."""
    outcome_before: Mapped[Outcome | None] = mapped_column(words(Outcome, "outcome_before", closed=False), default=None)
    """What it was closed with before; None if it was held. So are the two moments that follow."""
    ended_before: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    reopened_before: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    plates: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    """How many number plates were named for it, one after another."""

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

    def weigh(self) -> None:
        """Set the severity by all that is known, and by when to look; a flag never becomes less urgent by that."""
        details = Details(minor=self.minor, retaliation=self.retaliation)
        codes = [behaviour.code for behaviour in self.behaviours]
        level = weight(codes, self.ride, details, same_vehicle=bool(self.same_vehicle))
        if level > self.severity:
            self._set_severity(level)

    @property
    def severity_as_told(self) -> int:
        """The severity by what was told here alone: it says nothing of other flags on the vehicle."""
        details = Details(minor=self.minor, retaliation=self.retaliation)
        return weight([behaviour.code for behaviour in self.behaviours], self.ride, details)

    @property
    def severity_after_repeat(self) -> int:
        """The same, one level higher where another flag named the vehicle."""
        return min(self.severity_as_told + bool(self.same_vehicle), MAX_SEVERITY)

    @property
    def promised_at(self) -> datetime:
        """By when the person who reported is told that somebody looks; that may well be sooner."""
        return (self.released_at or self.received_at) + first_look(self, self.severity_as_told)

    def _set_severity(self, level: int) -> None:
        self.severity = level
        if self.state not in ENDED and self.opened_at is None:  # what was looked at keeps the time it was due
            self.set_due(self.released_at or self.received_at)

    def name_again(self, now: datetime) -> bool:
        """Another flag names its vehicle: one level more severe, once, and soon to be looked at."""
        if self.same_vehicle or self.state in ENDED:
            return False
        self.same_vehicle = True
        if self.severity == MAX_SEVERITY:
            return False
        self.severity += 1
        if self.opened_at is None and now + first_look(self, self.severity) < self.due_at:
            self.set_due(now)
        return True

    def take_up_again(self, now: datetime, news_at: datetime) -> bool:
        """Another flag names the vehicle of a closed one: it waits in the queue again, once, to be decided on anew.

        Whoever reported sees nothing of that until the news is due. Not what was passed on or was misuse; what was
        closed together with another follows that one.
        """
        if self.state is not State.CLOSED or self.merged_into_id is not None or self.same_vehicle:
            return False
        if self.outcome in _STAYS_CLOSED:
            return False
        self._keep_standing(now, news_at)
        self.state, self.reviewer_id, self.outcome, self.ended_at = State.NEW, None, None, None
        self.reopened_at = now
        if self.opened_at is None:
            self.set_due(now)
        self.name_again(now)
        return True

    def _keep_standing(self, now: datetime, news_at: datetime) -> None:
        """Keep how it stands closed, for whoever reported to see until the news is due."""
        self.quiet_since, self.quiet_until = now, news_at
        self.outcome_before, self.ended_before, self.reopened_before = self.outcome, self.ended_at, self.reopened_at

    def is_quiet(self, now: datetime) -> bool:
        """Whether whoever reported doesn't know yet that another person named its vehicle.

        Until then nothing is done that reaches them.
        """
        return self.quiet_until is not None and now < self.quiet_until

    def write_contact(self, vault: Vault, contact: str) -> None:
        """Keep how the person may be reached, which is then what they chose."""
        self.reach = Reach.CONTACT
        self.sealed_contact = self._box(vault).seal(contact.encode(), "contact")

    def choose_reach(self, reach: Reach) -> None:
        """Set whether the person may be asked; a contact is forgotten once it's not what they chose last."""
        self.reach = reach
        if reach is not Reach.CONTACT:
            self.sealed_contact = None

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
        return self.state in WITH_TEAM

    @property
    def by_driver(self) -> bool:
        """Whether a driver tells of a passenger: then no plate belongs to it."""
        return self.teller is Teller.DRIVER

    def hand_over(self, now: datetime, news_at: datetime | None = None) -> bool:
        """Give what was held or only counted to the team; the time to look begins now.

        With `news_at` it's because of another person, and whoever reported sees nothing of it until then.
        """
        if self.state not in UNSEEN:
            return False
        self.state, self.ended_at, self.released_at = State.NEW, None, now
        if news_at is not None:
            self.quiet_since, self.quiet_until = now, news_at
        self.set_due(now)
        return True

    def set_due(self, since: datetime) -> None:
        """Set by when somebody should look, counted from a moment, and when the team is reminded of it before."""
        look = first_look(self, self.severity)
        self.due_at, self.alerts = since + look, 0
        self.alert_at = self.due_at - look / 3 if self.state not in UNSEEN else None

    def add_behaviours(self, codes: Sequence[str]) -> None:
        """Add behaviours that it doesn't have yet; what is known by then decides how severe it is."""
        kept = {behaviour.code for behaviour in self.behaviours}
        self.behaviours += [FlagBehaviour(code=code) for code in dict.fromkeys(codes) if code not in kept]
        self.form = primary_form([behaviour.code for behaviour in self.behaviours])
        self.weigh()

    def is_worked_on_by(self, reviewer_id: int) -> bool:
        """Whether this person has claimed it."""
        return self.state is State.CLAIMED and self.reviewer_id == reviewer_id

    def recategorise(self, reviewer_id: int, codes: Collection[str]) -> bool:
        """Say anew what it's about: the severity follows, up or down; only who claimed it can."""
        kept = {behaviour.code: behaviour for behaviour in self.behaviours}
        if not self.is_worked_on_by(reviewer_id) or not codes or kept.keys() == set(codes):
            return False
        self.behaviours = [kept.get(code) or FlagBehaviour(code=code) for code in sorted(set(codes))]
        self.form = primary_form(codes)
        details = Details(minor=self.minor, retaliation=self.retaliation)
        self._set_severity(weight(sorted(codes), self.ride, details, same_vehicle=bool(self.same_vehicle)))
        return True

    def set_severity(self, reviewer_id: int, level: int) -> bool:
        """Set the severity by hand, 1 to 4; only who claimed it can."""
        if not self.is_worked_on_by(reviewer_id) or level == self.severity or not 1 <= level <= MAX_SEVERITY:
            return False
        self._set_severity(level)
        return True

    def claim(self, reviewer_id: int) -> bool:
        """Take it, unless somebody else has or it's ended."""
        if self.state is not State.NEW:
            return False
        self.state, self.reviewer_id = State.CLAIMED, reviewer_id
        return True

    def release(self, reviewer_id: int) -> bool:
        """Give it back to the queue; only who claimed it can."""
        if not self.is_worked_on_by(reviewer_id):
            return False
        self.state, self.reviewer_id = State.NEW, None
        return True

    def give(self, member_id: int) -> bool:
        """Let a member work on it, whoever did before; they must have the right to review it."""
        if self.state not in {State.NEW, State.CLAIMED}:
            return False
        self.state, self.reviewer_id = State.CLAIMED, member_id
        return True

    def take_back(self) -> bool:
        """Put it back into the queue, whoever claimed it."""
        if self.state is not State.CLAIMED:
            return False
        self.state, self.reviewer_id = State.NEW, None
        return True

    def close(
        self, reviewer_id: int, outcome: Outcome, now: datetime, consents: Collection[Recipient] = frozenset()
    ) -> bool:
        """End it with an outcome; only who claimed it can, and pass it on only where consents allow it.

        Not as long as whoever reported doesn't know that it was taken up.
        """
        if not self.is_worked_on_by(reviewer_id) or self.is_quiet(now) or not _allowed(outcome, consents):
            return False
        self.state, self.outcome, self.ended_at = State.CLOSED, outcome, now
        return True

    def reopen(self, reviewer_id: int, now: datetime) -> bool:
        """Work on a closed one again; what was closed together with another follows that one instead."""
        if self.state is not State.CLOSED or self.merged_into_id is not None:
            return False
        self.state, self.reviewer_id, self.outcome, self.ended_at = State.CLAIMED, reviewer_id, None, None
        self.reopened_at = now
        return True

    def decide_anew(self, reviewer_id: int, outcome: Outcome, consents: Collection[Recipient], now: datetime) -> bool:
        """Another outcome in place of the one it was closed with, by somebody else than who closed it."""
        if self.state is not State.CLOSED or self.merged_into_id is not None or self.reviewer_id == reviewer_id:
            return False
        if not _allowed(outcome, consents):
            return False
        self.reviewer_id, self.outcome, self.ended_at = reviewer_id, outcome, now
        return True

    def merge(self, reviewer_id: int, main: "Flag") -> bool:
        """Look at it together with another one that this reviewer works on; not if a colleague works on it.

        The other one is then at least as severe, so that it doesn't wait longer than this one would.
        """
        free = self.state is State.NEW or self.is_worked_on_by(reviewer_id)
        if not free or not main.is_worked_on_by(reviewer_id) or main.id == self.id:
            return False
        self.state, self.reviewer_id, self.merged_into_id = State.MERGED, None, main.id
        main.rise_to(self.severity)
        return True

    def rise_to(self, level: int) -> bool:
        """Be at least as severe as another flag that it's looked at together with."""
        if level <= self.severity:
            return False
        self._set_severity(level)
        return True

    def part(self) -> bool:
        """Look at it on its own again."""
        if self.state is not State.MERGED:
            return False
        self.state, self.merged_into_id = State.NEW, None
        self.alert_at = self.alert_at or self.due_at
        return True

    def follow(self, main: "Flag", consents: Collection[Recipient] = frozenset()) -> bool:
        """Close or reopen what is merged as the main one was; it was passed on only if its own consents allow that.

        Whoever closed the main one has closed this one too, and can't decide on an appeal about it.
        """
        if self.merged_into_id is None or self.merged_into_id != main.id:
            return False
        if main.state is State.CLOSED and main.outcome is not None:
            outcome = main.outcome if _allowed(main.outcome, consents) else Outcome.RECORDED
            self.reviewer_id = main.reviewer_id
            if self.outcome is outcome:
                return False
            self.state, self.outcome, self.ended_at = State.CLOSED, outcome, main.ended_at
            return True
        if self.state is State.CLOSED and main.state in {State.NEW, State.CLAIMED}:
            if main.quiet_until is not None and main.reopened_at is not None and main.reopened_at == main.quiet_since:
                self._keep_standing(main.reopened_at, main.quiet_until)  # both are told, and no sooner
            self.state, self.reviewer_id, self.outcome, self.ended_at = State.MERGED, None, None, None
            self.reopened_at = main.reopened_at
            return True
        return False

    def withdraw(self, now: datetime) -> bool:
        """End it because the person who reported wants so."""
        if not self.is_open:
            return False
        self.state, self.reviewer_id, self.merged_into_id, self.ended_at = State.WITHDRAWN, None, None, now
        return True


def _allowed(outcome: Outcome, consents: Collection[Recipient]) -> bool:
    return outcome not in NEEDS_CONSENT or NEEDS_CONSENT[outcome] in consents


class FlagBehaviour(Base):
    """One behaviour of a flag, by its code in `models.behaviours`."""

    __tablename__ = "flag_behaviours"

    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(String(4), primary_key=True)


def weight(codes: Sequence[str], ride: Ride, details: Details, *, same_vehicle: bool = False) -> int:
    """The severity of what was told, 1 to 4. Raises KeyError for an unknown behaviour."""
    return severity(
        codes,
        ride_going_on=ride is Ride.GOING_ON,
        minor=bool(details.minor),
        retaliation=bool(details.retaliation),
        same_vehicle=same_vehicle,
    )


def known() -> ColumnElement[bool]:
    """A condition for any query about flags: the team knows that it exists.

    What was held or only counted until it was withdrawn never came to the team, and has no entry that it was received.
    """
    received = exists().where(AuditEntry.flag_id == Flag.id, AuditEntry.action == Action.RECEIVED)
    return and_(Flag.state.not_in(UNSEEN), or_(Flag.state != State.WITHDRAWN, received))


def kept_out_of_queue() -> ColumnElement[bool]:
    """A condition for any query about flags: it's open, not most severe, and whoever sent it was barred."""
    return and_(OPEN, Flag.severity < MAX_SEVERITY, barred(Flag.reporter_id))


async def flags_on_vehicle(session: AsyncSession, vault: Vault, plate: str) -> Sequence[Flag]:
    """The flags on the vehicle of a normalised plate that the team knows of, oldest first, the withdrawn ones apart.

    They are as they are now, nobody else's to change until the transaction ends: what follows depends on where they
    stand.
    """
    indexes = vault.indexes(plate.encode(), "plate")
    query = select(Flag).where(Flag.plate_index.in_(indexes), Flag.state.not_in(UNSEEN | {State.WITHDRAWN}))
    query = query.order_by(Flag.id).with_for_update(of=Flag).execution_options(populate_existing=True)
    return (await session.scalars(query)).all()


async def claimed_by(session: AsyncSession, member_id: int) -> list[int]:
    """The numbers of the flags that a member works on."""
    query = select(Flag.id).where(Flag.state == State.CLAIMED, Flag.reviewer_id == member_id).order_by(Flag.id)
    return list(await session.scalars(query))


async def release_from_leavers(session: AsyncSession, vault: Vault, now: datetime) -> Sequence[Flag]:
    """Give back to the queue what is claimed by somebody who is no longer of the team; each is in the audit."""
    claimed = update(Flag).where(Flag.state == State.CLAIMED, Flag.reviewer_id.not_in(select(Member.person_id)))
    freed = sorted(await session.scalars(claimed.values(state=State.NEW, reviewer_id=None).returning(Flag.id)))
    for number in freed:
        await record(session, vault, Action.RELEASED, now=now, flag_id=number)
    return (await session.scalars(select(Flag).where(Flag.id.in_(freed)).order_by(Flag.id))).all() if freed else []


async def forget_ended(session: AsyncSession, vault: Vault, before: datetime, now: datetime) -> None:
    """Delete flags that ended before a moment, or are held since then, their keys with them.

    How many the team knew of is in the audit, in one entry.
    """
    over = Flag.ended_at < before
    if number := await session.scalar(select(func.count()).select_from(Flag).where(over, known())):
        await record(session, vault, Action.FORGOTTEN, now=now, detail=str(number))
    await session.execute(delete(Flag).where(over))
    await session.execute(delete(Flag).where(_HELD, Flag.received_at < before))
