"""Lessons: whatever is wrong in a file is found with its place, and the shipped course keeps its promises."""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.lessons import ContentError, Course, Fault, Lesson, Rich, join, load_course, try_lesson
from models.markup import MARKDOWN, look_alikes, render, units
from tests.course_files import NAME, WORDS, write_course, written

LOCALES = Path(__file__).parents[2] / "locales"


def faults_of(root: Path) -> list[Fault]:
    with pytest.raises(ContentError) as caught:
        load_course(root)
    assert str(caught.value).split("\n") == [str(fault) for fault in caught.value.faults]
    return caught.value.faults


@pytest.fixture(scope="module")
def shipped() -> Course:
    return load_course(LOCALES)


@pytest.fixture(scope="module")
def lessons(shipped: Course) -> list[Lesson]:
    return [shipped.lesson(number, language) for number in shipped.numbers for language in shipped.languages]


def test_the_shortest_right_course_loads(tmp_path: Path) -> None:
    course = load_course(write_course(tmp_path))
    assert (course.numbers, course.languages) == ((2,), ("kk", "ru", "en"))
    lesson = course.lesson(2, "ru")
    assert lesson.cards[0].screen.text == "Слово 1\n\nСлово Слово 1."
    assert lesson.cards[0].screen.entities == (
        {"type": "bold", "offset": 0, "length": 7},
        {"type": "bold", "offset": 15, "length": 5},
    )
    question = lesson.questions[0]
    assert question.screen.text == "Слово 1?\n\n1. Слово 1\n\n2. Слово 1\n\n3. Слово 1"
    assert [option.right for option in question.options] == [False, True, False]
    assert question.answer.key == "two"
    with pytest.raises(KeyError):
        course.lesson(3, "ru")


OPTION = "- [x] Слово 1 {#two}\n\n  Слово 1.\n"
CARD = "## Слово 2 {#card2}\n\nСлово **Слово** 2.\n"
OPTIONS = written("ru").split("Слово 1?\n")[1].split("\n## ?")[0]
QUESTION = "\n## ? {#ask2}" + written("ru").split("## ? {#ask2}")[1].split("\n## ?")[0]

# What is wrong: (text in the Russian file, what it becomes, text of the line that is named, reason)
BROKEN = {
    "a card too long": (CARD, CARD + "я" * 590, "{#card2}", "the card has 614 characters, 600 at most"),
    "emoji count twice": (CARD, CARD + "😀" * 295, "{#card2}", "the card has 614 characters, 600 at most"),
    "too few cards": (CARD, "", "{#card4}", "3 cards, between 4 and 6 are needed"),
    "a card without text": (
        CARD,
        "## Слово 2 {#card2}\n",
        "{#card2}",
        "the card has no text",
    ),
    "a card without a title": (
        "## Слово 2 {#card2}",
        "## {#card2}",
        "{#card2}",
        "the heading has a key but no title",
    ),
    "a title too long": (
        "Слово 2 {#",
        "я" * 61 + " {#",
        "{#card2}",
        "the title has 61 characters, 60 at most",
    ),
    "a heading without key": (
        "Слово 2 {#card2}",
        "Слово 2",
        "## Слово 2",
        "the heading needs a key at its end",
    ),
    "a key in Cyrillic": ("{#card2}", "{#карта}", "{#карта}", "the heading needs a key at its end"),
    "a key taken twice": ("{#card2}", "{#card1}", "## Слово 2", "{#card1} stands here for the second time"),
    "marks in a heading": ("## Слово 2", "## *Слово* 2", "{#card2}", "a heading is plain text"),
    "text above the cards": (
        "\n## Слово 1",
        "\nСлово 0\n\n## Слово 1",
        "Слово 0",
        "the body begins with a ## heading",
    ),
    "a card after the questions": (
        CARD,
        "@end",
        "{#card2}",
        "cards stand before the questions",
    ),
    "too few questions": (QUESTION, "", "{#ask3}", "2 questions, between 3 and 5 are needed"),
    "a title of a question": (
        "## ? {#ask2}",
        "## ? Слово {#ask2}",
        "{#ask2}",
        "a question's heading is ## ? {#key}",
    ),
    "no scenario": ("Слово 2?\n", "", "{#ask2}", "the question has no scenario"),
    "a question too long": (
        "Слово 2?",
        "я" * 999,
        "{#ask2}",
        "the question with its options has 1035 characters, 1000 at most",
    ),
    "text after the options": (
        "\n## ? {#ask2}",
        "\nХвост\n\n## ? {#ask2}",
        "Хвост",
        "nothing stands after the options",
    ),
    "too few options": (OPTION, "", "{#six}", "2 options, between 3 and 4 are needed"),
    "too many options": (
        OPTION,
        OPTION + OPTION.replace("x]", " ]").replace("two", "a") + OPTION.replace("x]", " ]").replace("two", "b"),
        "{#six}",
        "5 options, between 3 and 4 are needed",
    ),
    "no options": (
        OPTIONS,
        "",
        "{#ask1}",
        "0 options, between 3 and 4 are needed",
    ),
    "no right option": (
        "[x] Слово 1",
        "[ ] Слово 1",
        "{#ask1}",
        "0 options are marked [x], exactly one must be",
    ),
    "two right options": (
        "[ ] Слово 1",
        "[x] Слово 1",
        "{#ask1}",
        "2 options are marked [x], exactly one must be",
    ),
    "an option unexplained": (
        OPTION,
        "- [x] Слово 1 {#two}\n",
        "{#two}",
        "the option has no explanation",
    ),
    "an explanation too long": (
        OPTION,
        OPTION + "  " + "я" * 400 + "\n",
        "{#two}",
        "the explanation has 409 characters, 400 at most",
    ),
    "an explanation glued on": (
        OPTION,
        "- [x] Слово 1 {#two}\n  Слово 1.\n",
        "{#two}",
        "an empty line and two spaces stand between",
    ),
    "an option without box": ("- [x] Слово", "- Слово", "{#two}", "an option begins with [ ] or [x]"),
    "an option without key": (
        OPTION,
        OPTION.replace(" {#two}", ""),
        "[x] Слово 1",
        "the option needs a key",
    ),
    "an option without text": ("[x] Слово 1 {", "[x] {", "{#two}", "the option has a key but no text"),
    "marks in an option": ("[x] Слово 1", "[x] *Слово* 1", "{#two}", "an option is plain text"),
    "an option's key twice": ("{#two}", "{#one}", "[x] Слово 1", "{#one} stands here for the second time"),
    "a table": (
        CARD,
        CARD + "\n| а | б |\n|---|---|\n| в | г |\n",
        "| а | б |",
        "tables are not shown by Telegram",
    ),
    "an image": (
        CARD,
        CARD + "\nДа\nи ![вид](https://x.org/a.png)\n",
        "![вид]",
        "images can't stand in a lesson",
    ),
    "a line of HTML": (CARD, CARD + "\nДа <b>так</b> и <br/>\n", "<b>", "raw HTML is not allowed"),
    "a block of HTML": (CARD, CARD + "\n<div>\nтак\n</div>\n", "<div>", "raw HTML is not allowed"),
    "a comment": (CARD, CARD + "\n<!-- так -->\n", "<!--", "raw HTML is not allowed"),
    "a code block": (CARD, CARD + "\n```\nтак\n```\n", "```", "code blocks have no place"),
    "code by indent": (CARD, CARD + "\n    так\n", "    так", "text indented by four spaces"),
    "code marks": (CARD, CARD + "\nДа `так`\n", "`так`", "code marks (`) have no place"),
    "a quotation": (CARD, CARD + "\n> так\n", "> так", "quotations (>) are not allowed"),
    "a line across": (CARD, CARD + "\n***\n", "***", "lines (---, ***) are not allowed"),
    "strikethrough": (CARD, CARD + "\n~~так~~\n", "~~так~~", "strikethrough (~~) is not allowed"),
    "a smaller heading": (CARD, CARD + "\n### так\n", "### так", "only ## headings are used"),
    "a link that is not safe": (
        CARD,
        CARD + "\n[так](http://x.org)\n",
        "[так]",
        "a link must begin with https://",
    ),
    "a Latin letter in a word": ("Слово 2?", "Слoво 2?", "Слoво", "mixed up in 'Слoво'"),
    "a Latin word by looks Cyrillic": (CARD, CARD + "\nОн c ней\n", "Он c", "mixed up in 'c'"),
    "a control character": ("Слово 2?", "Слово\x07 2?", "Слово\x07", r"control character '\x07'"),
    "no front matter": ("---\nnumber", "number", "number", "no front matter"),
    "front matter not closed": ("  - Слово\n---\n", "  - Слово\n", "---", "no front matter"),
    "YAML that is none": ("title: Слово", "title: [Слово", "objective", "front matter is not YAML"),
    "front matter that is a list": (
        written("ru").split("---\n")[1],
        "- Слово\n",
        "---",
        "front matter: input should be a valid dictionary",
    ),
    "no title": ("title: Слово\n", "", "---", "title: field required"),
    "no objective": ("objective: Слово\n", "", "---", "objective: field required"),
    "no sources": (
        "sources:\n  - Слово\n",
        "sources: []\n",
        "sources",
        "sources: tuple should have at least 1 item",
    ),
    "an empty title": (
        "title: Слово",
        "title: ''",
        "title",
        "title: string should have at least 1 character",
    ),
    "minutes in words": ("minutes: 3", "minutes: три", "minutes", "minutes: input should be a valid integer"),
    "an unknown field": (
        "minutes: 3",
        "minutes: 3\nauthor: Слово",
        "author",
        "author: extra inputs are not permitted",
    ),
    "a field twice": (
        "minutes: 3",
        "minutes: 3\nminutes: 3",
        "@last minutes",
        "minutes stands here for the second time",
    ),
    "another number": ("number: 2", "number: 3", "number", "number 3 does not match the file name"),
    "another slug": ("slug: plain", "slug: simple", "slug", "slug 'simple' does not match the file name"),
    "a line break in the title": (
        "title: Слово",
        'title: "Слово\\nСлово"',
        "title",
        "title: value error, one line, without control characters",
    ),
    "a key too long": ("{#ask2}", "{#" + "a" * 25 + "}", "## ? {#aaa", "has 25 characters, 24 at most"),
    "an option's key too long": ("{#two}", "{#" + "b" * 17 + "}", "[x] Слово 1", "has 17 characters, 16 at most"),
    "an unknown mark": (
        "{#ask2}",
        "{#ask2 .medium}",
        "{#ask2",
        "the mark '.medium' is not known: .easy, .hard and .zero are",
    ),
    "two levels": ("{#ask2}", "{#ask2 .easy .hard}", "{#ask2", "a question is .easy or .hard, not both"),
    "a mark twice": ("{#ask2}", "{#ask2 .zero .zero}", "{#ask2", "a mark stands here twice"),
    "marks of a card": ("{#card2}", "{#card2 .hard}", "{#card2", "marks stand in the heading of a question, not of a"),
    "marks of an option": ("{#two}", "{#two .hard}", "[x] Слово 1", "marks stand in the heading of a question, not at"),
    "a file too long": (CARD, CARD + "я" * 40_000, "---", "characters, 40000 at most"),
    "front matter too long": (
        "minutes: 3",
        "minutes: " + "[" * 4000,
        "---",
        "the front matter has 4082 characters, 4000 at most",
    ),
    # against the same lesson in Kazakh
    "other marks": (
        "{#ask2}",
        "{#ask2 .hard .zero}",
        "{#ask2",
        "{#ask2} is marked .hard .zero here, but nothing in kk/lessons/02-plain.md",
    ),
    "other minutes": ("minutes: 3", "minutes: 4", "minutes", "4 minutes, but 3 in kk/lessons/02-plain.md"),
    "a card more": (CARD, CARD + CARD.replace("card2", "more"), "{#more}", "the card {#more} is not in kk/"),
    "another right option": (
        OPTIONS,
        OPTIONS.replace("[x]", "[ ]").replace("[ ]", "[x]", 1),
        "{#one}",
        "'one' is right here, but 'two' in kk/",
    ),
}


def broken(case: str) -> tuple[str, int, str]:
    """The broken Russian file, the line at fault, the reason."""
    old, new, place, reason = BROKEN[case]
    whole = written("ru")
    assert old in whole
    text = whole.replace(old, "", 1) + "\n" + old if new == "@end" else whole.replace(old, new, 1)
    last = place.startswith("@last ")
    lines = [n for n, line in enumerate(text.split("\n"), 1) if place.removeprefix("@last ") in line]
    return text, lines[-1 if last else 0], reason


@pytest.mark.parametrize("case", BROKEN)
def test_a_fault_is_reported_with_file_line_and_reason(tmp_path: Path, case: str) -> None:
    text, line, reason = broken(case)
    faults = faults_of(write_course(tmp_path, ru=text))
    assert {fault.path for fault in faults} == {f"ru/lessons/{NAME}"}
    assert any(fault.line == line and reason in fault.reason for fault in faults), [line, *map(str, faults)]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("card2", "other", "card"),
        ("ask2", "other", "question"),
        ("two", "other", "option"),
    ],
)
def test_a_key_that_differs_between_languages_is_missing_and_unknown(
    tmp_path: Path, old: str, new: str, kind: str
) -> None:
    text = written("en").replace(f"{{#{old}}}", f"{{#{new}}}", 1)
    reasons = {fault.reason for fault in faults_of(write_course(tmp_path, en=text))}
    assert {
        f"the {kind} {{#{old}}} of kk/lessons/{NAME} is missing",
        f"the {kind} {{#{new}}} is not in kk/lessons/{NAME}",
    } <= reasons


@pytest.mark.parametrize(
    ("one", "two", "kind"),
    [("card2", "card3", "card"), ("ask2", "ask3", "question"), ("one", "six", "option")],
)
def test_another_order_in_one_language_is_reported_where_it_begins(
    tmp_path: Path, one: str, two: str, kind: str
) -> None:
    text = written("ru").replace(f"{{#{one}}}", "{#?}", 1).replace(f"{{#{two}}}", f"{{#{one}}}", 1)
    text = text.replace("{#?}", f"{{#{two}}}")
    line = text[: text.index(f"{{#{two}}}")].count("\n") + 1
    assert faults_of(write_course(tmp_path, ru=text)) == [
        Fault(f"ru/lessons/{NAME}", line, f"kk/lessons/{NAME} has the {kind} {{#{one}}} here, not {{#{two}}}")
    ]


def test_all_faults_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    kk = written("kk").replace("minutes: 3", "minutes: many")
    ru = written("ru").replace("[x]", "[ ]").replace("**Слово** 1", "`Слово` 1")
    faults = faults_of(write_course(tmp_path, kk=kk, ru=ru))
    assert [fault.path for fault in faults] == [f"kk/lessons/{NAME}", *[f"ru/lessons/{NAME}"] * 4]


def test_front_matter_written_another_way_is_compared_all_the_same(tmp_path: Path) -> None:
    text = written("ru").replace("minutes: 3", '"minutes": 4').replace("number: 2", '"number": 2')
    assert faults_of(write_course(tmp_path, ru=text)) == [
        Fault(f"ru/lessons/{NAME}", 1, f"4 minutes, but 3 in kk/lessons/{NAME}")
    ]


def test_a_lesson_missing_in_one_language_is_named(tmp_path: Path) -> None:
    write_course(tmp_path)
    (tmp_path / "en" / "lessons" / NAME).unlink()
    assert Fault(f"en/lessons/{NAME}", 1, "the lesson is missing in this language") in faults_of(tmp_path)


def test_a_course_without_lessons_is_refused(tmp_path: Path) -> None:
    assert [fault.path for fault in faults_of(tmp_path)] == ["en/lessons", "kk/lessons", "ru/lessons"]


def test_a_number_taken_twice_is_reported_in_every_language(tmp_path: Path) -> None:
    write_course(tmp_path)
    for language in WORDS:
        text = written(language).replace("slug: plain", "slug: twin")
        (tmp_path / language / "lessons" / "02-twin.md").write_text(text, encoding="utf-8")
        shutil.copy(tmp_path / language / "bank" / NAME, tmp_path / language / "bank" / "02-twin.md")
    shutil.copy(tmp_path / "pictures" / "02-plain.svg", tmp_path / "pictures" / "02-twin.svg")
    assert [str(fault) for fault in faults_of(tmp_path)] == [
        f"{language}/lessons/02-twin.md:2: number 2 is taken by {language}/lessons/02-plain.md"
        for language in ("en", "kk", "ru")
    ]


def test_a_file_name_that_is_no_lessons_is_refused(tmp_path: Path) -> None:
    write_course(tmp_path)
    for language in WORDS:
        for folder in ("lessons", "bank"):
            (tmp_path / language / folder / NAME).rename(tmp_path / language / folder / "plain.md")
    (tmp_path / "pictures" / "02-plain.svg").rename(tmp_path / "pictures" / "plain.svg")
    assert {fault.reason for fault in faults_of(tmp_path)} == {
        "'plain.md' is no lesson's file name: write it like 02-four-forms.md"
    }


def test_a_file_that_is_not_utf_8_is_refused_at_its_line(tmp_path: Path) -> None:
    write_course(tmp_path)
    path = tmp_path / "ru" / "lessons" / NAME
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:3], "Слово".encode("cp1251"), *lines[3:]]))
    assert faults_of(tmp_path) == [Fault(f"ru/lessons/{NAME}", 4, "the file is not UTF-8")]


def test_lines_are_counted_right_with_windows_line_ends(tmp_path: Path) -> None:
    text = written("ru").replace("minutes: 3", "minutes: 4")
    write_course(tmp_path)
    (tmp_path / "ru" / "lessons" / NAME).write_bytes(text.replace("\n", "\r\n").encode())
    assert [fault.line for fault in faults_of(tmp_path)] == [6]


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    assert faults_of(write_course(tmp_path, ru=text)) == [Fault(f"ru/lessons/{NAME}", 1, "the file is empty")]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("[x]", "[х]"),
        lambda text: text.replace("[x]", "[X]"),
        lambda text: text + "\n\n",
    ],
    ids=["Windows line ends", "byte order mark", "Cyrillic box", "capital box", "lines at the end"],
)
def test_what_editors_and_keyboards_do_is_forgiven(tmp_path: Path, change: Callable[[str], str]) -> None:
    write_course(tmp_path)
    (tmp_path / "ru" / "lessons" / NAME).write_bytes(change(written("ru")).encode())
    course = load_course(tmp_path)
    assert course.lesson(2, "ru").questions == load_course(write_course(tmp_path)).lesson(2, "ru").questions


def test_the_version_follows_the_text(tmp_path: Path) -> None:
    before = load_course(write_course(tmp_path)).lesson(2, "ru")
    after = load_course(write_course(tmp_path, ru=written("ru").replace("Слово 2?", "Слово два?")))
    assert before.version == load_course(write_course(tmp_path)).lesson(2, "ru").version
    assert before.version != after.lesson(2, "ru").version


def test_lists_links_and_emphasis_become_entities_that_count_utf_16(tmp_path: Path) -> None:
    text = written("ru").replace("**Слово** 2.", "😀 *да*, [так](https://osce.org)\n\n- **раз**\n- два")
    body = load_course(write_course(tmp_path, ru=text)).lesson(2, "ru").cards[1].body
    assert body.text == "Слово 😀 да, так\n\n• раз\n• два"
    assert [covered(body, entity) for entity in body.entities] == ["да", "так", "раз"]
    assert [entity["type"] for entity in body.entities] == ["italic", "text_link", "bold"]
    assert body.entities[1]["url"] == "https://osce.org"


@pytest.mark.parametrize("written_so", ["**да&nbsp;**", "**&nbsp;да**", "&nbsp;**да**", "&nbsp;&nbsp;**да**&nbsp;"])
def test_marks_never_reach_beyond_a_text_whose_ends_are_trimmed(written_so: str) -> None:
    shown = render(MARKDOWN.parse(written_so))
    assert shown.text == "да"
    assert shown.entities == ({"type": "bold", "offset": 0, "length": 2},)
    assert render(MARKDOWN.parse("да **&nbsp;**")) == Rich(text="да")


def test_joined_texts_keep_their_marks() -> None:
    strong = Rich(text="да", entities=({"type": "bold", "offset": 0, "length": 2},))
    joined = join("😀 1 ", strong, "\n", strong)
    assert [covered(joined, entity) for entity in joined.entities] == ["да", "да"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Сіз бен біз", []),
        ("Сiз бен біз", ["Сiз"]),
        ("он c ней, a она", ["c", "a"]),
        ("ЕҚЫҰ және inDrive, WhatsApp, 112", []),
        ("OSCE, a pilot training: учебный курс для водителей", []),
        ("A plain c and a cat", []),
        ("a сat", ["сat"]),
    ],
)
def test_letters_of_the_wrong_alphabet_are_found(text: str, words: list[str]) -> None:
    assert [word for _, word in look_alikes(text)] == words


PIECES = st.sampled_from(
    [
        *written("ru").splitlines(keepends=True),
        "---\n",
        "{#a}",
        "- [ ] ",
        "## ",
        "[",
        "&#x1;",
        "<b",
        "\t",
        "> ",
        "| ",
    ]
)
ANYTHING = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=60).map(
        lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
    ),
    st.tuples(st.integers(0, len(written("ru"))), st.text(max_size=20)).map(
        lambda cut: (written("ru")[: cut[0]] + cut[1] + written("ru")[cut[0] :]).encode("utf-8", "surrogatepass")
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANYTHING)
def test_no_file_raises_anything_but_a_content_error(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        root = write_course(Path(folder))
        path = root / "ru" / "lessons" / NAME
        path.write_bytes(content)
        try:
            assert_sendable(load_course(root, ["ru"]).lesson(2, "ru"))
            faults = []
        except ContentError as refused:
            faults = refused.faults
    lines = content.count(b"\n") + content.count(b"\r") + 1
    assert all(1 <= fault.line <= lines for fault in faults if fault.path.startswith("ru/"))


def covered(rich: Rich, entity: dict[str, object]) -> str:
    start, length = int(str(entity["offset"])), int(str(entity["length"]))
    return rich.text.encode("utf-16-le")[start * 2 : (start + length) * 2].decode("utf-16-le")


def assert_sendable(lesson: Lesson) -> None:
    """Every text of the lesson is one that Telegram accepts as it is, with all of its entities."""
    rich = [part for card in lesson.cards for part in (card.body, card.screen)]
    rich += [part for question in lesson.questions for part in (question.scenario, question.screen)]
    rich += [option.why for question in lesson.questions for option in question.options]
    for text in rich:
        assert text.text == text.text.strip()
        assert 0 < units(text.text) <= 1000
        for entity in text.entities:
            assert entity["type"] in {"bold", "italic", "text_link"}
            assert entity["offset"] >= 0
            assert entity["length"] > 0
            assert entity["offset"] + entity["length"] <= units(text.text)
            assert covered(text, entity).strip()


def test_the_example_for_authors_lacks_nothing_but_length() -> None:
    guide = (LOCALES.parent / "docs" / "authoring.md").read_text(encoding="utf-8")
    faults = try_lesson(guide.split("```markdown\n")[1].split("```")[0], "04-small-talk.md", "en")
    assert isinstance(faults, list)
    assert [fault.reason for fault in faults] == [
        "1 cards, between 4 and 6 are needed",
        "1 questions, between 3 and 5 are needed",
    ]


def test_the_shipped_course_teaches_the_four_forms_in_three_languages(shipped: Course) -> None:
    assert shipped.languages == ("kk", "ru", "en")
    assert 2 in shipped.numbers
    for language in shipped.languages:
        assert [card.key for card in shipped.lesson(2, language).cards] == [
            "four",
            "sexualised",
            "verbal",
            "nonverbal",
            "physical",
            "test",
        ]


def test_every_lesson_has_the_same_cards_questions_and_answers_in_all_languages(shipped: Course) -> None:
    for number in shipped.numbers:
        shapes = {
            (
                lesson.minutes,
                tuple(card.key for card in lesson.cards),
                tuple((q.key, q.answer.key, tuple(option.key for option in q.options)) for q in lesson.questions),
            )
            for lesson in (shipped.lesson(number, language) for language in shipped.languages)
        }
        assert len(shapes) == 1


def test_the_right_answer_is_not_given_away_by_its_place_or_length(lessons: list[Lesson]) -> None:
    for lesson in lessons:
        places = {question.options.index(question.answer) for question in lesson.questions}
        longest = [max(q.options, key=lambda option: len(option.text)).right for q in lesson.questions]
        assert len(places) > 1
        assert not all(longest)


def test_shipped_texts_can_be_sent_as_they_are(lessons: list[Lesson]) -> None:
    for lesson in lessons:
        assert_sendable(lesson)


def test_no_shipped_text_hides_a_letter_of_the_wrong_alphabet() -> None:
    for path in LOCALES.glob("*/lessons/*.md"):
        assert list(look_alikes(path.read_text(encoding="utf-8"))) == [], path
