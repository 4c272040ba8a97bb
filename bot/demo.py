"""The demo: a local Telegram on this machine, the bot inside it, and three phones to try it with."""

import base64
import secrets
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from bot.app import open_app
from bot.run import run_loop, stop_on_signals
from bot.sandbox import Sandbox
from bot.settings import Settings, load_settings

DRIVER, PASSENGER, REVIEWER = 1001, 1002, 1003


def run_demo(port: int) -> None:
    """Serve the page until stopped. What is tried is kept in a temporary folder, and goes with it."""
    with tempfile.TemporaryDirectory(prefix="qurmet-demo-") as folder:
        run_loop(_run(port, Path(folder)))


async def _run(port: int, folder: Path) -> None:
    sandbox = demo_sandbox()
    async with AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(sandbox.serve(port=port))
        except OSError:  # the port is taken
            url = await stack.enter_async_context(sandbox.serve(port=0))
        app = await stack.enter_async_context(open_app(demo_settings(sandbox.token, url, folder)))
        stop_on_signals(app.stop)
        print(
            f"\n  Qurmet is open at {url}\n  Three phones: a driver, a passenger, a reviewer. Ctrl+C ends it.\n",
            flush=True,
        )
        await app.run()


def demo_sandbox() -> Sandbox:
    """A local Telegram with a driver, a passenger and a reviewer."""
    sandbox = Sandbox(token=f"42:{secrets.token_urlsafe(27)[:35]}")
    sandbox.phone(DRIVER, first_name="Ерлан", language_code="kk", title="Driver")
    sandbox.phone(PASSENGER, first_name="Айгүл", language_code="ru", title="Passenger")
    sandbox.phone(REVIEWER, first_name="Dana", language_code="en", title="Reviewer")
    return sandbox


def demo_settings(token: str, url: str, folder: Path) -> Settings:
    """Settings of a bot inside the sandbox, with keys that nobody keeps; the environment has no say."""
    return load_settings(
        _env_file=None,
        bot_token=token,
        telegram_api_url=url,
        database_url=f"sqlite+aiosqlite:///{folder / 'qurmet.db'}",
        secret_keys=base64.b64encode(secrets.token_bytes(32)).decode(),
        owner_ids=str(REVIEWER),
        webhook_url=None,
        webhook_secret=None,
        health_listen="off",
        operator_name="",
        default_language="kk",
        send_rate=30,
    )
