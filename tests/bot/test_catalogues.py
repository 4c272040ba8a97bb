"""Catalogues: what the code says, every language says, with the same values and the same formatting."""

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from bot import catalogues
from bot.catalogues import extract, faults, read, refresh
from bot.content import all_files
from handlers.texts import DOMAIN, LOCALES, catalogue_path, load_texts
from models.avoided import find_avoided, read_avoided
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


NEVER = {
    "an order": {
        Language.ENGLISH: ["you must", "you have to", "you should have"],
        Language.RUSSIAN: ["вы должны", "вы обязаны", "вам следует", "надо было"],
        Language.KAZAKH: ["міндеттісіз", "тиіссіз", "сіз [^.?!]*керексіз"],
    },
    "alarm": {
        Language.ENGLISH: ["(that's|how) (awful|terrible|horrible)"],
        Language.RUSSIAN: ["это (ужасно|ужас|кошмар)", "как(ой|ое) (ужас|кошмар)"],
        Language.KAZAKH: ["(бұл|қандай) сұмдық", "сұмдық екен"],
    },
    "a promise that one is safe": {
        Language.ENGLISH: ["you('re| are) safe", "nothing will happen to you"],
        Language.RUSSIAN: ["вы (теперь )?в безопасности", "с вами ничего не случится"],
        Language.KAZAKH: ["қауіпсізсіз", "қауіпсіз жердесіз", "сізге ештеңе болмайды"],
    },
    "a promise of anonymity": {
        Language.ENGLISH: [r"(fully|completely|totally|report is|reports are) anonymous", "(nobody|no one) will ever"],
        Language.RUSSIAN: ["(полностью|совершенно|абсолютно) анонимн", "сообщени[ея] анонимн", "никто не узнает"],
        Language.KAZAKH: ["толық анонимді", "хабар(ыңыз)? анонимді", "ешкім білмейді"],
    },
    "a promise of protection": {
        Language.ENGLISH: ["we('ll| will)? (protect|guarantee|promise)", "will be protected"],
        Language.RUSSIAN: ["мы (вас )?(защитим|защищаем)", "вас защитят", "(мы )?(гарантируем|обещаем)"],
        Language.KAZAKH: ["қорғаймыз", "сізді қорғайды", "кепілдік береміз", "уәде береміз"],
    },
    "a push to the police": {
        Language.ENGLISH: ["(?<!you can )(?<!can still )(go|turn|report it) to the police", "(tell|call) the police"],
        Language.RUSSIAN: ["(обратитесь|идите|сообщите|позвоните|звоните) в полицию", "(напишите|подайте) заявление"],
        Language.KAZAKH: ["полицияға (барыңыз|жүгініңіз|хабарласыңыз|хабарлаңыз|айтыңыз)", "арыз (беріңіз|жазыңыз)"],
    },
    "a question that blames": {
        Language.ENGLISH: ["why (didn't|did|don't|were|weren't) you", "what were you (wearing|doing)"],
        Language.RUSSIAN: ["(почему|зачем) (же )?вы"],
        Language.KAZAKH: [r"(неге|неліктен) (\w+ )*\w+(дыңыз|діңіз|тыңыз|тіңіз)\b"],
    },
    "a demand for detail": {
        Language.ENGLISH: ["tell (us |me )?everything", "in (full |every |as much )?detail", "as detailed as"],
        Language.RUSSIAN: ["расскажите (нам )?(вс[её]|подробно)", "опишите подробно", "как можно подробнее"],
        Language.KAZAKH: ["бәрін (айтыңыз|жазыңыз)", "(толық|егжей-тегжейлі) (айтыңыз|жазыңыз|сипаттаңыз)"],
    },
}
"""What is never said to a person who reports, each rule in each language; parts of sentences.

Words that are not said of people at all (victim, offender, guilty before a review) stand in `avoid.txt`.
"""
HURTS = {
    "an order": ("You must tell the team.", "Вы должны сообщить.", "Сіз айтуға тиіссіз."),
    "alarm": ("That's awful!", "Какой ужас!", "Бұл сұмдық!"),
    "a promise that one is safe": ("You are safe now.", "Теперь Вы в безопасности.", "Енді қауіпсізсіз."),
    "a promise of anonymity": ("It's fully anonymous.", "Это полностью анонимно.", "Бұл толық анонимді."),
    "a promise of protection": ("We'll protect you.", "Мы Вас защитим.", "Біз Сізді қорғаймыз."),
    "a push to the police": ("Please go to the police.", "Обратитесь в полицию.", "Полицияға барыңыз."),
    "a question that blames": ("Why didn't you get out?", "Почему Вы не вышли?", "Неге айтпадыңыз?"),
    "a demand for detail": ("Tell us everything.", "Расскажите подробно.", "Бәрін айтыңыз."),
}
"""What each rule is for."""
OF_PEOPLE = {
    Language.ENGLISH: ["The victim wrote.", "The offender drove.", "The driver is guilty."],
    Language.RUSSIAN: ["Жертва написала.", "Обидчик уехал.", "Водитель виновен."],
    Language.KAZAKH: ["Құрбан жазды.", "Құқық бұзушы кетті.", "Жүргізуші кінәлі."],
}


def said_to_people(language: Language) -> list[str]:
    """Every text of the catalogue of a language, and the cards on rights."""
    texts = [
        text
        for message in read(language)
        if message.id
        for text in (message.string if isinstance(message.string, tuple) else [message.string or ""])
    ]
    assert len(texts) > 500
    return [*texts, *(text for name, text in all_files(LOCALES)[language].items() if name.startswith("rights/"))]


def hurts(text: str, language: Language) -> list[str]:
    """By which rules a text is not to be said."""
    lowered = text.casefold().replace("’", "'")
    return [rule for rule, said in NEVER.items() if any(re.search(each, lowered) for each in said[language])]


@pytest.mark.parametrize("language", list(Language))
def test_no_text_of_the_bot_orders_alarms_blames_pushes_or_promises_what_nobody_can_keep(language: Language) -> None:
    for rule, examples in HURTS.items():
        example = dict(zip((Language.ENGLISH, Language.RUSSIAN, Language.KAZAKH), examples, strict=True))[language]
        assert hurts(example, language) == [rule]
    found = [(rule, text) for text in said_to_people(language) for rule in hurts(text, language)]
    assert found == []


@pytest.mark.parametrize("language", list(Language))
def test_no_text_of_the_bot_calls_anybody_a_victim_an_offender_or_guilty(language: Language) -> None:
    avoided = read_avoided(LOCALES, language)
    for example in OF_PEOPLE[language]:
        assert len(list(find_avoided("", example, avoided))) == 1
    assert [fault for text in said_to_people(language) for fault in find_avoided("", text, avoided)] == []


def test_every_translation_can_be_filled_in() -> None:
    load_texts()
    for language in Language:
        for message in read(language):
            for text in message.string if isinstance(message.string, tuple) else [message.string or ""]:
                assert text.format_map(defaultdict(str)) or not text
