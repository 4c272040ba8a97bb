"""How long an export takes and how much memory: a million generated flags as CSV, a tenth of them as XLSX.

The export runs in a process of its own, so that the memory is its own: `python -m tests.bench.exporting URL KIND`
prints rows, seconds and the peak in megabytes, what the process needs before the first row included.
"""

import asyncio
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from sqlalchemy import text

from bot.migrate import migrate
from handlers.export import Parts, write_all
from handlers.spreadsheets import small_enough
from handlers.texts import load_texts
from models.behaviours import BEHAVIOURS
from models.database import Database
from models.flag_export import Source
from models.people import Language
from models.regions import REGIONS

ROWS = {"csv": 1_000_000, "xlsx": 100_000}
"""Flags of each kind of file."""
PEOPLE = 1000
_DAY = datetime(2026, 11, 21, tzinfo=UTC)
_SQL = {
    "sqlite": {
        "moment": "strftime('%Y-%m-%d %H:%M:%f000', '2026-11-21', '-' || (i % 525600 + {}) || ' minutes')",
        "blob": "CAST(printf('%0{}d', i) AS BLOB)",
        "zero": "x'00'",
    },
    "postgresql": {
        "moment": "timestamptz '2026-11-21 00:00:00Z' - make_interval(mins => i % 525600 + {})",
        "blob": "convert_to(lpad(CAST(i AS TEXT), {}, '0'), 'UTF8')",
        "zero": "decode('00', 'hex')",
    },
}
"""A moment so many minutes before the number of the row, the number as so many bytes, and one byte."""


def _one_of(values: list[str], each: int) -> str:
    """SQL for one of these by the number of the row."""
    cases = " ".join(f"WHEN {place} THEN '{value}'" for place, value in enumerate(values))
    return f"CASE (i / {each}) % {len(values)} {cases} END"


async def fill(database_url: str, rows: int) -> None:
    """A database with so many flags, all of which may be exported, over a year."""
    database = Database(database_url)
    await migrate(database)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
    moment, blob, zero = _SQL[database.engine.dialect.name].values()
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO people (id, telegram_index, sealed_telegram_id, language, language_chosen, joined_at) "
                f"{numbers} SELECT i, {blob.format(32)}, {zero}, 'kk', false, '{_DAY:%Y-%m-%d} 00:00:00.000000' "
                f"FROM n LIMIT {PEOPLE}"
            )
        )
        columns = (
            "id, uid, reporter_id, draft, ride, severity, state, received_at, due_at, opened_at, ended_at, outcome, "
            "wrapped_key, receipt_index, sealed_receipt, teller, platform, region, form"
        )
        await session.execute(
            text(
                f"INSERT INTO flags ({columns}) {numbers} SELECT i, {blob.format(16)}, i % {PEOPLE} + 1, "
                f"CAST(i AS TEXT), 'over', i % 4 + 1, 'closed', {moment.format(5000)}, {moment.format(4000)}, "
                f"{moment.format(4500)}, {moment.format(1000)}, 'advice', {zero}, {blob.format(32)}, {zero}, "
                f"{_one_of(['passenger', 'driver', 'witness'], 1)}, {_one_of(['yandex', 'indrive'], 7)}, "
                f"{_one_of(list(REGIONS), 3)}, SUBSTR({_one_of(list(BEHAVIOURS), 1)}, 1, 2) FROM n"
            )
        )
        for step in (1, 5):
            await session.execute(
                text(
                    "INSERT INTO flag_behaviours (flag_id, code) "
                    f"{numbers} SELECT i, {_one_of(list(BEHAVIOURS), step)} FROM n WHERE true ON CONFLICT DO NOTHING"
                )
            )
        await session.execute(
            text(
                "INSERT INTO consents (flag_id, recipient, given_at) "
                f"{numbers} SELECT i, 'statistics', '{_DAY:%Y-%m-%d} 00:00:00.000000' FROM n"
            )
        )
    await database.close()


async def export(database_url: str, kind: str, folder: Path) -> dict[str, float]:
    """Write the files, as an order does, and measure."""
    before = _megabytes()
    database, began = Database(database_url), perf_counter()

    async def quiet(rows: int) -> None:
        """Nobody is told."""

    parts = Parts(folder, kind, load_texts()[Language.RUSSIAN])
    async with database.reading() as session:
        source = Source(session)
        await source.prepare()
        await write_all(source, parts, asyncio.to_thread, quiet)
    sizes = [small_enough(path).stat().st_size for path in parts.paths]
    seconds = perf_counter() - began
    await database.close()
    return {
        "rows": parts.rows,
        "seconds": seconds,
        "peak": _megabytes(),
        "before": before,
        "files": len(sizes),
        "largest": max(sizes) / 1e6,
    }


def _megabytes() -> float:
    """The most memory that this process has held; NaN where the system doesn't tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


async def export_apart(database_url: str, kind: str) -> dict[str, float]:
    """The same in a process of its own."""
    await fill(database_url, ROWS[kind])
    command = (sys.executable, "-m", "tests.bench.exporting", database_url, kind)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    measured: dict[str, float] = json.loads(said)
    return measured


def main() -> None:
    database_url, kind = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="qurmet-bench-") as folder:
        print(json.dumps(asyncio.run(export(database_url, kind, Path(folder)))))


if __name__ == "__main__":
    main()
