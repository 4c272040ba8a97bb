"""The one clock of the shell; tests bring their own."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives this moment, aware, in UTC."""


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)
