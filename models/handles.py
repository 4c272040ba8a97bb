"""Handles: what the buttons of whoever isn't of the team name a row by.

Not by its number: whoever has two of them could count what came between, of everybody. A handle says nothing, and it's
looked for among the person's own rows alone.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

from models.vault import Vault

BYTES = 16
"""Of a handle, which is 22 characters of text."""


def handle_of(uid: bytes) -> str:
    """The handle of a row that has random bytes of its own, 16 of them."""
    return urlsafe_b64encode(uid).rstrip(b"=").decode()


def uid_of(handle: str) -> bytes | None:
    """The bytes that a handle stands for; None for any text that is none."""
    try:
        uid = urlsafe_b64decode(handle.encode("ascii") + b"==")
    except ValueError:
        return None
    return uid if len(uid) == BYTES and handle_of(uid) == handle else None


def blind_handle(vault: Vault, table: str, number: int) -> str:
    """The handle of a row that has only its number: without the keys nobody gets from one to the other."""
    return handle_of(vault.index(*_indexed(table, number))[:BYTES])


def number_of(vault: Vault, table: str, handle: str, numbers: Iterable[int]) -> int | None:
    """Which of these rows a blind handle names, under whichever key it was made; None if it's none of them."""
    uid = uid_of(handle)
    theirs = (number for number in numbers if uid in {each[:BYTES] for each in vault.indexes(*_indexed(table, number))})
    return next(theirs, None)


def _indexed(table: str, number: int) -> tuple[bytes, str]:
    return str(number).encode(), f"handle of {table}"
