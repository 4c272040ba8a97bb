"""Number plates: one spelling for however a plate is typed, and never a refusal."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plates import MAX_PLATE, looks_kazakh, normalise_plate

LATIN, CYRILLIC = "ABEKMHOPCTYX", "АВЕКМНОРСТУХ"
REGIONS = [f"{number:02}" for number in range(1, 21)]
ABOUT_ALPHABETS = st.text(st.characters(max_codepoint=0x10FF), max_size=30)

plates = st.builds(
    "{}{}{}".format,
    st.from_regex("[0-9]{3}", fullmatch=True),
    st.text(LATIN, min_size=2, max_size=3),
    st.sampled_from(REGIONS),
)


@pytest.mark.parametrize(
    ("typed", "plate"),
    [
        ("123ABC02", "123ABC02"),
        ("123 abc 02", "123ABC02"),
        ("123-ABC-02", "123ABC02"),
        ("kz 123 ABC|02", "123ABC02"),
        ("KZ123АВС02", "123ABC02"),
        ("қz", "ҚZ"),
        ("a 123 bcd", "A123BCD"),
        ("КZ 777 АА 01", "777AA01"),
        ("１２３ａｂｃ０２", "123ABC02"),
        ("123 АІВ 02", "123AIB02"),
        ("KZ1234", "KZ1234"),
        ("Е777КХ 777 RUS", "E777KX777RUS"),
        ("«белая Камри»", "БEЛAЯKAMPИ"),
        (" - ", ""),
        ("", ""),
    ],
)
def test_a_plate_is_spelt_in_one_way(typed: str, plate: str) -> None:
    assert normalise_plate(typed) == plate


@pytest.mark.parametrize("plate", ["123ABC02", "123AB20", "A123BCD", "A123BC", "777QQQ01", "000WWW16"])
def test_plates_of_kazakhstan_are_known(plate: str) -> None:
    assert looks_kazakh(plate)


@pytest.mark.parametrize(
    "plate",
    ["123ABC00", "123ABC21", "12ABC02", "123A02", "123ABCD02", "AB123CD", "123ABC2", "", "١٢٣ABC02", "123ЯЯЯ02"],
)
def test_other_plates_get_a_hint_only(plate: str) -> None:
    assert not looks_kazakh(plate)


@given(plates)
def test_cyrillic_letters_that_look_latin_are_the_same_plate(plate: str) -> None:
    cyrillic = plate.translate(str.maketrans(LATIN, CYRILLIC))
    assert normalise_plate(cyrillic) == normalise_plate(cyrillic.lower()) == plate


@given(plates, st.sampled_from(["KZ", "kz ", "Kz-", "К Z "]), st.sampled_from(["", " ", "-", " | "]))
def test_a_leading_kz_and_separators_do_not_matter(plate: str, prefix: str, separator: str) -> None:
    assert normalise_plate(prefix + separator.join(plate)) == plate
    assert looks_kazakh(plate)


@given(ABOUT_ALPHABETS)
def test_a_normalised_plate_stays_as_it_is(typed: str) -> None:
    plate = normalise_plate(typed)
    assert normalise_plate(plate) == plate


@given(st.text())
def test_whatever_is_typed_gives_a_short_plate_of_letters_and_digits(typed: str) -> None:
    plate = normalise_plate(typed)
    assert len(plate) <= MAX_PLATE
    assert plate == "" or plate.isalnum()
    assert not set(plate) & set(string.ascii_lowercase + string.punctuation + CYRILLIC)
    assert isinstance(looks_kazakh(plate), bool)
