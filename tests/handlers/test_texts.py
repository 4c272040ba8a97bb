"""Texts: in the language of the person, with values shown as they were typed, and plural forms that fit."""

import gettext
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from hypothesis import given
from hypothesis import strategies as st

from handlers.texts import DOMAIN, Texts, catalogue_path, load_texts
from models.people import Language

ONE, MANY = "{n} lesson of {name}", "{n} lessons of {name}"
FORMS = {
    Language.ENGLISH: ("{n} lesson of {name}", "{n} lessons of {name}"),
    Language.RUSSIAN: ("{n} урок: {name}", "{n} урока: {name}", "{n} уроков: {name}"),
    Language.KAZAKH: ("{n} сабақ (бір): {name}", "{n} сабақ: {name}"),
}
GREETING = {Language.ENGLISH: "Hello", Language.RUSSIAN: "Здравствуйте", Language.KAZAKH: "Сәлеметсіз бе"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Catalogues of two texts in each language."""
    root = tmp_path_factory.mktemp("locales")
    for language in Language:
        catalogue = Catalog(locale=language.value, domain=DOMAIN)
        catalogue.add((ONE, MANY), FORMS[language])
        catalogue.add("Hello", GREETING[language])
        catalogue.add("Not certain", "made up", flags=["fuzzy"])
        path = catalogue_path(language, root)
        path.parent.mkdir(parents=True)
        with path.open("wb") as target:
            write_po(target, catalogue)
    return root


@pytest.fixture(scope="module")
def texts(root: Path) -> dict[Language, Texts]:
    """The texts of those catalogues."""
    return load_texts(root)


def test_a_text_is_shown_in_the_language_asked_for(texts: dict[Language, Texts]) -> None:
    assert {language: texts[language]("Hello") for language in Language} == GREETING
    assert all(texts[language].language is language for language in Language)


def test_what_is_not_translated_or_not_certain_is_shown_in_english(texts: dict[Language, Texts]) -> None:
    for language in Language:
        assert texts[language]("Unknown {name}", name="x") == "Unknown x"
        assert texts[language]("Not certain") == "Not certain"


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        (Language.ENGLISH, {0: 1, 1: 0, 2: 1, 5: 1, 11: 1, 21: 1, 22: 1, 25: 1, 101: 1, 111: 1}),
        (Language.RUSSIAN, {0: 2, 1: 0, 2: 1, 5: 2, 11: 2, 21: 0, 22: 1, 25: 2, 101: 0, 111: 2}),
        (Language.KAZAKH, {0: 1, 1: 0, 2: 1, 5: 1, 11: 1, 21: 1, 22: 1, 25: 1, 101: 1, 111: 1}),
    ],
)
def test_the_form_fits_the_number(texts: dict[Language, Texts], language: Language, forms: dict[int, int]) -> None:
    for n, form in forms.items():
        assert texts[language].n(ONE, MANY, n, name="<A>") == FORMS[language][form].format(n=n, name="&lt;A&gt;")


class Seen(HTMLParser):
    """What Telegram would show, and what it would take for tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append("/" + tag)

    def handle_comment(self, data: str) -> None:
        self.tags.append("!")

    handle_decl = handle_pi = unknown_decl = handle_comment


NASTY = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            [
                "<b>",
                "</b>",
                "<a href='x'>",
                "&amp;",
                "&#60;",
                "<",
                ">",
                "&",
                "{name}",
                "{0}",
                "{",
                "}",
                '"',
                "x",
                "<!--",
            ]
        )
    ).map("".join),
)


@given(NASTY)
def test_a_value_is_shown_as_it_was_typed_and_never_becomes_formatting(value: str) -> None:

    _ = Texts(Language.ENGLISH, gettext.NullTranslations())
    for shown in (_("<b>Dear</b> {name}!", name=value), _.n("<b>Dear</b> {name}!", "-", 1, name=value)):
        seen = Seen()
        seen.feed(shown)
        seen.close()
        assert seen.tags == ["b", "/b"]
        assert unescape(shown.removeprefix("<b>Dear</b> ").removesuffix("!")) == unescape_twice(value)


def unescape_twice(value: str) -> str:
    """Python's `unescape` also mends characters that HTML forbids, which Telegram does not: do it to both sides."""
    return unescape(value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def test_numbers_and_braces_are_values_too(texts: dict[Language, Texts]) -> None:
    _ = texts[Language.ENGLISH]
    assert _("{a} and {b}", a=5, b="{a}") == "5 and {a}"
    assert _("a text without values may hold {braces}") == "a text without values may hold {braces}"


def test_a_missing_value_is_an_error_and_not_a_gap(texts: dict[Language, Texts]) -> None:
    with pytest.raises(KeyError):
        texts[Language.ENGLISH]("{a} and {b}", a=5)


@pytest.mark.parametrize(
    ("language", "shown"),
    [(Language.ENGLISH, "1 March, 00:30"), (Language.RUSSIAN, "1 марта, 00:30"), (Language.KAZAKH, "1 наурыз, 00:30")],
)
def test_a_moment_is_told_in_the_time_of_kazakhstan(
    texts: dict[Language, Texts], language: Language, shown: str
) -> None:
    assert texts[language].moment(datetime(2026, 2, 28, 19, 30, tzinfo=UTC)) == shown


def test_a_missing_catalogue_is_noticed_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"qurmet\.po"):
        load_texts(tmp_path)


def test_the_catalogues_of_the_repository_can_be_read() -> None:
    texts = load_texts()
    assert set(texts) == set(Language)
    assert texts[Language.ENGLISH]("Flag an incident") == "Flag an incident"
