"""The fonts that are drawn with: DejaVu, which has every Kazakh letter and lies in the repository.

Nothing of what a server happens to have installed is used, so that a certificate looks the same everywhere.
"""

from functools import cache
from unicodedata import category, normalize

from handlers.texts import LOCALES

REGULAR = LOCALES / "fonts" / "DejaVuSans.ttf"
BOLD = LOCALES / "fonts" / "DejaVuSans-Bold.ttf"


def drawable(text: str) -> str:
    """The text in one line, as far as the fonts can draw it: where nothing is known of a letter, a box would stand.

    Fancy letters of phones (𝗔) become plain ones; emoji and invisible signs are left out.
    """
    known = _letters()
    plain = (letter if letter in known else normalize("NFKC", letter) for letter in normalize("NFC", text))
    return " ".join("".join(letter for letter in "".join(plain) if letter in known or letter.isspace()).split())


@cache
def _letters() -> frozenset[str]:
    from fontTools.ttLib import TTFont

    known: list[set[str]] = []
    for path in (REGULAR, BOLD):
        with TTFont(path, lazy=True) as font:
            known.append({chr(code) for code in font.getBestCmap()})
    # What Unicode calls C draws nothing, and some of it turns the direction of the text around.
    return frozenset(letter for letter in set.intersection(*known) if not category(letter).startswith("C"))
