"""An operator's mistakes in the settings: each is one line that says what to do, and none shows a secret."""

import base64
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings, SettingsError, host_port, load_settings

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
KEY = bytes(range(32))
OLD_KEY = bytes(range(1, 33))
KEY_TEXT = base64.b64encode(KEY).decode()
HOUR = timedelta(hours=1)
EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def _empty_folder_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    put(BOT_TOKEN=TOKEN, SECRET_KEYS=KEY_TEXT)
    return put


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    error = caught.value
    assert error.__context__ is None, "the refused values travel along with the error"
    assert error.__cause__ is None
    return str(error)


def test_a_token_and_a_key_are_enough(env: Callable[..., None]) -> None:
    settings = load_settings()
    assert settings.bot_token.get_secret_value() == TOKEN
    assert settings.keys == (KEY,)
    assert settings.database_url == "sqlite+aiosqlite:///data/qurmet.db"
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert (settings.owner_ids, settings.webhook_url, settings.webhook_secret) == ((), None, None)
    assert settings.default_language == "kk"


def test_everything_missing_is_one_line_each_with_the_way_to_mend_it() -> None:
    lines = refusal().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("BOT_TOKEN: ")
    assert "@BotFather" in lines[0]
    assert lines[1].startswith("SECRET_KEYS: ")
    assert "base64.b64encode(secrets.token_bytes(32))" in lines[1]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BOT_TOKEN", "123456789:short-hidden-value", "not a token"),
        ("BOT_TOKEN", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0", "not a token"),
        ("BOT_TOKEN", TOKEN + "\u0430", "not a token"),
        ("SECRET_KEYS", base64.b64encode(b"hidden value").decode(), "key 1 of 1 is not 32 bytes"),
        ("SECRET_KEYS", f"{KEY_TEXT},{KEY_TEXT[:-3]}", "key 2 of 2 is not 32 bytes"),
        ("SECRET_KEYS", f"{KEY_TEXT}, {KEY_TEXT}", "twice"),
        ("SECRET_KEYS", f"{KEY_TEXT}!", "key 1 of 1 is not 32 bytes"),
        ("SECRET_KEYS", ",", "at least one key"),
        ("TELEGRAM_API_URL", "ftp://telegram.example", "not an http"),
        ("DATABASE_URL", "mysql://user:hidden-value@localhost/qurmet", "only SQLite and PostgreSQL"),
        ("DATABASE_URL", "postgresql+psycopg2://user:hidden-value@localhost/q", "only SQLite and PostgreSQL"),
        ("DATABASE_URL", "postgresql://user:hidden-value@localhost", "name of the database"),
        ("DATABASE_URL", "postgresql://user:hidden-value@localhost:port/q", "not the address of a database"),
        ("DATABASE_URL", "hidden-value", "not the address of a database"),
        ("OWNER_IDS", "1234567,hidden-value", "item 2 of 2"),
        ("OWNER_IDS", "-1234567", "item 1 of 1"),
        ("WEBHOOK_SECRET", "hidden value that is long", "16-256"),
        ("WEBHOOK_SECRET", "short", "16-256"),
        ("WEBHOOK_SECRET", "x" * 257, "16-256"),
        ("WEBHOOK_LISTEN", "8081", "not host:port"),
        ("HEALTH_LISTEN", "127.0.0.1", "not host:port"),
        ("HEALTH_LISTEN", "127.0.0.1:65536", "not host:port"),
        ("OPERATOR_BIN", "98765432101", "12 digits"),
        ("FIRST_LOOK_MINUTES", "15,240,60", "four numbers of minutes"),
        ("FIRST_LOOK_MINUTES", "15,240,1440,0", "four numbers of minutes"),
        ("FIRST_LOOK_MINUTES", "15,240,hidden-value,4320", "four numbers of minutes"),
        ("FIRST_LOOK_MINUTES", "4320,1440,240,15", "most severe and shortest first"),
        ("DEFAULT_LANGUAGE", "de", "'kk', 'ru' or 'en'"),
        ("LOG_FORMAT", "xml", "'console' or 'json'"),
        ("LOG_LEVEL", "LOUD", "'DEBUG'"),
        ("RETENTION_DAYS", "-1", "at least 41 while REPLY_DELAY_DAYS is 7"),
        ("RETENTION_DAYS", "40", "at least 41 while REPLY_DELAY_DAYS is 7"),
        ("CONTACTS_KEPT_DAYS", "0", "1"),
        ("SEND_RATE", "0", "1"),
        ("SEND_RATE", "1001", "1000"),
        ("BROADCAST_RATE", "0", "1"),
        ("BATCH_SIZE", "101", "100"),
        ("BATCH_SIZE", "many", "integer"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it_and_never_shows_it(
    env: Callable[..., None], name: str, value: str, says: str
) -> None:
    env(**{name: value})
    line = refusal()
    assert "\n" not in line
    assert line.startswith(f"{name}: ")
    assert says in line
    if len(value) > 10:
        assert value not in line
        assert "hidden" not in line


def test_no_flag_is_deleted_before_its_driver_may_have_heard_of_it(env: Callable[..., None]) -> None:
    env(RETENTION_DAYS="41")
    assert load_settings().retention_days == 41
    env(RETENTION_DAYS="", REPLY_DELAY_DAYS="88")
    assert load_settings().retention_days == 365
    env(REPLY_DELAY_DAYS="89")
    assert refusal().startswith("RETENTION_DAYS: at least 369 while REPLY_DELAY_DAYS is 89")
    env(RETENTION_DAYS="1", REPLY_DELAY_DAYS="6")
    assert refusal().startswith("REPLY_DELAY_DAYS: ")


def test_all_wrong_settings_are_told_at_once(env: Callable[..., None]) -> None:
    env(BOT_TOKEN="wrong", WEBHOOK_URL="https://bot.example.kz/x", BATCH_SIZE="0", HEALTH_LISTEN="nowhere")
    names = [line.partition(":")[0] for line in refusal().splitlines()]
    assert sorted(names) == ["BATCH_SIZE", "BOT_TOKEN", "HEALTH_LISTEN", "WEBHOOK_SECRET"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgres://user:p%40ss@db/q", "postgresql+asyncpg://user:p%40ss@db/q"),
        ("postgresql://db/q?sslmode=require", "postgresql+asyncpg://db/q?ssl=require"),
        ("postgresql+asyncpg://db:5433/q", "postgresql+asyncpg://db:5433/q"),
        ("sqlite:///data/x.db", "sqlite+aiosqlite:///data/x.db"),
        ("sqlite:////srv/x.db", "sqlite+aiosqlite:////srv/x.db"),
    ],
)
def test_usual_database_addresses_get_the_drivers_we_use(env: Callable[..., None], given: str, kept: str) -> None:
    env(DATABASE_URL=given)
    assert load_settings().database_url == kept


def test_keys_are_read_newest_first_from_either_alphabet_padded_or_not(env: Callable[..., None]) -> None:
    odd = b"\xfb\xff" * 16
    urlsafe = base64.urlsafe_b64encode(odd).decode().rstrip("=")
    assert "-" in urlsafe
    assert "_" in urlsafe
    env(SECRET_KEYS=f" {urlsafe} , {KEY_TEXT},")
    assert load_settings().keys == (odd, KEY)


def test_keys_can_be_given_as_bytes_by_the_demo() -> None:
    settings = load_settings(_env_file=None, bot_token=TOKEN, secret_keys=(KEY, OLD_KEY))
    assert settings.keys == (KEY, OLD_KEY)
    with pytest.raises(SettingsError, match="SECRET_KEYS: each key is exactly 32 bytes"):
        load_settings(bot_token=TOKEN, secret_keys=(b"short",))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://bot.example.kz/x", "not an https"),
        ("https:///x", "not an https"),
        ("https://bot.example.kz:8081/x", "443, 80, 88, 8443"),
    ],
)
def test_a_webhook_address_that_telegram_would_not_call_is_refused(
    env: Callable[..., None], url: str, says: str
) -> None:
    env(WEBHOOK_URL=url, WEBHOOK_SECRET="s" * 16)
    line = refusal()
    assert line.startswith("WEBHOOK_URL: ")
    assert says in line


def test_a_webhook_needs_a_secret(env: Callable[..., None]) -> None:
    env(WEBHOOK_URL="https://bot.example.kz:8443/x")
    line = refusal()
    assert line.startswith("WEBHOOK_SECRET: needed together with WEBHOOK_URL")
    assert "token_urlsafe" in line
    env(WEBHOOK_SECRET="0123456789abcd-_")
    settings = load_settings()
    assert settings.webhook_url == "https://bot.example.kz:8443/x"
    assert settings.webhook_secret is not None
    assert settings.webhook_secret.get_secret_value() == "0123456789abcd-_"


def test_an_empty_value_means_not_set(env: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"BOT_TOKEN={TOKEN}\nLOG_FORMAT=\n")
    env(BOT_TOKEN="", WEBHOOK_URL="", OWNER_IDS="", RETENTION_DAYS="", HEALTH_LISTEN="")
    settings = load_settings()
    assert settings.bot_token.get_secret_value() == TOKEN
    assert settings.retention_days == 365
    assert settings.health_listen == "127.0.0.1:8082"


@pytest.mark.parametrize("word", ["off", "OFF"])
def test_the_health_pages_can_be_turned_off(env: Callable[..., None], word: str) -> None:
    env(HEALTH_LISTEN=word)
    assert load_settings().health_listen is None


def test_the_environment_wins_over_the_file_and_overrides_win_over_both(
    env: Callable[..., None], tmp_path: Path
) -> None:
    lines = "LOG_LEVEL=warning\nBATCH_SIZE=7\nSEND_RATE=3\nOWNER_IDS=11, 22,11\nFIRST_LOOK_MINUTES=5, 60,60,600\n"
    (tmp_path / ".env").write_text("\ufeff" + lines, encoding="utf-8")
    env(BATCH_SIZE="8", SEND_RATE="4")
    settings = load_settings(send_rate=5)
    assert (settings.log_level, settings.batch_size, settings.send_rate) == ("WARNING", 8, 5)
    assert settings.owner_ids == (11, 22)
    assert settings.first_look == {4: timedelta(minutes=5), **dict.fromkeys((3, 2), HOUR), 1: 10 * HOUR}


def test_a_misspelled_name_in_the_file_is_told_with_the_right_one(env: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BOT_TOKN=hidden-value\nSOMETHING=else-hidden\n")
    lines = refusal().splitlines()
    assert lines == [
        "unknown setting BOT_TOKN: did you mean BOT_TOKEN?",
        "unknown setting SOMETHING; .env.example lists all settings",
    ]


def test_unknown_names_in_the_environment_are_nobodys_business(env: Callable[..., None]) -> None:
    env(BOT_TOKN="x", PATH_TO_SOMETHING="y")
    assert load_settings().keys == (KEY,)


def test_a_file_that_is_not_text_is_told_in_one_line(env: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"OPERATOR_NAME=\xff\xfe\xfa\n")
    assert refusal() == ".env: not UTF-8; save it again as UTF-8 text"


def test_settings_show_no_secret_and_no_owner_when_printed(env: Callable[..., None]) -> None:
    env(
        OWNER_IDS="987654321",
        WEBHOOK_URL="https://bot.example.kz/x",
        WEBHOOK_SECRET="webhook-secret-of-ours",
        DATABASE_URL="postgresql://user:data-base-word@db/q",
    )
    settings = load_settings()
    shown = f"{settings} {settings!r} {settings.model_dump_json()}"
    for secret in (TOKEN, "AAHdqTcv", KEY_TEXT, "\\x00\\x01\\x02", "webhook-secret-of-ours"):
        assert secret not in shown
    for secret in ("987654321", "data-base-word"):
        assert secret not in f"{settings} {settings!r}"
    assert set(settings.secret_values) == {TOKEN, "data-base-word", "webhook-secret-of-ours", KEY}


def test_even_the_error_of_the_library_shows_no_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(bot_token="123456789:a-hidden-value", secret_keys="hidden")  # type: ignore[arg-type]
    assert "hidden" not in f"{caught.value} {caught.value!r}"


def test_settings_cannot_be_changed_while_running(env: Callable[..., None]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().batch_size = 5


@pytest.mark.parametrize(
    ("address", "parts"), [("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:80", ("::1", 80)), ("db:1", ("db", 1))]
)
def test_addresses_are_split_into_host_and_port(address: str, parts: tuple[str, int]) -> None:
    assert host_port(address) == parts


@pytest.mark.parametrize("address", ["", ":80", "host", "host:", "host:x", "user@host:80", "host:80/x", "host:-1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"host:port|[Pp]ort"):
        host_port(address)


def test_the_example_file_names_every_setting_once_with_a_comment_and_its_default() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    named: dict[str, str] = {}
    for above, line in zip(["", *lines], lines, strict=False):
        if found := re.fullmatch(r"#?([A-Z_]+)=(.*)", line):
            name, value = found.groups()
            assert name not in named
            assert re.match(r"# [A-Za-z]", above), f"{name} has no comment above it"
            named[name] = value
    assert set(named) == {name.upper() for name in Settings.model_fields}
    for name, value in named.items():
        field = Settings.model_fields[name.lower()]
        if value:
            default = field.default if isinstance(field.default, tuple) else (field.default,)
            assert value == ",".join(map(str, default)), name
        else:
            assert field.is_required() or not field.default, name


def test_the_example_file_works_once_the_two_needed_settings_are_filled_in(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert re.findall(r"^[A-Z_]+=.*$", text, re.M) == ["BOT_TOKEN=", "SECRET_KEYS="]
    text = text.replace("\nBOT_TOKEN=\n", f"\nBOT_TOKEN={TOKEN}\n").replace(
        "\nSECRET_KEYS=\n", f"\nSECRET_KEYS={KEY_TEXT}\n"
    )
    uncommented = re.sub(r"^#([A-Z_]+=)", r"\1", text, flags=re.M)
    for content in (text, uncommented):
        (tmp_path / ".env").write_text(content, encoding="utf-8")
        filled = load_settings()
        assert filled == load_settings(_env_file=None, bot_token=TOKEN, secret_keys=KEY_TEXT)
