"""Reading the files of one lesson: cards and questions, and the questions of its bank."""

from dataclasses import dataclass, field

from models.content_file import (
    ContentFile,
    Section,
    check_count,
    check_length,
    check_name,
    read_front,
    read_rich,
    read_sections,
)
from models.lesson_shape import BankFront, Card, FrontMatter, Question
from models.markup import bold, join
from models.question_text import read_question

CARDS = range(4, 7)
QUESTIONS = range(3, 6)
BANK_QUESTIONS = range(3, 13)
CARD_LIMIT = 600  # in UTF-16 units, as Telegram counts
TITLE_LIMIT = 60


@dataclass
class LessonFile(ContentFile):
    """A lesson's file while it is read."""

    front: FrontMatter | None = None
    cards: list[Card] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


@dataclass
class BankFile(ContentFile):
    """The file of a lesson's questions for tests, while it is read."""

    front: BankFront | None = None
    questions: list[Question] = field(default_factory=list)


def read_lesson(file: LessonFile, text: str) -> None:
    """Read a lesson. Never raises: what is wrong is in the file's faults."""
    file.front = read_front(file, text, FrontMatter)
    if file.front is not None:
        check_name(file, file.front.number, file.front.slug)
    if not file.body:
        return
    sections = read_sections(file)
    cards = [section for section in sections if not section.title.startswith("?")]
    questions = [section for section in sections if section.title.startswith("?")]
    for section in cards:
        if questions and section.line > questions[0].line:
            file.fault(section.line, "cards stand before the questions, not after them")
        _read_card(file, section)
    number = file.front.number if file.front else 0
    file.questions = [read_question(file, section, number) for section in questions]
    check_count(file, "cards", [section.line for section in cards], CARDS, 1)
    check_count(file, "questions", [section.line for section in questions], QUESTIONS, 1)


def read_bank(file: BankFile, text: str) -> None:
    """Read the questions of a lesson's bank. Never raises: what is wrong is in the file's faults."""
    file.front = read_front(file, text, BankFront)
    if file.front is not None:
        check_name(file, file.front.number)
    if not file.body:
        return
    sections = read_sections(file)
    number = file.front.number if file.front else 0
    file.questions = [read_question(file, section, number) for section in sections]
    check_count(file, "questions", [section.line for section in sections], BANK_QUESTIONS, 1)


def _read_card(file: LessonFile, section: Section) -> None:
    if len(section.title) > TITLE_LIMIT:
        file.fault(section.line, f"the title has {len(section.title)} characters, {TITLE_LIMIT} at most")
    if section.marks:
        file.fault(section.line, "marks stand in the heading of a question, not of a card")
    body = read_rich(file, section.tokens, section.line, "the card has no text")
    screen = join(bold(section.title), "\n\n", body)
    check_length(file, "the card", screen, CARD_LIMIT, section.line)
    file.cards.append(Card(key=section.key, title=section.title, body=body, screen=screen))
