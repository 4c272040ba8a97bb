"""Catalogues: what the code says, every language says, with the same values and the same formatting."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from bot import catalogues
from bot.catalogues import extract, faults, read, refresh
from handlers.texts import DOMAIN, catalogue_path, load_texts
from models.behaviours import BEHAVIOURS, FORM_NAMES
from models.flags import ONCE_TOLD, OUTCOME_NAMES, OUTCOMES_FOR_REPORTER
from models.people import Language

CODE = """
from models.words import N_
NAME = N_("A name")
def show(_):
    # Shown to everybody.
    return _("<b>Dear</b> {name}, it is {time}") + _.n("{n} flag", "{n} flags", 3) + _("Plain, <i>really</i>")
"""
TEXT = "<b>Dear</b> {name}, it is {time}"
TRANSLATIONS = {
    "A name": "Имя",
    TEXT: "{time}: <b>здравствуйте</b>, {name}",
    ("{n} flag", "{n} flags"): ("{n} сообщение", "{n} сообщения", "{n} сообщений"),
    "Plain, <i>really</i>": "<i>Правда</i> просто",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Catalogues that are complete for a small piece of code."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "code.py").write_text(CODE)
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    root = tmp_path / "locales"
    for language in Language:
        catalogue = Catalog(locale=language.value, domain=DOMAIN)
        for text, translation in TRANSLATIONS.items():
            if language is Language.ENGLISH:
                translation = text
            catalogue.add(text, translation[: catalogue.num_plurals] if isinstance(translation, tuple) else translation)
        save(catalogue, Language(language), root)
    return root


def save(catalogue: Catalog, language: Language, root: Path) -> None:
    path = catalogue_path(language, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        write_po(target, catalogue)


def test_complete_catalogues_have_no_faults(root: Path) -> None:
    assert faults(root) == []


def translate(text: str | tuple[str, str], translation: str | tuple[str, ...]) -> Callable[[Catalog], None]:
    def change(catalogue: Catalog) -> None:
        catalogue[text].string = translation

    return change


def doubt(catalogue: Catalog) -> None:
    catalogue["A name"].flags.add("fuzzy")


PLURAL = ("{n} flag", "{n} flags")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda catalogue: catalogue.delete(TEXT), "missing: '<b>Dear"),
        (lambda catalogue: catalogue.add("Old", "Старое"), "no longer used: 'Old'"),
        (translate("A name", ""), "not translated: 'A name'"),
        (translate(PLURAL, ("{n} сообщение", "{n} сообщения", "")), "not translated: '{n} flag'"),
        (doubt, "not certain: 'A name'"),
        (translate(TEXT, "<b>Здравствуйте</b>, {name}"), "other placeholders: "),
        (translate(TEXT, "<b>Здравствуйте</b>, {name}, {время}"), "other placeholders: "),
        (translate(TEXT, "<b>Здравствуйте</b>, {name}, {time}, {more}"), "other placeholders: "),
        (translate(TEXT, "<b>Здравствуйте</b>, {name}, {time"), "other placeholders: "),
        (translate(PLURAL, ("{n} сообщение", "{n} сообщения", "много")), "other placeholders: '{n} flag'"),
        (translate(TEXT, "Здравствуйте, {name}, {time}"), "other formatting: "),
        (translate(TEXT, "<i>Здравствуйте</i>, {name}, {time}"), "other formatting: "),
        (translate(TEXT, "<b>Здравствуйте, {name}, {time}"), "other formatting: "),
        (translate("A name", "<b>Имя</b>"), "other formatting: 'A name'"),
    ],
)
def test_a_fault_of_a_catalogue_is_told_in_a_line(root: Path, change: Callable[[Catalog], None], fault: str) -> None:
    catalogue = read(Language.RUSSIAN, root)
    change(catalogue)
    save(catalogue, Language.RUSSIAN, root)
    [found] = faults(root)
    assert found.startswith("ru/LC_MESSAGES/qurmet.po: " + fault)


def test_a_missing_catalogue_is_a_fault_for_every_text(root: Path) -> None:
    catalogue_path(Language.KAZAKH, root).unlink()
    assert len(faults(root)) == len(TRANSLATIONS)
    assert all(fault.startswith("kk/") for fault in faults(root))


def test_new_texts_come_in_forgotten_ones_go_and_translations_stay(root: Path) -> None:
    code = root.parent / "handlers" / "code.py"
    code.write_text(code.read_text().replace('N_("A name")', 'N_("A new name")'))
    before = faults(root)
    refresh(root)
    assert len(before) == 6
    assert faults(root) == [f"{i}/LC_MESSAGES/qurmet.po: not translated: 'A new name'" for i in ("kk", "ru")]
    assert read(Language.RUSSIAN, root)[TEXT].string == TRANSLATIONS[TEXT]
    assert read(Language.ENGLISH, root)["A new name"].string == "A new name"


def test_catalogues_brought_up_to_the_same_code_stay_the_same_to_the_byte(root: Path) -> None:
    refresh(root)
    before = [catalogue_path(language, root).read_bytes() for language in Language]
    refresh(root)
    assert [catalogue_path(language, root).read_bytes() for language in Language] == before
    assert not any(b"code.py" in content or b"Date" in content for content in before)


def test_texts_of_all_kinds_are_taken_from_the_code() -> None:
    texts = {message.id for message in extract() if message.id}
    names = {behaviour.name for behaviour in BEHAVIOURS.values()} | set(FORM_NAMES.values())
    outcomes = {*OUTCOME_NAMES.values(), *OUTCOMES_FOR_REPORTER.values(), *ONCE_TOLD.values()}
    assert names | outcomes <= texts
    assert any(isinstance(text, tuple) for text in texts)
    assert len(texts) > 100


def test_the_catalogues_of_the_repository_are_complete() -> None:
    assert faults() == []


HURTING = {
    Language.ENGLISH: ["you must", "you have to", "why didn't you", "that's awful", "you're safe now"],
    Language.RUSSIAN: ["вы должны", "вы обязаны", "вам следует", "почему вы не", "это ужасно", "вы в безопасности"],
    Language.KAZAKH: ["міндеттісіз", "тиіссіз", "неге айтпадыңыз", "бұл сұмдық", "енді қауіпсізсіз"],
}
"""What is never said to a person: orders, reproach, alarm, and promises that nobody can keep."""


def test_no_text_of_the_bot_orders_reproaches_alarms_or_promises_safety() -> None:
    for language, phrases in HURTING.items():
        texts = [
            text
            for message in read(language)
            if message.id
            for text in (message.string if isinstance(message.string, tuple) else [message.string or ""])
        ]
        said = "\n".join(texts).casefold()
        assert [phrase for phrase in phrases if phrase in said] == []
        assert len(texts) > 500


def test_every_translation_can_be_filled_in() -> None:
    load_texts()
    for language in Language:
        for message in read(language):
            for text in message.string if isinstance(message.string, tuple) else [message.string or ""]:
                assert text.format_map(defaultdict(str)) or not text
