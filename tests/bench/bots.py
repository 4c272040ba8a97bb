"""Both bots as processes of their own, each with a database in which everybody has begun a lesson."""

import asyncio
import base64
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.clock import utc_now
from bot.migrate import migrate
from bot.sandbox import Sandbox
from handlers.presses import LearnPress
from handlers.texts import LOCALES
from models.course import Attempt
from models.database import Database
from models.lessons import load_course
from models.people import Language, load_people
from models.vault import Vault
from tests.bench import usual

ROOT = Path(__file__).parents[2]
LANGUAGE = Language.RUSSIAN
KEY = b"k" * 32
START_SECONDS = 60.0


@dataclass(frozen=True)
class Kind:
    """One of the bots: how it's started, where it keeps the place in the lesson, and what its buttons say."""

    name: str
    command: tuple[str, ...]
    places: str
    """SQL that gives the place of everybody, in the order in which they were prepared."""
    buttons: tuple[tuple[str, str], ...]
    """Callback data and the place that it leads to, each another than the one before."""

    @property
    def is_ours(self) -> bool:
        return self.command[0] == "bot"


def _lesson() -> tuple[int, list[str]]:
    course = load_course(LOCALES)
    lesson = course.lesson(course.numbers[0], LANGUAGE)
    return lesson.number, [step.key for step in (*lesson.cards, *lesson.questions)]


LESSON, STEPS = _lesson()
OURS = Kind(
    "this bot",
    ("bot", "run"),
    "SELECT place FROM attempts ORDER BY person_id",
    tuple((LearnPress(action="step", lesson=LESSON, step=step).pack(), step) for step in STEPS),
)
USUAL = Kind(
    "usual stack",
    ("tests.bench.usual",),
    "SELECT place FROM progress ORDER BY user_id",
    tuple((f"step:{step}", step) for step in usual.STEPS),
)
USUAL_UVLOOP = Kind("usual, uvloop", (*USUAL.command, "uvloop"), USUAL.places, USUAL.buttons)


async def prepare(kind: Kind, url: str, people: Sequence[int]) -> None:
    """Make the tables and give everybody a lesson that they have begun."""
    if not kind.is_ours:
        engine = usual.connect(url)
        async with engine.begin() as connection:
            await connection.run_sync(usual.Base.metadata.create_all)
            users = [{"id": i, "first_name": "Person", "language": LANGUAGE.value} for i in people]
            await connection.execute(usual.User.__table__.insert(), users)
            begun = [{"user_id": i, "lesson": 1, "place": usual.STEPS[-1]} for i in people]
            await connection.execute(usual.Progress.__table__.insert(), begun)
        await engine.dispose()
        return
    database = Database(url)
    await migrate(database)
    async with database.transaction() as session:
        languages = dict.fromkeys(people, LANGUAGE.value)
        persons = await load_people(session, Vault([KEY]), languages, default=LANGUAGE, now=utc_now())
        for i in people:
            attempt = Attempt(lesson=LESSON, version="", place=STEPS[-1], started_at=utc_now())
            session.add(attempt)
            attempt.person_id = persons[i].id
    await database.close()


async def places(kind: Kind, url: str) -> list[str]:
    """Where everybody is in the lesson, as stored."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = list(await connection.scalars(text(kind.places)))
    await engine.dispose()
    return found


@dataclass
class Running:
    """A bot that has asked for updates."""

    pid: int
    start_seconds: float
    """From the start of the process to its first request for updates."""

    def peak_memory(self) -> float:
        """The most memory that the process has held, in MB; NaN where the system doesn't tell."""
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except OSError:
            return float("nan")
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


@asynccontextmanager
async def running(kind: Kind, sandbox: Sandbox, url: str, database_url: str) -> AsyncIterator[Running]:
    """Run a bot on a served sandbox while the block lasts; raises RuntimeError if it doesn't start."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "BOT_TOKEN": sandbox.token,
        "TELEGRAM_API_URL": url,
        "DATABASE_URL": database_url,
    }
    if kind.is_ours:
        environment |= {"SECRET_KEYS": base64.b64encode(KEY).decode(), "HEALTH_LISTEN": "off"}
    with tempfile.TemporaryDirectory(prefix="qurmet-bench-") as folder, tempfile.TemporaryFile() as said:
        # In a folder of its own: the developer's .env must not leak in.
        began = perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *kind.command, env=environment, cwd=folder, stdout=said, stderr=said
        )
        try:
            try:
                await sandbox.until(lambda: sandbox.delivery.polling, START_SECONDS)
            except TimeoutError:
                said.seek(0)
                raise RuntimeError(f"{kind.name} did not start:\n{said.read().decode(errors='replace')}") from None
            yield Running(process.pid, perf_counter() - began)
        finally:
            process.terminate()
            await process.wait()


async def import_seconds() -> float:
    """How long a process takes that only imports the framework: what nobody's start can undercut."""
    began = perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import aiogram")
    await process.wait()
    return perf_counter() - began
