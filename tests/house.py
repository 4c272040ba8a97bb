"""The whole bot inside the sandbox, with real HTTP and a real database, for tests that walk it as people do."""

import asyncio
import base64
import contextlib
import functools
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import bot.app
from bot.app import App, open_app
from bot.sandbox import Message, Phone, Sandbox
from bot.settings import Settings, load_settings

TOKEN = "42:TEST-TEST-TEST-TEST-TEST-TEST-TEST-"
DRIVER, PASSENGER, REVIEWER, OWNER = 1001, 1002, 1003, 1004
KEY = base64.b64encode(b"k" * 32).decode()

# What doesn't change while tests run is made once for all houses: lessons, catalogues, handlers, trusted certificates.
bot.app.load_course = functools.cache(bot.app.load_course)
bot.app.load_texts = functools.cache(bot.app.load_texts)
bot.app.asked_in_turn = functools.cache(bot.app.asked_in_turn)
ssl.create_default_context = functools.cache(ssl.create_default_context)


_OPEN: "list[House]" = []
"""The houses that are open now."""
_SETTLING = 5.0
"""Seconds after which a phone sends all the same: a test may keep the outbox from coming to rest."""


async def _sent(phone: Phone, act: Callable[[], int], expect: int, timeout: float) -> list[Message]:  # noqa: ASYNC109
    """Send once all news of before is there: so what comes then is the answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SETTLING):
            while not all(house.app.sender.is_at_rest for house in _OPEN):  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.002)
    return await _sent_at_once(phone, act, expect, timeout)


_sent_at_once, Phone._sent = Phone._sent, _sent  # type: ignore[method-assign]


def replace_handler(monkeypatch: pytest.MonkeyPatch, place: str, handler: Callable[..., Any]) -> None:
    """Put another handler in the place of one, for the houses that are opened then."""
    monkeypatch.setattr(place, handler)
    monkeypatch.setattr(bot.app, "asked_in_turn", bot.app.asked_in_turn.__wrapped__)


@dataclass
class TestClock:
    """A clock that tests set forward; it also goes on by itself."""

    __test__ = False
    shift: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.shift


@dataclass
class House:
    """The running bot, and the phones around it."""

    app: App
    sandbox: Sandbox
    clock: TestClock

    def phone(self, person: int, language: str = "en") -> Phone:
        """A person's phone."""
        return self.sandbox.phone(person, first_name="Person", language_code=language)


def settings_for(url: str, database_url: str, **overrides: Any) -> Settings:
    """Settings of a bot inside the sandbox."""
    settings: dict[str, Any] = {
        "bot_token": TOKEN,
        "telegram_api_url": url,
        "database_url": database_url,
        "secret_keys": KEY,
        "owner_ids": str(REVIEWER),
        "health_listen": "off",
        "default_language": "kk",
        "flags_an_hour": 10_000,
        "flags_a_day": 10_000,
        "contacts_kept_days": 36_500,  # tests that are not about it show every contact, whatever day it is
    }
    return load_settings(_env_file=None, **(settings | overrides))


async def _set_nothing() -> None:
    pass


@asynccontextmanager
async def open_house(
    database_url: str,
    *,
    sandbox: Sandbox | None = None,
    clock: TestClock | None = None,
    menu: bool = True,
    **overrides: Any,
) -> AsyncIterator[House]:
    """Start the bot in the sandbox; when the block ends it's stopped as a deployment would stop it.

    Without `menu` it spares the dozens of requests that set its commands and descriptions.
    """
    clock = clock or TestClock()
    sandbox = sandbox or Sandbox(token=TOKEN, clock=clock)
    async with (
        sandbox.serve() as url,
        open_app(settings_for(url, database_url, **overrides), clock=clock) as app,
    ):
        if not menu:
            app._set_menu = _set_nothing  # type: ignore[method-assign]
        running = asyncio.create_task(app.run())
        house = House(app, sandbox, clock)
        _OPEN.append(house)
        try:
            yield house
        finally:
            _OPEN.remove(house)
            app.stop.set()
            await running
