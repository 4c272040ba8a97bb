"""What drivers think of stepping in and of blame: asked before the course, after it, and 30 days later.

A monitor for backfire: training against harassment is known to backfire in men when it casts them as suspects.
So two statements ask for confidence as a bystander, which should rise, and four for blame put on the person affected,
which must not. The latter are opinions that people do hold; there is no right answer, and nobody is judged by one.
"""

from dataclasses import dataclass
from enum import StrEnum

from models.words import N_


class Kind(StrEnum):
    """What a statement measures."""

    CONFIDENCE = "confidence"
    BLAME = "blame"


class Agreement(StrEnum):
    """Answers to a statement, in the order in which they are offered. The values are stored."""

    AGREE = "4"
    RATHER_AGREE = "3"
    RATHER_DISAGREE = "2"
    DISAGREE = "1"
    RATHER_NOT_SAY = "0"


AGREEMENT_NAMES = {
    Agreement.AGREE: N_("Agree"),
    Agreement.RATHER_AGREE: N_("Rather agree"),
    Agreement.RATHER_DISAGREE: N_("Rather disagree"),
    Agreement.DISAGREE: N_("Disagree"),
    Agreement.RATHER_NOT_SAY: N_("Rather not say"),
}


@dataclass(frozen=True)
class Attitude:
    """A statement to agree or disagree with. Answers are stored by its key: a new meaning takes a new one."""

    key: str
    kind: Kind
    statement: str


# It begins and ends with what the driver can do.
ATTITUDES = (
    Attitude("chat", Kind.CONFIDENCE, N_("If drivers in my chat mock a passenger, I know what to say.")),
    Attitude("clothes", Kind.BLAME, N_("Somebody in revealing clothes gives cause for remarks.")),
    Attitude("silence", Kind.BLAME, N_("Somebody who kept silent at the time shouldn't complain later.")),
    Attitude("late", Kind.BLAME, N_("Somebody who is pestered when riding alone late at night is partly to blame.")),
    Attitude("complaints", Kind.BLAME, N_("Most complaints that a driver pestered someone are made up.")),
    Attitude("ride", Kind.CONFIDENCE, N_("If one passenger pesters another in my car, I know what to do.")),
)


def score(agreement: Agreement) -> int | None:
    """How much of what a statement measures an answer shows, 1 to 4, or None for "rather not say".

    More is better for confidence and worse for blame.
    """
    return None if agreement is Agreement.RATHER_NOT_SAY else int(agreement)
