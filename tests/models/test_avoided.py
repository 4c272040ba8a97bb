"""Words that aren't used are found where they stand, with the better word; right ones beside them are left."""

import re
from pathlib import Path

import pytest

from models.avoided import find_avoided, read_avoided
from models.lesson_shape import Fault
from tests.course_files import written

ROOT = Path(__file__).parents[2]
LOCALES = ROOT / "locales"


def found(language: str, text: str) -> list[str]:
    said = find_avoided("file.md", text, read_avoided(LOCALES, language))
    return [fault.reason.split(" is not")[0].strip('"') for fault in said]


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "The victim and the offenders", ["victim", "offenders"]),
        ("en", "A wheelchair-bound man, the disabled", ["wheelchair-bound", "the disabled"]),
        ("en", "A person with a disability. Disabled buttons. Victimless.", []),
        ("en", "He is guilty.", ["guilty"]),
        ("en", "Nobody is guilty before a review; she is not guilty.", []),
        ("en", "You’re safe now.", ["You're safe now"]),
        ("ru", "Жертва сказала обидчику", ["Жертва", "обидчику"]),
        ("ru", "Он пожертвовал временем. Жертвовать не нужно. Вы не виноваты.", []),
        ("ru", "инвалид; инвалидная коляска; человек с инвалидностью", ["инвалид"]),
        ("ru", "Виновен водитель. До рассмотрения никто не виновен.", ["Виновен"]),
        ("kk", "Қудалау деген не?", ["Қудалау"]),
        ("kk", "Жыныстық қудалау, жыныстық сипаттағы қудалау, сталкинг (аңду)", []),
        ("kk", "Құрбан айт мерекесі", []),
        ("kk", "оқиғаның құрбаны", ["құрбаны"]),
        ("kk", "құқық бұзушылық туралы кодекс", []),
        ("kk", "құқық бұзушы мен мүгедек", ["құқық бұзушы", "мүгедек"]),
        ("kk", "мүгедектігі бар адам", []),
    ],
)
def test_a_word_we_do_not_use_is_found_and_no_other(language: str, text: str, words: list[str]) -> None:
    assert found(language, text) == words


def test_the_better_word_is_told_with_file_and_line_even_across_lines() -> None:
    avoided = read_avoided(LOCALES, "kk")
    text = written("kk").replace("Сөз 2?", "Бұл құқық\nбұзушы емес пе?")
    [fault] = find_avoided("kk/lessons/02-plain.md", text, avoided)
    line = text[: text.index("құқық")].count("\n") + 1
    reason = '"құқық бұзушы" is not said here: жүргізуші; хабарда айтылған адам'
    assert fault == Fault("kk/lessons/02-plain.md", line, reason)
    assert list(find_avoided("x.md", "Жыныстық\nқудалау", avoided)) == []


def test_keys_and_addresses_are_not_read_as_words() -> None:
    assert found("en", "## Card {#victim}\n\n[here](https://osce.org/victim)\n") == []


@pytest.mark.parametrize("line", ["victim", "victim |", "| the person", "a | b | c | d"])
def test_a_line_of_the_list_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "avoid.txt").write_text(f"# words\n\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape("en/avoid.txt:3: write word | instead")):
        read_avoided(tmp_path, "en")


def test_a_language_without_a_list_avoids_nothing(tmp_path: Path) -> None:
    assert read_avoided(tmp_path, "en") == []


def test_the_glossary_and_the_lists_say_the_same() -> None:
    glossary = (ROOT / "GLOSSARY.md").read_text("utf-8").split("## Words we don't use\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", glossary, re.M)]
    names = {"en": "English", "ru": "Russian", "kk": "Kazakh"}
    listed = [
        [names[language], ", ".join(entry.words), entry.instead, ", ".join(entry.beside)]
        for language in names
        for entry in read_avoided(LOCALES, language)
    ]
    assert rows[2:] == listed


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_shipped_content_says_none_of_them(language: str) -> None:
    avoided = read_avoided(LOCALES, language)
    paths = [
        path for pattern in ("lessons/*.md", "bank/*.md", "policy.md") for path in (LOCALES / language).glob(pattern)
    ]
    assert len(paths) > 20
    for path in paths:
        assert list(find_avoided(path.name, path.read_text("utf-8"), avoided)) == []
