"""`preview` shows a lesson as a driver sees it, with all that is seen only after an answer."""

import re
from pathlib import Path

import pytest

from bot.mistake import Mistake
from bot.preview import preview_lesson
from tests.course_files import NAME, write_course, written, written_bank


@pytest.fixture
def root(tmp_path: Path) -> Path:
    long = "слово и дело " * 12
    text = written("ru").replace("**Слово** 1.", f"**да** 😀 *нет* [тут](https://osce.org)\n\n- {long}")
    bank = written_bank("ru").replace("{#test2}", "{#test2 .hard .zero}")
    return write_course(tmp_path, ru=text, ru_bank=bank)


@pytest.mark.parametrize("name", ["2", "02", "plain", "02-plain", "02-plain.md"])
def test_a_lesson_is_found_by_number_and_by_name(root: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert preview_lesson(name, "ru", root) == 0
    assert capsys.readouterr().out.startswith("2. Слово\n")


def test_cards_questions_explanations_and_bank_are_shown_in_order(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preview_lesson("2", "ru", root)
    out = capsys.readouterr().out
    headings = [line.split(" ─")[0] for line in out.splitlines() if "─" in line]
    assert [heading.rsplit(" · ", 1)[0] for heading in headings] == [
        *(f"card {n} of 4 · card{n}" for n in range(1, 5)),
        *(f"question {n} of 3 · ask{n}" for n in range(1, 4)),
        "bank 1 of 3 · test1",
        "bank 2 of 3 .hard .zero · test2",
        "bank 3 of 3 · test3",
    ]
    assert headings[1].endswith("23/600")
    assert headings[4].endswith("/1000")
    asked = out.split("ask1")[1].split("ask2")[0]
    assert [line.rstrip() for line in asked.splitlines() if line.startswith(("1.", "2.", "3.", "   "))] == [
        "1. Слово 1",
        "   Слово 1.  (8/400)",
        "2. Слово 1  ← right",
        "   Слово 1.  (8/400)",
        "3. Слово 1",
        "   Слово 1.  (8/400)",
    ]


def test_through_a_pipe_there_are_no_colours_and_no_line_is_longer_than_80(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    preview_lesson("2", "ru", root)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) == 80


def test_a_terminal_shows_bold_italic_and_links(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    preview_lesson("2", "ru", root)
    marked = re.findall(r"\x1b\[(\d)m([^\x1b]*)\x1b\[0m", capsys.readouterr().out)
    assert [one for one in marked if one[1] in ("да", "нет", "тут")] == [("1", "да"), ("3", "нет"), ("4", "тут")]


def test_a_broken_lesson_is_answered_with_its_faults(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_course(
        root, ru=written("ru").replace("minutes: 3", "minutes: 30"), ru_bank=written_bank("ru").replace("[x]", "[ ]", 1)
    )
    assert preview_lesson("2", "ru", root) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"ru/bank/{NAME}:5: 0 options are marked [x], exactly one must be",
        f"ru/lessons/{NAME}:6: minutes: input should be less than or equal to 10",
    ]


def test_a_key_that_bank_and_lesson_share_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_course(root, ru_bank=written_bank("ru").replace("{#test1}", "{#ask1}"))
    assert preview_lesson("2", "ru", root) == 1
    assert "the key {#ask1} is taken by a question of ru/lessons" in capsys.readouterr().out


def test_other_broken_lessons_and_other_languages_do_not_matter(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "ru" / "lessons" / "03-broken.md").write_text("nothing", encoding="utf-8")
    (root / "kk" / "lessons" / NAME).unlink()
    assert preview_lesson("2", "ru", root) == 0
    assert "Слово" in capsys.readouterr().out


def test_a_lesson_without_bank_is_shown(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "ru" / "bank" / NAME).unlink()
    assert preview_lesson("2", "ru", root) == 0
    assert capsys.readouterr().out.endswith("This lesson has no bank of questions yet.\n")


@pytest.mark.parametrize(
    ("name", "language", "reason"),
    [
        ("3", "ru", "no lesson '3' in ru: 02-plain"),
        ("", "ru", "no lesson '' in ru"),
        ("2", "de", "the language is kk, ru or en, not 'de'"),
        ("2", "..", "the language is kk, ru or en"),
    ],
)
def test_what_is_not_there_is_a_mistake_in_words(root: Path, name: str, language: str, reason: str) -> None:
    with pytest.raises(Mistake, match=reason):
        preview_lesson(name, language, root)
