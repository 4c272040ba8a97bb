"""Where the same lesson, bank or policy says something else in another language, by keys and numbers.

Drivers change their language in the middle of a lesson, and their answers are stored by keys: what differs between
languages would be lost or judged wrongly.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from models.content_file import ContentFile
from models.lesson_file import BankFile, LessonFile
from models.lesson_shape import Card, Fault, Option, Question
from models.policy_file import PolicyFile
from models.question_text import marks_of

Part = Card | Question | Option
File = TypeVar("File", bound=ContentFile)


def lesson_differences(siblings: Sequence[LessonFile]) -> Iterator[Fault]:
    """Where a lesson differs from the same lesson in the first language in which it can be compared."""
    for file, model in _compared(siblings):
        if file.front and model.front:
            yield from _other_value(file, model, "minutes", file.front.minutes, model.front.minutes)
        yield from _misplaced(file, model, "card", "#", file.cards, model.cards)
        yield from _other_questions(file, model, file.questions, model.questions)


def bank_differences(siblings: Sequence[BankFile]) -> Iterator[Fault]:
    """Where a bank differs from the same bank in the first language in which it can be compared."""
    for file, model in _compared(siblings):
        yield from _other_questions(file, model, file.questions, model.questions)


def policy_differences(siblings: Sequence[PolicyFile]) -> Iterator[Fault]:
    """Where the policy has another version or day than in the first language in which it can be read."""
    for file, model in _compared([file for file in siblings if file.front]):
        if file.front and model.front:
            yield from _other_value(file, model, "version", file.front.version, model.front.version)
            yield from _other_value(file, model, "date", file.front.date, model.front.date)


def _compared(siblings: Sequence[File]) -> Iterator[tuple[File, File]]:
    comparable = [file for file in siblings if file.keyed and file.hash]
    for file in comparable[1:]:
        yield file, comparable[0]


def _other_value(file: ContentFile, model: ContentFile, name: str, ours: object, theirs: object) -> Iterator[Fault]:
    if ours != theirs:
        said = (f"{ours} {name}", str(theirs)) if name == "minutes" else (f"{name} {ours}", str(theirs))
        yield Fault(file.path, file.line(name), f"{said[0]}, but {said[1]} in {model.path}")


def _other_questions(
    file: ContentFile, model: ContentFile, ours: Sequence[Question], theirs: Sequence[Question]
) -> Iterator[Fault]:
    yield from _misplaced(file, model, "question", "#", ours, theirs)
    others = {question.key: question for question in theirs}
    for question in ours:
        if other := others.get(question.key):
            yield from _misplaced(file, model, "option", f"#{question.key}/", question.options, other.options)
            yield from _other_answer(file, model, question, other)
            if (here := marks_of(question)) != (there := marks_of(other)):
                reason = (
                    f"{{#{question.key}}} is marked {here or 'nothing'} here, but {there or 'nothing'} in {model.path}"
                )
                yield Fault(file.path, file.line(f"#{question.key}"), reason)


def _other_answer(file: ContentFile, model: ContentFile, ours: Question, other: Question) -> Iterator[Fault]:
    if sum(option.right for option in other.options) != 1:
        return  # reported there
    for option in ours.options:
        if option.right and option.key != other.answer.key:
            reason = f"{option.key!r} is right here, but {other.answer.key!r} in {model.path}"
            yield Fault(file.path, file.line(f"#{ours.key}/{option.key}"), reason)


def _misplaced(
    file: ContentFile, model: ContentFile, kind: str, prefix: str, ours: Sequence[Part], theirs: Sequence[Part]
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
