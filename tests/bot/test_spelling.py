"""Spelling: words that no dictionary has are shown with their place; what is accepted is left alone."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.content import all_files
from bot.spelling import DICTIONARIES, CannotSpell, accepted, unknown_words

ROOT = Path(__file__).parents[2]
NONE: frozenset[str] = frozenset()


def dictionaries() -> bool:
    """Whether hunspell can be asked; where it must be there, its absence is a failure."""
    there = shutil.which("hunspell") is not None
    assert there or os.environ.get("CI") != "true", "install hunspell with hunspell-kk, -ru and -en-us"
    return there


class Hunspell:
    """Stands in for the program: refuses some words, and counts how often it was started."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.asked: list[list[str]] = []

    def __call__(self, command: list[str], *, input: str, **_: Any) -> subprocess.CompletedProcess[str]:
        self.asked.append(input.split("\n"))
        said = [word for word in self.asked[-1] if word in self.refused]
        return subprocess.CompletedProcess(command, 0, "\n".join(said), "")


@pytest.fixture
def hunspell(monkeypatch: pytest.MonkeyPatch) -> Hunspell:
    program = Hunspell("Превет", "яны")
    monkeypatch.setattr("bot.spelling.subprocess.run", program)
    return program


def test_an_unknown_word_is_told_with_file_and_line_once_and_by_one_process(hunspell: Hunspell) -> None:
    texts = {"lessons/01-a.md": "Да\n\nПревет, да", "bank/01-a.md": "Превет\nкарта-яны {#яны}"}
    found = unknown_words(texts, "ru", NONE)
    assert found == [("lessons/01-a.md", 3, "Превет"), ("bank/01-a.md", 2, "яны")]
    assert len(hunspell.asked) == 1


def test_names_in_the_other_alphabet_are_not_asked_for(hunspell: Hunspell) -> None:
    unknown_words({"a.md": "Яндекс, Yandex, слово"}, "ru", NONE)
    unknown_words({"a.md": "Yandex, Яндекс, word"}, "en", NONE)
    assert hunspell.asked == [["Яндекс", "слово"], ["Yandex", "word"]]


def test_accepted_words_and_words_of_the_glossary_are_known(tmp_path: Path, hunspell: Hunspell) -> None:
    (tmp_path / "ru").mkdir()
    (tmp_path / "ru" / "words.txt").write_text("# Яны\nАктау превет\n", encoding="utf-8")
    known = accepted(tmp_path, "| rear-view | сексизм |", "ru")
    assert known == {"актау", "превет", "rear", "view", "сексизм"}
    assert unknown_words({"a.md": "Превет Сексизм"}, "ru", known) == []
    assert accepted(tmp_path, "", "kk") == NONE


def test_a_program_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.spelling.TOOL", "no-such-speller")
    with pytest.raises(CannotSpell, match="no-such-speller is not installed"):
        unknown_words({"a.md": "да"}, "ru", NONE)


def test_a_dictionary_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    if dictionaries():
        monkeypatch.setitem(DICTIONARIES, "ru", "xx_XX")
        with pytest.raises(CannotSpell, match="no dictionary xx_XX"):
            unknown_words({"a.md": "да"}, "ru", NONE)


@pytest.mark.parametrize(
    ("language", "right", "wrong"), [("kk", "Сіз", "Сізқ"), ("ru", "вы", "выы"), ("en", "you", "yuo")]
)
def test_the_dictionaries_of_all_languages_are_found(language: str, right: str, wrong: str) -> None:
    if dictionaries():
        assert unknown_words({"a.md": f"{right}\n{wrong}"}, language, NONE) == [("a.md", 2, wrong)]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_shipped_word_is_unknown(language: str) -> None:
    """A right word that the dictionary doesn't have belongs in locales/<language>/words.txt."""
    if dictionaries():
        known = accepted(ROOT / "locales", (ROOT / "GLOSSARY.md").read_text("utf-8"), language)
        assert unknown_words(all_files(ROOT / "locales")[language], language, known) == []
