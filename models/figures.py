"""How many there are of each thing: for the operator, without a word about anybody."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.course import Attempt
from models.flags import Flag, State
from models.outbox import Delivery, Parcel
from models.people import Person
from models.updates import DeadLetter


async def figures(session: AsyncSession) -> dict[str, int]:
    """Counts by name."""
    counts = {
        "people": select(func.count(Person.id)),
        "people who blocked the bot": select(func.count(Person.id)).where(Person.blocked_at.is_not(None)),
        "lessons finished": select(func.count(Attempt.id)).where(Attempt.finished_at.is_not(None)),
        **{f"flags {state.value}": select(func.count(Flag.id)).where(Flag.state == state) for state in State},
        "messages waiting": select(func.count(Parcel.id)).where(Parcel.status == Delivery.WAITING),
        "dead letters": select(func.count(DeadLetter.id)),
    }
    return {name: await session.scalar(query) or 0 for name, query in counts.items()}
