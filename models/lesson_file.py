"""Reading one lesson file: front matter, cards and questions, and everything that is wrong with them.

Reading goes on after a fault, so that an author hears of all of them at once.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import yaml
from frontmatter.default_handlers import YAMLHandler
from markdown_it.token import Token
from pydantic import ValidationError

from models.lesson_shape import Card, Fault, FrontMatter, Option, Question
from models.markup import MARKDOWN, Rich, bold, join, look_alikes, plain, refused, render, units, unshowable

CARDS = range(4, 7)
QUESTIONS = range(3, 6)
OPTIONS = range(3, 5)
CARD_LIMIT, QUESTION_LIMIT, WHY_LIMIT = 600, 1000, 400  # in UTF-16 units, as Telegram counts

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the fast one, where PyYAML was built with it
_FILE_NAME = re.compile(r"(\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)\.md")
_KEYED = re.compile(r"(?P<text>.*?)\s*\{#(?P<key>[a-z0-9]+(?:-[a-z0-9]+)*)\}")
_BOX = re.compile(r"\[(?P<mark>[ xXхХ])\]\s+(?P<rest>.*)")  # a Cyrillic х in the box is no mistake


@dataclass
class _Section:
    """A `##` heading and the Markdown below it; `line` is the heading's line in the file."""

    key: str
    title: str
    line: int
    tokens: Sequence[Token]


@dataclass
class LessonFile:
    """One file while it is read: what was found in it, where, and what is wrong."""

    path: str
    language: str
    faults: list[Fault] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)  # "minutes", "#mirror", "#mirror/stare" -> line
    keyed: bool = True  # False once a key is missing or doubled: comparing languages would only add noise
    front: FrontMatter | None = None
    cards: list[Card] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    version: str = ""

    def line(self, name: str) -> int:
        """The line of a field or a key; the first line for what does not stand at the start of one."""
        return self.lines.get(name, 1)

    def fault(self, line: int, reason: str) -> None:
        self.faults.append(Fault(self.path, line, reason))


def read_lesson(path: Path, name: str, language: str) -> LessonFile:
    """Read the file at `path`, called `name` in faults. Never raises: what is wrong is in `faults`."""
    file = LessonFile(name, language)
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        file.fault(raw.count(b"\n", 0, error.start) + 1, "the file is not UTF-8")
        return file
    except OSError as error:
        file.fault(1, f"the file can't be read: {error.strerror}")
        return file
    if not text.strip():
        file.fault(1, "the file is empty")
    elif strange := list(unshowable(text)):
        file.faults += [Fault(name, line, f"control character {char!r}") for line, char in strange]
    else:
        file.version = hashlib.sha256(text.encode()).hexdigest()[:12]
        for line, word in look_alikes(text):
            file.fault(line, f"Latin and Cyrillic letters that look alike are mixed up in {word!r}")
        body, first = _read_front(file, text)
        _read_body(file, body, first)
    return file


def _read_front(file: LessonFile, text: str) -> tuple[str, int]:
    """Read the front matter; return the body and the number of lines that stand above it."""
    handler = YAMLHandler()
    boundary = handler.FM_BOUNDARY.match(text)
    try:
        front, body = handler.split(text)
    except ValueError:
        front, body = "", text
    if boundary is None or body is text:
        file.fault(1, "no front matter: the file must begin with ---, its fields, and --- again")
        return text, 0
    above = text.count("\n", 0, boundary.end())
    first = text.count("\n", 0, len(text) - len(body))
    for number, line in enumerate(front.split("\n"), above + 1):
        if match := re.match(r"(\w+):", line):
            if match[1] in file.lines:
                file.fault(number, f"{match[1]} stands here for the second time")
            file.lines[match[1]] = number
    try:
        fields = handler.load(front, Loader=_LOADER)  # every value stays text: no surprises with "no"
        file.front = FrontMatter.model_validate(fields)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "can't be read"
        file.fault(above + 1 + (mark.line if mark else 0), f"front matter is not YAML: {problem}")
    except ValidationError as error:
        for wrong in error.errors():
            name = str(wrong["loc"][0]) if wrong["loc"] else "front matter"
            file.fault(file.line(name), f"{name}: {wrong['msg'][:1].lower()}{wrong['msg'][1:]}")
    else:
        _check_name(file, file.front)
    return body, first


def _check_name(file: LessonFile, front: FrontMatter) -> None:
    name = file.path.rsplit("/", 1)[-1]
    match = _FILE_NAME.fullmatch(name)
    if match is None:
        file.fault(1, f"{name!r} is no lesson's file name: write it like 02-four-forms.md")
        return
    if int(match[1]) != front.number:
        file.fault(file.line("number"), f"number {front.number} does not match the file name")
    if match[2] != front.slug:
        file.fault(file.line("slug"), f"slug {front.slug!r} does not match the file name")


def _read_body(file: LessonFile, body: str, first: int) -> None:
    """Read cards and questions; `first` is the number of lines above the body."""
    tokens = MARKDOWN.parse(body)
    for line, reason in refused(tokens):
        file.fault(first + line + 1, reason)
    sections = _sections(file, tokens, first)
    cards = [section for section in sections if not section.title.startswith("?")]
    questions = [section for section in sections if section.title.startswith("?")]
    for section in cards:
        if questions and section.line > questions[0].line:
            file.fault(section.line, "cards stand before the questions, not after them")
        _read_card(file, section)
    for section in questions:
        _read_question(file, section, first)
    _check_count(file, "cards", [section.line for section in cards], CARDS, 1)
    _check_count(file, "questions", [section.line for section in questions], QUESTIONS, 1)


def _sections(file: LessonFile, tokens: Sequence[Token], first: int) -> list[_Section]:
    """Cut the body at its `##` headings."""
    starts = [
        index
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2" and token.level == 0
    ]
    if tokens and (not starts or starts[0] > 0):
        file.fault(first + _line(tokens[0]), "a lesson's body begins with a ## heading")
    sections = []
    for start, end in pairwise([*starts, len(tokens)]):
        line = first + _line(tokens[start])
        heading = plain(tokens[start + 1])
        match = _KEYED.fullmatch(heading or "")
        if heading is None:
            file.fault(line, "a heading is plain text, without marks")
            file.keyed = False
        elif match is None:
            file.fault(line, "the heading needs a key at its end, like {#mirror}: a-z, 0-9 and dashes")
            file.keyed = False
        elif not match["text"]:
            file.fault(line, "the heading has a key but no title")
        key, title = (match["key"], match["text"]) if match else (f"line {line}", heading or "")
        _take_key(file, f"#{key}", line)
        sections.append(_Section(key, title, line, tokens[start + 3 : end]))
    return sections


def _read_card(file: LessonFile, section: _Section) -> None:
    if len(section.title) > 60:
        file.fault(section.line, f"the title has {len(section.title)} characters, 60 at most")
    body = _rich(file, section.tokens, section.line, "the card has no text")
    screen = join(bold(section.title), "\n\n", body)
    _check_length(file, "the card", screen, CARD_LIMIT, section.line)
    file.cards.append(Card(key=section.key, title=section.title, body=body, screen=screen))


def _read_question(file: LessonFile, section: _Section, first: int) -> None:
    if section.title != "?":
        file.fault(section.line, "a question's heading is ## ? {#key}, its scenario stands below")
    top = [index for index, token in enumerate(section.tokens) if token.level == 0]
    opened = next((i for i in top if section.tokens[i].type == "bullet_list_open"), len(section.tokens))
    closed = next((i for i in top if section.tokens[i].type == "bullet_list_close"), len(section.tokens))
    scenario = _rich(file, section.tokens[:opened], section.line, "the question has no scenario")
    for token in section.tokens[closed + 1 :][:1]:
        file.fault(first + _line(token), "nothing stands after the options of a question")
    items = _items(section.tokens[opened + 1 : closed])
    lines = [first + _line(item[0]) for item in items]
    _check_count(file, "options", lines, OPTIONS, section.line)
    options = [
        option
        for item, line in zip(items, lines, strict=True)
        if (option := _read_option(file, section, item[1:-1], line))
    ]
    right = sum(option.right for option in options)
    if right != 1 and len(options) == len(items):
        file.fault(section.line, f"{right} options are marked [x], exactly one must be")
    numbered = [join("\n\n", bold(f"{number}."), f" {option.text}") for number, option in enumerate(options, 1)]
    screen = join(scenario, *numbered)
    _check_length(file, "the question with its options", screen, QUESTION_LIMIT, section.line)
    file.questions.append(Question(key=section.key, scenario=scenario, options=tuple(options), screen=screen))


def _read_option(file: LessonFile, section: _Section, tokens: Sequence[Token], line: int) -> Option | None:
    """Read one item of a task list: a paragraph `[x] text {#key}`, then the explanation."""
    text = plain(tokens[1]) if tokens and tokens[0].type == "paragraph_open" else ""
    box = _BOX.fullmatch(text or "")
    keyed = _KEYED.fullmatch(box["rest"]) if box else None
    if text is None:
        file.fault(line, "an option is plain text, without marks")
    elif box is None:
        file.fault(line, "an option begins with [ ] or [x] and a text")
    elif keyed is None and "{#" in box["rest"]:
        file.fault(line, "an empty line and two spaces stand between an option's {#key} and its explanation")
    elif keyed is None:
        file.fault(line, "the option needs a key at its end, like {#stare}: a-z, 0-9 and dashes")
    elif not keyed["text"]:
        file.fault(line, "the option has a key but no text")
    if box is None or keyed is None:
        file.keyed = False
        return None
    _take_key(file, f"#{section.key}/{keyed['key']}", line)
    why = _rich(file, tokens[3:], line, "the option has no explanation")
    _check_length(file, "the explanation", why, WHY_LIMIT, line)
    return Option(key=keyed["key"], text=keyed["text"], right=box["mark"] != " ", why=why)


def _items(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """Cut the inside of a top-level list into its items, each from list_item_open to list_item_close."""
    edges = [index for index, token in enumerate(tokens) if token.level == 1 and "list_item" in token.type]
    return [tokens[start : end + 1] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _rich(file: LessonFile, tokens: Sequence[Token], line: int, empty: str) -> Rich:
    if next(refused(tokens), None):
        return Rich(text="?")  # already reported; what can't be shown isn't rendered
    rich = render(tokens)
    if not rich.text:
        file.fault(line, empty)
    return rich


def _line(token: Token) -> int:
    """The line of the body, counted from 1, on which a block begins."""
    return token.map[0] + 1 if token.map else 1


def _take_key(file: LessonFile, key: str, line: int) -> None:
    if key in file.lines:
        file.fault(line, f"the key {{#{key.rpartition('/')[2].lstrip('#')}}} stands here for the second time")
        file.keyed = False
    file.lines[key] = line


def _check_length(file: LessonFile, what: str, rich: Rich, limit: int, line: int) -> None:
    if (length := units(rich.text)) > limit:
        file.fault(line, f"{what} has {length} characters, {limit} at most")


def _check_count(file: LessonFile, what: str, lines: Sequence[int], allowed: range, line: int) -> None:
    """Report a wrong number of things at the first one too many, or at the last one there is."""
    if len(lines) not in allowed:
        place = lines[allowed.stop - 1] if len(lines) >= allowed.stop else (lines or [line])[-1]
        file.fault(place, f"{len(lines)} {what}, between {allowed.start} and {allowed.stop - 1} are needed")
