"""What stands beside the lessons: banks of questions, the policy, pictures; and a lesson tried before it is there."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.lessons import ContentError, Course, Fault, Lesson, Level, load_course, try_lesson
from models.markup import MARKDOWN, render
from tests.course_files import NAME, write_course, written, written_bank, written_policy

LOCALES = Path(__file__).parents[2] / "locales"
BANK = f"ru/bank/{NAME}"


def faults_of(root: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        load_course(root)
    return [str(fault) for fault in caught.value.faults]


@pytest.fixture(scope="module")
def shipped() -> Course:
    return load_course(LOCALES)


def marked(language: str, marks: str) -> str:
    return written_bank(language).replace("{#test2}", f"{{#test2 {marks}}}")


@pytest.mark.parametrize(
    ("marks", "level", "zero"),
    [
        (".easy", Level.EASY, False),
        (".hard", Level.HARD, False),
        (".zero", Level.MEDIUM, True),
        (".hard .zero", Level.HARD, True),
        (".zero  .easy", Level.EASY, True),
    ],
)
def test_marks_make_a_question_easy_or_hard_or_one_without_tolerance(
    tmp_path: Path, marks: str, level: Level, zero: bool
) -> None:
    changed = {f"{language}_bank": marked(language, marks) for language in ("kk", "ru", "en")}
    course = load_course(write_course(tmp_path, **changed))
    asked = {question.key: question for question in course.bank(2, "ru")}
    assert (asked["test2"].level, asked["test2"].zero) == (level, zero)
    assert (asked["test1"].level, asked["test1"].zero) == (Level.MEDIUM, False)


def test_marks_work_in_lessons_too(tmp_path: Path) -> None:
    lessons = {i: written(i).replace("{#ask2}", "{#ask2 .hard .zero}") for i in ("kk", "ru", "en")}
    course = load_course(write_course(tmp_path, **lessons))
    levels = [(question.key, question.level, question.zero) for question in course.lesson(2, "kk").questions]
    assert levels == [("ask1", "medium", False), ("ask2", "hard", True), ("ask3", "medium", False)]


def test_a_question_is_found_by_lesson_and_key_wherever_it_stands(tmp_path: Path) -> None:
    course = load_course(write_course(tmp_path))
    in_lesson, in_bank = course.question(2, "ask1", "ru"), course.question(2, "test1", "ru")
    assert (in_lesson, in_bank) == (course.lesson(2, "ru").questions[0], course.bank(2, "ru")[0])
    assert in_lesson is not None
    assert in_bank is not None
    assert (in_lesson.lesson, in_bank.lesson) == (2, 2)
    assert course.question(2, "gone", "ru") is None
    assert course.question(3, "ask1", "ru") is None


def test_the_pool_has_every_question_of_a_language_once(tmp_path: Path) -> None:
    course = load_course(write_course(tmp_path))
    assert [question.key for question in course.pool("en")] == ["ask1", "ask2", "ask3", "test1", "test2", "test3"]
    assert course.pool("en")[3].screen.text.startswith("Word 1?")


def test_the_policy_is_read_with_its_version_and_the_hash_of_its_text(tmp_path: Path) -> None:
    policy = load_course(write_course(tmp_path)).policy("ru")
    assert (policy.version, policy.date) == (3, date(2026, 9, 1))
    assert policy.text.text == "Слово Слово."
    assert policy.text.entities == ({"type": "bold", "offset": 6, "length": 5},)
    assert policy.hash == sha256(written_policy("ru").encode()).hexdigest()


def test_line_ends_of_another_system_do_not_change_the_hash_of_the_policy(tmp_path: Path) -> None:
    before = load_course(write_course(tmp_path)).policy("ru").hash
    (tmp_path / "ru" / "policy.md").write_bytes(b"\xef\xbb\xbf" + written_policy("ru").replace("\n", "\r\n").encode())
    assert load_course(tmp_path).policy("ru").hash == before
    changed = write_course(tmp_path, ru_policy=written_policy("ru").replace("**.", "**!"))
    assert load_course(changed).policy("ru").hash != before


def test_every_lesson_has_its_picture(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    assert load_course(root).picture(2) == root / "pictures" / "02-plain.svg"
    (root / "pictures" / "02-plain.svg").unlink()
    assert faults_of(root) == ["pictures/02-plain.svg:1: the lesson has no picture"]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("number: 2", "number: 3", 2, "number 3 does not match the file name"),
        ("number: 2", "number: 2\ntitle: Слово", 3, "title: extra inputs are not permitted"),
        ("## ? {#test2}", "## Слово {#test2}", 19, "a question's heading is ## ? {#key}"),
        ("{#test2}", "{#ask2}", 19, "the key {#ask2} is taken by a question of ru/lessons/02-plain.md"),
        ("{#test2}", "{#test1}", 19, "the key {#test1} stands here for the second time"),
        ("{#test2}", "{#test2 .grave}", 19, "the mark '.grave' is not known"),
        ("{#test2}", "{#test2 .hard}", 19, "{#test2} is marked .hard here, but nothing in kk/bank/02-plain.md"),
        ("{#test2}", "{#other}", 19, "the question {#other} is not in kk/bank/02-plain.md"),
        ("- [ ] Слово 1 {#six}\n\n  Слово 1.\n", "", 12, "2 options, between 3 and 4 are needed"),
        ("  Слово 1.\n", "", 9, "the option has no explanation"),
    ],
)
def test_a_fault_of_a_bank_is_told_by_file_and_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    text = written_bank("ru")
    assert old in text
    found = faults_of(write_course(tmp_path, ru_bank=text.replace(old, new, 1)))
    assert any(fault.startswith(f"{BANK}:{line}: {reason}") for fault in found), found


@pytest.mark.parametrize(("count", "fits"), [(2, False), (3, True), (12, True), (13, False)])
def test_a_bank_has_from_three_to_twelve_questions(tmp_path: Path, count: int, fits: bool) -> None:
    banks = {}
    for language in ("kk", "ru", "en"):
        front, first, *_ = written_bank(language).split("\n## ?")
        banks[f"{language}_bank"] = front + "".join(
            "\n## ?" + first.replace("test1", f"test{n}") for n in range(1, count + 1)
        )
    root = write_course(tmp_path, **banks)
    if fits:
        assert len(load_course(root).bank(2, "en")) == count
    else:
        assert all(f"{count} questions, between 3 and 12 are needed" in fault for fault in faults_of(root))


def test_a_lesson_without_bank_and_a_bank_without_lesson_are_named(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    (root / "ru" / "bank" / NAME).rename(root / "ru" / "bank" / "03-plain.md")
    assert [fault for fault in faults_of(root) if "no " in fault] == [
        f"{BANK}:1: the lesson has no bank of questions in this language",
        "ru/bank/03-plain.md:1: there is no lesson of this name",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("version: 3", "version: 4", 2, "version 4, but 3 in kk/policy.md"),
        ("2026-09-01", "2026-09-02", 3, "date 2026-09-02, but 2026-09-01 in kk/policy.md"),
        ("2026-09-01", "1.9.2026", 3, "date: value error, write the day like 2026-09-01"),
        ("2026-09-01", "2026-13-01", 3, "date: input should be a valid date"),
        ("version: 3", "version: 0", 2, "version: input should be greater than or equal to 1"),
        ("version: 3\n", "", 1, "version: field required"),
        ("\nСлово", "\n## Слово\n\nСлово", 6, "the policy has no headings"),
        ("\nСлово", "\n# Слово\n\nСлово", 6, "the policy has no headings"),
        ("\nСлово", "\n> Слово", 6, "quotations (>) are not allowed"),
        ("Слово **Слово**.", "", 1, "the policy has no text"),
        ("Слово **", "я" * 3500 + " **", 1, "the policy has 3507 characters, 3500 at most"),
    ],
)
def test_a_fault_of_the_policy_is_told_by_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    text = written_policy("ru")
    assert old in text
    found = faults_of(write_course(tmp_path, ru_policy=text.replace(old, new, 1)))
    assert any(fault.startswith(f"ru/policy.md:{line}: {reason}") for fault in found), found


def test_a_policy_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    (root / "en" / "policy.md").unlink()
    assert faults_of(root) == ["en/policy.md:1: the file can't be read: No such file or directory"]


def test_a_lesson_is_tried_without_being_in_the_repository() -> None:
    lesson = try_lesson(written("ru"), NAME, "ru")
    assert isinstance(lesson, Lesson)
    assert (lesson.number, lesson.language, len(lesson.cards)) == (2, "ru", 4)
    assert try_lesson("\ufeff" + written("ru").replace("\n", "\r\n"), NAME, "ru") == lesson


def test_all_that_is_wrong_in_a_tried_lesson_is_told() -> None:
    faults = try_lesson(written("ru").replace("minutes: 3", "minutes: 30").replace("[x]", "[ ]", 1), NAME, "ru")
    assert faults == [
        Fault(NAME, 6, "minutes: input should be less than or equal to 10"),
        Fault(NAME, 27, "0 options are marked [x], exactly one must be"),
    ]
    assert try_lesson(written("ru"), "lesson.md", "ru") == [
        Fault("lesson.md", 1, "'lesson.md' is no lesson's file name: write it like 02-four-forms.md")
    ]


FRONT, BODY = written("ru").split("---\n", 2)[1:]
HOSTILE = {
    "nothing": "",
    "blanks": " \n" * 30_000,
    "letters": "я" * 65_000,
    "half of a pair": written("ru").replace("Слово 2?", "\ud800"),
    "brackets in YAML": f"---\n{FRONT}tags: {'[' * 3800}\n---\n{BODY}",
    "braces in YAML": f"---\n{FRONT}tags: {'{a: ' * 900}\n---\n{BODY}",
    "YAML that multiplies": f"---\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nsources: [*c, *c]\n---\n{BODY}",
    "a control character by escape": written("ru").replace("title: Слово", r'title: "\u0007"'),
    "a number of a thousand digits": written("ru").replace("number: 2", "number: " + "9" * 1000),
    "keys": f"---\n{FRONT}---\n## {'{#' * 18_000}",
    "marks": f"---\n{FRONT}---\n## ? {{#a {'.x ' * 12_000}}}",
    "blanks in a heading": f"---\n{FRONT}---\n## a{chr(160) * 38_000}b",
    "headings": f"---\n{FRONT}---\n" + "## a {#b}\n" * 3_800,
    "options": f"---\n{FRONT}---\n## ? {{#a}}\n\nb\n\n" + "- [x] c {#d}\n\n  e\n" * 2_000,
    "lists": f"---\n{FRONT}---\n## a {{#b}}\n\n{'- ' * 9_000}",
    "links": f"---\n{FRONT}---\n## a {{#b}}\n\n{'![' * 5_000}",
    "stars": f"---\n{FRONT}---\n## a {{#b}}\n\n{'**a *b ' * 5_000}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_is_answered_with_faults(text: str) -> None:
    faults = try_lesson(text, NAME, "ru")
    assert isinstance(faults, list)
    assert all(1 <= fault.line <= text.count("\n") + 1 for fault in faults)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.text(max_size=30), st.integers(0, len(written("ru"))))
def test_trying_never_raises(text: str, name: str, at: int) -> None:
    whole = written("ru")
    assert try_lesson(whole[:at] + text + whole[at:], name, "ru")


def test_simple_texts_look_as_the_renderer_of_lists_shows_them() -> None:
    """Paragraphs are rendered without HTML; a list beside them sends the same text the long way."""
    for text in (
        "да **нет** *так* [тут](https://osce.org)",
        "**a *b* c**\nd",
        "😀 **😀**\n\n*x* &amp; y",
        "a  b",
        "[да&#32;](https://osce.org) нет",
    ):
        short, long = render(MARKDOWN.parse(text)), render(MARKDOWN.parse(text + "\n\n- z"))
        assert long.text == short.text + "\n\n• z"
        by_place = sorted(map(str, (sorted(entity.items()) for entity in long.entities)))
        assert sorted(map(str, (sorted(entity.items()) for entity in short.entities))) == by_place


def test_the_shipped_banks_ask_at_every_level(shipped: Course) -> None:
    for number in shipped.numbers:
        levels = [question.level for question in shipped.bank(number, "kk")]
        assert {Level.EASY, Level.MEDIUM, Level.HARD} <= set(levels), number
    assert sum(question.zero for question in shipped.pool("kk")) >= 10


def test_the_shipped_policy_is_one_in_all_languages(shipped: Course) -> None:
    policies = [shipped.policy(language) for language in shipped.languages]
    assert len({(policy.version, policy.date) for policy in policies}) == 1
    assert len({policy.hash for policy in policies}) == 3
