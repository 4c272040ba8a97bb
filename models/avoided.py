"""Words that Qurmet doesn't use, and what it says instead.

They lie in `locales/<language>/avoid.txt`, a line each: the word, what is said instead, and where there are any, the
words beside which it is right. `*` stands for any ending; several words are separated by commas. GLOSSARY.md shows the
same to readers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.lesson_shape import Fault
from models.markup import prose

NEAR = 3  # words before and after that may make a word right

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True)
class Avoided:
    """A word, or several that stand for the same, that isn't used; `beside` makes it right."""

    words: tuple[str, ...]
    instead: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Word:
    """A word of a file, with its line."""

    text: str
    line: int


def read_avoided(root: Path, language: str) -> list[Avoided]:
    """The words that a language avoids; none if the file isn't there. ValueError for a line that isn't one."""
    path = root / language / "avoid.txt"
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines() if path.exists() else (), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) not in (2, 3) or not all(parts):
            raise ValueError(f"{language}/avoid.txt:{number}: write word | instead, or word | instead | beside")
        words, beside = _listed(parts[0]), _listed(parts[2]) if len(parts) == 3 else ()
        found.append(Avoided(words, parts[1], beside))
    return found


def words_of(text: str) -> list[Word]:
    """The words of a file that people read, as they are written."""
    return [
        Word(match.group().replace("’", "'"), number)
        for number, line in enumerate(text.split("\n"), 1)
        for match in _WORD.finditer(prose(line))
    ]


def find_avoided(path: str, text: str, avoided: Sequence[Avoided]) -> Iterator[Fault]:
    """Where a text says a word that isn't used."""
    words = words_of(text)
    lowered = [word.text.casefold() for word in words]
    wanted = [(one.split(), entry) for entry in avoided for one in entry.words]
    for at, word in enumerate(words):
        for pattern, entry in wanted:
            if not _fits(lowered[at], pattern[0]):  # almost always
                continue
            end = at + len(pattern)
            if len(lowered) < end or not all(map(_fits, lowered[at:end], pattern)):
                continue
            near = lowered[max(at - NEAR, 0) : at] + lowered[end : end + NEAR]
            if not any(_fits(other, one) for other in near for one in entry.beside):
                said = " ".join(word.text for word in words[at:end])
                yield Fault(path, word.line, f'"{said}" is not said here: {entry.instead}')


def _fits(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip().casefold() for part in text.split(","))
