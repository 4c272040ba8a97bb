"""Handles: what the buttons of whoever isn't of the team name a row by.

Not by its number: whoever has two of them could count what came between, of everybody. A handle says nothing, and the
row is found by it together with the right to it.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

BYTES = 16
"""Of a handle, which is 22 characters of text."""


def new_uid() -> bytes:
    """Random bytes for a row of its own."""
    return secrets.token_bytes(BYTES)


def handle_of(uid: bytes) -> str:
    """The handle of a row that has these 16 bytes."""
    return urlsafe_b64encode(uid).rstrip(b"=").decode()


def uid_of(handle: str) -> bytes | None:
    """The bytes that a handle stands for; None for any text that is none."""
    try:
        uid = urlsafe_b64decode(handle.encode("ascii") + b"==")
    except ValueError:
        return None
    return uid if len(uid) == BYTES and handle_of(uid) == handle else None


class Handled:
    """For tables whose rows have a handle: whatever keys come and go, a button from before leads to its row."""

    uid: Mapped[bytes] = mapped_column(LargeBinary(BYTES), unique=True, default=new_uid, sort_order=1)
    """Random; the handle is made of it."""

    @property
    def handle(self) -> str:
        """What buttons name the row by, once it's stored."""
        return handle_of(self.uid)
