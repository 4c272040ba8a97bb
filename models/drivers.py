"""What ties a driver to a flag: that they were asked for their word, and what was given to them when it was closed.

The rows name the driver by the number of the person; the driver's buttons name the rows by handles to which no handle
of a flag leads: whoever reports their own car from a second account learns nothing by comparing. Their rules stand in
`models/hearings.py` and `models/remedies.py`; whose car a flag names is found in `models/known_drivers.py`.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.handles import Handled

_UNTOLD = text("told_at IS NULL")


class Given(StrEnum):
    """What can be given to a driver through the bot; the same words as the outcomes."""

    ADVICE = "advice"
    LESSON = "lesson"


class Hearing(Handled, Base):
    """That the driver of the car that a flag names is asked for their word."""

    __tablename__ = "hearings"
    __table_args__ = (
        Index("ix_hearings_untold", "tell_at", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
        CheckConstraint("(told_at IS NULL) = (answer_by IS NULL)", "term"),
        CheckConstraint("(sealed_answer IS NULL) = (answered_at IS NULL)", "answered"),
        CheckConstraint("told_at IS NOT NULL OR (answered_at IS NULL AND declined_at IS NULL)", "told_first"),
        CheckConstraint("answered_at IS NULL OR declined_at IS NULL", "answered_or_declined"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), unique=True)
    driver_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When a reviewer decided to ask."""
    tell_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Not before this moment does the driver hear of it; see `models/coarse.py`."""
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    sealed_answer: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """Sealed with the key of the flag, so that it goes with it."""

    @property
    def seal_place(self) -> str:
        """What the seal of the answer is bound to."""
        return f"hearing {self.id}"

    def is_open(self, now: datetime) -> bool:
        """Whether the driver may answer now, or answer anew."""
        return self.answer_by is not None and now <= self.answer_by and self.declined_at is None


class Remedy(Handled, Base):
    """What was given to the driver when a flag was closed: advice, or a lesson that fits the behaviour."""

    __tablename__ = "remedies"
    __table_args__ = (
        Index("ix_remedies_untold", "tell_at", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
        CheckConstraint("passed_at IS NULL OR told_at IS NOT NULL", "told_first"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id", ondelete="CASCADE"), unique=True)
    driver_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    """None once the driver's data is deleted: that the lesson was passed stays known."""
    kind: Mapped[Given] = mapped_column(words(Given, "kind", closed=False))
    lesson: Mapped[int]
    """The number of the lesson that fits."""
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tell_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    passed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When the driver passed the lesson, after they had heard of it."""
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When the team took it back; nothing is asked of the driver any more."""
