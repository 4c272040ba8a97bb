"""All tables at once, for whoever needs the whole schema."""

from models import audit, conversation, course, flags, leases, outbox, people, team, updates
from models.base import Base

__all__ = [
    "audit",
    "conversation",
    "course",
    "flags",
    "leases",
    "metadata",
    "outbox",
    "people",
    "team",
    "updates",
]

metadata = Base.metadata
