"""A person who presses faster than anybody can read slows only themselves."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

_PEOPLE = 10_000


@dataclass
class _Window:
    began: datetime
    count: int = 0
    refused: int = 0


@dataclass
class Flood:
    """Counts what each person sends in a window of time; remembers the newest ten thousand people only."""

    limit: int = 30
    seconds: float = 10.0
    _windows: OrderedDict[int, _Window] = field(default_factory=OrderedDict)

    def admits(self, person_id: int, now: datetime) -> bool:
        """Whether this person's update may be handled now."""
        window = self._windows.get(person_id)
        if window is None or not 0 <= (now - window.began).total_seconds() < self.seconds:
            window = self._windows[person_id] = _Window(now)
            while len(self._windows) > _PEOPLE:
                self._windows.popitem(last=False)
        self._windows.move_to_end(person_id)
        window.count += 1
        window.refused += window.count > self.limit
        return window.count <= self.limit

    def first_refusal(self, person_id: int) -> bool:
        """Whether the person has just been refused for the first time in this window."""
        return self._windows[person_id].refused == 1
