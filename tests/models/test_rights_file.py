"""Cards on rights: what is wrong in a file is found with its place, and the shipped cards keep the rules of wording."""

import re
from pathlib import Path

import pytest

from models.lessons import ContentError, Course, load_course
from models.markup import units
from models.rights_file import RIGHTS_LIMIT
from tests.course_files import CARD, write_course, written_rights

LOCALES = Path(__file__).parents[2] / "locales"
LANGUAGES = ("kk", "ru", "en")
RU = f"ru/rights/{CARD}"


def faults_of(root: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        load_course(root)
    return [str(fault) for fault in caught.value.faults]


@pytest.fixture(scope="module")
def shipped() -> Course:
    return load_course(LOCALES)


def test_a_card_is_read_with_its_title_and_sources(tmp_path: Path) -> None:
    [card] = load_course(write_course(tmp_path)).rights("ru")
    assert (card.number, card.title, card.sources) == (1, "Слово", ("Слово",))
    assert card.text.text == "Слово Слово."
    assert card.text.entities == ({"type": "bold", "offset": 6, "length": 5},)


def test_cards_come_by_their_numbers(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    for language in LANGUAGES:
        text = written_rights(language).replace("number: 1", "number: 10")
        (root / language / "rights" / "10-other.md").write_text(text, encoding="utf-8")
    assert [card.number for card in load_course(root).rights("kk")] == [1, 10]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("number: 1", "number: 3", 2, "number 3 does not match the file name"),
        ("number: 1", "number: 0", 2, "number: input should be greater than or equal to 1"),
        ("title: Слово", "title: " + "я" * 61, 3, "title: string should have at most 60 characters"),
        ("title: Слово\n", "", 1, "title: field required"),
        ("title: Слово", "title: Слово\nslug: card", 4, "slug: extra inputs are not permitted"),
        ("  - Слово\n", "", 4, "sources: input should be a valid tuple"),
        ("  - Слово\n", "  - Слово\n  - Слово\n", 4, f"2 sources, but 1 in kk/rights/{CARD}"),
        ("  - Слово\n", "  - Слово\n" * 7, 4, "sources: tuple should have at most 6 items"),
        ("Слово **Слово**.", "", 1, "the card has no text"),
        ("Слово **Слово**.", "## Слово\n\nСлово", 8, "a card has no headings"),
        ("Слово **Слово**.", "> Слово", 8, "quotations (>) are not allowed"),
        ("Слово **Слово**.", "Словo", 8, "Latin and Cyrillic letters that look alike are mixed up"),
        ("Слово **Слово**.", "[Слово](http://osce.org)", 8, "a link must begin with https://"),
        ("Слово **Слово**.", "я" * 901, 7, "the card has 901 characters, 900 at most"),
        ("Слово **Слово**.", "😀" * 451, 7, "the card has 902 characters, 900 at most"),
    ],
)
def test_a_fault_of_a_card_is_told_by_file_and_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    text = written_rights("ru")
    assert old in text
    found = faults_of(write_course(tmp_path, ru_rights=text.replace(old, new, 1)))
    assert any(fault.startswith(f"{RU}:{line}: {reason}") for fault in found), found


def test_a_card_of_900_characters_fits(tmp_path: Path) -> None:
    text = written_rights("ru").replace("Слово **Слово**.", "я" * RIGHTS_LIMIT)
    [card] = load_course(write_course(tmp_path, ru_rights=text)).rights("ru")
    assert units(card.text.text) == RIGHTS_LIMIT


def test_a_card_that_a_language_lacks_is_named(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    (root / "ru" / "rights" / CARD).rename(root / "ru" / "rights" / "02-card.md")
    assert faults_of(root) == [
        "en/rights/02-card.md:1: the card is missing in this language",
        "kk/rights/02-card.md:1: the card is missing in this language",
        f"{RU}:1: the card is missing in this language",
        "ru/rights/02-card.md:2: number 1 does not match the file name",
    ]


def test_a_number_belongs_to_one_card(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    for language in LANGUAGES:
        (root / language / "rights" / "01-other.md").write_text(written_rights(language), encoding="utf-8")
    assert faults_of(root) == [
        f"{language}/rights/01-other.md:2: number 1 is taken by {language}/rights/{CARD}"
        for language in sorted(LANGUAGES)
    ]


def test_without_a_card_the_bot_does_not_start(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    for language in LANGUAGES:
        (root / language / "rights" / CARD).unlink()
    assert faults_of(root) == [f"{language}/rights:1: no card here" for language in sorted(LANGUAGES)]


def test_the_shipped_cards_are_the_same_in_all_languages_and_fit_on_a_screen(shipped: Course) -> None:
    cards = [shipped.rights(language) for language in LANGUAGES]
    assert len(cards[0]) == 10
    for same in zip(*cards, strict=True):
        assert len({card.number for card in same}) == 1
        # What stays the same whatever the language: articles, dates, numbers to call, commands.
        figures = [set(re.findall(r"/\w+|\d[\d-]*\d", re.sub(r"[\d,  ]+ ₸", "", card.text.text))) for card in same]
        assert figures[0] == figures[1] == figures[2], same[0].title
        assert len({card.text.text.count("• ") for card in same}) == 1


def test_what_is_said_of_the_law_has_a_day_and_is_no_legal_advice(shipped: Course) -> None:
    advice = {"kk": "заң кеңесі емес", "ru": "не юридическая консультация", "en": "not legal advice"}
    for language in LANGUAGES:
        lawful = [card for card in shipped.rights(language) if re.search(r"434|115-1|131|73-3|145", card.text.text)]
        assert len(lawful) >= 3
        for card in lawful:
            assert advice[language] in card.text.text, card.title
        law = shipped.rights(language)[1].text.text
        points = [line for line in law.split("\n") if line.startswith("• ")]
        assert [re.findall(r"434|115-1|131", point) for point in points] == [["434"], ["115-1"], ["131"], []]
        assert all(re.search(r"\d\d\.\d\d\.20\d\d", point) for point in points)


PUSHING = {
    "kk": r"міндеттісіз|керексіз|қауіпсізсіз",
    "ru": r"(?i)\bвы должны|обязаны|вам следует|вы в безопасности|почему вы",
    "en": r"(?i)\byou (must|should|have to|ought)|safe now|why didn't|that's awful",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_pushed_or_blamed(shipped: Course, language: str) -> None:
    texts = [card.text.text for card in shipped.rights(language)]
    assert all(re.search(PUSHING[language], text) is None for text in texts)
    fault = {"kk": "Сіздің кінәңіз жоқ", "ru": "не виноваты|Вашей вины", "en": "not your fault"}[language]
    assert sum(re.search(fault, text) is not None for text in texts) >= 5
