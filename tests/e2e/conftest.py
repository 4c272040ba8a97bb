"""Houses to walk in: tests press faster than people do, so nobody is told here to slow down.

Few walks look at the menu of commands: the bot sets it for those that are marked with `menu`.
"""

import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.conftest import KINDS
from tests.e2e.walking import LANGUAGES
from tests.house import House, open_house

QUICK: dict[str, Any] = {"updates_per_person": 10_000}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Walks with a language run in each, walks in a house on each kind of database.

    Those with both run three times, not six: in each language once and on both kinds, another language on PostgreSQL
    from one walk to the next.
    """
    walks = [name for name in ("language", "kind") if name in metafunc.fixturenames]
    named = {name for mark in metafunc.definition.iter_markers("parametrize") for name in _names(mark)}
    if len(walks) == 2 and not named & set(walks):
        turn = zlib.crc32(metafunc.definition.name.encode()) % len(LANGUAGES)
        kinds = [KINDS[i == turn] for i in range(len(LANGUAGES))]
        metafunc.parametrize("language,kind", list(zip(LANGUAGES, kinds, strict=True)), indirect=["kind"])
        return
    for name, values in (("language", LANGUAGES), ("kind", KINDS)):
        if name in walks and name not in named:
            metafunc.parametrize(name, values, indirect=name == "kind")


def _names(mark: pytest.Mark) -> list[str]:
    names = mark.args[0]
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database, as it is chosen above."""
    return str(request.param)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    path = tmp_path / "house.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite+aiosqlite:///{path}"


@pytest_asyncio.fixture
async def house(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """The bot at work inside the sandbox, on both kinds of database."""
    async with open_house(database_url, menu=_looks_at_menu(request), **QUICK) as house:
        yield house


@pytest_asyncio.fixture
async def small_house(sqlite_url: str, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """The same on SQLite alone, for what does not depend on the database."""
    async with open_house(sqlite_url, menu=_looks_at_menu(request), **QUICK) as house:
        yield house


def _looks_at_menu(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("menu") is not None
