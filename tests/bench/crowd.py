"""People who press "Next": each presses again when the last press is answered, so that a set number is in flight."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter

from bot.sandbox import Event, Message, Phone, Sandbox

PATIENCE = 60.0
"""Seconds without any answer after which the bot counts as dead."""


@dataclass
class Driver:
    """One person in a lesson."""

    phone: Phone
    message: Message
    presses: int = 0
    place: str | None = None
    pressed_at: float = 0.0
    shown_after: float | None = None
    answered: bool = False


@dataclass
class Measured:
    """What was measured: seconds from the push of each press to its screen, and presses done in a second."""

    latencies: list[float] = field(default_factory=list)
    per_second: float = 0.0

    def percentile(self, percent: int) -> float:
        """A percentile in seconds."""
        return quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


class Crowd:
    """Everybody who presses in one sandbox; `buttons` are callback data and the places that they lead to."""

    def __init__(self, sandbox: Sandbox, people: Sequence[int], language: str, buttons: Sequence[tuple[str, str]]):
        self._sandbox, self._people, self._language, self._buttons = sandbox, people, language, buttons
        self._drivers: list[Driver] = []
        self._idle: deque[Driver] = deque()
        self._flying: dict[int, Driver] = {}

    async def sit_down(self) -> None:
        """Give everybody a chat with a message of the bot in it."""
        for i in self._people:
            phone = self._sandbox.phone(i, first_name="Person", language_code=self._language)
            phone.person.started = True
            await self._sandbox.call("sendMessage", {"chat_id": i, "text": "The lesson has begun."})
            self._drivers.append(Driver(phone, phone.last))
        self._idle.extend(self._drivers)

    async def press(self, at_once: int, warm: int, count: int) -> Measured:
        """Keep `at_once` presses in flight; measure `count` of them after the first `warm`, then let all end."""
        measured, done, began = Measured(), 0, perf_counter()
        events = self._sandbox.subscribe()
        await anext(events)  # the snapshot
        for _ in range(at_once):
            self._push()
        while self._flying:
            async with asyncio.timeout(PATIENCE):
                driver = self._heard(await anext(events))
            if driver is None:
                continue
            if warm <= done < warm + count and driver.shown_after is not None:
                measured.latencies.append(driver.shown_after)
            done += 1
            if done == warm:
                began = perf_counter()
            if done == warm + count:
                measured.per_second = count / (perf_counter() - began)
            if done + len(self._flying) < warm + count + at_once * (at_once > 1):
                if at_once == 1:
                    await self._sandbox.until(lambda: self._sandbox.delivery.polling)
                self._push()
        await events.aclose()
        return measured

    def _push(self) -> None:
        driver = self._idle.popleft()
        data, place = self._buttons[driver.presses % len(self._buttons)]
        driver.presses, driver.place, driver.shown_after, driver.answered = driver.presses + 1, place, None, False
        self._flying[driver.phone.id] = driver
        driver.pressed_at = perf_counter()
        driver.phone.press_button(driver.message, data)

    def _heard(self, event: Event) -> Driver | None:
        """Take in what a phone shows; returns the driver whose press is thereby done."""
        driver = self._flying.get(event.data.get("phone", 0))
        if driver is None:
            return None
        if event.kind == "message":
            if event.data["message"]["message_id"] != driver.message.id:
                raise RuntimeError("the bot sent a new message where it was to edit one")
            driver.shown_after = perf_counter() - driver.pressed_at
        elif event.kind == "answer":
            driver.answered = True
        if driver.shown_after is None or not driver.answered:
            return None
        self._idle.append(self._flying.pop(driver.phone.id))
        return driver

    @property
    def places(self) -> list[str | None]:
        """Where everybody's last press led, None for who didn't press."""
        return [driver.place for driver in self._drivers]
