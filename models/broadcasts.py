"""Broadcasts: what an owner writes to many people, once in each language, and how far it has come.

A draft is sealed and waits as long as it takes. Once started its texts and its audience stay as they are. How many
people it's for is told only in tables that single nobody out; see `models/suppression.py`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_REUSED, Base, Identifier, UtcDateTime, words
from models.certificates import Certificate
from models.cohorts import Participant
from models.course import Attempt
from models.markup import Rich
from models.opt_outs import OptOut
from models.people import Language, Person
from models.profiles import UNSAID, Profile
from models.suppression import Suppressed, shown_count, suppress
from models.vault import Vault

TEXT_LIMIT = 4000
"""UTF-16 units of a text; Telegram takes 4096."""
DRAFTS_KEPT, ENDED_KEPT = timedelta(days=30), timedelta(days=365)
"""For how long a draft is kept that nobody touches, and a broadcast that has ended."""
_DRAFT = text("stage = 'draft'")


class Group(StrEnum):
    """Whom a broadcast is for, before it's narrowed to a region or language."""

    EVERYBODY = "everybody"
    DRIVERS = "drivers"
    """Who began a lesson."""
    CERTIFIED = "certified"
    """Who holds a valid certificate."""
    COHORT = "cohort"


class Audience(BaseModel):
    """Whom a broadcast is for."""

    model_config = ConfigDict(frozen=True)

    group: Group = Group.EVERYBODY
    cohort: int | None = None
    """The number of the cohort, for that group."""
    region: str | None = None
    """ISO 3166-2, as people said it themselves; None for all."""
    language: Language | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether a small count in it could single somebody out."""
        return self.group is Group.COHORT or self.region is not None


class Stage(StrEnum):
    """How far a broadcast has come."""

    DRAFT = "draft"
    QUEUEING = "queueing"
    """Its recipients are being written down."""
    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


class Fate(StrEnum):
    """What became of a recipient: the names of the columns that count them."""

    SENT = "sent"
    BLOCKED = "blocked"
    """Had blocked the bot."""
    SKIPPED = "skipped"
    """Wanted no more broadcasts by then, or reads a language in which there is no text."""
    REFUSED = "refused"
    """Telegram didn't take the message."""
    UNSURE = "unsure"
    """Perhaps sent, and not repeated."""


class Broadcast(Base):
    """One message to many people."""

    __tablename__ = "broadcasts"
    __table_args__ = (
        Index("uq_broadcasts_draft", "owner_id", unique=True, sqlite_where=_DRAFT, postgresql_where=_DRAFT),
        CheckConstraint("(stage = 'draft') = (started_at IS NULL)", "started"),
        CheckConstraint("(stage IN ('cancelled', 'done')) = (ended_at IS NOT NULL)", "ended"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    stage: Mapped[Stage] = mapped_column(words(Stage, "stage"), default=Stage.DRAFT)
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    """The languages in which it's written."""
    instead: Mapped[Language | None] = mapped_column(words(Language, "instead"), default=None)
    """The text for people in whose language there is none; None if they aren't written to."""
    sealed_texts: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    version: Mapped[int] = mapped_column(default=0)
    """Counts the changes of a draft: what was confirmed is what was seen."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    expected_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When it will have ended at its pace."""
    newest_person: Mapped[int] = mapped_column(Identifier, default=0)
    """The last person who was there when it was started."""
    reached: Mapped[int] = mapped_column(Identifier, default=0)
    """The person up to whom recipients are written down."""
    may_count: Mapped[bool] = mapped_column(default=True)
    """Whether its numbers may be shown."""
    total: Mapped[int] = mapped_column(default=0)
    """Recipients written down."""
    sent: Mapped[int] = mapped_column(default=0)
    blocked: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    unsure: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int | None] = mapped_column(default=None)
    """The message in which its owner watches it."""
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When that message was last brought up to date."""

    @property
    def seal_place(self) -> str:
        """What the seal is bound to."""
        return f"broadcast {self.id}"

    @property
    def whom(self) -> Audience:
        """Whom it's for."""
        return Audience.model_validate(self.audience)

    @property
    def readers(self) -> set[Language]:
        """The languages whose people it's for."""
        written = set(Language) if self.instead in self.languages else {Language(each) for each in self.languages}
        return written & ({self.whom.language} if self.whom.language else set(Language))

    @property
    def fates(self) -> dict[Fate, int]:
        """How many recipients came to what."""
        return {fate: getattr(self, fate) for fate in Fate}

    @property
    def left(self) -> int:
        """How many are still to be written to; once it has ended, who got nothing, as people who left also do."""
        return self.total - sum(self.fates.values())

    def texts(self, vault: Vault) -> dict[Language, Rich]:
        """What is written, by language; raises CannotOpen."""
        if self.sealed_texts is None:
            return {}
        plain = json.loads(vault.open(self.sealed_texts, self.seal_place))
        return {Language(language): Rich.model_validate(rich) for language, rich in plain.items()}

    def text_for(self, texts: Mapping[Language, Rich], language: Language) -> Rich | None:
        """What a person of a language gets, if anything."""
        found = texts.get(language)
        return found if found is not None or self.instead is None else texts.get(self.instead)

    def write(self, vault: Vault, language: Language, rich: Rich | None, now: datetime) -> None:
        """Keep the text of a language, or take it away."""
        texts = {key: each for key, each in self.texts(vault).items() if key is not language}
        if rich is not None:
            texts[language] = rich
        plain = json.dumps({key: each.model_dump() for key, each in texts.items()}, ensure_ascii=False).encode()
        self.sealed_texts = vault.seal(plain, self.seal_place) if texts else None
        self.languages = [each.value for each in Language if each in texts]
        if self.instead not in texts:
            self.instead = None
        self.touch(now)

    def choose(self, audience: Audience, now: datetime) -> None:
        """Keep whom the draft is for."""
        self.audience = audience.model_dump(mode="json")
        self.touch(now)

    def touch(self, now: datetime) -> None:
        """Note that the draft was changed."""
        self.version, self.changed_at = self.version + 1, now

    def pause(self) -> bool:
        """Send to nobody until it's resumed; False if there's nothing to pause."""
        if self.stage not in {Stage.QUEUEING, Stage.SENDING}:
            return False
        self.stage, self.expected_at = Stage.PAUSED, None
        return True

    def resume(self) -> bool:
        """Go on; False if it isn't paused."""
        if self.stage is not Stage.PAUSED:
            return False
        self.stage = Stage.QUEUEING if self.reached < self.newest_person else Stage.SENDING
        return True

    def cancel(self, now: datetime) -> bool:
        """Stop for good; False if it has ended, or never began."""
        if self.stage not in {Stage.QUEUEING, Stage.SENDING, Stage.PAUSED}:
            return False
        self.stage, self.ended_at, self.expected_at = Stage.CANCELLED, now, None
        return True


# drafts and looks


async def draft_of(session: AsyncSession, owner_id: int) -> Broadcast | None:
    """The owner's draft, if there is one."""
    query = select(Broadcast).where(Broadcast.owner_id == owner_id, Broadcast.stage == Stage.DRAFT)
    return await session.scalar(query.with_for_update())


async def new_draft(session: AsyncSession, owner_id: int, now: datetime) -> Broadcast:
    """The owner's draft, a new one for everybody if there is none."""
    draft = await draft_of(session, owner_id)
    if draft is None:
        audience = Audience().model_dump(mode="json")
        draft = Broadcast(owner_id=owner_id, audience=audience, languages=[], changed_at=now)
        draft.version = 0
        session.add(draft)
        await session.flush()
    return draft


async def begun(session: AsyncSession, broadcast_id: int) -> Broadcast | None:
    """A broadcast that was started, to be looked at or changed: nobody else changes it meanwhile."""
    broadcast = await session.get(Broadcast, broadcast_id, with_for_update=True)
    return broadcast if broadcast is not None and broadcast.stage is not Stage.DRAFT else None


async def newest_broadcasts(session: AsyncSession, limit: int) -> Sequence[Broadcast]:
    """Broadcasts that were started, the newest first."""
    query = select(Broadcast).where(Broadcast.stage != Stage.DRAFT).order_by(Broadcast.started_at.desc())
    return (await session.scalars(query.limit(limit))).all()


async def start(session: AsyncSession, broadcast: Broadcast, *, may_count: bool, now: datetime) -> None:
    """Send a draft to everybody of its audience who is there now."""
    broadcast.stage, broadcast.started_at, broadcast.may_count = Stage.QUEUEING, now, may_count
    broadcast.newest_person = await session.scalar(select(func.max(Person.id))) or 0


async def leave(session: AsyncSession, owner_id: int, message_id: int) -> None:
    """The owner sees something else in this message now: no longer bring it up to date."""
    watched = (Broadcast.owner_id == owner_id) & (Broadcast.message_id == message_id)
    await session.execute(update(Broadcast).where(watched).values(message_id=None))


async def forget_broadcasts(session: AsyncSession, now: datetime) -> None:
    """Drop drafts and ended broadcasts that are old enough."""
    old_draft = (Broadcast.stage == Stage.DRAFT) & (Broadcast.changed_at < now - DRAFTS_KEPT)
    await session.execute(delete(Broadcast).where(or_(old_draft, Broadcast.ended_at < now - ENDED_KEPT)))


# the audience


def reachable() -> list[ColumnElement[bool]]:
    """Conditions for people who may be written to: they neither blocked the bot nor opted out."""
    return [Person.blocked_at.is_(None), ~exists().where(OptOut.person_id == Person.id)]


def in_group(group: Group, cohort: int | None, at: datetime) -> list[ColumnElement[bool]]:
    """Conditions for the people of a group, as it was at a moment."""
    if group is Group.DRIVERS:
        return [exists().where(Attempt.person_id == Person.id)]
    if group is Group.CERTIFIED:
        held = exists().where(
            Certificate.person_id == Person.id, Certificate.revoked_at.is_(None), Certificate.expires_at > at
        )
        return [held]
    if group is Group.COHORT:
        return [exists().where(Participant.cohort_id == cohort, Participant.person_id == Person.id)]
    return []


def recipients_of(broadcast: Broadcast, at: datetime) -> list[ColumnElement[bool]]:
    """Conditions for the people that a broadcast is for."""
    whom = broadcast.whom
    found = [*reachable(), *in_group(whom.group, whom.cohort, at), Person.language.in_(broadcast.readers)]
    if whom.region is not None:
        found.append(exists().where(Profile.person_id == Person.id, Profile.region == whom.region))
    return found


@dataclass(frozen=True)
class Reach:
    """How many people of a group can be reached, by region and language; a number that is None is hidden."""

    table: Suppressed[Language, str]
    """Rows are hidden before columns: how many of a region, and how many in all, matters more."""

    def number(self, region: str | None, languages: Collection[Language]) -> int | None:
        """How many of a region (None for all) read one of these languages."""
        by_language = self.by_language(region)
        if set(languages) >= {language for language, number in by_language.items() if number != 0}:
            return self.table.total if region is None else self.of_region(region)
        return _sum([by_language[language] for language in languages])

    def by_language(self, region: str | None) -> dict[Language, int | None]:
        """How many of a region (None for all) read each language."""
        if region is None:
            return {language: self.table.rows.get(language, 0) for language in Language}
        return {language: self.table.cells.get((language, region), 0) for language in Language}

    def of_region(self, region: str) -> int | None:
        """How many of a region, in whatever language."""
        return self.table.columns.get(region, 0)


async def reach(session: AsyncSession, audience: Audience, now: datetime) -> Reach:
    """How many people of the audience's group can be reached now.

    One look at everybody, which takes a third of a second for 500,000: for a screen, not for a loop.
    """
    region = func.coalesce(Profile.region, UNSAID)
    query = (
        select(region, Person.language, func.count())
        .outerjoin(Profile, Profile.person_id == Person.id)
        .where(*reachable(), *in_group(audience.group, audience.cohort, now))
        .group_by(region, Person.language)
    )
    return Reach(suppress({(language, place): n for place, language, n in await session.execute(query)}))


async def reach_of_roles(session: AsyncSession, now: datetime) -> dict[Group, int | None]:
    """How many can be reached of everybody, of drivers and of those who hold a certificate; None is hidden."""
    driver, certified = (in_group(group, None, now)[0] for group in (Group.DRIVERS, Group.CERTIFIED))
    everybody, holding, learning = [
        await session.scalar(select(func.count()).select_from(Person).where(*reachable(), *conditions)) or 0
        for conditions in ([], [certified], [driver, ~certified])
    ]
    parts = {"holds": holding, "learns": learning, "else": everybody - holding - learning}
    shown = suppress({(part, "all"): number for part, number in parts.items()})
    return {
        Group.EVERYBODY: shown.total,
        Group.DRIVERS: _sum([shown.rows["holds"], shown.rows["learns"]]),
        Group.CERTIFIED: shown.rows["holds"],
    }


async def reach_of_cohorts(session: AsyncSession, cohort_ids: Collection[int]) -> dict[int, int | None]:
    """How many can be reached of each of these cohorts; None is hidden."""
    query = (
        select(Participant.cohort_id, func.count())
        .join(Person, Person.id == Participant.person_id)
        .where(Participant.cohort_id.in_(cohort_ids), *reachable())
        .group_by(Participant.cohort_id)
    )
    found = {row[0]: row[1] for row in await session.execute(query)}
    return {cohort_id: shown_count(found.get(cohort_id, 0)) for cohort_id in cohort_ids}


def shown_fates(broadcast: Broadcast) -> tuple[dict[Fate, int | None], int | None, int | None]:
    """How many recipients came to what, how many are left, and all of them; None is hidden."""
    if not broadcast.may_count:
        return dict.fromkeys(Fate), None, None
    if not broadcast.whom.is_narrow:
        return dict(broadcast.fates), broadcast.left, broadcast.total
    counts = {fate.value: number for fate, number in broadcast.fates.items()} | {"left": broadcast.left}
    shown = suppress({(name, "all"): number for name, number in counts.items()})
    return {fate: shown.rows[fate.value] for fate in Fate}, shown.rows["left"], shown.total


def _sum(numbers: Sequence[int | None]) -> int | None:
    """The sum, hidden if any part is."""
    return None if any(number is None for number in numbers) else sum(number for number in numbers if number)
