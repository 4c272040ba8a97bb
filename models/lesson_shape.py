"""What a lesson is made of, and what can be said against one.

Plain frozen shapes, the same in every language; how they are read from Markdown stands in lesson_file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Day
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from models.markup import Rich, unshowable


def _one_line(text: str) -> str:
    if "\n" in text or any(unshowable(text)):
        raise ValueError("one line, without control characters")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(_one_line)]


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in the content: path below the content's root, line counted from 1, reason."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


class ContentError(Exception):
    """The course can't be used; `faults` holds everything that is wrong, in order of file and line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(map(str, self.faults)))


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(_Frozen):
    """One answer to a question, with the explanation that is shown to whoever picks it."""

    key: str
    text: str
    right: bool
    why: Rich


class Level(StrEnum):
    """How difficult a question is."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Question(_Frozen):
    """A scenario with its answers. `screen` is the whole message: scenario, then options from 1 on.

    `lesson` is the number of the lesson that it belongs to, also for a question of the bank; `zero` says that
    a wrong answer would be a breach for which there is zero tolerance.
    """

    lesson: int = 0
    key: str
    level: Level = Level.MEDIUM
    zero: bool = False
    scenario: Rich
    options: tuple[Option, ...]
    screen: Rich

    @property
    def answer(self) -> Option:
        """The one right option."""
        return next(option for option in self.options if option.right)


class Card(_Frozen):
    """One step of a lesson. `screen` is the whole message: the title in bold, an empty line, the body."""

    key: str
    title: str
    body: Rich
    screen: Rich


class FrontMatter(_Frozen):
    """What stands between the two lines of dashes at the top of a lesson."""

    number: int = Field(ge=1, le=99)
    slug: str
    title: Title
    objective: Line
    minutes: int = Field(ge=1, le=10)
    sources: tuple[Line, ...] = Field(min_length=1)


class BankFront(_Frozen):
    """What stands between the two lines of dashes at the top of a lesson's bank."""

    number: int = Field(ge=1, le=99)


class Policy(_Frozen):
    """The zero-tolerance policy in one language. `hash` is the SHA-256 of the file's text, in hex."""

    version: int
    date: Day
    text: Rich
    hash: str


class Lesson(FrontMatter):
    """A lesson in one language. `version` changes whenever its file does."""

    language: str
    cards: tuple[Card, ...]
    questions: tuple[Question, ...]
    version: str
