"""What a driver's action plan is chosen from: habits of one line, each taught by a lesson.

They are small and tied to a moment, because such a habit lasts, and in the evening one knows whether it was kept.
"""

from dataclasses import dataclass

from models.words import N_


@dataclass(frozen=True)
class Commitment:
    """A habit in the first person, at most 70 characters in each language. Plans are stored by its key."""

    key: str
    text: str


COMMITMENTS = (
    Commitment("mirror", N_("Before setting off I aim the mirror at the rear window.")),
    Commitment("greeting", N_("I greet every passenger with the same courtesy.")),
    Commitment("route", N_("I ask about the route, not about private life.")),
    Commitment("quiet", N_("After a short answer I drive quietly.")),
    Commitment("hands", N_("I ask before I help, and don't touch without consent.")),
    Commitment("lost", N_("I return a forgotten phone through the app only.")),
    Commitment("light", N_("In a dispute I stop where there are light and people.")),
    Commitment("chat", N_("If someone is mocked in the drivers' chat, I write: “It's not OK.”")),
    Commitment("report", N_("If someone reports me, I answer only where I was asked.")),
)

_BY_KEY = {commitment.key: commitment for commitment in COMMITMENTS}


def commitment(key: str) -> Commitment | None:
    """The commitment with this key, or None when there is none, as after a forged press or an edited list."""
    return _BY_KEY.get(key)
