"""`check` tells faults from hints: faults fail, hints are places to look at."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.check import check_content, hints
from bot.in_step import FILE, record
from bot.spelling import CannotSpell
from models.lessons import LANGUAGES
from tests.course_files import CARD, NAME, write_course, written, written_bank, written_policy, written_rights


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Content in step, catalogues without faults, and a speller that finds nothing."""
    write_course(tmp_path)
    for language in LANGUAGES:
        (tmp_path / language / "distress.txt").write_text("= SOS\n", encoding="utf-8")
    record(tmp_path)
    monkeypatch.setattr("bot.check.faults", lambda _root: [])
    monkeypatch.setattr("bot.check.unknown_words", lambda *_: [])
    return tmp_path


def avoid(root: Path, line: str) -> None:
    (root / "ru" / "avoid.txt").write_text(f"{line}\n", encoding="utf-8")


def test_right_content_has_neither_faults_nor_hints(root: Path) -> None:
    avoid(root, "жертва | тот, кто сообщил")
    assert [*check_content(root), *hints(root)] == []


def test_words_that_are_not_used_are_faults_in_lessons_banks_cards_and_the_policy(root: Path) -> None:
    avoid(root, "жертва | тот, кто сообщил")
    texts = {"ru": written("ru"), "ru_bank": written_bank("ru"), "ru_rights": written_rights("ru")}
    texts["ru_policy"] = written_policy("ru")
    write_course(root, **{name: text + "\nЖертва\n" for name, text in texts.items()})
    names = (f"lessons/{NAME}", f"bank/{NAME}", f"rights/{CARD}", "policy.md")
    found = [fault for fault in check_content(root) if "Жертва" in fault]
    assert found == [
        f'ru/{name}:{text.count(chr(10)) + 2}: "Жертва" is not said here: тот, кто сообщил'
        for name, text in zip(names, texts.values(), strict=True)
    ]


def test_words_that_are_not_used_are_faults_in_the_texts_of_the_bot_too(root: Path) -> None:
    avoid(root, "жертва | тот, кто сообщил")
    catalogue = root / "ru" / "LC_MESSAGES" / "qurmet.po"
    catalogue.parent.mkdir()
    catalogue.write_text('msgid "Somebody"\nmsgstr "Жертва"\n', encoding="utf-8")
    assert list(check_content(root)) == ['ru/LC_MESSAGES/qurmet.po:2: "Жертва" is not said here: тот, кто сообщил']


def test_a_broken_list_of_words_is_a_fault(root: Path) -> None:
    avoid(root, "жертва")
    assert list(check_content(root)) == ["ru/avoid.txt:1: write word | instead, or word | instead | beside"]


def test_a_missing_or_broken_list_of_distress_words_is_a_fault(root: Path) -> None:
    (root / "kk" / "distress.txt").unlink()
    (root / "ru" / "distress.txt").write_text("= помогите /\n", encoding="utf-8")
    assert list(check_content(root)) == [
        "kk/distress.txt:1: the list of distress words can't be read: FileNotFoundError",
        "ru/distress.txt:1: write words on both sides of / and +",
    ]


def test_faults_of_the_content_are_told_by_file_and_line(root: Path) -> None:
    write_course(root, ru_bank=written_bank("ru").replace("{#test1}", "{#test1 .grave}"))
    assert list(check_content(root)) == [
        f"ru/bank/{NAME}:5: the mark '.grave' is not known: .easy, .hard and .zero are"
    ]


def test_what_is_behind_is_a_hint_by_name(root: Path) -> None:
    write_course(root, en_policy=written_policy("en").replace("**.", "**!"))
    assert list(check_content(root)) == []
    assert list(hints(root)) == ["kk/policy.md: behind en", "ru/policy.md: behind en"]


def test_a_record_that_cannot_be_read_does_not_stop_the_check(root: Path) -> None:
    (root / FILE).write_text("{", encoding="utf-8")
    assert list(hints(root)) == [f"{FILE} can't be read: delete it, and python -m bot texts makes a new one"]


def speller(count: int) -> Callable[..., list[tuple[str, int, str]]]:
    def unknown(_texts: object, language: str, _known: object) -> list[tuple[str, int, str]]:
        return [("policy.md", n, f"w{n}") for n in range(1, count + 1)] if language == "ru" else []

    return unknown


@pytest.fixture
def spelled(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda count: monkeypatch.setattr("bot.check.unknown_words", speller(count))


def test_unknown_words_are_hints_with_file_and_line(root: Path, spelled: Callable[[int], None]) -> None:
    spelled(30)
    assert list(hints(root)) == [f"ru/policy.md:{n}: w{n}" for n in range(1, 31)]


def test_many_unknown_words_are_one_line_unless_all_are_asked_for(root: Path, spelled: Callable[[int], None]) -> None:
    spelled(31)
    assert list(hints(root)) == ["ru: 31 words are in no dictionary: python -m bot check --words lists them"]
    assert len(list(hints(root, all_words=True))) == 31


def test_without_a_dictionary_one_line_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_texts: object, language: str, _known: object) -> list[tuple[str, int, str]]:
        if language == "kk":
            raise CannotSpell("hunspell has no dictionary kk_KZ")
        return []

    monkeypatch.setattr("bot.check.unknown_words", unknown)
    assert list(hints(root)) == ["kk: spelling was not looked at: hunspell has no dictionary kk_KZ"]
