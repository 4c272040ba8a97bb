"""Which lesson of the course fits a behaviour that was reported.

The most severe behaviour decides. What would be a breach of zero tolerance leads to the lesson about that, whatever
else was reported.
"""

from collections.abc import Iterable

from models.behaviours import BEHAVIOURS

PROFESSIONAL_RIDE, FOUR_FORMS, MIRROR, CONVERSATION, SPACE, PRIVACY = 1, 2, 3, 4, 5, 6
SILENCE, EQUAL_SERVICE, DE_ESCALATION, BYSTANDER, REPORTED, ZERO_TOLERANCE = 7, 8, 9, 10, 11, 12
LESSONS = {
    "SX1": CONVERSATION,
    "SX2": FOUR_FORMS,
    "SX3": CONVERSATION,
    "SX4": CONVERSATION,
    "SX5": ZERO_TOLERANCE,
    "SX6": ZERO_TOLERANCE,
    "VB1": SILENCE,
    "VB2": DE_ESCALATION,
    "VB3": ZERO_TOLERANCE,
    "NV1": MIRROR,
    "NV2": FOUR_FORMS,
    "NV3": PRIVACY,
    "NV4": ZERO_TOLERANCE,
    "NV5": ZERO_TOLERANCE,
    "PH1": SPACE,
    "PH2": SPACE,
    "PH3": ZERO_TOLERANCE,
    "PH4": ZERO_TOLERANCE,
    "PH5": ZERO_TOLERANCE,
    "PH6": ZERO_TOLERANCE,
    "ST1": PRIVACY,
    "ST2": PRIVACY,
    "ST3": ZERO_TOLERANCE,
    "ST4": PRIVACY,
    "DI1": EQUAL_SERVICE,
    "DI2": EQUAL_SERVICE,
    "DR1": PROFESSIONAL_RIDE,
    "DR2": PROFESSIONAL_RIDE,
    "DR3": DE_ESCALATION,
    "OT": FOUR_FORMS,
}
"""The number of a lesson for each behaviour, whichever kind of it was reported."""


def lesson_for(codes: Iterable[str]) -> int:
    """The number of the lesson that fits these behaviours together. Raises KeyError, or ValueError without any."""
    worst = max(sorted(codes), key=lambda code: BEHAVIOURS[code].severity)
    return LESSONS[BEHAVIOURS[worst].base]
