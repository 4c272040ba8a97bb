"""Three pages for machines that watch the bot: is it alive, is it ready, what does it count."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.metrics import Metrics
from bot.settings import host_port

Check = Callable[[], Awaitable[str | None]]
"""Says None when all is well, else the reason in a few words that hold nothing personal or secret."""


@asynccontextmanager
async def serve_health(
    listen: str, metrics: Metrics, checks: Mapping[str, Check], *, check_seconds: float = 5.0
) -> AsyncIterator[str]:
    """Serve /healthz, /readyz and /metrics on `listen` (host:port, port 0 for a free one); give the base URL.

    Each check has `check_seconds` to answer. Raises OSError, fit to be shown, if the address can't be had.
    """
    host, port = host_port(listen)
    runner = web.AppRunner(_app(metrics, checks, check_seconds), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = "the address is taken or not ours"
            raise OSError(error.errno, f"HEALTH_LISTEN: can't listen on {listen}: {reason}") from error
        bound_host, bound_port = runner.addresses[0][:2]
        yield (f"http://[{bound_host}]:{bound_port}" if ":" in bound_host else f"http://{bound_host}:{bound_port}")
    finally:
        await runner.cleanup()


def _app(metrics: Metrics, checks: Mapping[str, Check], check_seconds: float) -> web.Application:
    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_: web.Request) -> web.Response:
        reasons = await asyncio.gather(*(_reason(check, check_seconds) for check in checks.values()))
        ready = not any(reasons)
        found = {name: reason or "ok" for name, reason in zip(checks, reasons, strict=True)}
        return web.json_response({"ready": ready, "checks": found}, status=200 if ready else 503)

    async def show_metrics(_: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def bare_headers(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.popall("Server", None)  # would name the versions of Python and aiohttp
        response.headers["Cache-Control"] = "no-store"

    app = web.Application()
    app.on_response_prepare.append(bare_headers)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", show_metrics)
    return app


async def _reason(check: Check, seconds: float) -> str | None:
    """The answer of one check; of one that fails only the name of its error: its text may hold anything."""
    try:
        async with asyncio.timeout(seconds):
            return await check()
    except Exception as error:
        return type(error).__name__
