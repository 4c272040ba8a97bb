"""A question as it stands in Markdown, in a lesson and in the question bank alike."""

import re
from collections.abc import Sequence

from markdown_it.token import Token

from models.content_file import ContentFile, Section, check_count, check_length, keyed, line_of, read_rich, take_key
from models.lesson_shape import Level, Option, Question
from models.markup import bold, join, plain

OPTIONS = range(3, 5)
QUESTION_LIMIT, WHY_LIMIT = 1000, 400  # in UTF-16 units, as Telegram counts
KEY_LIMIT, OPTION_KEY_LIMIT = 24, 16  # both go into one button of 64 bytes

_BOX = re.compile(r"\[(?P<mark>[ xXхХ])\]\s+(?P<rest>\S.*)")  # a Cyrillic х in the box is no mistake
_LEVELS = {".easy": Level.EASY, ".hard": Level.HARD}
_ZERO = ".zero"


def read_question(file: ContentFile, section: Section, number: int) -> Question:
    """The question of a section, which belongs to lesson `number`; what is wrong goes to the file's faults."""
    if section.title != "?":
        file.fault(section.line, "a question's heading is ## ? {#key}, its scenario stands below")
    _check_key(file, section.key, KEY_LIMIT, section.line)
    top = [index for index, token in enumerate(section.tokens) if token.level == 0]
    opened = next((i for i in top if section.tokens[i].type == "bullet_list_open"), len(section.tokens))
    closed = next((i for i in top if section.tokens[i].type == "bullet_list_close"), len(section.tokens))
    scenario = read_rich(file, section.tokens[:opened], section.line, "the question has no scenario")
    for token in section.tokens[closed + 1 :][:1]:
        file.fault(line_of(file, token), "nothing stands after the options of a question")
    items = _items(section.tokens[opened + 1 : closed])
    lines = [line_of(file, item[0]) for item in items]
    check_count(file, "options", lines, OPTIONS, section.line)
    options = [
        option
        for item, line in zip(items, lines, strict=True)
        if (option := _read_option(file, section, item[1:-1], line))
    ]
    right = sum(option.right for option in options)
    if right != 1 and len(options) == len(items):
        file.fault(section.line, f"{right} options are marked [x], exactly one must be")
    numbered = [join("\n\n", bold(f"{place}."), f" {option.text}") for place, option in enumerate(options, 1)]
    screen = join(scenario, *numbered)
    check_length(file, "the question with its options", screen, QUESTION_LIMIT, section.line)
    level, zero = _read_marks(file, section)
    return Question(
        lesson=number,
        key=section.key,
        level=level,
        zero=zero,
        scenario=scenario,
        options=tuple(options),
        screen=screen,
    )


def marks_of(question: Question) -> str:
    """The marks of a question as they stand in its heading."""
    level = [mark for mark, level in _LEVELS.items() if level is question.level]
    return " ".join([*level, *([_ZERO] if question.zero else [])])


def _read_marks(file: ContentFile, section: Section) -> tuple[Level, bool]:
    marks = section.marks
    for mark in marks:
        if mark not in _LEVELS and mark != _ZERO:
            file.fault(section.line, f"the mark {mark!r} is not known: .easy, .hard and .zero are")
    if len(set(marks)) < len(marks):
        file.fault(section.line, "a mark stands here twice")
    levels = {_LEVELS[mark] for mark in marks if mark in _LEVELS}
    if len(levels) > 1:
        file.fault(section.line, "a question is .easy or .hard, not both")
    return min(levels, default=Level.MEDIUM), _ZERO in marks


def _read_option(file: ContentFile, section: Section, tokens: Sequence[Token], line: int) -> Option | None:
    """Read one item of a task list: a paragraph `[x] text {#key}`, then the explanation."""
    text = plain(tokens[1]) if tokens and tokens[0].type == "paragraph_open" else ""
    box = _BOX.fullmatch(text or "")
    shown, key, marks = keyed(box["rest"]) if box else ("", "", ())
    if text is None:
        file.fault(line, "an option is plain text, without marks")
    elif box is None:
        file.fault(line, "an option begins with [ ] or [x] and a text")
    elif not key and "{#" in shown:
        file.fault(line, "an empty line and two spaces stand between an option's {#key} and its explanation")
    elif not key:
        file.fault(line, "the option needs a key at its end, like {#stare}: a-z, 0-9 and dashes")
    elif marks:
        file.fault(line, "marks stand in the heading of a question, not at an option")
    elif not shown:
        file.fault(line, "the option has a key but no text")
    if box is None or not key:
        file.keyed = False
        return None
    take_key(file, f"#{section.key}/{key}", line)
    _check_key(file, key, OPTION_KEY_LIMIT, line)
    why = read_rich(file, tokens[3:], line, "the option has no explanation")
    check_length(file, "the explanation", why, WHY_LIMIT, line)
    return Option(key=key, text=shown, right=box["mark"] != " ", why=why)


def _items(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """Cut the inside of a top-level list into its items, each from list_item_open to list_item_close."""
    edges = [index for index, token in enumerate(tokens) if token.level == 1 and "list_item" in token.type]
    return [tokens[start : end + 1] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _check_key(file: ContentFile, key: str, limit: int, line: int) -> None:
    if len(key) > limit:
        file.fault(line, f"the key {{#{key}}} has {len(key)} characters, {limit} at most")
