"""`python -m bot preview`: a lesson in the terminal, card by card, as a driver sees it, and all that a driver
sees only after an answer."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from bot.mistake import Mistake
from handlers.texts import LOCALES
from models.content_file import text_of
from models.lesson_file import CARD_LIMIT, BankFile, LessonFile, read_bank, read_lesson
from models.lessons import LANGUAGES, Fault, Lesson, Question, Rich, lesson_of, taken_keys
from models.markup import units
from models.question_text import QUESTION_LIMIT, WHY_LIMIT, marks_of

WIDTH = 80
Part = Text | Rule | Padding
STYLES = {"bold": "bold", "italic": "italic", "text_link": "underline"}


def preview_lesson(lesson: str, language: str, root: Path = LOCALES) -> int:
    """Print a lesson, by number or name, and the questions of its bank, 80 columns wide; return the exit code.

    A lesson with faults is not shown: they are printed, a line each, and the code is 1. Other lessons may be broken.
    Raises Mistake if there is no such lesson or language.
    """
    path = _find(lesson, language, root)
    file = LessonFile(f"{language}/lessons/{path.name}", language)
    read_lesson(file, text_of(file, path))
    bank = BankFile(f"{language}/bank/{path.name}", language)
    if (bank_path := root / language / "bank" / path.name).exists():
        read_bank(bank, text_of(bank, bank_path))
    faults: list[Fault] = sorted({*file.faults, *bank.faults, *taken_keys(bank, file)})
    if faults:
        print(*faults, sep="\n")
        return 1
    console = Console(width=WIDTH, highlight=False)
    for part in _parts(lesson_of(file), bank.questions):
        console.print(part)
    return 0


def _find(lesson: str, language: str, root: Path) -> Path:
    if language not in LANGUAGES:
        raise Mistake(f"the language is {', '.join(LANGUAGES[:-1])} or {LANGUAGES[-1]}, not {language!r}")
    paths = sorted((root / language / "lessons").glob("*.md"))
    for path in paths:
        number, _, slug = path.stem.partition("-")
        if lesson.removesuffix(".md") in (path.stem, slug, number, number.lstrip("0")):
            return path
    raise Mistake(f"there is no lesson {lesson!r} in {language}: {', '.join(path.stem for path in paths)}")


def _parts(lesson: Lesson, bank: Sequence[Question]) -> Iterator[Part]:
    yield Text(f"{lesson.number}. {lesson.title}", "bold")
    yield Text(lesson.objective)
    yield Text(f"{lesson.language}, {lesson.minutes} minutes; {'; '.join(lesson.sources)}", "dim")
    for at, card in enumerate(lesson.cards, 1):
        yield from _heading(f"card {at} of {len(lesson.cards)}", card.key, card.screen, CARD_LIMIT)
        yield styled(card.screen)
    for at, question in enumerate(lesson.questions, 1):
        yield from _question(f"question {at} of {len(lesson.questions)}", question)
    for at, question in enumerate(bank, 1):
        yield from _question(f"bank {at} of {len(bank)}", question)
    if not bank:
        yield Text("\nThis lesson has no bank of questions yet.")


def _question(name: str, question: Question) -> Iterator[Part]:
    yield from _heading(f"{name} {marks_of(question)}".strip(), question.key, question.screen, QUESTION_LIMIT)
    yield styled(question.scenario)
    for at, option in enumerate(question.options, 1):
        yield Text("")
        yield Text.assemble((f"{at}. ", "bold"), option.text, ("  ← right" if option.right else "", "bold green"))
        length = f"  ({units(option.why.text)}/{WHY_LIMIT})"
        yield Padding(Text.assemble(styled(option.why), (length, "dim")), (0, 0, 0, 3), expand=False)


def _heading(name: str, key: str, screen: Rich, limit: int) -> Iterator[Part]:
    yield Text("")
    yield Rule(f"{name} · {key} · {units(screen.text)}/{limit}", align="left", style="dim")
    yield Text("")


def styled(rich: Rich) -> Text:
    """A text with its marks as styles of the terminal."""
    shown, encoded = Text(rich.text), rich.text.encode("utf-16-le")
    for entity in rich.entities:
        start, end = (
            len(encoded[: at * 2].decode("utf-16-le")) for at in (entity["offset"], entity["offset"] + entity["length"])
        )
        shown.stylize(STYLES[entity["type"]], start, end)
    return shown
