"""Queues the broadcast that stands in a database and prints what it took, as JSON.

`python -m tests.bench.queueing DATABASE_URL KEY` is a process of its own that imports no more than the bot does: so its
memory is the bot's.
"""

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter

from bot.broadcasting import Broadcasting
from bot.metrics import Metrics
from bot.pace import Pace
from bot.telegram import connect
from models.broadcasts import Broadcast, Stage
from models.database import Database
from models.vault import Vault


async def queue(database_url: str, key: bytes) -> dict[str, float]:
    """People, seconds, and the most MB that the process held, now and before the first person."""
    database = Database(database_url)
    sender = Broadcasting(
        database=database,
        vault=Vault([key]),
        bot=connect("42:" + "x" * 35, "http://127.0.0.1:9"),
        texts={},
        metrics=Metrics(),
        pace=Pace(30),
        name="bench",
        wake_outbox=lambda: None,
    )
    await database.ping()
    before, began = _memory(), perf_counter()
    while (broadcast := await _look(database)).stage is Stage.QUEUEING:
        await sender.work()
    seconds = perf_counter() - began
    await sender.bot.session.close()
    await database.close()
    return {"people": broadcast.total, "seconds": seconds, "peak": _memory("VmHWM"), "before": before}


async def _look(database: Database) -> Broadcast:
    async with database.reading() as session:
        return await session.get_one(Broadcast, 1)


def _memory(name: str = "VmRSS") -> float:
    """MB of this process; NaN where the system doesn't tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(queue(sys.argv[1], bytes.fromhex(sys.argv[2])))))
