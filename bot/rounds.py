"""Work that comes again and again: a look every so often, which nothing that goes wrong in one look ends.

How it goes is remembered, so that whoever watches the bot is told of work that has failed for long.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=1)
"""How soon it's looked again after a look that failed, or sooner if the work comes more often."""
LONG = timedelta(minutes=10)
"""Work that has failed for as long is in trouble."""


@dataclass
class Rounds:
    """The rounds of one bot. `clock` counts seconds."""

    clock: Callable[[], float] = monotonic
    _failing: dict[str, float] = field(default_factory=dict)
    """Since when each work fails, look after look."""
    _ended: set[str] = field(default_factory=set)

    async def go(
        self, what: str, look: Callable[[], Awaitable[object]], every: timedelta, *, first: timedelta | None = None
    ) -> None:
        """Look until cancelled: at first after `first`, which is `every` if nothing is said, then with `every` between.

        `what` names the work in the log and to whoever watches.
        """
        pause = first or every
        try:
            while True:
                await asyncio.sleep(pause.total_seconds())
                pause = every
                try:
                    await look()
                    self._failing.pop(what, None)
                except Exception as error:  # whatever it is, the next look may succeed
                    self._failing.setdefault(what, self.clock())
                    pause = min(every, AGAIN)
                    if isinstance(error, SQLAlchemyError | OSError):
                        log.warning("%s: the database is away: %s", what, type(error).__name__)
                    else:
                        log.error("%s: failed: %s at %s", what, type(error).__name__, _place(error))
        finally:
            self._ended.add(what)

    def trouble(self) -> str | None:
        """Which work has ended, or failed for long, in a few words; None if there's none."""
        long = {what for what, since in self._failing.items() if self.clock() - since >= LONG.total_seconds()}
        found = [f"{what} has ended" for what in sorted(self._ended)]
        found += [f"{what} fails" for what in sorted(long - self._ended)]
        return ", ".join(found) or None


def _place(error: Exception) -> str:
    """Where it happened: a line of code says nothing of anybody, the words of an error may."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
