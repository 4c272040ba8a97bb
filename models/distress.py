"""Distress words: whether a message is a cry for help, in any of the three languages.

The words lie in `locales/<language>/distress.txt`, a line each:

    he locked the doors / locked me in      said anywhere
    me / us + won't let + out               all of these near each other in one sentence, in any order
    = help me / save me                     a sentence that says nothing else,
    ~ please / somebody                     but words like these

`/` stands between what means the same, `*` for any ending. Words are compared by how they sound in Latin letters, so
that other keyboards, transliteration, look-alike letters and stretched ones are the same word; and all languages are
looked through, because in danger people write in any. Nothing is weighed or learned: whoever edits a list knows what it
will find. A text is walked through once, so that none can make the search slow.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from models.lesson_shape import ContentError, Fault

FILE = "distress.txt"
NEAR = 8
"""So many words at most, from the first to the last, are near each other."""

_GAP = re.compile(r"([\W_]+)")
_RUN = re.compile(r"([^\W\d_])\1+")
_SPELLED = re.compile(r"(?<![^\W_])(?:[^\W\d_][\W_]){2,}[^\W\d_](?![^\W_])")
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʹ′`´"))
_LATIN = re.compile("[a-z]")
_CYRILLIC = re.compile("[а-ӿ]")
_AS_CYRILLIC = str.maketrans("abcehikmoptxys", "авсенікмортхуѕ")
_AS_LATIN = str.maketrans("авсенікмортхуһѕјԁԛԝӏ", "abcehikmoptxyhsjdqwl")
_SOUNDS = str.maketrans(
    dict(zip("абвгдезиклмнопрстуфхыэѕјәғқңөұүһіԁԛԝӏıŋə", "abvgdeziklmnoprstufhiesjagknouuhidkulina", strict=True))
    | {"ж": "j", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ь": "", "ю": "iu", "я": "ia"}
    | dict(zip("qwxy", "kuhi", strict=True))
)
_SPELLINGS = (("shch", "sh"), ("sch", "sh"), ("kh", "h"), ("gh", "g"), ("zh", "j"), ("ng", "n"), ("ts", "c"))


class Kind(StrEnum):
    """How a line of a list is meant."""

    ANYWHERE = ""
    ALONE = "="
    BESIDE = "~"


Phrase = tuple[str, ...]
"""Words by their sound; one that ends in `*` stands for all that begin so."""


@dataclass(frozen=True)
class Entry:
    """A line of a list: of each part one of the phrases must be said."""

    kind: Kind
    parts: tuple[tuple[Phrase, ...], ...]


class Distress:
    """The distress words of all languages."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._said: dict[str, list[tuple[Phrase, int, int]]] = defaultdict(list)
        for number, entry in enumerate(entries):
            for part, phrases in enumerate(entry.parts):
                for phrase in phrases:
                    self._said[phrase[0]].append((phrase, number, part))
        self._stems = sorted({len(first) - 1 for first in self._said if first.endswith("*")})

    def cries(self, text: str) -> bool:
        """Whether a text is a cry for help. Takes time in proportion to its length."""
        plain = _plain(text)
        spelled = _SPELLED.sub(lambda letters: _GAP.sub("", letters.group()), plain)  # "S.O.S.", "h e l p"
        return any(map(self._is_cry, _sentences(plain))) or (
            spelled != plain and any(map(self._is_cry, _sentences(spelled)))
        )

    def _is_cry(self, sentence: Sequence[set[str]]) -> bool:
        said: dict[tuple[int, int], int] = {}
        for at in range(len(sentence)):
            for _, number, part in self._begins(sentence, at):
                entry = self._entries[number]
                if entry.kind is Kind.ANYWHERE:
                    said[number, part] = at
                    if all(at - said.get((number, other), -NEAR) < NEAR for other in range(len(entry.parts))):
                        return True
        return self._says_nothing_else(sentence)

    def _says_nothing_else(self, sentence: Sequence[set[str]]) -> bool:
        at, cried = 0, False
        while at < len(sentence):
            length, cry = 0, False
            for phrase, number, _ in self._begins(sentence, at):
                kind = self._entries[number].kind
                if kind is not Kind.ANYWHERE:
                    length, cry = max((length, cry), (len(phrase), kind is Kind.ALONE))
            if not length:
                return False
            at, cried = at + length, cried or cry
        return cried

    def _begins(self, sentence: Sequence[set[str]], at: int) -> Iterator[tuple[Phrase, int, int]]:
        """What is said from a word on: the phrase, the number of its entry and of its part."""
        for sound in sentence[at]:
            for first in (sound, *(sound[:length] + "*" for length in self._stems if length <= len(sound))):
                for found in self._said.get(first, ()):
                    phrase = found[0]
                    words = sentence[at + 1 : at + len(phrase)]
                    if len(words) == len(phrase) - 1 and all(map(_fits, words, phrase[1:])):
                        yield found


def load_distress(root: Path, languages: Sequence[str]) -> Distress:
    """Read `<language>/distress.txt` below `root`. Raises ContentError with all that is wrong in the lists."""
    entries: list[Entry] = []
    faults: list[Fault] = []
    for language in languages:
        name = f"{language}/{FILE}"
        try:
            lines = (root / name).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            faults.append(Fault(name, 1, f"the list of distress words can't be read: {type(error).__name__}"))
            continue
        before, faults_before = len(entries), len(faults)
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                entries.append(_entry(line.strip()))
            except ValueError as error:
                faults.append(Fault(name, number, str(error)))
        if len(faults) == faults_before and all(entry.kind is Kind.BESIDE for entry in entries[before:]):
            faults.append(Fault(name, 1, "no distress word here"))
    if faults:
        raise ContentError(faults)
    return Distress(entries)


def _entry(line: str) -> Entry:
    kind = Kind(line[0]) if line[0] in (Kind.ALONE, Kind.BESIDE) else Kind.ANYWHERE
    parts = line.removeprefix(kind).split("+")
    if kind is not Kind.ANYWHERE and len(parts) > 1:
        raise ValueError(f"+ has no meaning after {kind}")
    return Entry(kind, tuple(tuple(_phrase(phrase) for phrase in part.split("/")) for part in parts))


def _phrase(text: str) -> Phrase:
    if not text.strip():
        raise ValueError("write words on both sides of / and +")
    return tuple(map(_word, text.split()))


def _word(text: str) -> str:
    stem = text.removesuffix("*")
    plain = _plain(stem)
    if not plain or _GAP.search(plain):
        raise ValueError(f"{text!r}: write words of letters or digits, with a space between them, * only at the end")
    return _sound(plain) + text[len(stem) :]


def _fits(sounds: set[str], word: str) -> bool:
    if word.endswith("*"):
        return any(sound.startswith(word[:-1]) for sound in sounds)
    return word in sounds


def _plain(text: str) -> str:
    """Small letters without accents, apostrophes and signs that nobody sees."""
    text = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES).replace("🆘", " SOS ")).casefold()
    return "".join(sign for sign in text if unicodedata.category(sign) not in ("Mn", "Me", "Cf"))


def _sentences(plain: str) -> Iterator[list[set[str]]]:
    """The words of each sentence; each by its sound, or its sounds if it may be meant in either alphabet."""
    mixed = bool(_LATIN.search(plain) and _CYRILLIC.search(plain))
    sentence: list[set[str]] = []
    for part in _GAP.split(plain):
        if not part:
            continue
        if not _GAP.match(part):
            sentence.append(_sounds(part) if mixed else {_sound(part)})
        elif any(end in part for end in ".!?\n"):
            yield sentence
            sentence = []
    yield sentence


def _sounds(word: str) -> set[str]:
    return {_sound(word), _sound(word.translate(_AS_CYRILLIC)), _sound(word.translate(_AS_LATIN))}


def _sound(word: str) -> str:
    """A word as it sounds in Latin letters, one for each run of a letter."""
    sound = _RUN.sub(r"\1", _RUN.sub(r"\1", word).translate(_SOUNDS))
    for spelling, simple in _SPELLINGS:
        sound = sound.replace(spelling, simple)
    return _RUN.sub(r"\1", sound)
