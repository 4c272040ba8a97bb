"""Flags with all that was told in them, for one member of the team, once a second person has said yes.

Only what the member may also open one by one: nothing that is held or only counted, nothing withdrawn, nothing of their
own. A contact is not among it, it takes a second person by itself; nor are photos, voice, the place and the talk.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.approvals import Approval, Kind, Standing
from models.consents import Consent, Recipient
from models.flag_rights import reviewable
from models.flags import Flag, State
from models.periods import Period, period_of

MOST = 500
"""Flags of one export; whoever needs more asks for a shorter period."""


def period_asked(approval: Approval) -> Period:
    """The days that a request is of, seen from when it was asked; what a forged one names is of none."""
    return period_of(approval.scope, approval.asked_at) or Period("", approval.asked_at, approval.asked_at)


async def approved_for(session: AsyncSession, approval_id: int, person_id: int) -> Approval | None:
    """The request, if it's this person's for full texts and was approved."""
    return await session.scalar(
        select(Approval).where(
            Approval.id == approval_id,
            Approval.kind == Kind.EXPORT,
            Approval.requester_id == person_id,
            Approval.standing == Standing.APPROVED,
        )
    )


async def flags_to_read(
    session: AsyncSession, person_id: int, period: Period
) -> tuple[Sequence[Flag], Mapping[int, set[Recipient]]]:
    """The flags of a period that this member may read, newest first; and who else may know of each, by number."""
    query = select(Flag).where(*reviewable(person_id), Flag.state != State.WITHDRAWN)
    if period.since is not None:
        query = query.where(Flag.received_at >= period.since)
    if period.until is not None:
        query = query.where(Flag.received_at < period.until)
    flags = (await session.scalars(query.order_by(Flag.id.desc()).limit(MOST))).all()
    agreed: dict[int, set[Recipient]] = defaultdict(set)
    standing = (Consent.flag_id.in_([flag.id for flag in flags]), Consent.revoked_at.is_(None))
    for flag_id, recipient in await session.execute(select(Consent.flag_id, Consent.recipient).where(*standing)):
        agreed[flag_id].add(recipient)
    return flags, agreed
