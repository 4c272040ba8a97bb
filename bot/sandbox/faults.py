"""Faults on demand: what a bot must survive, made to happen to the next calls."""

from dataclasses import dataclass
from typing import Literal

from .errors import Json, Refusal

Kind = Literal["refuse", "bare", "drop_before", "drop_after", "delay", "garbage"]


@dataclass(slots=True)
class Fault:
    """One kind of trouble for the next `times` calls that fit `method` and `chat_id` (None fits any)."""

    kind: Kind
    times: int
    method: str | None = None
    chat_id: int | None = None
    refusal: Refusal | None = None
    status: int = 500
    seconds: float = 0.0

    def fits(self, method: str, chat_id: int | None) -> bool:
        if self.chat_id not in (None, chat_id):
            return False
        if self.method is None:
            return method != "getUpdates"  # the long poll is hit only when it is named
        return self.method.lower() == method.lower()


class Faults:
    """The faults that are still to happen, in the order in which they were asked for.

    Each takes `times` (how many calls), `method` (None: any but getUpdates) and `chat_id` (None: any).
    """

    def __init__(self) -> None:
        self._coming: list[Fault] = []

    def too_many(
        self, retry_after: int = 1, times: int = 1, method: str | None = None, chat_id: int | None = None
    ) -> None:
        """429 with parameters.retry_after in seconds."""
        words = f"Too Many Requests: retry after {retry_after}"
        self.refuse(429, words, times, method, chat_id, {"retry_after": retry_after})

    def refuse(
        self,
        code: int,
        description: str,
        times: int = 1,
        method: str | None = None,
        chat_id: int | None = None,
        parameters: Json | None = None,
    ) -> None:
        """Any refusal with a JSON body, 4xx or 5xx."""
        refusal = Refusal(description, code, parameters)
        self._coming.append(Fault("refuse", times, method, chat_id, refusal))

    def broken(self, status: int = 502, times: int = 1, method: str | None = None, chat_id: int | None = None) -> None:
        """An HTML page of a proxy with status `status` and no JSON."""
        self._coming.append(Fault("bare", times, method, chat_id, status=status))

    def garbage(self, times: int = 1, method: str | None = None, chat_id: int | None = None) -> None:
        """Status 200 and a body that is no JSON; nothing was done."""
        self._coming.append(Fault("garbage", times, method, chat_id))

    def drop_before(self, times: int = 1, method: str | None = None, chat_id: int | None = None) -> None:
        """The connection is dropped and nothing has happened."""
        self._coming.append(Fault("drop_before", times, method, chat_id))

    def drop_after(self, times: int = 1, method: str | None = None, chat_id: int | None = None) -> None:
        """The call is executed, then the connection is dropped without an answer."""
        self._coming.append(Fault("drop_after", times, method, chat_id))

    def delay(self, seconds: float, times: int = 1, method: str | None = None, chat_id: int | None = None) -> None:
        """The call is executed `seconds` later."""
        self._coming.append(Fault("delay", times, method, chat_id, seconds=seconds))

    def clear(self) -> None:
        self._coming.clear()

    @property
    def left(self) -> int:
        """How many calls are still to be hit."""
        return sum(fault.times for fault in self._coming)

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault for this call, if one is due; it is used up by it."""
        for fault in self._coming:
            if fault.fits(method, chat_id):
                fault.times -= 1
                if fault.times == 0:
                    self._coming.remove(fault)
                return fault
        return None
