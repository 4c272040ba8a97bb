"""Number plates: one spelling for matching, and a hint when one looks odd. Never a reason to refuse.

Format since 2012 `123ABC02` (region 01-20), older `A123BCD` still valid; letters are free since 01.01.2026.
"""

import re
import unicodedata

MAX_PLATE = 16
"""Characters kept of what was typed: the longest plates of the world have fewer."""

REGION_DIGITS = {
    "01": "KZ-71",
    "02": "KZ-75",
    "03": "KZ-11",
    "04": "KZ-15",
    "05": "KZ-19",
    "06": "KZ-23",
    "07": "KZ-27",
    "08": "KZ-31",
    "09": "KZ-35",
    "10": "KZ-39",
    "11": "KZ-43",
    "12": "KZ-47",
    "13": "KZ-61",
    "14": "KZ-55",
    "15": "KZ-59",
    "16": "KZ-63",
    "17": "KZ-79",
    "18": "KZ-10",
    "19": "KZ-33",
    "20": "KZ-62",
}
"""The region (ISO 3166-2) by the last two digits of a plate of the format since 2012."""

_LATIN = str.maketrans("АВЕКМНОРСТУХІ", "ABEKMHOPCTYXI")
_KAZAKH_PLATE = re.compile(r"(?:\d{3}[A-Z]{2,3}(?:0[1-9]|1\d|20)|[A-Z]\d{3}[A-Z]{2,3})", re.ASCII)


def normalise_plate(typed: str) -> str:
    """The plate in upper case, Cyrillic look-alikes as Latin, without separators and a leading KZ.

    Only letters and digits remain; the result may be empty, if nothing of a plate was typed.
    """
    upper = unicodedata.normalize("NFKC", typed).upper().translate(_LATIN)
    plate = "".join(sign for sign in upper if sign.isalnum())[:MAX_PLATE]
    shortened = plate.removeprefix("KZ")
    return shortened if _KAZAKH_PLATE.fullmatch(shortened) else plate


def looks_kazakh(plate: str) -> bool:
    """Whether a normalised plate has one of the formats of Kazakhstan."""
    return _KAZAKH_PLATE.fullmatch(plate) is not None


def region_of(plate: str) -> str | None:
    """The region (ISO 3166-2) that stands on a normalised plate of the format since 2012; None for all others."""
    return REGION_DIGITS.get(plate[-2:]) if plate[:1].isdigit() and looks_kazakh(plate) else None
