"""The command line: a mistake is one clear line and exit code 2; what an operator needs works on a used database."""

import asyncio
import base64
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog

from bot.cli import main
from bot.sandbox import Sandbox
from models.audit import Action, anchor, record
from models.database import Database
from models.flag_rights import flags_of
from models.flags import Ride
from models.new_flags import store_flag
from models.people import Language, find_person, load_people
from models.vault import Vault
from tests.course_files import write_course
from tests.house import KEY, PASSENGER, TOKEN, TestClock

COMMANDS = (
    "run",
    "demo",
    "migrate",
    "check",
    "preview",
    "texts",
    "stats",
    "backup",
    "restore",
    "rotate-keys",
    "verify-audit",
)
NEW_KEY = base64.b64encode(b"n" * 32).decode()


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Cli]:
    """Runs a command in an empty folder, with settings given by name and none besides."""
    for name in list(os.environ):
        if name in {"BOT_TOKEN", "SECRET_KEYS", "DATABASE_URL", "TELEGRAM_API_URL", "OWNER_IDS", "HEALTH_LISTEN"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.getLogRecordFactory(), logging.raiseExceptions)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)

    def run(*arguments: str, **settings: str) -> Said:
        with monkeypatch.context() as patch:
            patch.setattr("sys.argv", ["bot", *arguments])
            for name, value in settings.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    yield run
    root.handlers[:], level, factory, logging.raiseExceptions = before
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    structlog.reset_defaults()


class Telegram(NamedTuple):
    """A local Telegram in a thread of its own, because a command takes the whole main thread."""

    sandbox: Sandbox
    url: str


@pytest.fixture(scope="module")
def telegram() -> Iterator[Telegram]:
    sandbox = Sandbox(token=TOKEN)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()
    urls: list[str] = []

    async def serve() -> None:
        async with sandbox.serve() as url:
            urls.append(url)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield Telegram(sandbox, urls[0])
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


async def _use(url: str) -> None:
    database, vault, now = Database(url), Vault([b"k" * 32]), TestClock()()
    async with database.transaction() as session:
        people = await load_people(session, vault, {PASSENGER: "kk"}, default=Language.KAZAKH, now=now)
        flag, _ = await store_flag(
            session, vault, reporter_id=people[PASSENGER].id, draft="x", codes=["VB2"], ride=Ride.OVER, now=now
        )
        flag.write_words(vault, "words")
        await record(session, vault, Action.RECEIVED, now=now, flag_id=flag.id)
    await database.close()


@pytest.fixture
def used(database_url: str) -> str:
    """The address of a database that has been used: a person, a flag with words, an entry of the audit."""
    asyncio.run(_use(database_url))
    return database_url


@pytest.fixture
def used_file(sqlite_template: Path, tmp_path: Path) -> str:
    """The same in a file."""
    path = tmp_path / "used.db"
    path.write_bytes(sqlite_template.read_bytes())
    asyncio.run(_use(f"sqlite+aiosqlite:///{path}"))
    return f"sqlite+aiosqlite:///{path}"


GOOD = {"BOT_TOKEN": TOKEN, "SECRET_KEYS": KEY, "HEALTH_LISTEN": "off"}


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def one_line(said: Said, *words: str) -> None:
    """A mistake of the operator: code 2, and one line that holds these words."""
    assert said.code == 2, said
    assert said.out == ""
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, said.err
    for word in words:
        assert word in lines[0]


# mistakes


def test_each_missing_setting_is_one_line(cli: Cli) -> None:
    said = cli("run")
    assert said.code == 2
    assert [line.partition(":")[0] for line in said.err.splitlines()] == ["BOT_TOKEN", "SECRET_KEYS"]


def test_a_missing_token_is_one_line(cli: Cli) -> None:
    one_line(cli("run", SECRET_KEYS=KEY), "BOT_TOKEN: missing")


def test_a_bad_key_is_one_line_that_does_not_show_it(cli: Cli) -> None:
    said = cli("run", BOT_TOKEN=TOKEN, SECRET_KEYS="c2hvcnQ=")
    one_line(said, "SECRET_KEYS", "32 bytes")
    assert "c2hvcnQ" not in said.err


@pytest.mark.parametrize(
    "arguments",
    [("run",), ("stats",), ("migrate",), ("verify-audit",), ("rotate-keys",), ("backup", "copy.db")],
    ids=lambda arguments: arguments[0],
)
def test_a_database_that_can_not_be_used_is_one_line(cli: Cli, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("not a folder")
    below_a_file = f"sqlite+aiosqlite:///{tmp_path}/file/q.db"
    said = cli(*arguments, **GOOD, DATABASE_URL=below_a_file)
    one_line(said)
    if arguments[0] != "backup":
        assert said.err.startswith("DATABASE_URL: the database can't be used")


def test_a_server_that_takes_no_connection_is_one_line_without_its_password(cli: Cli) -> None:
    url = f"postgresql+asyncpg://somebody:very-secret@127.0.0.1:{closed_port()}/qurmet"
    for command in ("run", "stats"):
        said = cli(command, **GOOD, DATABASE_URL=url)
        one_line(said, "DATABASE_URL: the database can't be used")
        assert "very-secret" not in said.err


def test_an_empty_database_is_one_line_for_commands_that_need_a_used_one(cli: Cli, tmp_path: Path) -> None:
    for command in ("stats", "verify-audit", "rotate-keys"):
        one_line(cli(command, **GOOD, DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/empty.db"), "DATABASE_URL")


def test_a_file_that_is_no_database_is_one_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("dear diary " * 1000)
    for command in ("run", "stats"):
        one_line(cli(command, **GOOD, DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/text.db"), "not a database")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--fast"), "--fast"),
        (("fly",), "fly"),
        (("backup",), "target"),
        (("demo", "--port", "http"), "--port"),
        (("restore", "missing.db"), "missing.db"),
    ],
)
def test_a_wrong_command_line_is_one_line(cli: Cli, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    one_line(cli(*arguments, **GOOD, DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/q.db"), words)


def test_a_revision_that_does_not_exist_is_one_line(cli: Cli, used_file: str) -> None:
    one_line(cli("migrate", "nonsense", **GOOD, DATABASE_URL=used_file), "nonsense")


def test_a_token_that_telegram_refuses_is_one_line(cli: Cli, telegram: Telegram, used_file: str) -> None:
    wrong = "42:WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-"
    said = cli("run", **GOOD | {"BOT_TOKEN": wrong}, DATABASE_URL=used_file, TELEGRAM_API_URL=telegram.url)
    assert said.code == 2
    assert said.err.strip().splitlines()[-1].startswith("BOT_TOKEN: Telegram refuses it")
    assert "Traceback" not in said.err
    assert "WRONG" not in said.err


def test_the_program_itself_ends_as_the_command_does() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-m", "bot", "fly"], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1


# what an operator needs


def test_help_lists_every_command_and_each_command_has_help(cli: Cli) -> None:
    said = cli("--help")
    assert said.code == 0
    listed = {line.split()[0] for line in said.out.splitlines() if line.startswith("  ")}
    assert set(COMMANDS) <= listed
    for command in COMMANDS:
        said = cli(command, "--help")
        assert said.code == 0
        assert f"python -m bot {command}" in said.out


def test_check_without_a_network_needs_no_settings(cli: Cli) -> None:
    said = cli("check", "--offline")
    assert (said.code, said.out.splitlines()[0]) == (0, "all is well")


@pytest.fixture
def no_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out what takes dictionaries to find."""
    monkeypatch.setattr("bot.check.hints", lambda **_: [])


@pytest.mark.usefixtures("no_hints")
def test_check_finds_all_well_where_all_is_well(cli: Cli, telegram: Telegram, used: str) -> None:
    said = cli("check", **GOOD, DATABASE_URL=used, TELEGRAM_API_URL=telegram.url)
    assert (said.code, said.out) == (0, "all is well\n")


@pytest.mark.parametrize(("faults", "code", "verdict"), [([], 0, "all is well"), (["a", "b"], 1, "a\nb\n2 faults")])
def test_check_prints_hints_after_its_verdict_and_they_fail_nothing(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, faults: list[str], code: int, verdict: str
) -> None:
    monkeypatch.setattr("bot.check.check_content", lambda: iter(faults))
    monkeypatch.setattr("bot.check.hints", lambda *, all_words: ["every word" if all_words else "some words"])
    tail = "\n\nTo look at, not faults (1):\n"
    assert cli("check", "--offline") == Said(code, f"{verdict}{tail}some words\n", "")
    assert cli("check", "--offline", "--words") == Said(code, f"{verdict}{tail}every word\n", "")


def test_preview_shows_a_lesson_and_says_what_is_not_there(cli: Cli) -> None:
    said = cli("preview", "2", "en")
    assert said.code == 0
    assert said.out.startswith("2. Four forms\n")
    one_line(cli("preview", "99", "en"), "no lesson '99'", "02-four-forms")
    one_line(cli("preview", "2", "de"), "kk, ru or en")


def test_texts_records_what_is_in_step(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done: list[str] = []
    monkeypatch.setattr("bot.catalogues.refresh", lambda: done.append("refreshed"))
    monkeypatch.setattr("handlers.texts.LOCALES", write_course(tmp_path))
    assert cli("texts").code == 0
    assert done == ["refreshed"]
    assert "policy.md" in (tmp_path / "in-step.json").read_text("utf-8")
    one_line(cli("texts", "--in-step", "03-gone"), "no lesson, bank or policy called '03-gone'")
    assert cli("texts", "--in-step", "02-plain", "--in-step", "policy").code == 0


@pytest.mark.usefixtures("no_hints")
def test_check_names_all_that_is_wrong_at_once(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    database_url = f"sqlite+aiosqlite:///{tmp_path}/file/q.db"
    said = cli("check", **GOOD, DATABASE_URL=database_url, TELEGRAM_API_URL=f"http://127.0.0.1:{closed_port()}")
    assert said.code == 1
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines] == ["DATABASE_URL:", "Telegram", "2"]
    assert "Traceback" not in said.err


@pytest.mark.usefixtures("no_hints")
def test_check_finds_a_database_that_has_to_be_migrated(cli: Cli, telegram: Telegram, used_file: str) -> None:
    settings = GOOD | {"DATABASE_URL": used_file, "TELEGRAM_API_URL": telegram.url}
    assert cli("migrate", "base", **settings).code == 0
    assert cli("migrate", **settings).code == 0
    assert cli("check", **settings).out == "all is well\n"


def test_stats_counts_and_names_nobody(cli: Cli, used: str) -> None:
    said = cli("stats", **GOOD, DATABASE_URL=used)
    counts = {line.split(maxsplit=1)[1]: int(line.split()[0]) for line in said.out.splitlines()}
    assert (counts["people"], counts["flags new"], counts["flags closed"]) == (1, 1, 0)
    assert str(PASSENGER) not in said.out


def test_the_audit_is_proved_whole_or_not(cli: Cli, used_file: str) -> None:
    assert cli("verify-audit", **GOOD, DATABASE_URL=used_file).out == "the audit is whole\n"

    async def forge() -> None:
        database = Database(used_file)
        async with database.engine.begin() as connection:
            triggers = await connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in triggers.fetchall():
                await connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
            await connection.exec_driver_sql("UPDATE audit SET detail = 'forged'")
        await database.close()

    asyncio.run(forge())
    said = cli("verify-audit", **GOOD, DATABASE_URL=used_file)
    assert said.code == 1
    assert "entry 1 was changed" in said.out


def test_the_audit_is_proved_to_go_on_from_an_anchor_or_not(cli: Cli, used_file: str) -> None:
    async def look() -> str:
        database = Database(used_file)
        async with database.reading() as session:
            held = await anchor(session)
        await database.close()
        return str(held)

    held = asyncio.run(look())
    good, settings = ("verify-audit", "--anchor", held), GOOD | {"DATABASE_URL": used_file}
    assert cli(*good, **settings).out == "the audit is whole\n"
    said = cli(*good, "--anchor", f"7:{held[2:]}", **settings)
    assert said.code == 1
    assert "is of 7 entries, 1 are here" in said.out
    one_line(cli("verify-audit", "--anchor", "yesterday", **settings), "--anchor")


def test_after_a_rotation_the_new_key_alone_opens_everything(cli: Cli, used: str) -> None:
    said = cli("rotate-keys", **GOOD | {"SECRET_KEYS": f"{NEW_KEY},{KEY}"}, DATABASE_URL=used)
    assert said.code == 0
    assert "Done" in said.out
    new = Vault([b"n" * 32])

    async def look() -> tuple[int, str | None]:
        database = Database(used)
        async with database.reading() as session:
            person = await find_person(session, new, PASSENGER)
            assert person is not None
            (flag,) = await flags_of(session, person.id)
            found = person.telegram_id(new), flag.words(new)
        await database.close()
        return found

    assert asyncio.run(look()) == (PASSENGER, "words")
    settings = GOOD | {"SECRET_KEYS": NEW_KEY}
    assert cli("verify-audit", **settings, DATABASE_URL=used).out == "the audit is whole\n"


def test_keys_that_open_nothing_of_what_is_stored_are_one_line(cli: Cli, used_file: str) -> None:
    said = cli("run", **GOOD | {"SECRET_KEYS": NEW_KEY}, OWNER_IDS="5", DATABASE_URL=used_file)
    one_line(said, "SECRET_KEYS", "opens what is stored")


def test_a_rotation_says_in_one_line_what_no_key_opens_and_that_the_older_keys_stay(cli: Cli, used: str) -> None:
    said = cli("rotate-keys", **GOOD | {"SECRET_KEYS": NEW_KEY}, DATABASE_URL=used)
    assert said.code == 2
    (line,) = said.err.strip().splitlines()
    assert "opens 3 rows (audit_head 1, people 1, flags 1)" in line
    assert "Keep the older keys" in line
    assert "Done" not in said.out
    assert cli("rotate-keys", **GOOD | {"SECRET_KEYS": f"{NEW_KEY},{KEY}"}, DATABASE_URL=used).code == 0


def test_a_backup_comes_back_whole_and_nothing_is_overwritten_by_accident(
    cli: Cli, used_file: str, tmp_path: Path
) -> None:
    settings = GOOD | {"DATABASE_URL": used_file}
    assert cli("backup", "copy.db", **settings).code == 0
    one_line(cli("backup", "copy.db", **settings), "copy.db", "already")
    one_line(cli("restore", "copy.db", **settings), "--replace")
    assert cli("restore", "copy.db", "--replace", **settings).code == 0
    elsewhere = GOOD | {"DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/elsewhere/q.db"}
    assert cli("restore", "copy.db", **elsewhere).code == 0
    for each in (settings, elsewhere):
        assert "         1  people\n" in cli("stats", **each).out


def test_a_command_that_was_interrupted_says_nothing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    def interrupted(*arguments: object) -> None:
        raise typer.Abort

    monkeypatch.setattr("bot.check.check_content", interrupted)
    assert cli("check", "--offline") == Said(130, "", "")
