"""The path through the course: lessons open in order, the final test after the last; where a person stands on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from models.course import Attempt, last_finished
from models.exams import Exam, Sitting, sittings_of


@dataclass(frozen=True)
class Path:
    """Where a person stands: the newest finished attempt at each lesson, and all tests, the newest first."""

    numbers: Sequence[int]
    finished: Mapping[int, Attempt]
    sittings: Sequence[Sitting]

    @property
    def next(self) -> int | None:
        """The first lesson that isn't finished; None once all are."""
        return next((number for number in self.numbers if number not in self.finished), None)

    @property
    def complete(self) -> bool:
        """Whether every lesson is finished."""
        return self.next is None

    def is_open(self, number: int) -> bool:
        """Whether a lesson may be begun: all before it are finished."""
        return number in self.finished or number == self.next

    def sat(self, *exams: Exam) -> list[Sitting]:
        """The finished sittings of these tests, the newest first."""
        return [s for s in self.sittings if s.exam in exams and s.finished_at is not None]

    def passed(self, *exams: Exam) -> Sitting | None:
        """The newest passed sitting of these tests."""
        return next((sitting for sitting in self.sat(*exams) if sitting.passed), None)

    @property
    def may_measure_before(self) -> bool:
        """Whether the test before the course still means what it says: nothing learned yet, and not taken."""
        return not self.finished and not self.sat(Exam.PRE)


async def path_of(session: AsyncSession, person_id: int, numbers: Sequence[int]) -> Path:
    """Where the person stands, given the numbers of the course's lessons."""
    return Path(numbers, await last_finished(session, person_id), await sittings_of(session, person_id))
