"""Logs that never tell: whatever is logged, by whomever, no secret and nobody's words reach the output.

Three nets, one behind the other: objects that carry other people's words (exceptions, Telegram's objects) are
named instead of printed; every record blanks known shapes and the given secrets, for any handler; the
finished line is blanked once more. The database engine is to be made with `hide_parameters=True` all the
same: then parameters don't even come this far.
"""

import base64
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

import structlog
from aiogram.exceptions import ClientDecodeError
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import StatementError
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

Redact = Callable[[str], str]

HIDDEN = "[hidden]"
NOT_YET = rf"(?!{re.escape(HIDDEN)})"
# Repeats are bounded where a text could otherwise make one pattern start, and fail, very often.
SHAPES = tuple(
    (re.compile(pattern, flags), replacement)
    for pattern, flags, replacement in (
        # Telegram's addresses and tokens, also cut short by a repr.
        (r"/bot\d+(?::|%3A)[^/\s\"'\\]*", re.I, f"/bot{HIDDEN}"),
        (r"(?<!\d)\d+(?::|%3A)[A-Za-z0-9_-]{35,}", re.I, HIDDEN),
        (r"(?<!\d)\d{6,}:[A-Za-z0-9_-]+\.\.\.[A-Za-z0-9_-]*", 0, HIDDEN),
        # user:password@ in any address
        (rf"(://[^\s:/@\"']*):{NOT_YET}[^\s@\"']{{1,500}}@", 0, rf"\1:{HIDDEN}@"),
        # pydantic: what somebody sent
        (rf"input_value={NOT_YET}(?:.*(?=, input_type=)|.*)", 0, f"input_value={HIDDEN}"),
        # aiogram's ClientDecodeError: a whole response; other errors of it: a chat's id
        (rf"(Caused from error: ){NOT_YET}.*", re.S, rf"\1{HIDDEN}"),
        (rf"(ClientDecodeError\(){NOT_YET}.*", 0, rf"\1{HIDDEN}"),
        (r"\b(in chat|supergroup with id(?: -?\d+ from)?) -?\d+", 0, HIDDEN),
        # databases: rows and parameters
        (rf"(\[parameters: ){NOT_YET}.*", 0, rf"\1{HIDDEN}]"),
        (rf"(DETAIL: ++|Failing row contains ){NOT_YET}.*", 0, rf"\1{HIDDEN}"),
        (r"(Key )\(.{0,500}?\)=\(.*", 0, rf"\1{HIDDEN}"),
        # asyncio: what a task gave or raised
        (
            rf"(<\w*(?:Task|Future) finished .{{0,2000}}?\b(?:exception|result)=){NOT_YET}.*",
            re.S,
            rf"\1{HIDDEN}",
        ),
    )
)
TELLTALES = ("sqlalchemy", "aiosqlite", "aiogram.scene", "fpdf", "fontTools", "matplotlib", "PIL", "markdown_it")
"""Loggers that print below WARNING what is in rows and texts, or a line for each letter that they read."""


def setup_logs(format: str, level: str, secrets: Iterable[str | bytes], *, stream: TextIO | None = None) -> None:
    """Send all logs, warnings and unhandled exceptions to one redacted stream (default: stderr).

    `format` is `console` or `json`, `level` a name such as `INFO`; `secrets` are values to blank, however
    they are spelled. Calling it again replaces what the last call set up.
    """
    out = stream or sys.stderr
    redact = redactor(secrets)
    handler = logging.StreamHandler(out)
    handler.setFormatter(_LastNet(redact, _renderer(format, out)))
    handler.addFilter(_keeps_rows_out)

    logging.setLogRecordFactory(_safe_record(redact))
    logging.raiseExceptions = False  # else logging prints the arguments of a record it can't write
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    for name in TELLTALES:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_described(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _unhandled
    threading.excepthook = _unhandled_in_thread
    sys.unraisablehook = _unraisable


def redactor(secrets: Iterable[str | bytes]) -> Redact:
    """A function that blanks the known shapes, and these secrets however they are spelled, in a text."""
    spellings = {form for secret in secrets for form in _spellings(secret)}
    ordered = sorted(spellings, key=len, reverse=True)
    given = re.compile("|".join(ordered)) if ordered else None

    def redact(text: str) -> str:
        if given:
            text = given.sub(HIDDEN, text)
        for pattern, replacement in SHAPES:
            text = pattern.sub(replacement, text)
        return text

    return redact


def safe_text(error: BaseException) -> str:
    """What an exception says, without what people sent and what is stored; not yet redacted."""
    if isinstance(error, ValidationError):
        found = (
            f"{'.'.join(map(str, problem['loc'])) or '(all)'}: {problem['type']}"
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        )
        return f"{error.title}: {'; '.join(found)}"
    if isinstance(error, ClientDecodeError):
        return f"{error.message} ({type(error.original).__name__})"
    if isinstance(error, StatementError):
        first_line = str(error.orig).split("\n", 1)[0]
        return f"{type(error.orig).__name__}: {first_line} [SQL: {error.statement}]"
    if isinstance(error, HttpProcessingError):
        return f"HTTP {error.code}"
    return str(error)


def _render_exception(exc_info: ExcInfo, redact: Redact) -> str:
    return redact(_traceback(exc_info[1], redact, set()))


def _traceback(error: BaseException, redact: Redact, seen: set[int]) -> str:
    """As Python prints it, causes first, but with safe texts and never with local variables."""
    seen.add(id(error))
    before = ""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        link = "directly caused the exception below" if error.__cause__ else "was being handled when this happened"
        before = f"{_traceback(cause, redact, seen)}\n\n(the exception above {link})\n\n"
    frames = "".join(traceback.format_tb(error.__traceback__))
    header = f"Traceback (most recent call last):\n{frames}" if frames else ""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
    text = redact(safe_text(error))
    inner = ""
    if isinstance(error, BaseExceptionGroup):
        for nested in error.exceptions:
            if id(nested) not in seen:
                inner += "\n" + _indented(_traceback(nested, redact, seen))
    return f"{before}{header}{name}{': ' if text else ''}{text}{notes}{inner}"


def _indented(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.splitlines())


class _Bare(str):
    """Text that stands for an object: no quotes around it in a repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _calm(value: Any, redact: Redact) -> Any:
    """The same value for a log: numbers as they are, people's objects by name, all else as redacted text."""
    if value is None or isinstance(value, int | float):
        return value
    if type(value) is str:
        return redact(value)
    if isinstance(value, BaseException):
        return _Bare(redact(f"{type(value).__name__}: {safe_text(value)}"))
    if isinstance(value, BaseModel):
        return _Bare(f"<{type(value).__name__}>")
    if isinstance(value, Mapping):
        return {redact(str(key)): _calm(item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_calm(item, redact) for item in value]
    return _Bare(redact(repr(value) if isinstance(value, bytes | bytearray) else str(value)))


def _safe_record(redact: Redact) -> type[logging.LogRecord]:
    class SafeRecord(logging.LogRecord):
        """A record that is redacted for any handler, also for one that a library adds later."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if self.exc_info and self.exc_info[1]:
                self.exc_text = _render_exception(self.exc_info, redact)

        def getMessage(self) -> str:
            if not _keeps_rows_out(self):
                return HIDDEN
            message = str(_calm(self.msg, redact))
            if not self.args:
                return message
            if isinstance(self.args, Mapping):
                args: Any = {key: _calm(item, redact) for key, item in self.args.items()}
            else:
                args = tuple(_calm(item, redact) for item in self.args)
            try:
                return redact(message % args)
            except (TypeError, ValueError, KeyError):
                return f"{message} (its arguments don't fit)"

    return SafeRecord


class _LastNet(structlog.stdlib.ProcessorFormatter):
    """Renders a record of any logger to a line, redacted as a whole."""

    def __init__(self, redact: Redact, renderer: Processor) -> None:
        def calm(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
            return {key: _calm(value, redact) for key, value in event.items()}

        super().__init__(
            foreign_pre_chain=[*_described(), structlog.stdlib.ExtraAdder()],
            processors=[
                self.remove_processors_meta,
                structlog.processors.ExceptionRenderer(partial(_render_exception, redact=redact)),
                calm,
                renderer,
            ],
        )
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        try:
            line = super().format(record)
        except Exception as error:  # an object that can't even be printed must not cost the line, or show itself
            text = f"could not write a record of {record.name}: {type(error).__name__}"
            line = super().format(
                logging.makeLogRecord({"name": __name__, "msg": text, "levelname": "ERROR", "levelno": 40})
            )
        return self._redact(line)


def _described() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer(format: str, out: TextIO) -> Processor:
    if format == "json":
        return structlog.processors.JSONRenderer(serializer=partial(json.dumps, ensure_ascii=False))
    return structlog.dev.ConsoleRenderer(
        colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )


def _keeps_rows_out(record: logging.LogRecord) -> bool:
    # An engine with echo=True goes past the levels of its logger and brings a handler of its own.
    return record.levelno >= logging.WARNING or not record.name.startswith(TELLTALES)


def _spellings(secret: str | bytes) -> Iterable[str]:
    """Patterns for the ways to write a secret: quoted, escaped, encoded, cut short by a repr."""
    if isinstance(secret, bytes):
        encoded = (base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).decode())
        texts = {
            repr(secret)[2:-1],
            secret.hex(),
            secret.hex().upper(),
            *encoded,
            *(text.rstrip("=") for text in encoded),
        }
    else:
        tail = secret.partition(":")[2]  # the half of a Telegram token that is secret
        texts = {secret, tail if len(tail) >= 35 else secret}
    for text in texts:
        quoted = {quote(text, safe=""), quote_plus(text)}
        quoted |= {re.sub("%..", lambda code: code[0].lower(), form) for form in quoted}
        for form in {text, *quoted, json.dumps(text)[1:-1], repr(text)[1:-1]}:
            if len(form) < 4:
                continue  # blanking these would leave no line readable
            yield re.escape(form)
            if len(form) >= 32:
                yield re.escape(form[:12]) + r"[\w+/=%-]*"
                yield re.escape(form[-12:])


def _unhandled(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(__name__).critical("unhandled exception", exc_info=(kind, error, trace))


def _unhandled_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        _unhandled(args.exc_type, args.exc_value, args.exc_traceback)


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    if args.exc_value is not None:
        _unhandled(args.exc_type, args.exc_value, args.exc_traceback)
