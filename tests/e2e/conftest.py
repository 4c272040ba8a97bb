"""Houses to walk in: tests press faster than people do, so nobody is told here to slow down."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.walking import LANGUAGES
from tests.house import House, open_house

QUICK: dict[str, Any] = {"updates_per_person": 10_000}


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """A language of the product; what uses it runs in each."""
    return str(request.param)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    path = tmp_path / "house.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite+aiosqlite:///{path}"


@pytest_asyncio.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    """The bot at work inside the sandbox, on both kinds of database."""
    async with open_house(database_url, **QUICK) as house:
        yield house


@pytest_asyncio.fixture
async def small_house(sqlite_url: str) -> AsyncIterator[House]:
    """The same on SQLite alone, for what does not depend on the database."""
    async with open_house(sqlite_url, **QUICK) as house:
        yield house
