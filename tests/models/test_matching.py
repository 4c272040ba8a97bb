"""Which lesson fits what was reported."""

import pytest

from bot.app import load_course
from handlers.texts import LOCALES
from models.behaviours import BEHAVIOURS
from models.matching import LESSONS, REPORTED, ZERO_TOLERANCE, lesson_for


def test_every_behaviour_has_a_lesson_of_the_course_in_every_language() -> None:
    course = load_course(LOCALES)
    assert set(LESSONS) == {behaviour.base for behaviour in BEHAVIOURS.values()}
    for code in BEHAVIOURS:
        for language in course.languages:
            assert course.lesson(lesson_for([code]), language).questions
    slugs = {number: course.lesson(number, "en").slug for number in course.numbers}
    assert slugs[REPORTED] == "when-you-are-flagged"
    assert slugs[ZERO_TOLERANCE] == "zero-tolerance"
    assert slugs[lesson_for(["NV1"])] == "mirror-and-gaze"
    assert slugs[lesson_for(["DI1"])] == "equal-service"


def test_the_most_severe_behaviour_decides_in_whatever_order_they_were_told() -> None:
    assert lesson_for(["SX1", "PH2", "NV1"]) == lesson_for(["NV1", "PH2", "SX1"]) == LESSONS["PH2"]
    assert lesson_for(["NV5+", "SX1"]) == ZERO_TOLERANCE
    with pytest.raises(ValueError, match="empty"):
        lesson_for([])
    with pytest.raises(KeyError):
        lesson_for(["ZZ9"])
