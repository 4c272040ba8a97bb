"""What all tests share: databases of both kinds, and the whole bot inside the sandbox."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.migrate import migrate
from models.database import Database
from models.vault import Vault
from tests.house import House, open_house

if TYPE_CHECKING:  # imported as a plugin below
    from tests.postgres import Postgres

pytest_plugins = ["tests.postgres"]

KINDS = ["sqlite", "postgres"]


async def _migrated(url: str) -> None:
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
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh database."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def vault() -> Vault:
    """A vault with one key."""
    return Vault([b"k" * 32])


@pytest_asyncio.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    """The bot at work inside the sandbox, on both kinds of database."""
    async with open_house(database_url) as house:
        yield house
