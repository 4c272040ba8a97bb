"""Every way we know to get a secret or somebody's words into a log, in a process of its own: none succeeds.

The process (`leak`) logs through the ways below, each with a mark before it, so that a test can also see that
the line was written and not merely lost.
"""

import asyncio
import base64
import gc
import io
import json
import logging
import re
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog
from aiogram.exceptions import ClientDecodeError, TelegramMigrateToChat, TelegramRetryAfter
from aiogram.methods import SendMessage
from aiogram.types import Chat, Message
from pydantic import BaseModel, ValidationError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from bot.logs import HIDDEN, redactor, safe_text, setup_logs

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
OTHER_TOKEN = "987654321:BBxyTcvCH1vGWJxfSeofSAs0K5PALDs_-09"  # not given to the logs: known by its shape alone
KEY = bytes(range(200, 232))
PASSWORD = 'pä"s\\s/wo rd'
HOOK = "hook-secret_0123456789abcdefghijklmnop"
WORDS = "he-touched-my-knee"
SECRETS = (TOKEN, KEY, PASSWORD, HOOK)
NEVER = (
    "AAHdqTcvCH1v",
    "LDsaw0",
    "BBxyTcvCH1v",
    repr(KEY)[2:30],
    base64.b64encode(KEY).decode()[:20],
    KEY.hex()[:20],
    PASSWORD,
    json.dumps(PASSWORD)[1:-1],
    quote(PASSWORD, safe=""),
    "wo rd",
    "hook-secret",
    WORDS,
    "touched",
    "7000000001",
)
WAYS: dict[str, Callable[[], object]] = {}


def way(function: Callable[[], object]) -> Callable[[], object]:
    WAYS[function.__name__] = function
    return function


class Flag(BaseModel):
    severity: int
    said: str


@dataclass
class Client:
    token: str
    key: bytes


log = logging.getLogger("some.library")
ours = structlog.get_logger("ours")


def raise_deep() -> None:
    secret = TOKEN
    try:
        try:
            raise ValueError(f"bad {secret} and {PASSWORD}")
        except ValueError as error:
            raise KeyError(HOOK) from error
    except KeyError:
        raise RuntimeError(f"https://api.telegram.org/file/bot{OTHER_TOKEN}/photos/1.jpg") from None


def decode_error() -> ClientDecodeError:
    return ClientDecodeError("Failed to decode object", ValueError(WORDS), f'{{"ok": 1,\n"text": "{WORDS}"}}')


def wrong_flag() -> ValidationError:
    try:
        Flag.model_validate({"severity": WORDS, "said": {"a": f"{WORDS}, input_type=str] {WORDS}"}})
    except ValidationError as error:
        return error
    raise AssertionError


def database_error() -> IntegrityError:
    with create_engine("sqlite://").connect() as db:
        db.execute(text("create table flag (said text primary key)"))
        try:
            for _ in range(2):
                db.execute(text("insert into flag values (:said)"), {"said": WORDS})
        except IntegrityError as error:
            return error
    raise AssertionError


def telegram_message() -> Message:
    return Message(message_id=1, date=0, chat=Chat(id=7000000001, type="private"), text=WORDS)  # type: ignore[arg-type]


EXCEPTIONS: dict[str, Callable[[], BaseException]] = {
    "decode": decode_error,
    "validation": wrong_flag,
    "database": database_error,
    "group": lambda: ExceptionGroup(f"group {TOKEN}", [decode_error(), wrong_flag(), ValueError(PASSWORD)]),
    "postgres": lambda: RuntimeError(f"duplicate key\nDETAIL:  Key (said)=({WORDS}) already exists."),
    "retry": lambda: TelegramRetryAfter(SendMessage(chat_id=7000000001, text=WORDS), "Too Many", 5),
    "migrate": lambda: TelegramMigrateToChat(SendMessage(chat_id=7000000001, text="-"), "moved", 7000000001),
}


def with_note() -> BaseException:
    error = ValueError("noted")
    error.add_note(f"token {TOKEN}")
    return error


EXCEPTIONS["note"] = with_note


@way
def stdlib_message_and_arguments() -> None:
    log.info(f"token {TOKEN} {OTHER_TOKEN}")
    log.warning("token %s %r %s", TOKEN, OTHER_TOKEN, HOOK)
    log.error("%(token)s", {"token": TOKEN})
    log.error("%s %r", [TOKEN, {"key": KEY}], (KEY, PASSWORD))
    log.debug("key %s %r %s", KEY.hex(), KEY, base64.urlsafe_b64encode(KEY).decode())


@way
def stdlib_extra_and_stack() -> None:
    log.error("extra", extra={"token": TOKEN, "client": Client(TOKEN, KEY), "message_": telegram_message()})
    log.error("stack", stack_info=True)


@way
def arguments_that_do_not_fit() -> None:
    log.error("number %d", TOKEN)
    log.error(f"{TOKEN} too few %s %s", HOOK)
    log.error("too many", PASSWORD)


@way
def objects() -> None:
    log.error("%s %r", Client(TOKEN, KEY), Client(OTHER_TOKEN, KEY))
    log.error(Client(TOKEN, KEY))
    log.error("%r %s", telegram_message(), [telegram_message()])
    ours.error("object", client=Client(TOKEN, KEY), update={"message": telegram_message()})
    ours.error("call", method=SendMessage(chat_id=7000000001, text=WORDS))


@way
def structlog_values() -> None:
    ours.info(f"event {TOKEN}", token=OTHER_TOKEN, keys=[KEY, KEY.hex()], nested={TOKEN: {"x": HOOK}})
    ours.info("name of a value", **{TOKEN: 1})
    ours.bind(token=TOKEN).warning("bound")
    with structlog.contextvars.bound_contextvars(password=PASSWORD):
        ours.error("context")
        log.error("context for all")
    ours.info("database", url=f"postgresql://user:{quote(PASSWORD, safe='')}@db/q")
    ours.info("database", url="postgresql://user:touched-password@db/q")


@way
def addresses() -> None:
    log.info("GET https://api.telegram.org/bot%s/getUpdates", TOKEN)
    log.info("GET https://api.telegram.org/file/bot%s/photo", quote(OTHER_TOKEN, safe=""))
    log.info("GET https://api.telegram.org/bot5:touched/getMe")


@way
def exceptions_as_values() -> None:
    for name, make in EXCEPTIONS.items():
        error = make()
        log.error("%s: %s", name, error)
        log.error("%s: %r", name, [error])
        log.error(f"{name}: {error}")
        log.error(f"{name}: {error!r}") if name != "note" else None
        log.error(error)
        ours.error(name, error=error, errors=[error])


@way
def exceptions_with_tracebacks() -> None:
    for name, make in {"deep": raise_deep, **EXCEPTIONS}.items():
        try:
            error = make()
            if error:
                try:
                    raise error
                except BaseException as first:
                    raise OSError(f"wrapped {TOKEN}") from first
        except Exception as caught:
            log.exception("caught %s", name)
            log.error("caught %s", name, exc_info=caught)
            ours.exception(name)
            ours.error(name, exc_info=caught)


@way
def an_object_that_cannot_be_printed() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError(TOKEN)

    log.error("broken %r", Broken())
    ours.error("broken", value=Broken())


@way
def warnings_of_libraries() -> None:
    warnings.simplefilter("always")
    warnings.warn(f"careful with {TOKEN}", UserWarning, stacklevel=1)


@way
def a_handler_that_a_library_adds_later() -> None:
    library = logging.getLogger("late.library")
    library.addHandler(logging.StreamHandler(sys.stdout))
    library.error("late %s %s", TOKEN, decode_error())
    try:
        raise_deep()
    except RuntimeError:
        library.exception("late")


@way
def a_database_that_echoes() -> None:
    engine = create_engine("sqlite://", echo="debug")
    with engine.connect() as db:
        db.execute(text("select :said"), {"said": WORDS}).all()
    logging.getLogger("sqlalchemy.engine").setLevel("DEBUG")
    with create_engine("sqlite://").connect() as db:
        db.execute(text("select :said"), {"said": WORDS}).all()


@way
def a_task_that_nobody_awaits() -> None:
    async def fail(make: Callable[[], BaseException]) -> None:
        secret = TOKEN
        raise make() if secret else None

    async def main() -> None:
        for make in EXCEPTIONS.values():
            task = asyncio.create_task(fail(make))
            await asyncio.wait([task])
            del task
            gc.collect()
        asyncio.get_running_loop().call_exception_handler({"message": TOKEN, "words": decode_error()})
        asyncio.get_running_loop().call_soon(raise_deep)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(main(), debug=True)


@way
def a_thread_that_fails() -> None:
    for target in (raise_deep, lambda: (_ for _ in ()).throw(decode_error()).__next__()):
        thread = threading.Thread(target=target, name="worker")
        thread.start()
        thread.join()


@way
def an_object_that_fails_while_it_is_freed() -> None:
    class Fails:
        def __del__(self) -> None:
            raise RuntimeError(f"freed {TOKEN}")

    Fails()
    gc.collect()


def leak() -> None:
    """Log in every way and format, with a mark before each, and end with an exception that nobody catches."""
    gc.freeze()
    for format in ("console", "json"):
        print(f"format={format}", file=sys.stderr, flush=True)
        setup_logs(format, "DEBUG", SECRETS, stream=sys.stderr)
        for name, function in WAYS.items():
            log.info(f"way={name}")
            function()
    log.info("way=an_exception_that_nobody_catches")
    raise ExceptionGroup(f"end {TOKEN}", [decode_error(), wrong_flag()])


@pytest.fixture(scope="module")
def outputs() -> dict[str, str]:
    """What the process wrote, by format."""
    root = Path(__file__).parents[2]
    script = f"import sys; sys.path[:0] = [{str(root)!r}, {str(Path(__file__).parent)!r}]\n"
    script += "import test_logs; test_logs.leak()"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    nothing, _, console, _, lines = re.split(r"^format=(console|json)\n", ended.stdout, flags=re.M)
    assert nothing == ""
    return {"console": console, "json": lines}


@pytest.mark.parametrize("format", ["console", "json"])
@pytest.mark.parametrize("never", NEVER)
def test_no_secret_and_nobodys_words_reach_the_output_by_any_way(
    outputs: dict[str, str], format: str, never: str
) -> None:
    lines = [line for line in outputs[format].splitlines() if never in line]
    assert not lines


@pytest.mark.parametrize("format", ["console", "json"])
def test_every_way_did_write_something_that_says_what_happened(outputs: dict[str, str], format: str) -> None:
    written = outputs[format]
    parts = re.split(r"way=(\w+)", written)
    said = dict(zip(parts[1::2], parts[2::2], strict=True))
    if format == "json":
        assert "ExceptionGroup" in said.pop("an_exception_that_nobody_catches")
    assert list(said) == list(WAYS)
    for name, text_of_it in said.items():
        if name != "a_database_that_echoes":
            assert HIDDEN in text_of_it or name == "an_object_that_cannot_be_printed", name
    for sought, name in {
        "its arguments don't fit": "arguments_that_do_not_fit",
        "<Message>": "objects",
        "could not write a record": "an_object_that_cannot_be_printed",
        "careful with": "warnings_of_libraries",
        "UNIQUE constraint failed": "exceptions_with_tracebacks",
        "severity: int_parsing": "exceptions_as_values",
        "unhandled exception": "a_thread_that_fails",
        "freed ": "an_object_that_fails_while_it_is_freed",
        "Task exception was never retrieved": "a_task_that_nobody_awaits",
    }.items():
        assert sought in said[name], (sought, said[name])
    assert "in raise_deep" in said["exceptions_with_tracebacks"], "the traceback is still there"
    if format == "json":
        for line in written.splitlines():
            if line.startswith("{"):
                record = json.loads(line)
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", record["timestamp"])
                assert record["level"] in {"debug", "info", "warning", "error", "critical"}
        assert written.count("\n{") > 50
    assert "\x1b[" not in written, "colours are for terminals only"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Logs set up on a stream, and everything put back as it was afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.getLogRecordFactory(), logging.raiseExceptions)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    written = io.StringIO()
    yield written
    root.handlers[:], level, factory, logging.raiseExceptions = before
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    structlog.reset_defaults()


def test_a_second_setup_replaces_the_first(stream: io.StringIO) -> None:
    setup_logs("json", "INFO", ["first-secret"], stream=io.StringIO())
    setup_logs("json", "WARNING", ["second-secret"], stream=stream)
    logging.getLogger("a").info("not shown")
    logging.getLogger("a").warning("first-secret second-secret")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["event"] == f"first-secret {HIDDEN}"


def test_ordinary_lines_stay_as_they_are(stream: io.StringIO) -> None:
    setup_logs("json", "INFO", SECRETS, stream=stream)
    logging.getLogger("a").info("%d of %s in %.1f s at %s", 3, "Құрмет", 0.25, Path("/srv/bot/data"))
    structlog.get_logger("b").info("ready from 3 to 5", url="http://127.0.0.1:8080/a", count=5, fine=True, none=None)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["event"] == "3 of Құрмет in 0.2 s at /srv/bot/data"
    assert (first["logger"], first["level"]) == ("a", "info")
    assert second["event"] == "ready from 3 to 5"
    assert second["url"] == "http://127.0.0.1:8080/a"
    assert (second["count"], second["fine"], second["none"]) == (5, True, None)


def test_a_terminal_gets_colours_and_still_no_secret(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    setup_logs("console", "INFO", SECRETS, stream=stream)
    structlog.get_logger("c").info("hello", token=TOKEN)
    assert "\x1b[" in stream.getvalue()
    assert HIDDEN in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_a_handler_that_a_library_brought_along_before_is_taken_from_it(stream: io.StringIO) -> None:
    own = io.StringIO()
    library = logging.getLogger("early.library")
    library.addHandler(logging.StreamHandler(own))
    library.propagate = False
    setup_logs("json", "INFO", SECRETS, stream=stream)
    library.error("hello")
    assert own.getvalue() == ""
    assert json.loads(stream.getvalue())["event"] == "hello"


def test_a_library_that_brings_its_own_kind_of_records_is_redacted_all_the_same(stream: io.StringIO) -> None:
    setup_logs("console", "INFO", SECRETS, stream=stream)
    logging.setLogRecordFactory(logging.LogRecord)
    structlog.get_logger("d").error("hello", **{TOKEN: 1})
    assert HIDDEN in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_a_stream_that_breaks_does_not_bring_the_arguments_to_light(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    setup_logs("json", "INFO", SECRETS, stream=stream)
    stream.close()
    log.error("token %s", TOKEN)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["decode", "validation", "database"])
def test_what_people_sent_is_left_out_of_an_errors_text_even_before_it_is_redacted(name: str) -> None:
    told = safe_text(EXCEPTIONS[name]())
    assert WORDS not in told
    assert told


def test_a_keyboard_interrupt_is_no_error(stream: io.StringIO) -> None:
    setup_logs("json", "INFO", SECRETS, stream=stream)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    "written",
    [
        f"token={TOKEN}.",
        f"'{TOKEN}'",
        f"/bot{TOKEN}/getMe",
        quote(TOKEN, safe=""),
        TOKEN.partition(":")[2],
        f"{TOKEN[:13]}...{TOKEN[-13:]}",
        OTHER_TOKEN.replace(":", "%3a"),
        f"x{OTHER_TOKEN}y",
        repr(KEY),
        base64.urlsafe_b64encode(KEY).decode().rstrip("="),
        quote(base64.b64encode(KEY).decode(), safe=""),
        KEY.hex().upper(),
        json.dumps(PASSWORD),
        repr(PASSWORD),
    ],
)
def test_a_secret_is_found_however_it_is_spelled(written: str) -> None:
    shown = redactor(SECRETS)(f"before {written} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert HIDDEN in shown
    assert not [never for never in NEVER if never.lower() in shown.lower()]


def test_redacting_twice_is_redacting_once() -> None:
    redact = redactor(SECRETS)
    for make in EXCEPTIONS.values():
        once = redact("".join(traceback.format_exception(make())))
        assert redact(once) == once
