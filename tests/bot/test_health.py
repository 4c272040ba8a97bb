"""What a machine that watches the bot sees: alive, ready and why not, numbers, and nothing about anybody."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import pytest

from bot.health import serve_health
from bot.metrics import Metrics

ANY_PORT = "127.0.0.1:0"


def says(answer: str | None) -> Callable[[], Awaitable[str | None]]:
    async def check() -> str | None:
        return answer

    return check


async def get(
    path: str, checks: Mapping[str, Callable[[], Awaitable[str | None]]], metrics: Metrics | None = None
) -> tuple[int, str, Mapping[str, str]]:
    async with (
        serve_health(ANY_PORT, metrics or Metrics(), checks, check_seconds=0.05) as url,
        aiohttp.ClientSession() as http,
        http.get(url + path) as answer,
    ):
        return answer.status, await answer.text(), answer.headers


async def test_a_live_process_says_ok_even_when_nothing_else_works() -> None:
    status, text, _ = await get("/healthz", {"database": says("unreachable")})
    assert (status, text) == (200, "ok")


async def test_ready_when_every_check_is_fine() -> None:
    status, text, headers = await get("/readyz", {"database": says(None), "backlog": says(None)})
    assert status == 200
    assert text == '{"ready": true, "checks": {"database": "ok", "backlog": "ok"}}'
    assert headers["Content-Type"].startswith("application/json")


async def test_one_bad_check_makes_it_unready_and_is_named_with_its_reason() -> None:
    status, text, _ = await get("/readyz", {"database": says(None), "migrations": says("behind by 2")})
    assert status == 503
    assert text == '{"ready": false, "checks": {"database": "ok", "migrations": "behind by 2"}}'


async def test_a_check_that_fails_shows_the_name_of_its_error_and_never_its_text() -> None:
    async def failing() -> str | None:
        raise ConnectionError("postgresql://user:password@host")

    status, text, _ = await get("/readyz", {"database": failing, "backlog": says(None)})
    assert status == 503
    assert text == '{"ready": false, "checks": {"database": "ConnectionError", "backlog": "ok"}}'


async def test_a_check_that_hangs_is_given_up_and_the_others_are_still_told() -> None:
    ended = asyncio.Event()

    async def hanging() -> str | None:
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    status, text, _ = await get("/readyz", {"database": hanging, "backlog": says(None)})
    assert status == 503
    assert text == '{"ready": false, "checks": {"database": "TimeoutError", "backlog": "ok"}}'
    assert ended.is_set()


async def test_all_metrics_can_be_read_by_prometheus() -> None:
    metrics = Metrics()
    metrics.update_done("callback_query", "done", 0.003)
    metrics.update_done("callback_query", "done", 0.004)
    metrics.update_done("message", "dead", 20.0)
    metrics.batch_done(3)
    metrics.send_done("sendMessage", "ok")
    metrics.outbox_depth.set(5)
    metrics.outbox_age.set(1.5)
    metrics.dead_letters.set(1)
    status, text, headers = await get("/metrics", {}, metrics)
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=")
    lines = set(text.splitlines())
    assert {
        'bot_updates_total{kind="callback_query",result="done"} 2.0',
        'bot_updates_total{kind="message",result="dead"} 1.0',
        'bot_update_duration_seconds_bucket{le="0.005"} 2.0',
        "bot_update_duration_seconds_count 3.0",
        'bot_batch_size_bucket{le="2.0"} 0.0',
        'bot_batch_size_bucket{le="5.0"} 1.0',
        'bot_sends_total{method="sendMessage",result="ok"} 1.0',
        "bot_outbox_depth 5.0",
        "bot_outbox_age_seconds 1.5",
        "bot_dead_letters 1.0",
    } <= lines


def test_two_sets_of_metrics_know_nothing_of_each_other() -> None:
    first, second = Metrics(), Metrics()
    first.send_done("sendMessage", "ok")
    assert b"sendMessage" in first.render()
    assert b"sendMessage" not in second.render()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/elsewhere"])
async def test_no_page_names_the_versions_of_what_runs_it(path: str) -> None:
    _, _, headers = await get(path, {})
    assert "Server" not in headers
    assert "aiohttp" not in str(headers)
    assert headers["Cache-Control"] == "no-store"


async def test_a_taken_port_is_told_with_the_setting_that_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(OSError, match=f"HEALTH_LISTEN: can't listen on {listen}"):
            async with serve_health(listen, Metrics(), {}):
                pass


async def test_the_port_is_free_again_after_the_bot_stops() -> None:
    async with serve_health(ANY_PORT, Metrics(), {}) as url:
        port = int(url.rpartition(":")[2])
    async with serve_health(f"127.0.0.1:{port}", Metrics(), {}) as again:
        assert again == url
