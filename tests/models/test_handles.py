"""Handles: they lead to their own row and to nothing else, whatever is asked for."""

from hypothesis import example, given
from hypothesis import strategies as st

from models.handles import handle_of, uid_of


@given(st.binary(min_size=16, max_size=16))
def test_a_handle_is_short_and_stands_for_its_bytes(uid: bytes) -> None:
    handle = handle_of(uid)
    assert len(handle) == 22
    assert set(handle) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert uid_of(handle) == uid


@given(st.text(max_size=64) | st.from_regex(r"[\w=+/-]{20,24}", fullmatch=True))
@example("A" * 21 + "B")  # bits that no handle has
@example("7654321")
@example("\ud800" * 22)
def test_whatever_is_no_handle_stands_for_nothing(text: str) -> None:
    uid = uid_of(text)
    assert uid is None or handle_of(uid) == text
