"""The course: lessons written as Markdown, one file per lesson and language, checked before anybody sees one.

A broken lesson must stop the start of the bot, not a driver in the middle of it; so everything that can be
wrong in a text is found here, all at once, with file, line and reason. See docs/authoring.md for the format.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from models.lesson_file import LessonFile, read_lesson
from models.lesson_shape import Card, ContentError, Fault, Lesson, Option, Question
from models.markup import Rich, join

__all__ = [
    "Card",
    "ContentError",
    "Course",
    "Fault",
    "Lesson",
    "Option",
    "Question",
    "Rich",
    "join",
    "load_course",
]

Part = Card | Question | Option


class Course:
    """All lessons in all languages."""

    def __init__(self, lessons: Sequence[Lesson], languages: Sequence[str]) -> None:
        self.languages = tuple(languages)
        self.numbers = tuple(sorted({lesson.number for lesson in lessons}))
        self._lessons = {(lesson.number, lesson.language): lesson for lesson in lessons}

    def lesson(self, number: int, language: str) -> Lesson:
        """The lesson of that number; KeyError if there is no such lesson or language."""
        return self._lessons[number, language]


def load_course(root: Path, languages: Sequence[str] = ("kk", "ru", "en")) -> Course:
    """Read `root/<language>/lessons/NN-slug.md` for every language and check everything.

    Raises ContentError with all faults; a course that is returned keeps every promise of docs/authoring.md.
    """
    found = {language: sorted((root / language / "lessons").glob("*.md")) for language in languages}
    names = sorted({path.name for paths in found.values() for path in paths})
    if not names:
        raise ContentError([Fault(f"{language}/lessons", 1, "no lesson here") for language in languages])
    faults: list[Fault] = []
    files: dict[str, list[LessonFile]] = {name: [] for name in names}
    for language, paths in found.items():
        faults += [
            Fault(f"{language}/lessons/{name}", 1, "the lesson is missing in this language")
            for name in set(names) - {path.name for path in paths}
        ]
        for path in paths:
            files[path.name].append(read_lesson(path, f"{language}/lessons/{path.name}", language))
        faults += _doubles([files[path.name][-1] for path in paths])
    for siblings in files.values():
        faults += [fault for file in siblings for fault in file.faults]
        faults += _differences(siblings)
    if faults:
        raise ContentError(faults)
    return Course([_lesson(file) for siblings in files.values() for file in siblings], languages)


def _lesson(file: LessonFile) -> Lesson:
    assert file.front is not None
    return Lesson(
        **file.front.model_dump(),
        language=file.language,
        cards=tuple(file.cards),
        questions=tuple(file.questions),
        version=file.version,
    )


def _doubles(files: Sequence[LessonFile]) -> Iterator[Fault]:
    """Two lessons of one language that claim the same number."""
    seen: dict[int, str] = {}
    for file in files:
        if file.front and (other := seen.setdefault(file.front.number, file.path)) != file.path:
            yield Fault(file.path, file.line("number"), f"number {file.front.number} is taken by {other}")


def _differences(siblings: Sequence[LessonFile]) -> Iterator[Fault]:
    """Where a lesson differs from the same lesson in the first language in which it can be compared."""
    comparable = [file for file in siblings if file.keyed and file.version]
    for file in comparable[1:]:
        yield from _difference(file, comparable[0])


def _difference(file: LessonFile, model: LessonFile) -> Iterator[Fault]:
    if file.front and model.front and (minutes := file.front.minutes) != model.front.minutes:
        reason = f"{minutes} minutes, but {model.front.minutes} in {model.path}"
        yield Fault(file.path, file.line("minutes"), reason)
    yield from _misplaced(file, model, "card", "#", file.cards, model.cards)
    yield from _misplaced(file, model, "question", "#", file.questions, model.questions)
    theirs = {question.key: question for question in model.questions}
    for ours in file.questions:
        if other := theirs.get(ours.key):
            yield from _misplaced(file, model, "option", f"#{ours.key}/", ours.options, other.options)
            yield from _other_answer(file, model, ours, other)


def _other_answer(file: LessonFile, model: LessonFile, ours: Question, other: Question) -> Iterator[Fault]:
    if sum(option.right for option in other.options) != 1:
        return  # reported there
    for option in ours.options:
        if option.right and option.key != other.answer.key:
            reason = f"{option.key!r} is right here, but {other.answer.key!r} in {model.path}"
            yield Fault(file.path, file.line(f"#{ours.key}/{option.key}"), reason)


def _misplaced(
    file: LessonFile, model: LessonFile, kind: str, prefix: str, ours: Sequence[Part], theirs: Sequence[Part]
) -> Iterator[Fault]:
    """Report what is missing, unknown or in another order, compared by key."""
    here, there = [part.key for part in ours], [part.key for part in theirs]
    for key in there:
        if key not in here:
            reason = f"the {kind} {{#{key}}} of {model.path} is missing"
            yield Fault(file.path, file.line(prefix.removesuffix("/")), reason)
    for key in here:
        if key not in there:
            yield Fault(file.path, file.line(prefix + key), f"the {kind} {{#{key}}} is not in {model.path}")
    both = [key for key in here if key in there]
    for key, expected in zip(both, [key for key in there if key in here], strict=True):
        if key != expected:
            reason = f"{model.path} has the {kind} {{#{expected}}} here, not {{#{key}}}"
            yield Fault(file.path, file.line(prefix + key), reason)
            break
