"""Backup and restore: a whole copy of the database in one file. It holds only sealed values; keys are never in it."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL

from bot.mistake import Mistake


@contextmanager
def _for_us_alone() -> Iterator[None]:
    """What is made in the block can be read by nobody else of this machine, from its first byte on."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@_for_us_alone()
def backup(url: URL, target: Path) -> None:
    """Write a copy of the database to a file that doesn't exist yet, while the bot goes on. Raises Mistake."""
    if target.exists():
        raise Mistake(f"{target} is there already; choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    if url.get_backend_name() == "sqlite":
        source = Path(url.database or "")
        if not source.exists():
            raise Mistake(f"there is no database at {source}")
        try:
            with closing(sqlite3.connect(source)) as connection:
                connection.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.Error as error:
            target.unlink(missing_ok=True)
            raise Mistake(f"SQLite could not copy the database: {error}") from error
    else:
        try:
            _postgres("pg_dump", url, ["--format=custom", f"--file={target}"])
        except Mistake:
            target.unlink(missing_ok=True)  # half a copy is none
            raise


@_for_us_alone()
def restore(url: URL, source: Path, *, replace: bool) -> None:
    """Put a backup in place of the database, with the bot stopped. Raises Mistake.

    A database that is there already is only replaced when `replace` says so.
    """
    if not source.exists():
        raise Mistake(f"there is no backup at {source}")
    if url.get_backend_name() != "sqlite":
        options = ["--clean", "--if-exists"] if replace else []
        _postgres("pg_restore", url, ["--single-transaction", "--no-owner", *options, str(source)])
        return
    target = Path(url.database or "")
    if target.exists() and not replace:
        raise Mistake(f"{target} is there already; stop the bot and say --replace to overwrite it")
    _check(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".restored")
    shutil.copyfile(source, fresh)
    for leftover in ("-wal", "-shm"):
        target.with_name(target.name + leftover).unlink(missing_ok=True)
    fresh.replace(target)


def _check(source: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        sound, revision = False, None
    if not sound or revision is None:
        raise Mistake(f"{source} is not a sound backup of this bot")


def _postgres(tool: str, url: URL, options: list[str]) -> None:
    program = shutil.which(tool)
    if program is None:
        raise Mistake(f"{tool} was not found; install the client tools of PostgreSQL")
    database = f"--dbname={url.database}"
    where = [
        f"--host={url.host or 'localhost'}",
        f"--port={url.port or 5432}",
        f"--username={url.username or 'postgres'}",
    ]
    environment = os.environ | {"PGPASSWORD": url.password or ""}
    done = subprocess.run([program, *where, database, *options], env=environment, capture_output=True, text=True)
    if done.returncode:
        reason = [line for line in done.stderr.splitlines() if "error:" in line] or [str(done.returncode)]
        raise Mistake(f"{tool} failed: {reason[0]}")
