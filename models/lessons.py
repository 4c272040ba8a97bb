"""The course: lessons written as Markdown, one file per lesson and language, checked before anybody sees one.

Beside each lesson lie its bank of questions for the tests and its picture; one policy stands for the whole course, and
cards on people's rights come with it.
A broken lesson must stop the start of the bot, not a driver in the middle of it; so everything that can be
wrong in a text is found here, all at once, with file, line and reason. See docs/authoring.md for the format.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from models.content_file import ContentFile, text_of
from models.lesson_file import BankFile, LessonFile, read_bank, read_lesson
from models.lesson_shape import Card, ContentError, Fault, Lesson, Level, Option, Policy, Question
from models.markup import Rich, join
from models.parity import bank_differences, lesson_differences, policy_differences
from models.policy_file import PolicyFile, read_policy
from models.rights_file import RightsCard, RightsFile, read_rights, rights_differences

__all__ = [
    "LANGUAGES",
    "Card",
    "ContentError",
    "Course",
    "Fault",
    "Lesson",
    "Level",
    "Option",
    "Policy",
    "Question",
    "Rich",
    "RightsCard",
    "join",
    "load_course",
    "try_lesson",
]

LANGUAGES = ("kk", "ru", "en")

File = TypeVar("File", bound=ContentFile)


class Course:
    """All lessons in all languages, with their questions for tests, their pictures, the policy, the cards on rights.

    A number or a language that isn't there is a KeyError, except where a method says otherwise.
    """

    def __init__(
        self,
        lessons: Sequence[Lesson],
        languages: Sequence[str],
        banks: Mapping[tuple[int, str], tuple[Question, ...]],
        policies: Mapping[str, Policy],
        rights: Mapping[str, tuple[RightsCard, ...]],
        pictures: Mapping[int, Path],
    ) -> None:
        self.languages = tuple(languages)
        self.numbers = tuple(sorted({lesson.number for lesson in lessons}))
        self._lessons = {(lesson.number, lesson.language): lesson for lesson in lessons}
        self._banks = banks
        self._policies = policies
        self._rights = rights
        self._pictures = pictures
        self._pools = {
            language: tuple(
                question
                for number in self.numbers
                for question in (*self.lesson(number, language).questions, *self.bank(number, language))
            )
            for language in languages
        }
        self._questions = {
            (question.lesson, question.key, language): question
            for language, pool in self._pools.items()
            for question in pool
        }

    def lesson(self, number: int, language: str) -> Lesson:
        """The lesson of that number."""
        return self._lessons[number, language]

    def bank(self, number: int, language: str) -> tuple[Question, ...]:
        """The questions for tests that belong to a lesson; none of them is in the lesson itself."""
        return self._banks[number, language]

    def question(self, number: int, key: str, language: str) -> Question | None:
        """The question of that key in a lesson or its bank; None if there is none (any more)."""
        return self._questions.get((number, key, language))

    def pool(self, language: str) -> tuple[Question, ...]:
        """All questions, by lesson: those of the lesson, then those of its bank."""
        return self._pools[language]

    def policy(self, language: str) -> Policy:
        """The zero-tolerance policy; version and day are the same in all languages."""
        return self._policies[language]

    def rights(self, language: str) -> tuple[RightsCard, ...]:
        """The cards of "Know your rights", by number; the same numbers in all languages."""
        return self._rights[language]

    def picture(self, number: int) -> Path:
        """The SVG file of a lesson's picture, which has no words and so no language."""
        return self._pictures[number]


def load_course(root: Path, languages: Sequence[str] = LANGUAGES) -> Course:
    """Read all content below `root` for every language and check everything.

    That is `<language>/lessons/NN-slug.md`, `<language>/bank/NN-slug.md`, `<language>/policy.md`,
    `<language>/rights/NN-slug.md` and `pictures/NN-slug.svg`. Raises ContentError with all faults; a course that is
    returned keeps every promise of docs/authoring.md.
    """
    lessons = {language: _read_folder(root, language, "lessons", LessonFile, read_lesson) for language in languages}
    names = sorted({name for files in lessons.values() for name in files})
    if not names:
        raise ContentError([Fault(f"{language}/lessons", 1, "no lesson here") for language in languages])
    banks = {language: _read_folder(root, language, "bank", BankFile, read_bank) for language in languages}
    policies = {language: _read_policy(root, language) for language in languages}
    rights = {language: _read_folder(root, language, "rights", RightsFile, read_rights) for language in languages}
    pictures = {name: root / "pictures" / f"{name.removesuffix('.md')}.svg" for name in names}
    every: list[ContentFile] = [*policies.values()]
    faults: list[Fault] = [*policy_differences(list(policies.values())), *rights_differences(rights)]
    for language in languages:
        every += [*lessons[language].values(), *banks[language].values(), *rights[language].values()]
        faults += _missing(language, names, lessons[language], banks[language])
        faults += _doubles(list(lessons[language].values()))
        for name in lessons[language].keys() & banks[language].keys():
            faults += taken_keys(banks[language][name], lessons[language][name])
    for name in names:
        faults += lesson_differences([files[name] for files in lessons.values() if name in files])
        faults += bank_differences([files[name] for files in banks.values() if name in files])
        if not pictures[name].is_file():
            faults.append(Fault(f"pictures/{pictures[name].name}", 1, "the lesson has no picture"))
    faults += [fault for file in every for fault in file.faults]
    if faults:
        raise ContentError(faults)
    shown = [lesson_of(file) for files in lessons.values() for file in files.values()]
    return Course(
        shown,
        languages,
        banks={
            (file.front.number, language): tuple(file.questions)
            for language, files in banks.items()
            for file in files.values()
            if file.front
        },
        policies={language: file.policy for language, file in policies.items() if file.policy},
        rights={
            language: tuple(file.card for _, file in sorted(files.items()) if file.card)
            for language, files in rights.items()
        },
        pictures={file.front.number: pictures[name] for name, file in lessons[languages[0]].items() if file.front},
    )


def try_lesson(text: str, name: str, language: str) -> Lesson | list[Fault]:
    """The lesson that a text would be, or all that is wrong in it, for a text that is not in the repository.

    `name` is its file name, like `02-four-forms.md`. Never raises, whatever the text holds, and reads no more than
    40,000 characters. Other lessons and other languages are not looked at.
    """
    file = LessonFile(name, language)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        file.fault(1, "the file is empty")
    read_lesson(file, text)
    return sorted(set(file.faults)) or lesson_of(file)


def lesson_of(file: LessonFile) -> Lesson:
    """The lesson of a file that has no faults."""
    assert file.front is not None
    return Lesson(
        **file.front.model_dump(),
        language=file.language,
        cards=tuple(file.cards),
        questions=tuple(file.questions),
        version=file.hash[:12],
    )


def _read_folder(
    root: Path, language: str, folder: str, kind: Callable[[str, str], File], read: Callable[[File, str], None]
) -> dict[str, File]:
    """All Markdown files of a folder of a language, by name."""
    found = {}
    for path in sorted((root / language / folder).glob("*.md")):
        file = found[path.name] = kind(f"{language}/{folder}/{path.name}", language)
        read(file, text_of(file, path))
    return found


def _read_policy(root: Path, language: str) -> PolicyFile:
    file = PolicyFile(f"{language}/policy.md", language)
    read_policy(file, text_of(file, root / language / "policy.md"))
    return file


def _missing(
    language: str, names: Sequence[str], lessons: Mapping[str, LessonFile], banks: Mapping[str, BankFile]
) -> Iterator[Fault]:
    """Lessons without a file in this language, lessons without a bank, and banks without a lesson."""
    for name in names:
        if name not in lessons:
            yield Fault(f"{language}/lessons/{name}", 1, "the lesson is missing in this language")
        if name not in banks:
            yield Fault(f"{language}/bank/{name}", 1, "the lesson has no bank of questions in this language")
    for name in banks.keys() - set(names):
        yield Fault(f"{language}/bank/{name}", 1, "there is no lesson of this name")


def _doubles(files: Sequence[LessonFile]) -> Iterator[Fault]:
    """Two lessons of one language that claim the same number."""
    seen: dict[int, str] = {}
    for file in files:
        if file.front and (other := seen.setdefault(file.front.number, file.path)) != file.path:
            yield Fault(file.path, file.line("number"), f"number {file.front.number} is taken by {other}")


def taken_keys(bank: BankFile, lesson: LessonFile) -> Iterator[Fault]:
    """Questions of a bank that bear the key of a question in its lesson."""
    taken = {question.key for question in lesson.questions}
    for question in bank.questions:
        if question.key in taken:
            line = bank.line(f"#{question.key}")
            yield Fault(bank.path, line, f"the key {{#{question.key}}} is taken by a question of {lesson.path}")
