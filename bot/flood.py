"""A person who presses faster than anybody can read slows only themselves."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

_PEOPLE = 10_000


@dataclass
class _Window:
    began: datetime
    admitted: set[int] = field(default_factory=set)
    first_refused: int | None = None


@dataclass
class Flood:
    """Counts what each person sends in a window of time; remembers the newest ten thousand people only.

    Updates are counted by their number: one that is tried again after trouble with the database counts once.
    """

    limit: int = 30
    seconds: float = 10.0
    _windows: OrderedDict[int, _Window] = field(default_factory=OrderedDict)

    def admits(self, person_id: int, update_id: int, now: datetime) -> bool:
        """Whether this person's update may be handled now."""
        window = self._windows.get(person_id)
        if window is None or not 0 <= (now - window.began).total_seconds() < self.seconds:
            window = self._windows[person_id] = _Window(now)
            while len(self._windows) > _PEOPLE:
                self._windows.popitem(last=False)
        self._windows.move_to_end(person_id)
        if len(window.admitted) < self.limit:
            window.admitted.add(update_id)
        elif update_id not in window.admitted and window.first_refused is None:
            window.first_refused = update_id
        return update_id in window.admitted

    def is_first_refusal(self, person_id: int, update_id: int) -> bool:
        """Whether this update is the first of the person's that was refused in this window."""
        window = self._windows.get(person_id)
        return window is not None and window.first_refused == update_id
