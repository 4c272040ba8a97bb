"""The right of reply: the driver of a reported car is asked for their word, late and without a detail.

    asked ──the moment comes──▶ told ──▶ answered (anew until the term ends), declined, or the term passes

Until the driver is told, whoever reported can say no, and then the driver never hears of it. Where it was most severe,
or happened because of an earlier report, the driver is told only after a yes. What the driver answers is for the team
alone.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.audit import Action, AuditEntry, record
from models.behaviours import MAX_SEVERITY
from models.coarse import first_moment
from models.consents import Recipient, says_yes_to
from models.drivers import Hearing
from models.flags import Flag, State
from models.handles import number_of
from models.known_drivers import delay_of, driver_of
from models.late_news import waits_for_news
from models.merging import with_duplicates
from models.vault import CannotOpen, Vault

log = logging.getLogger(__name__)

ANSWER_LIMIT = 4000
"""Characters of an answer as Telegram counts them."""
_LATER = timedelta(days=1)
"""So long later it's looked again whether whoever reported has said yes."""
_LOOKED_AT = frozenset({State.NEW, State.CLAIMED})


async def is_delicate(session: AsyncSession, flag: Flag) -> bool:
    """Whether the driver may hear of a flag only after whoever reported has said yes to it.

    It is by what was told in it, or in one that the team looks at together with it, or by the team's own judgement that
    it's most severe. That another person named a vehicle, its own or a duplicate's, raises the severity too, but
    changes nothing here: whoever reported was promised to be told first and to be able to say no, and a sudden need for
    their yes, or the end of it, would tell them, or a driver who reports from a second account, that somebody else has
    reported.
    """
    family = await with_duplicates(session, flag.merged_into_id or flag.id)
    if any(each.severity_as_told == MAX_SEVERITY or each.retaliation for each in family):
        return True
    if flag.severity < MAX_SEVERITY:
        return False
    may_be_by_repeat = any(each.severity_after_repeat == MAX_SEVERITY for each in family)
    return not may_be_by_repeat or await _judged_most_severe(session, [each.id for each in family])


async def _judged_most_severe(session: AsyncSession, flag_ids: Collection[int]) -> bool:
    """Whether the last word of the team about the severity of one of these flags was the highest."""
    about = (AuditEntry.flag_id.in_(flag_ids), AuditEntry.action == Action.SEVERITY_SET)
    query = select(AuditEntry.flag_id, AuditEntry.detail).where(*about, AuditEntry.actor_id.is_not(None))
    last = {row.flag_id: row.detail for row in await session.execute(query.order_by(AuditEntry.number))}
    return str(MAX_SEVERITY) in last.values()


async def may_hear(session: AsyncSession, flag: Flag) -> bool | None:
    """Whether the driver may hear of a flag now; None as long as a yes is waited for."""
    said = await says_yes_to(session, flag.id, Recipient.DRIVER)
    if said is None:
        return None if await is_delicate(session, flag) else True
    return said


async def hearing_of(session: AsyncSession, flag_id: int) -> Hearing | None:
    """The hearing about a flag."""
    return await session.scalar(_fresh().where(Hearing.flag_id == flag_id))


async def ask_driver(
    session: AsyncSession, vault: Vault, flag: Flag, reviewer_id: int, delay_days: int, now: datetime
) -> Hearing | None:
    """Decide that the driver is asked; None if that can't be.

    That is: not claimed by this reviewer, too early for whoever reported to hear of it, no driver known, or a no.

    Asked twice, it's one hearing; one of another driver who hasn't heard of it is replaced.
    """
    if not flag.is_worked_on_by(reviewer_id) or flag.is_quiet(now) or await may_hear(session, flag) is False:
        return None
    driver = await driver_of(session, vault, flag)
    if not isinstance(driver, int):
        return None
    known = await hearing_of(session, flag.id)
    if known is not None and (known.told_at is not None or known.driver_id == driver):
        return known
    if await drop_untold(session, flag):  # of the driver of a plate that was corrected since
        await record(session, vault, Action.DRIVER_NOT_ASKED, now=now, flag_id=flag.id)
    tell_at = first_moment(flag, await delay_of(session, vault, flag, delay_days), now)
    hearing = Hearing(flag_id=flag.id, driver_id=driver, asked_at=now, tell_at=tell_at)
    session.add(hearing)
    await session.flush()
    return hearing


async def drop_untold(session: AsyncSession, flag: Flag) -> bool:
    """Forget a hearing that the driver hasn't heard of; whether there was one."""
    hearing = await hearing_of(session, flag.id)
    if hearing is None or hearing.told_at is not None:
        return False
    await session.delete(hearing)
    await session.flush()
    return True


async def take_back(session: AsyncSession, flag: Flag, reviewer_id: int) -> bool:
    """Ask the driver no more; possible until they are told, to whoever works on the flag."""
    return flag.is_worked_on_by(reviewer_id) and await drop_untold(session, flag)


async def tell_due(
    session: AsyncSession, vault: Vault, now: datetime, term_days: int, limit: int
) -> tuple[list[Hearing], int]:
    """The drivers who are told now, each with the term to answer; and how many were looked at.

    A flag that isn't looked at on its own any more, a no of whoever reported, or another plate ends the hearing before
    anybody was told; that stands in the audit. One whose plate no key opens is looked at again a day later.
    """
    query = _fresh(skip_locked=True).where(Hearing.told_at.is_(None), Hearing.tell_at <= now)
    query = query.where(~waits_for_news(Hearing.flag_id, now))
    due = (await session.scalars(query.order_by(Hearing.tell_at).limit(limit))).all()
    told, sealed = [], 0
    for hearing in due:
        flag = await session.get_one(Flag, hearing.flag_id)
        allowed = await may_hear(session, flag)
        try:
            stands = flag.state in _LOOKED_AT and await driver_of(session, vault, flag) == hearing.driver_id
        except CannotOpen:
            hearing.tell_at, sealed = now + _LATER, sealed + 1
            continue
        if not stands or allowed is False:
            await session.delete(hearing)
            await record(session, vault, Action.DRIVER_NOT_ASKED, now=now, flag_id=flag.id)
        elif allowed is None:
            hearing.tell_at = now + _LATER
        else:
            hearing.told_at, hearing.answer_by = now, now + timedelta(days=term_days)
            told.append(hearing)
    if sealed:
        log.warning("%d drivers are not told today: no key opens the plate of the flag", sealed)
    await session.flush()
    return told, len(due)


async def own_hearing(session: AsyncSession, driver_id: int, hearing_id: int) -> tuple[Hearing, Flag] | None:
    """A hearing of this driver, who was told of it, with its flag, as long as that wasn't withdrawn."""
    hearing = await session.scalar(
        _fresh().where(Hearing.id == hearing_id, Hearing.driver_id == driver_id, Hearing.told_at.is_not(None))
    )
    if hearing is None:
        return None
    flag = await session.get_one(Flag, hearing.flag_id)
    return None if flag.state is State.WITHDRAWN else (hearing, flag)


async def own_hearing_of_handle(
    session: AsyncSession, vault: Vault, driver_id: int, handle: str
) -> tuple[Hearing, Flag] | None:
    """The same by its handle. Any may be asked for: it may come from a forged button."""
    theirs = await session.scalars(select(Hearing.id).where(Hearing.driver_id == driver_id))
    number = number_of(vault, Hearing.__tablename__, handle, theirs)
    return await own_hearing(session, driver_id, number) if number is not None else None


async def open_hearings(session: AsyncSession, driver_id: int, now: datetime) -> Sequence[Hearing]:
    """What this driver may answer now, the oldest first."""
    withdrawn = exists().where(Flag.id == Hearing.flag_id, Flag.state == State.WITHDRAWN)
    query = (
        select(Hearing)
        .where(Hearing.driver_id == driver_id, Hearing.answer_by >= now, Hearing.declined_at.is_(None), ~withdrawn)
        .order_by(Hearing.id)
    )
    return (await session.scalars(query)).all()


def answer(vault: Vault, flag: Flag, hearing: Hearing, text: str, now: datetime) -> bool:
    """Keep the driver's word in place of an earlier one, if the term hasn't passed."""
    if not hearing.is_open(now):
        return False
    hearing.sealed_answer = flag.seal_part(vault, text, hearing.seal_place)
    hearing.answered_at = now
    return True


def decline(hearing: Hearing, now: datetime) -> bool:
    """Note that the driver would rather say nothing, unless they have answered."""
    if not hearing.is_open(now) or hearing.answered_at is not None:
        return False
    hearing.declined_at = now
    return True


def read_answer(vault: Vault, flag: Flag, hearing: Hearing) -> str | None:
    """What the driver answered; raises CannotOpen."""
    if hearing.sealed_answer is None:
        return None
    return flag.open_part(vault, hearing.sealed_answer, hearing.seal_place)


def _fresh(*, skip_locked: bool = False) -> Select[Hearing]:
    """Hearings as they are now, nobody else's to change until the transaction ends."""
    query = select(Hearing).with_for_update(of=Hearing, skip_locked=skip_locked)
    return query.execution_options(populate_existing=True)
