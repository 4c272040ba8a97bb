"""Sealed values open only where, how and by whom they were sealed."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vault import Box, CannotOpen, Vault
from tests.models.helpers import NEW_KEY, OLD_KEY

SECRET = "Ол маған қол жұмсады".encode()


@given(st.binary(), st.text())
def test_what_is_sealed_opens_at_its_place(plain: bytes, place: str) -> None:
    vault = Vault([NEW_KEY])
    assert vault.open(vault.seal(plain, place), place) == plain


@given(st.binary(), st.text(), st.text())
def test_what_is_sealed_for_one_place_opens_at_no_other(plain: bytes, place: str, other: str) -> None:
    vault = Vault([NEW_KEY])
    sealed = vault.seal(plain, place)
    if place != other:
        with pytest.raises(CannotOpen):
            vault.open(sealed, other)


@pytest.mark.parametrize("box", [Vault([NEW_KEY]), Box(NEW_KEY)], ids=["vault", "box"])
def test_a_value_with_any_flipped_bit_or_any_missing_end_is_refused(box: Vault | Box) -> None:
    sealed = box.seal(SECRET, "here")
    for position in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[position] ^= 1 << bit
            with pytest.raises(CannotOpen):
                box.open(bytes(changed), "here")
        with pytest.raises(CannotOpen):
            box.open(sealed[:position], "here")


@given(st.binary(max_size=200))
def test_junk_is_refused_and_never_breaks_anything(junk: bytes) -> None:
    for box in (Vault([NEW_KEY]), Box(NEW_KEY)):
        with pytest.raises(CannotOpen):
            box.open(junk, "here")


def test_equal_values_are_sealed_differently() -> None:
    vault = Vault([NEW_KEY])
    assert len({vault.seal(SECRET, "here") for _ in range(50)}) == 50


def test_any_of_the_keys_opens_and_the_newest_seals() -> None:
    old, both, new = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY]), Vault([NEW_KEY])
    assert both.open(old.seal(SECRET, "here"), "here") == SECRET
    assert new.open(both.seal(SECRET, "here"), "here") == SECRET
    with pytest.raises(CannotOpen):
        old.open(both.seal(SECRET, "here"), "here")


def test_rewrapping_moves_a_value_to_the_newest_key_once() -> None:
    old, both, new = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY]), Vault([NEW_KEY])
    sealed = old.seal(SECRET, "here")
    moved = both.rewrap(sealed, "here")
    assert (both.is_current(sealed), both.is_current(moved)) == (False, True)
    assert new.open(moved, "here") == SECRET
    assert both.rewrap(moved, "here") == moved


def test_a_key_of_its_own_opens_only_at_its_place_and_nothing_else_has_it() -> None:
    vault = Vault([NEW_KEY])
    box, wrapped = vault.new_key("flag 1")
    other, _ = vault.new_key("flag 1")
    sealed = box.seal(SECRET, "words")
    assert vault.unwrap(wrapped, "flag 1").open(sealed, "words") == SECRET
    with pytest.raises(CannotOpen):
        vault.unwrap(wrapped, "flag 2")
    for stranger in (other, vault):
        with pytest.raises(CannotOpen):
            stranger.open(sealed, "words")


def test_an_index_is_the_same_for_equal_values_of_one_use_under_one_key_only() -> None:
    vault = Vault([NEW_KEY])
    assert vault.index(b"7", "plate") == Vault([NEW_KEY]).index(b"7", "plate")
    assert len(vault.index(b"7", "plate")) == 32
    different = {
        vault.index(b"7", "plate"),
        vault.index(b"8", "plate"),
        vault.index(b"7", "person"),
        vault.index(b"e7", "plat"),
        Vault([OLD_KEY]).index(b"7", "plate"),
    }
    assert len(different) == 5


def test_a_value_can_be_looked_up_under_every_key() -> None:
    both = Vault([NEW_KEY, OLD_KEY])
    assert both.indexes(b"7", "plate") == [Vault([key]).index(b"7", "plate") for key in (NEW_KEY, OLD_KEY)]
    assert both.index(b"7", "plate") == Vault([NEW_KEY]).index(b"7", "plate")


def test_no_sealed_value_and_no_error_holds_the_plain_text_or_a_key() -> None:
    vault, stranger = Vault([NEW_KEY]), Vault([OLD_KEY])
    sealed = vault.seal(SECRET, "here")
    assert SECRET not in sealed
    assert NEW_KEY not in sealed
    for open_it in (lambda: stranger.open(sealed, "here"), lambda: vault.open(sealed, "there")):
        with pytest.raises(CannotOpen) as caught:
            open_it()
        error = caught.value
        said = f"{error} {error!r} {error.__cause__!r} {vault!r}"
        assert not any(secret in said for secret in (SECRET.decode(), "nnnn", base64.b64encode(SECRET).decode()))
        assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW_KEY, b"n" * 31], [b"n" * 33]])
def test_a_vault_without_proper_keys_is_not_made(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(keys)
