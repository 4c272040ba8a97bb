"""A broadcast to 500,000 people: how long it takes to queue it, and in how much memory. And one that is really sent,
to a Telegram that refuses the 31st message of a second, by a bot that is killed half-way.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter, deque
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import text, update

from bot.clock import utc_now
from bot.migrate import migrate
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault, Faults
from models.broadcasts import Broadcast, Stage, new_draft, start
from models.database import Database
from models.leases import Lease
from models.markup import Rich
from models.people import Language, load_people
from models.vault import Vault
from tests.bench.bots import KEY, OURS, ROOT, running
from tests.bench.due import fill_people

SENT_TO = range(5001, 5251)
A_SECOND = 30
"""Messages that this Telegram takes in any second."""
_PATIENCE = 60.0


@dataclass(frozen=True)
class Queued:
    """What queueing took: seconds, and the most MB that the process held, now and before the first person."""

    people: int
    seconds: float
    peak: float
    before: float


@dataclass(frozen=True)
class Sent:
    """How a broadcast went: messages a second, the most in one second, and how many people got it how often."""

    per_second: float
    most: int
    refused: int
    once: int
    twice: int
    missing: int
    unsure: int


class Strict(Faults):
    """Answers 429 to whatever is too much in a second."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: deque[float] = deque()
        self.most = self.refused = 0

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """Count what is sent; refuse what is too much."""
        if method.lower() == "sendmessage":
            now = monotonic()
            while self.sent and self.sent[0] <= now - 1:
                self.sent.popleft()
            if len(self.sent) >= A_SECOND:
                self.refused += 1
                self.too_many(retry_after=1, method=method, chat_id=chat_id)
            else:
                self.sent.append(now)
                self.most = max(self.most, len(self.sent))
        return super().take(method, chat_id)


async def queue(database_url: str) -> Queued:
    """Fill a database with people and have a process of its own queue a broadcast to all of them."""
    database = Database(database_url)
    await migrate(database)
    await fill_people(database)
    await _start(database, 1)
    await database.close()
    command = (sys.executable, "-m", "tests.bench.queueing", database_url, KEY.hex())
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return Queued(**json.loads(output))


async def send(database_url: str) -> Sent:
    """Send a broadcast, kill the bot with SIGKILL in the middle, and let another one end it."""
    database = Database(database_url)
    await migrate(database)
    async with database.transaction() as session:
        languages = dict.fromkeys(SENT_TO, Language.KAZAKH.value)
        people = await load_people(session, Vault([KEY]), languages, default=Language.KAZAKH, now=utc_now())
        owner_id = people[SENT_TO[0]].id
    await _start(database, owner_id)
    sandbox = Sandbox()
    sandbox.faults = strict = Strict()
    for i in SENT_TO:
        sandbox.phone(i, first_name="Person", language_code="kk").person.started = True
    moments: dict[int, list[float]] = {}

    def sent() -> Counter[int]:
        found: Counter[int] = Counter()
        for call in sandbox.calls:
            if call.method == "sendMessage" and call.ok:
                found[int(call.params["chat_id"])] += 1
        return found

    async with sandbox.serve() as url:
        for part, upto in enumerate((len(SENT_TO) // 2, len(SENT_TO) + 1)):
            async with running(OURS, sandbox, url, database_url) as bot:
                began = monotonic()
                while sum(sent().values()) < upto and (await _look(database)).stage is not Stage.DONE:
                    if monotonic() - began > _PATIENCE:
                        raise RuntimeError("the broadcast does not end")
                    await asyncio.sleep(0.02)
                    moments.setdefault(part, []).append(monotonic()) if sent() else None
                if part == 0:
                    first, elapsed = sum(sent().values()), moments[0][-1] - moments[0][0]
                    os.kill(bot.pid, signal.SIGKILL)
            async with database.transaction() as session:  # as if half a minute had passed
                await session.execute(update(Lease).values(until=utc_now()))
    broadcast, copies = await _look(database), sent()
    await database.close()
    return Sent(
        per_second=(first - 1) / elapsed,
        most=strict.most,
        refused=strict.refused,
        once=sum(number == 1 for number in copies.values()),
        twice=sum(number > 1 for number in copies.values()),
        missing=len(SENT_TO) - len(copies),
        unsure=broadcast.unsure,
    )


async def _start(database: Database, owner_id: int) -> None:
    async with database.transaction() as session:
        draft = await new_draft(session, owner_id, utc_now())
        draft.write(Vault([KEY]), Language.KAZAKH, Rich(text="Сәлеметсіз бе!"), utc_now())
        await start(session, draft, may_count=True, now=utc_now())
    if not database.is_sqlite:
        async with database.engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text("ANALYZE"))


async def _look(database: Database) -> Broadcast:
    async with database.reading() as session:
        return await session.get_one(Broadcast, 1)
