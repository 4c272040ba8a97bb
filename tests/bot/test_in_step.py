"""Translations that are behind are named until somebody touches them or says that nothing has to change."""

import json
from pathlib import Path

import pytest

from bot.in_step import FILE, behind, record
from bot.mistake import Mistake
from tests.course_files import CARD, NAME, write_course

UNRECORDED = f"{FILE} does not know all that is in step: python -m bot texts"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Content that was recorded as in step."""
    write_course(tmp_path)
    record(tmp_path)
    return tmp_path


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")


def said(root: Path) -> list[str]:
    return list(behind(root))


def test_what_was_recorded_is_in_step(root: Path) -> None:
    assert said(root) == []


def test_the_record_holds_a_short_hash_for_each_file_and_language(root: Path) -> None:
    recorded = json.loads((root / FILE).read_text("utf-8"))
    assert sorted(recorded) == [f"bank/{NAME}", f"lessons/{NAME}", "policy.md", f"rights/{CARD}"]
    assert all(len(short) == 12 for texts in recorded.values() for short in texts.values())
    assert all(sorted(texts) == ["en", "kk", "ru"] for texts in recorded.values())


@pytest.mark.parametrize("name", [f"lessons/{NAME}", f"bank/{NAME}", f"rights/{CARD}", "policy.md"])
def test_a_change_in_english_leaves_the_others_behind_until_they_are_touched(root: Path, name: str) -> None:
    touch(root, f"en/{name}")
    assert said(root) == [f"kk/{name}: behind en", f"ru/{name}: behind en"]
    touch(root, f"ru/{name}")
    assert said(root) == [f"kk/{name}: behind en and ru"]
    touch(root, f"kk/{name}")
    assert said(root) == [UNRECORDED]
    record(root)
    assert said(root) == []


def test_a_change_in_russian_leaves_english_behind_too(root: Path) -> None:
    touch(root, f"ru/lessons/{NAME}")
    assert said(root) == [f"kk/lessons/{NAME}: behind ru", f"en/lessons/{NAME}: behind ru"]


def test_a_correction_in_kazakh_leaves_nobody_behind(root: Path) -> None:
    touch(root, f"kk/lessons/{NAME}")
    assert said(root) == [UNRECORDED]


def test_recording_does_not_forget_who_is_behind(root: Path) -> None:
    touch(root, f"en/lessons/{NAME}", "kk/policy.md")
    record(root)
    assert said(root) == [f"kk/lessons/{NAME}: behind en", f"ru/lessons/{NAME}: behind en"]


@pytest.mark.parametrize("name", ["02-plain", "02-plain.md", "lessons/02-plain"])
def test_looked_at_and_nothing_to_change_is_recorded(root: Path, name: str) -> None:
    touch(root, f"en/lessons/{NAME}", "en/policy.md")
    record(root, [name])
    assert said(root) == ["kk/policy.md: behind en", "ru/policy.md: behind en"]
    record(root, ["policy"])
    assert said(root) == []


def test_a_name_that_nothing_has_is_a_mistake_and_records_nothing(root: Path) -> None:
    touch(root, f"en/lessons/{NAME}")
    before = (root / FILE).read_bytes()
    with pytest.raises(Mistake, match="no lesson, bank or policy called '03-plain'"):
        record(root, ["02-plain", "03-plain"])
    assert (root / FILE).read_bytes() == before


def test_new_and_removed_files_are_recorded_by_the_next_run(root: Path) -> None:
    for language in ("kk", "ru", "en"):
        (root / language / "bank" / NAME).rename(root / language / "bank" / "03-new.md")
    assert said(root) == [UNRECORDED]
    record(root)
    assert said(root) == []
    assert f"bank/{NAME}" not in json.loads((root / FILE).read_text("utf-8"))


@pytest.mark.parametrize("text", ["{", "[]", '{"policy.md": 1}', "\ufffe"])
def test_a_record_that_cannot_be_read_is_a_mistake_in_words(root: Path, text: str) -> None:
    (root / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(Mistake, match="can't be read: delete it"):
        said(root)


def test_line_ends_of_another_system_change_nothing(root: Path) -> None:
    path = root / "en" / "policy.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert said(root) == []
