"""Presses of buttons: each module has one shape of callback data, checked once at its router.

Callback data is at most 64 bytes and untrusted: it names what is meant, never what is allowed.
"""

from typing import Annotated, Any

from aiogram.filters import Filter
from aiogram.filters.callback_data import CallbackData
from pydantic import Field

Number = Annotated[int, Field(ge=0, lt=2**63)]
"""The number of a row, as far as a database can have it."""


class HomePress(CallbackData, prefix="home"):
    """The first screen, languages and help."""

    action: str
    value: str = ""


class LearnPress(CallbackData, prefix="learn"):
    """The lessons: a lesson's number, the key of a card or question, the key of an option."""

    action: str
    lesson: int = 0
    step: str = ""
    option: str = ""


class ReportPress(CallbackData, prefix="report"):
    """The form of a flag: the draft, whether the ride goes on, and a form or behaviour."""

    action: str
    draft: str = ""
    ride: str = ""
    code: str = ""


class OwnPress(CallbackData, prefix="own"):
    """A person's own flags."""

    action: str
    flag: Number = 0


class ReviewPress(CallbackData, prefix="review"):
    """The reviewers' desk: a flag's number, an outcome, a page of the queue counted from 0."""

    action: str
    flag: Number = 0
    outcome: str = ""
    page: int = 0


class DataPress(CallbackData, prefix="data"):
    """A person's own data."""

    action: str


class Action(Filter):
    """The press means one of these actions."""

    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)

    async def __call__(self, *args: Any, callback_data: Any) -> bool:
        """Compare the action of the press that the router has already read."""
        return callback_data.action in self._names
