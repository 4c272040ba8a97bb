"""What all tests share: databases of both kinds, and the whole bot inside the sandbox."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.memory import in_memory

# The process that only hands out tests imports nothing of the bot, and the others only what they need: so the
# fixtures below import it themselves.
if TYPE_CHECKING:
    from models.database import Database
    from models.vault import Vault
    from tests.house import House
    from tests.postgres import Postgres

pytest_plugins = ["tests.postgres"]

KINDS = ["sqlite", "postgres"]

# Where pytest makes the folders of `tmp_path`.
if memory := in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)

# What is imported stays: the collector need not walk through it, neither now nor later.
gc.disable()


def pytest_configure() -> None:
    """No timing decides a test, on no machine."""
    from hypothesis import settings

    settings.register_profile("untimed", settings(settings.default, deadline=None))
    settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # a house is opened for each walk, and what it leaves is soon let go anyway
    gc.enable()


async def _migrated(url: str) -> None:
    import tests.compiling  # noqa: F401
    from bot.migrate import migrate
    from models.database import Database

    database = Database(url)
    await migrate(database)
    await database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "qurmet.db"
    asyncio.run(_migrated(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: "Postgres") -> str:
    """The name of a migrated PostgreSQL database, to be copied."""
    name = postgres.create()
    asyncio.run(_migrated(postgres.url(name)))
    return name


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database; what uses it runs on both."""
    return str(request.param)


@pytest.fixture
def database_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database at the newest revision."""
    if kind == "sqlite":
        path = tmp_path / "qurmet.db"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        yield f"sqlite+aiosqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("postgres_template"))
    yield server.url(name)
    server.drop(name)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator["Database"]:
    """A fresh database."""
    from models.database import Database

    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def vault() -> "Vault":
    """A vault with one key."""
    from models.vault import Vault

    return Vault([b"k" * 32])


@pytest_asyncio.fixture
async def house(database_url: str) -> AsyncIterator["House"]:
    """The bot at work inside the sandbox, on both kinds of database."""
    from tests.house import open_house

    async with open_house(database_url) as house:
        yield house
