"""Settings, from the environment and `.env`: checked once, so that nothing later meets a wrong one."""

import base64
import binascii
import difflib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretBytes, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from models.behaviours import MAX_SEVERITY
from models.coarse import longest_wait
from models.first_look import FirstLook

KEY_COMMAND = 'python -c "import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())"'
TOKEN_SHAPE = re.compile(r"[0-9]+:[A-Za-z0-9_-]{35,}")
WEBHOOK_SECRET_SHAPE = re.compile(r"[A-Za-z0-9_-]{16,256}")
TELEGRAM_WEBHOOK_PORTS = (443, 80, 88, 8443)
DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
HINTS = {
    "bot_token": "BOT_TOKEN=123456:... as @BotFather gives it",
    "secret_keys": f"make one with: {KEY_COMMAND}",
    "webhook_secret": 'make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"',
    "telegram_api_url": "for example https://api.telegram.org",
    "database_url": "for example sqlite+aiosqlite:///data/qurmet.db "
    "or postgresql+asyncpg://user:password@localhost/qurmet",
    "owner_ids": "for example OWNER_IDS=123456789,987654321",
    "webhook_url": "for example https://bot.example.kz/telegram",
    "webhook_listen": "for example 127.0.0.1:8081",
    "health_listen": "for example 127.0.0.1:8082, or off",
    "first_look_minutes": "for example FIRST_LOOK_MINUTES=10,120,720,2880",
    "operator_bin": "for example OPERATOR_BIN=123456789012",
}


class SettingsError(Exception):
    """Wrong or missing settings. Its text is one line for each, without the value of any secret."""


def host_port(address: str) -> tuple[str, int]:
    """Split `host:port` (`[::1]:8081` for IPv6; port 0 means "any free one"). Raises ValueError."""
    parts = urlsplit(f"//{address}")
    if not parts.hostname or parts.port is None or "@" in address or parts.netloc != address:
        raise ValueError("not host:port")
    return parts.hostname, parts.port


class Settings(BaseSettings):
    """All that an operator can set. The environment wins over `.env`; an empty value means "not set"."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # a byte order mark, as Windows editors write it, is no part of a name
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    bot_token: SecretStr
    telegram_api_url: str = "https://api.telegram.org"
    database_url: str = Field("sqlite+aiosqlite:///data/qurmet.db", repr=False)
    secret_keys: Annotated[tuple[SecretBytes, ...], NoDecode]
    owner_ids: Annotated[tuple[int, ...], NoDecode] = Field((), repr=False)

    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    webhook_listen: str = "127.0.0.1:8081"
    health_listen: str | None = "127.0.0.1:8082"

    operator_name: str = Field("", max_length=200)
    operator_bin: str = ""
    default_language: Literal["kk", "ru", "en"] = "kk"

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    reply_delay_days: int = Field(7, ge=7, le=365)
    retention_days: int = Field(365, le=36_500)
    updates_kept_days: int = Field(8, ge=2, le=365)
    contacts_kept_days: int = Field(365, ge=1, le=36_500)

    reply_term_days: int = Field(14, ge=1, le=365)
    appeal_term_days: int = Field(30, ge=1, le=365)

    send_rate: int = Field(30, ge=1, le=1000)
    broadcast_rate: int = Field(25, ge=1, le=1000)
    updates_per_person: int = Field(30, ge=1, le=10_000)
    flags_an_hour: int = Field(5, ge=1, le=10_000)
    flags_a_day: int = Field(20, ge=1, le=10_000)
    first_look_minutes: Annotated[tuple[int, ...], NoDecode] = (15, 240, 1440, 4320)
    batch_size: int = Field(100, ge=1, le=100)

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The master keys, 32 bytes each, newest first."""
        return tuple(key.get_secret_value() for key in self.secret_keys)

    @property
    def first_look(self) -> FirstLook:
        """How soon somebody should look at a flag, by its severity."""
        return {MAX_SEVERITY - at: timedelta(minutes=each) for at, each in enumerate(self.first_look_minutes)}

    @property
    def secret_values(self) -> tuple[str | bytes, ...]:
        """All that no log may ever show: token, keys, webhook secret, database password."""
        password = make_url(self.database_url).password
        texts = (self.bot_token.get_secret_value(), password)
        hook = (self.webhook_secret.get_secret_value(),) if self.webhook_secret else ()
        return (*(str(text) for text in texts if text), *hook, *self.keys)

    @field_validator("bot_token", "webhook_secret", "secret_keys", "database_url", mode="before")
    @classmethod
    def _without_spaces_around(cls, value: Any) -> Any:
        return value.strip() if isinstance(value, str) else value

    @field_validator("bot_token")
    @classmethod
    def _token_shape(cls, value: SecretStr) -> SecretStr:
        if not TOKEN_SHAPE.fullmatch(value.get_secret_value()):
            raise ValueError("not a token of a Telegram bot")
        return value

    @field_validator("telegram_api_url")
    @classmethod
    def _api_address(cls, value: str) -> str:
        if not _is_url(value, ("http", "https")):
            raise ValueError("not an http or https address")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _async_driver(cls, value: str) -> str:
        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            raise ValueError("not the address of a database") from None
        driver = DRIVERS.get(url.drivername)
        if driver is None:
            raise ValueError("only SQLite and PostgreSQL are supported")
        if not url.database and driver.startswith("postgresql"):
            raise ValueError("the name of the database is missing")
        return _asyncpg_words(url.set(drivername=driver)).render_as_string(hide_password=False)

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _decoded_keys(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        items = list(_items(value))
        keys = []
        for number, text in enumerate(items, 1):
            key = _from_base64(text)
            if key is None or len(key) != 32:
                raise ValueError(f"key {number} of {len(items)} is not 32 bytes in base64")
            keys.append(key)
        return tuple(keys)

    @field_validator("secret_keys")
    @classmethod
    def _usable_keys(cls, value: tuple[SecretBytes, ...]) -> tuple[SecretBytes, ...]:
        keys = [key.get_secret_value() for key in value]
        if not keys:
            raise ValueError("at least one key is needed")
        if any(len(key) != 32 for key in keys):
            raise ValueError("each key is exactly 32 bytes")
        if len(set(keys)) < len(keys):
            raise ValueError("the same key stands there twice")
        return value

    @field_validator("owner_ids", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        items = list(_items(value))
        for number, text in enumerate(items, 1):
            if not re.fullmatch(r"[1-9][0-9]{0,15}", text):
                raise ValueError(f"item {number} of {len(items)} is not the numeric id of a person")
        return tuple(dict.fromkeys(int(text) for text in items))

    @field_validator("first_look_minutes", mode="before")
    @classmethod
    def _minutes(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        items = list(_items(value))
        minutes = [int(text) for text in items if re.fullmatch(r"[1-9][0-9]{0,5}", text)]
        if len(minutes) < len(items) or len(items) != MAX_SEVERITY or minutes != sorted(minutes):
            raise ValueError("not four numbers of minutes, the most severe and shortest first")
        return tuple(minutes)

    @field_validator("retention_days")
    @classmethod
    def _kept_until_the_driver_hears(cls, value: int, info: ValidationInfo) -> int:
        delay = info.data.get("reply_delay_days")
        if delay is not None and value < (least := longest_wait(delay)):
            raise ValueError(f"at least {least} while REPLY_DELAY_DAYS is {delay}: so late a driver may hear of a flag")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _webhook_address(cls, value: str | None) -> str | None:
        if value:
            if not _is_url(value, ("https",)):
                raise ValueError("not an https address")
            if (urlsplit(value).port or 443) not in TELEGRAM_WEBHOOK_PORTS:
                raise ValueError(f"Telegram calls only the ports {', '.join(map(str, TELEGRAM_WEBHOOK_PORTS))}")
        return value or None

    @field_validator("webhook_secret")
    @classmethod
    def _webhook_has_a_secret(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        text = value.get_secret_value() if value else ""
        if not text:
            if info.data.get("webhook_url"):
                raise ValueError("needed together with WEBHOOK_URL")
            return None
        if not WEBHOOK_SECRET_SHAPE.fullmatch(text):
            raise ValueError("not 16-256 characters of A-Z a-z 0-9 _ -")
        return value

    @field_validator("webhook_listen")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            host_port(value)
        except ValueError:
            raise ValueError("not host:port") from None
        return value

    @field_validator("health_listen")
    @classmethod
    def _address_or_off(cls, value: str | None) -> str | None:
        return cls._address(value) if value and value.lower() != "off" else None

    @field_validator("operator_bin")
    @classmethod
    def _twelve_digits(cls, value: str) -> str:
        if value and not re.fullmatch(r"[0-9]{12}", value):
            raise ValueError("a business identification number has 12 digits")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _capitals(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value


def load_settings(**overrides: Any) -> Settings:
    """Read and check all settings.

    `overrides` (by field name) win over the environment, which wins over `.env` in the current directory;
    `_env_file=None` leaves the file unread. Raises SettingsError: one line per wrong setting.
    """
    lines: list[str]
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [_line(problem["loc"], problem["type"], problem["msg"]) for problem in error.errors()]
    except UnicodeError:
        lines = [".env: not UTF-8; save it again as UTF-8 text"]
    except OSError as error:
        lines = [f".env: can't be read ({error.strerror})"]
    # Raised out here, so that the refused values don't travel along as the error's context.
    raise SettingsError("\n".join(lines))


def _line(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    field = str(loc[0]).lower() if loc else ""
    name = field.upper()
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(field, Settings.model_fields, n=1)
        guess = f": did you mean {near[0].upper()}?" if near else "; .env.example lists all settings"
        return f"unknown setting {name if name.isprintable() else ascii(name)}{guess}"
    problem = "missing" if kind == "missing" else message.removeprefix("Value error, ")
    return f"{name}: {problem[:1].lower()}{problem[1:]}" + (f" ({HINTS[field]})" if field in HINTS else "")


def _items(text: str) -> Iterator[str]:
    return (item.strip() for item in text.split(",") if item.strip())


def _from_base64(text: str) -> bytes | None:
    """Decode standard or urlsafe base64, padded or not; None if it is neither."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError:
        return False
    has_space = re.search(r"\s", text) is not None
    return parts.scheme in schemes and bool(parts.hostname) and port_is_a_number and not has_space


def _asyncpg_words(url: URL) -> URL:
    """Hosting companies hand out `?sslmode=require`; asyncpg calls the same thing `ssl`."""
    mode = url.query.get("sslmode")
    if mode is None or not url.drivername.startswith("postgresql"):
        return url
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
