"""Finding flags: by receipt, plate, number, form, or the days on which they came.

Only what this person may review is found. A receipt and a plate are looked up by their blind indexes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from models.base import LARGEST_IDENTIFIER, Identifier, UtcDateTime
from models.behaviours import Form
from models.flag_rights import reviewable
from models.flags import Flag
from models.plates import normalise_plate
from models.quiet import at_hour, read_day
from models.receipts import read_receipt
from models.vault import Vault


class By(StrEnum):
    """What is searched by."""

    RECEIPT = "receipt"
    NUMBER = "number"
    DAYS = "days"
    FORM = "form"
    PLATE = "plate"


@dataclass(frozen=True)
class Search:
    """What is searched by, and for: 12 digits, a number, two days as 2026-11-01/2026-11-15, a form, a plate."""

    by: By
    value: str


class Found(NamedTuple):
    """A place among what was found, newest first."""

    received_at: datetime
    id: int


def read_search(typed: str, today: date) -> Search | None:
    """What somebody typed; None if nothing can be searched by it. What may be anything is taken for a plate."""
    text = typed.strip()
    if receipt := read_receipt(text):
        return Search(By.RECEIPT, receipt)
    number = text.lstrip("№# ")
    if number.isascii() and number.isdigit() and len(number) <= 19:
        return Search(By.NUMBER, number)
    if (days := _read_days(text, today)) is not None:
        return Search(By.DAYS, days)
    if text.upper() in set(Form):
        return Search(By.FORM, text.upper())
    plate = normalise_plate(text)
    return Search(By.PLATE, plate) if plate else None


def _read_days(text: str, today: date) -> str | None:
    """One day or two with a dash between them; without a year, the last such days."""
    first, _dash, last = text.replace("–", "-").replace("—", "-").partition("-")
    begin = read_day(first, today)
    end = read_day(last, today) if last else begin
    if begin is None or end is None:
        return None
    if begin > end:  # 25.12-05.01 without a year
        begin = read_day(first, end)
    return f"{begin}/{end}" if begin is not None and begin <= end else None


async def search(
    session: AsyncSession,
    vault: Vault,
    reviewer_id: int,
    what: Search,
    *,
    limit: int,
    after: Found | None = None,
) -> Sequence[Flag]:
    """Flags that this person may review, newest first, without their behaviours. Raises ValueError for a bad value."""
    query = select(Flag).where(_condition(vault, what), *reviewable(reviewer_id)).options(lazyload(Flag.behaviours))
    if after is not None:
        there = tuple_(literal(after.received_at, UtcDateTime()), literal(after.id, Identifier))
        query = query.where(tuple_(Flag.received_at, Flag.id) < there)
    return (await session.scalars(query.order_by(Flag.received_at.desc(), Flag.id.desc()).limit(limit))).all()


def _condition(vault: Vault, what: Search) -> ColumnElement[bool]:
    if what.by is By.RECEIPT:
        return Flag.receipt_index.in_(vault.indexes(what.value.encode(), "receipt"))
    if what.by is By.PLATE:
        return Flag.plate_index.in_(vault.indexes(what.value.encode(), "plate"))
    if what.by is By.NUMBER:
        return Flag.id == min(int(what.value), LARGEST_IDENTIFIER)
    if what.by is By.FORM:
        return Flag.form == Form(what.value)
    begin, end = (date.fromisoformat(day) for day in what.value.split("/"))
    return Flag.received_at.between(at_hour(begin, 0), at_hour(end + timedelta(days=1), 0) - timedelta(microseconds=1))
