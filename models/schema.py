"""All tables at once, for whoever needs the whole schema."""

from models import (
    action_plans,
    audit,
    certificates,
    cohorts,
    conversation,
    course,
    drafts,
    exams,
    flags,
    leases,
    outbox,
    people,
    policies,
    profiles,
    reviews,
    seminars,
    team,
    traces,
    trials,
    updates,
    uploads,
)
from models.base import Base

__all__ = [
    "action_plans",
    "audit",
    "certificates",
    "cohorts",
    "conversation",
    "course",
    "drafts",
    "exams",
    "flags",
    "leases",
    "metadata",
    "outbox",
    "people",
    "policies",
    "profiles",
    "reviews",
    "seminars",
    "team",
    "traces",
    "trials",
    "updates",
    "uploads",
]

metadata = Base.metadata
