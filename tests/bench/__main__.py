"""`make bench`: this bot beside the usual stack, at the same work, on this machine, in one run.

The work is a press of "Next" in a lesson: read and write the person's place, commit it so that it survives a power
cut, edit the message, answer the press. The sandbox stands in for Telegram; it and the people who press live in this
process, each bot in one of its own. Runs alternate and medians are printed, because a machine is never quiet.
"""

import gc
import os
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bot.run import run_loop
from bot.sandbox import Sandbox
from tests import postgres
from tests.bench import broadcast
from tests.bench.bots import LANGUAGE, OURS, USUAL, USUAL_UVLOOP, Kind, import_seconds, places, prepare, running
from tests.bench.crowd import Crowd, Measured
from tests.bench.desk import FEW, MANY, queue_times
from tests.bench.due import PEOPLE as PEOPLE_REMINDED
from tests.bench.due import find_due
from tests.bench.exporting import ROWS, export_apart

PEOPLE = range(1001, 2001)
AT_ONCE = 200
ROUNDS = 2
STARTS = 5
WARM, COUNT = {True: 600, False: 150}, {True: 3000, False: 450}
"""How many presses warm a bot up and how many are measured, for ours and the others: about as many seconds."""
BLOCKS, BLOCK = 4, 40
"""Presses alone: blocks of each bot, and presses in a block."""


@dataclass(frozen=True)
class Run:
    """One bot on one database."""

    measured: Measured
    memory: float
    start_seconds: float


class Databases:
    """A fresh database for every run."""

    def __init__(self, folder: Path, server: postgres.Postgres) -> None:
        self._folder, self._server, self._files = folder, server, 0

    def fresh(self, backend: str) -> str:
        """The address of an empty database."""
        if backend == "postgres":
            return self._server.url(self._server.create())
        self._files += 1
        return f"sqlite+aiosqlite:///{self._folder}/{self._files}.db"


async def under_load(kind: Kind, database_url: str) -> Run:
    """Measure one bot with many people pressing; raises RuntimeError unless every press is stored."""
    await prepare(kind, database_url, PEOPLE)
    sandbox = Sandbox()
    async with sandbox.serve() as url:
        async with running(kind, sandbox, url, database_url) as bot:
            crowd = Crowd(sandbox, PEOPLE, LANGUAGE, kind.buttons)
            await crowd.sit_down()
            gc.collect()
            gc.freeze()  # what Telegram takes for its own housekeeping is nobody's merit
            measured = await crowd.press(AT_ONCE, WARM[kind.is_ours], COUNT[kind.is_ours])
            memory = bot.peak_memory()
        gc.unfreeze()
    stored = await places(kind, database_url)
    if any(shown not in (None, place) for shown, place in zip(crowd.places, stored, strict=True)):
        raise RuntimeError(f"{kind.name}: what was shown is not what is stored")
    return Run(measured, memory, bot.start_seconds)


async def alone(kinds: Sequence[Kind], databases: Databases, backend: str) -> dict[str, float]:
    """The median seconds of one press when nobody else presses, by bot: blocks of each in turn."""
    crowds: dict[str, Crowd] = {}
    seconds: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    async with AsyncExitStack() as stack:
        for kind in kinds:
            database_url = databases.fresh(backend)
            await prepare(kind, database_url, PEOPLE)
            sandbox = Sandbox()
            url = await stack.enter_async_context(sandbox.serve())
            await stack.enter_async_context(running(kind, sandbox, url, database_url))
            crowd = crowds[kind.name] = Crowd(sandbox, PEOPLE, LANGUAGE, kind.buttons)
            await crowd.sit_down()
            await crowd.press(1, 0, BLOCK)
        for _ in range(BLOCKS):
            for kind in kinds:
                seconds[kind.name] += (await crowds[kind.name].press(1, 0, BLOCK)).latencies
    return {name: median(each) for name, each in seconds.items()}


async def start(databases: Databases) -> tuple[float, float]:
    """Median seconds from the start of our process to its first poll, and of a bare import of the framework."""
    database_url = databases.fresh("sqlite")
    await prepare(OURS, database_url, PEOPLE)
    ours, bare = [], []
    for _ in range(STARTS):
        bare.append(await import_seconds())
        sandbox = Sandbox()
        async with sandbox.serve() as url, running(OURS, sandbox, url, database_url) as bot:
            ours.append(bot.start_seconds)
    return median(ours), median(bare)


async def bench(databases: Databases) -> None:
    """Measure everything and print it."""
    print(f"{len(PEOPLE)} people, {AT_ONCE} presses in flight; medians of {ROUNDS} runs; {os.cpu_count()} processors")
    print(f"{'':24}{'updates/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'peak MB':>9}{'alone, p50 ms':>15}")
    ratios, lines = {}, []
    for backend in ("sqlite", "postgres"):
        kinds = (USUAL, USUAL_UVLOOP, OURS)
        runs: dict[str, list[Run]] = {kind.name: [] for kind in kinds}
        for _ in range(ROUNDS):
            for kind in kinds:
                runs[kind.name].append(await under_load(kind, databases.fresh(backend)))
        pressed_alone = await alone(kinds, databases, backend)
        rates = {}
        for kind in kinds:
            every = runs[kind.name]
            rates[kind.name] = median(run.measured.per_second for run in every)
            p50, p99 = (1000 * median(run.measured.percentile(p) for run in every) for p in (50, 99))
            memory = median(run.memory for run in every)
            print(
                f"{backend + ', ' + kind.name:24}{rates[kind.name]:10.0f}{p50:9.0f}{p99:9.0f}{memory:9.0f}"
                f"{1000 * pressed_alone[kind.name]:15.1f}",
                flush=True,
            )
        ratios[backend] = rates[OURS.name] / rates[USUAL.name]
        ours = pressed_alone[OURS.name]
        beside, beside_uvloop = (ours / pressed_alone[kind.name] for kind in (USUAL, USUAL_UVLOOP))
        lines.append(
            f"one press alone on {backend}: {beside:.2f}x the usual stack's time, {beside_uvloop:.2f}x with uvloop"
        )
    ours, bare = await start(databases)
    lines.append(f"start to first poll: {ours:.2f} s, {ours - bare:.2f} s more than a bare import of the framework")
    for backend in ("sqlite", "postgres"):
        milliseconds, found = await find_due(databases.fresh(backend))
        lines.append(f"reminders on {backend}: {found} due among {PEOPLE_REMINDED} found in {milliseconds:.0f} ms")
    for backend in ("sqlite", "postgres"):
        few, many = await queue_times(databases.fresh(backend), databases.fresh(backend))
        lines.append(
            f"the queue on {backend}, {MANY:,} flags stored beside {FEW:,}: first page with counts {many.first:.1f} ms "
            f"({many.first / few.first:.2f}x), next page {many.next:.1f} ms ({many.next / few.next:.2f}x), by form "
            f"{many.form:.1f} ms ({many.form / few.form:.2f}x), where there is nothing {many.nothing:.1f} ms"
        )
        queued = await broadcast.queue(databases.fresh(backend))
        lines.append(
            f"broadcast on {backend}: {queued.people} people queued in {queued.seconds:.1f} s, "
            f"peak {queued.peak:.0f} MB, of which {queued.before:.0f} MB before the first"
        )
        sent = await broadcast.send(databases.fresh(backend))
        lines.append(
            f"broadcast sent on {backend}: {sent.per_second:.1f}/s, at most {sent.most} in a second, {sent.refused} "
            f"refused with 429; killed half-way: {sent.once} once, {sent.twice} twice, {sent.missing} never, "
            f"{sent.unsure} told as perhaps sent"
        )
        for kind in ROWS:
            made = await export_apart(databases.fresh(backend), kind)
            lines.append(
                f"export to {kind} on {backend}: {made['rows']:,.0f} rows at {made['rows'] / made['seconds']:,.0f} "
                f"rows/s, peak {made['peak']:.0f} MB, of which {made['before']:.0f} MB before the first row"
            )
    print(*lines, sep="\n")
    print(f"bench: sqlite {ratios['sqlite']:.1f}x postgres {ratios['postgres']:.1f}x")


def main() -> None:
    server = postgres.start(durable=True)
    try:
        with tempfile.TemporaryDirectory(prefix="qurmet-bench-") as folder:
            run_loop(bench(Databases(Path(folder), server)))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
