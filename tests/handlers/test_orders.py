"""Whatever is made at delivery is known to show a report or not, so that a quick exit takes the right things back."""

from handlers import makers
from handlers.quick_exit import OF_A_REPORT

OF_THE_COURSE = {
    "ballot",
    "car",
    "certificate",
    "cohort code",
    "daily",
    "followup",
    "picture",
    "pledge check",
    "progress plot",
    "renewal",
    "scene",
    "scene answer",
    "thanks",
    "trial",
}
OF_THE_TEAM = {
    "broadcast",
    "course plot",
    "export",
    "flag figures",
    "flag plot",
    "full export",
    "menu",
    "transparency",
}
NEUTRAL = {"capsule"}
"""Asked for by the person at that hour, and says nothing of what it's about."""


def test_every_order_is_sorted() -> None:
    assert set(makers()) == OF_A_REPORT | OF_THE_COURSE | OF_THE_TEAM | NEUTRAL
