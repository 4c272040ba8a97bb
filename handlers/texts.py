"""Texts in the language of the person. English stands in the code; the catalogues hold Kazakh and Russian.

Values put into a text are escaped for Telegram's HTML, so a name with `<b>` in it is shown as it was typed.
"""

import gettext
from collections.abc import Mapping
from datetime import date, datetime
from html import escape
from io import BytesIO
from pathlib import Path

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from models.people import Language
from models.quiet import ZONE

LOCALES = Path(__file__).parent.parent / "locales"
DOMAIN = "qurmet"


def catalogue_path(language: Language, root: Path = LOCALES) -> Path:
    """Where the catalogue of a language lies."""
    return root / language / "LC_MESSAGES" / f"{DOMAIN}.po"


class Texts:
    """The texts of one language: call it with an English text to have it in that language."""

    def __init__(self, language: Language, translations: gettext.NullTranslations) -> None:
        self.language = language
        self._translations = translations

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language, with values filled in and escaped."""
        return _fill(self._translations.gettext(text), values)

    def n(self, one: str, many: str, n: int, **values: object) -> str:
        """The form of the text that fits the number `n`, which fills `{n}`."""
        return _fill(self._translations.ngettext(one, many, n), values | {"n": n})

    def nth(self, n: int) -> str:
        """A number that says which one: "3rd", and as it stands before its noun in Russian and Kazakh."""
        if self.language is Language.RUSSIAN:
            return f"{n}-е"
        if self.language is Language.KAZAKH:
            return f"{n}-"
        teens = n % 100 in range(11, 14)
        return f"{n}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"

    def moment(self, at: datetime) -> str:
        """Day and time as people in Kazakhstan write them, in Kazakhstan's time."""
        return format_datetime(at, "d MMMM, HH:mm", tzinfo=ZONE, locale=self.language.value)

    def day(self, at: datetime) -> str:
        """The day of a moment in Kazakhstan, with its year."""
        return self.date(at.astimezone(ZONE).date())

    def date(self, day: date) -> str:
        """A day with its year."""
        return format_date(day, "long", locale=self.language.value)


def _fill(text: str, values: Mapping[str, object]) -> str:
    if not values:
        return text
    return text.format(**{key: escape(str(value), quote=False) for key, value in values.items()})


def load_texts(root: Path = LOCALES) -> dict[Language, Texts]:
    """The texts of every language, read from the catalogues as translators edit them.

    Raises OSError where a catalogue is missing.
    """
    return {language: Texts(language, _translations(language, root)) for language in Language}


def _translations(language: Language, root: Path) -> gettext.GNUTranslations:
    with catalogue_path(language, root).open("rb") as source:
        catalogue = read_po(source, locale=language.value, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
