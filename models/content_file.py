"""One Markdown file of the content while it is read: what every kind of file has, and all that is wrong in it.

Reading goes on after a fault, so that an author hears of all of them at once.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import yaml
from frontmatter.default_handlers import YAMLHandler
from markdown_it.token import Token
from pydantic import BaseModel, ValidationError

from models.lesson_shape import Fault
from models.markup import MARKDOWN, Rich, look_alikes, plain, refused, render, units, unshowable

LONGEST = 40_000  # characters of a file: more than the rules allow in sum, and little enough to be read at once

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the fast one, where PyYAML was built with it
_FRONT_LIMIT = 4_000
_FILE_NAME = re.compile(r"(\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)\.md")
_KEY = re.compile(r"(?P<key>[a-z0-9]+(?:-[a-z0-9]+)*)(?P<marks>[^{}]*)\}")

Front = TypeVar("Front", bound=BaseModel)


@dataclass
class ContentFile:
    """One file while it is read: what it says, where, and what is wrong. `path` is its name in faults."""

    path: str
    language: str
    faults: list[Fault] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)  # "minutes", "#mirror", "#mirror/stare" -> line
    keyed: bool = True  # False once a key is missing or doubled: comparing languages would only add noise
    hash: str = ""  # SHA-256 of the text, in hex; empty if there is no text that can be read
    body: str = ""
    above: int = 0  # lines above the body

    @property
    def name(self) -> str:
        """The name without folders, as the siblings in other languages and folders bear it too."""
        return self.path.rsplit("/", 1)[-1]

    def line(self, name: str) -> int:
        """The line of a field or a key; the first line for what does not stand at the start of one."""
        return self.lines.get(name, 1)

    def fault(self, line: int, reason: str) -> None:
        self.faults.append(Fault(self.path, line, reason))


@dataclass
class Section:
    """A `##` heading and the Markdown below it; `line` is the heading's line in the file."""

    key: str
    title: str
    marks: Sequence[str]
    line: int
    tokens: Sequence[Token]


def fingerprint(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def text_of(file: ContentFile, path: Path) -> str:
    """The text of the file at `path` with plain line ends, or an empty one and a fault."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        file.fault(raw.count(b"\n", 0, error.start) + 1, "the file is not UTF-8")
    except OSError as error:
        file.fault(1, f"the file can't be read: {error.strerror}")
    else:
        if not text.strip():
            file.fault(1, "the file is empty")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return ""


def read_front(file: ContentFile, text: str, shape: type[Front]) -> Front | None:
    """Check the letters of the text, cut it into front matter and body, and read the front matter."""
    if len(text) > LONGEST:
        file.fault(1, f"the file has {len(text)} characters, {LONGEST} at most")
    elif strange := list(unshowable(text)):
        file.faults += [Fault(file.path, line, f"control character {char!r}") for line, char in strange]
    elif text.strip():
        file.hash = fingerprint(text)
        for line, word in look_alikes(text):
            file.fault(line, f"Latin and Cyrillic letters that look alike are mixed up in {word!r}")
        return _read_front(file, text, shape)
    return None


def _read_front(file: ContentFile, text: str, shape: type[Front]) -> Front | None:
    handler = YAMLHandler()
    boundary = handler.FM_BOUNDARY.match(text)
    try:
        front, file.body = handler.split(text)
    except ValueError:
        front, file.body = "", text
    if boundary is None or file.body is text:
        file.fault(1, "no front matter: the file must begin with ---, its fields, and --- again")
        return None
    above = text.count("\n", 0, boundary.end())
    file.above = text.count("\n", 0, len(text) - len(file.body))
    if len(front) > _FRONT_LIMIT:
        file.fault(1, f"the front matter has {len(front)} characters, {_FRONT_LIMIT} at most")
        return None
    for number, line in enumerate(front.split("\n"), above + 1):
        if match := re.match(r"(\w+):", line):
            if match[1] in file.lines:
                file.fault(number, f"{match[1]} stands here for the second time")
            file.lines[match[1]] = number
    try:
        fields = handler.load(front, Loader=_LOADER)  # every value stays text: no surprises with "no"
        return shape.model_validate(fields)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "can't be read"
        file.fault(above + 1 + (mark.line if mark else 0), f"front matter is not YAML: {problem}")
    except ValidationError as error:
        for wrong in error.errors():
            name = str(wrong["loc"][0]) if wrong["loc"] else "front matter"
            file.fault(file.line(name), f"{name}: {wrong['msg'][:1].lower()}{wrong['msg'][1:]}")
    return None


def check_name(file: ContentFile, number: int, slug: str | None = None) -> None:
    """Compare the file's name with what its front matter says."""
    match = _FILE_NAME.fullmatch(file.name)
    if match is None:
        file.fault(1, f"{file.name!r} is no lesson's file name: write it like 02-four-forms.md")
        return
    if int(match[1]) != number:
        file.fault(file.line("number"), f"number {number} does not match the file name")
    if slug is not None and match[2] != slug:
        file.fault(file.line("slug"), f"slug {slug!r} does not match the file name")


def read_tokens(file: ContentFile) -> Sequence[Token]:
    """The body as Markdown tokens; what may not stand there is reported."""
    tokens = MARKDOWN.parse(file.body)
    for line, reason in refused(tokens):
        file.fault(file.above + line + 1, reason)
    return tokens


def read_sections(file: ContentFile) -> list[Section]:
    """Cut the body at its `##` headings."""
    tokens = read_tokens(file)
    starts = [
        index
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2" and token.level == 0
    ]
    if tokens and (not starts or starts[0] > 0):
        file.fault(line_of(file, tokens[0]), "the body begins with a ## heading")
    return [_section(file, tokens[start:end]) for start, end in pairwise([*starts, len(tokens)])]


def _section(file: ContentFile, tokens: Sequence[Token]) -> Section:
    line = line_of(file, tokens[0])
    heading = plain(tokens[1])
    title, key, marks = keyed(heading or "")
    if heading is None:
        file.fault(line, "a heading is plain text, without marks")
        file.keyed = False
    elif not key:
        file.fault(line, "the heading needs a key at its end, like {#mirror}: a-z, 0-9 and dashes")
        file.keyed = False
    elif not title:
        file.fault(line, "the heading has a key but no title")
    key = key or f"line {line}"
    take_key(file, f"#{key}", line)
    return Section(key, title, marks, line, tokens[3:])


def keyed(text: str) -> tuple[str, str, Sequence[str]]:
    """Cut `title {#key .mark}` into title, key and marks; the key is empty if there is none."""
    title, _, tail = text.rpartition("{#")
    match = _KEY.fullmatch(tail)
    return (title.rstrip(), match["key"], match["marks"].split()) if match else (text, "", ())


def take_key(file: ContentFile, key: str, line: int) -> None:
    """Note where a key (`#section` or `#section/option`) stands; report one that is taken."""
    if key in file.lines:
        file.fault(line, f"the key {{#{key.rpartition('/')[2].lstrip('#')}}} stands here for the second time")
        file.keyed = False
    file.lines[key] = line


def read_rich(file: ContentFile, tokens: Sequence[Token], line: int, empty: str) -> Rich:
    """Render tokens; `empty` is the fault when they say nothing."""
    if next(refused(tokens), None):
        return Rich(text="?")  # already reported; what can't be shown isn't rendered
    rich = render(tokens)
    if not rich.text:
        file.fault(line, empty)
    return rich


def line_of(file: ContentFile, token: Token) -> int:
    """The line of the file, counted from 1, on which a block begins."""
    return file.above + (token.map[0] + 1 if token.map else 1)


def check_length(file: ContentFile, what: str, rich: Rich, limit: int, line: int) -> None:
    """Report a text that is longer than `limit`, in characters as Telegram counts them."""
    if (length := units(rich.text)) > limit:
        file.fault(line, f"{what} has {length} characters, {limit} at most")


def check_count(file: ContentFile, what: str, lines: Sequence[int], allowed: range, line: int) -> None:
    """Report a wrong number of things at the first one too many, or at the last one there is."""
    if len(lines) not in allowed:
        place = lines[allowed.stop - 1] if len(lines) >= allowed.stop else (lines or [line])[-1]
        file.fault(place, f"{len(lines)} {what}, between {allowed.start} and {allowed.stop - 1} are needed")
