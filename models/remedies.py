"""What a driver is given through the bot when a flag is closed: advice, or a lesson whose result stands on the flag.

A remedy reaches the driver as late and as coarsely as a question does (`models/hearings.py`). It's no penalty: nothing
follows if the lesson isn't taken. Changed by a second look, it's lifted.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.audit import Action, record
from models.coarse import first_moment
from models.course import Attempt
from models.drivers import Given, Remedy
from models.exams import PASS_SHARE
from models.flags import ONCE_TOLD, OUTCOMES_FOR_REPORTER, Flag, Outcome, State
from models.handles import number_of
from models.hearings import may_hear
from models.known_drivers import delay_of, driver_of
from models.late_news import as_shown, waits_for_news
from models.matching import lesson_for
from models.vault import CannotOpen, Vault

log = logging.getLogger(__name__)

KINDS = {Outcome.ADVICE: Given.ADVICE, Outcome.LESSON: Given.LESSON}
"""Outcomes that reach a driver whom the bot knows."""
_LATER = timedelta(days=1)
_SHOWN = 5


async def remedy_of(session: AsyncSession, flag_id: int) -> Remedy | None:
    """What was given to the driver of a flag."""
    return await session.scalar(_fresh().where(Remedy.flag_id == flag_id))


async def settle_remedy(
    session: AsyncSession, vault: Vault, flag: Flag, delay_days: int, now: datetime
) -> tuple[Remedy | None, int | None]:
    """Make what is given to the driver fit the outcome with which a flag was just closed.

    Returns what is given now, and the driver to be told at once because something that they knew of has changed.
    Nothing is given where no driver is known or whoever reported said no. If the driver is another one than before,
    what was given is lifted and it begins anew.
    """
    kind = KINDS.get(flag.outcome) if flag.outcome is not None else None
    driver = await driver_of(session, vault, flag) if kind is not None else None
    old = await remedy_of(session, flag.id)
    if old is not None and old.kind is kind and old.lifted_at is None and old.driver_id in {None, driver}:
        return old, None
    if old is not None and old.lifted_at is None:
        await _note_dropped(session, vault, old, now)
    if old is not None and old.told_at is None:
        await session.delete(old)
        await session.flush()
        old = None
    stood = old is not None and old.lifted_at is None
    if old is not None:
        old.lifted_at = old.lifted_at or now
    knew = old.driver_id if old is not None and stood else None
    if kind is None or not isinstance(driver, int) or await may_hear(session, flag) is False:
        return None, knew
    if old is not None and old.driver_id != driver:  # the plate was corrected: another driver hears it, in their turn
        await session.delete(old)
        await session.flush()
        old = None
    days = await delay_of(session, vault, flag, delay_days)
    remedy = old or Remedy(flag_id=flag.id, driver_id=driver)
    remedy.kind, remedy.lesson = kind, lesson_for([behaviour.code for behaviour in flag.behaviours])
    remedy.given_at, remedy.tell_at = now, first_moment(flag, days, now)
    remedy.passed_at = remedy.lifted_at = None
    remedy.told_at = now if old is not None else None  # whoever knows of the report can't learn anything by the day
    session.add(remedy)
    await session.flush()
    return remedy, remedy.driver_id if old is not None else knew


async def _note_dropped(session: AsyncSession, vault: Vault, remedy: Remedy, now: datetime) -> None:
    """Write down that something isn't given to the driver after all, and whether they had heard of it."""
    heard = "told" if remedy.told_at is not None else "untold"
    await record(session, vault, Action.REMEDY_DROPPED, now=now, flag_id=remedy.flag_id, detail=heard)


async def drop_untold(session: AsyncSession, vault: Vault, flag: Flag, now: datetime) -> None:
    """Forget what the driver hasn't heard of yet: the flag is taken up again. That stands in the audit."""
    remedy = await remedy_of(session, flag.id)
    if remedy is not None and remedy.told_at is None:
        await _note_dropped(session, vault, remedy, now)
        await session.delete(remedy)
        await session.flush()


async def tell_due(session: AsyncSession, vault: Vault, now: datetime, limit: int) -> tuple[list[Remedy], int]:
    """What drivers are told of now; and how many were looked at.

    What no longer stands is forgotten untold; that stands in the audit.

    What is of a flag whose plate no key opens is looked at again a day later.
    """
    query = _fresh(skip_locked=True).where(Remedy.told_at.is_(None), Remedy.tell_at <= now)
    query = query.where(~waits_for_news(Remedy.flag_id, now))
    due = (await session.scalars(query.order_by(Remedy.tell_at).limit(limit))).all()
    told, sealed = [], 0
    for remedy in due:
        flag = await session.get_one(Flag, remedy.flag_id)
        allowed = await may_hear(session, flag)
        try:
            driver = await driver_of(session, vault, flag)
        except CannotOpen:
            remedy.tell_at, sealed = now + _LATER, sealed + 1
            continue
        stands = flag.state is State.CLOSED and flag.outcome is not None and KINDS.get(flag.outcome) is remedy.kind
        if not stands or allowed is False or driver != remedy.driver_id:
            await _note_dropped(session, vault, remedy, now)
            await session.delete(remedy)
        elif allowed is None:
            remedy.tell_at = now + _LATER
        else:
            remedy.told_at = now
            told.append(remedy)
    if sealed:
        log.warning("%d drivers are not told today: no key opens the plate of the flag", sealed)
    await session.flush()
    return told, len(due)


async def own_remedy(session: AsyncSession, driver_id: int, remedy_id: int) -> tuple[Remedy, Flag] | None:
    """What this driver was told that it was given to them, with its flag."""
    remedy = await session.scalar(
        _fresh().where(Remedy.id == remedy_id, Remedy.driver_id == driver_id, Remedy.told_at.is_not(None))
    )
    return (remedy, await session.get_one(Flag, remedy.flag_id)) if remedy is not None else None


async def own_remedy_of_handle(
    session: AsyncSession, vault: Vault, driver_id: int, handle: str
) -> tuple[Remedy, Flag] | None:
    """The same by its handle. Any may be asked for: it may come from a forged button."""
    theirs = await session.scalars(select(Remedy.id).where(Remedy.driver_id == driver_id))
    number = number_of(vault, Remedy.__tablename__, handle, theirs)
    return await own_remedy(session, driver_id, number) if number is not None else None


async def told_of(session: AsyncSession, driver_id: int) -> Sequence[Remedy]:
    """What was given to this driver and still stands and isn't passed, the newest first."""
    told = (Remedy.driver_id == driver_id, Remedy.told_at.is_not(None), Remedy.lifted_at.is_(None))
    query = select(Remedy).where(*told, Remedy.passed_at.is_(None)).order_by(Remedy.id.desc()).limit(_SHOWN)
    return (await session.scalars(query)).all()


async def outcome_in_words(session: AsyncSession, flag: Flag, now: datetime) -> str | None:
    """What came of a flag, in words for the person who reported; of what the driver is given, what is true by now."""
    outcome = as_shown(flag, now).outcome
    if outcome is None:
        return None
    remedy = await remedy_of(session, flag.merged_into_id or flag.id)
    told = remedy is not None and remedy.told_at is not None and remedy.lifted_at is None
    if told and remedy is not None and KINDS.get(outcome) is remedy.kind:
        return ONCE_TOLD[outcome]
    return OUTCOMES_FOR_REPORTER[outcome]


async def opens_lesson(session: AsyncSession, driver_id: int, lesson: int) -> bool:
    """Whether a lesson is open to this driver because it was given or advised to them, wherever they stand."""
    given = (Remedy.driver_id == driver_id, Remedy.lesson == lesson, Remedy.told_at.is_not(None))
    return bool(await session.scalar(select(exists().where(*given, Remedy.lifted_at.is_(None)))))


async def note_passed(session: AsyncSession, attempt: Attempt) -> Sequence[Remedy]:
    """Note that a lesson was passed for all for which it was given: of those, which ones.

    It's passed like the final test: at least 80 % right at the first try, in an attempt finished after it was given.
    """
    if attempt.finished_at is None or not attempt.questions:
        return []
    if (attempt.right_answers or 0) < PASS_SHARE * attempt.questions:
        return []
    query = _fresh().where(*_asked_of(attempt.person_id), Remedy.lesson == attempt.lesson)
    passed = (await session.scalars(query)).all()
    for remedy in passed:
        remedy.passed_at = attempt.finished_at
    return passed


def _asked_of(driver_id: int) -> list[ColumnElement[bool]]:
    return [
        Remedy.driver_id == driver_id,
        Remedy.kind == Given.LESSON,
        Remedy.told_at.is_not(None),
        Remedy.passed_at.is_(None),
        Remedy.lifted_at.is_(None),
    ]


def _fresh(*, skip_locked: bool = False) -> Select[Remedy]:
    """Remedies as they are now, nobody else's to change until the transaction ends."""
    query = select(Remedy).with_for_update(of=Remedy, skip_locked=skip_locked)
    return query.execution_options(populate_existing=True)
