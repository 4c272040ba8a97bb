"""Words that the dictionaries don't know. Hints, never faults: names and new words are in no dictionary.

The glossary's words and those of `locales/<language>/words.txt` are known. Only letters of the language's own
alphabet are looked at, so that a Latin name in a Russian lesson is none of the dictionary's business.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from models.avoided import words_of

DICTIONARIES = {"kk": "kk_KZ", "ru": "ru_RU", "en": "en_US"}
TOOL = "hunspell"


class CannotSpell(Exception):
    """The spelling of a language can't be looked at; the text says why."""


def unknown_words(texts: Mapping[str, str], language: str, known: frozenset[str]) -> list[tuple[str, int, str]]:
    """(name, line, word) of every word that is in no dictionary, each at its first place, in order.

    `texts` are the texts of one language by name, `known` the accepted words in lower case. One process looks at all.
    Raises CannotSpell where the program or the dictionary isn't installed.
    """
    first: dict[str, tuple[str, int]] = {}
    for name, text in texts.items():
        for word in words_of(text):
            for part in word.text.split("-"):
                if len(part) > 1 and part.isascii() == (language == "en"):
                    first.setdefault(part, (name, word.line))
    asked = [word for word in first if word.casefold() not in known]
    refused = _refused(asked, DICTIONARIES[language])
    return [(*first[word], word) for word in asked if word in refused]


def accepted(root: Path, glossary: str, language: str) -> frozenset[str]:
    """The words that are right although no dictionary knows them, in lower case."""
    path = root / language / "words.txt"
    listed = (
        [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")] if path.exists() else []
    )
    words = [part for word in words_of(glossary) for part in word.text.split("-")]
    return frozenset(word.casefold() for word in (*words, *" ".join(listed).split()))


def _refused(words: list[str], dictionary: str) -> frozenset[str]:
    command = [TOOL, "-i", "utf-8", "-d", dictionary, "-l"]
    try:
        done = subprocess.run(command, input="\n".join(words), capture_output=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        raise CannotSpell(f"{TOOL} is not installed") from None
    if done.returncode or "Can't open" in done.stderr:
        raise CannotSpell(f"{TOOL} has no dictionary {dictionary}")
    return frozenset(done.stdout.split())
