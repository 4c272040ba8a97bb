"""The wire: what goes out, what comes back, and what each failure means for the message it happened to."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError, TelegramUnauthorizedError
from aiogram.methods import EditMessageText, GetMe, SendDocument, SendMessage, SetMyCommands
from aiogram.types import BotCommand, BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup

from bot.sandbox import Sandbox
from bot.telegram import Failure, RawUpdates, Verdict, _message_id, connect, judge, tell
from tests.house import PASSENGER, TOKEN

HELLO = SendMessage(chat_id=PASSENGER, text="<b>hello</b>")


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = Sandbox(token=TOKEN)
    sandbox.phone(PASSENGER).person.started = True
    return sandbox


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    async with sandbox.serve() as url:
        bot = connect(TOKEN, url)
        yield bot
        await bot.session.close()


@contextmanager
def failing() -> Iterator[list[Failure]]:
    """What the error in the block means."""
    found: list[Failure] = []
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is, `judge` says what it means
        yield found
    found.append(judge(caught.value))


async def test_a_message_goes_out_as_html_without_a_preview(bot: Bot, sandbox: Sandbox) -> None:
    message = await bot(HELLO)
    assert message.text == "hello"
    assert sandbox.phone(PASSENGER).last.entities == [{"offset": 0, "length": 5, "type": "bold"}]
    assert sandbox.calls[-1].params["link_preview_options"] == {"is_disabled": True}


async def test_keyboards_lists_and_files_arrive_as_telegram_wants_them(bot: Bot, sandbox: Sandbox) -> None:
    rows = [[InlineKeyboardButton(text="Go", callback_data="home:start:", style="danger")]]
    await tell(
        bot, SendMessage(chat_id=PASSENGER, text="hello", reply_markup=InlineKeyboardMarkup(inline_keyboard=rows))
    )
    assert sandbox.phone(PASSENGER).buttons == [[{"text": "Go", "callback_data": "home:start:", "style": "danger"}]]
    assert await bot(SetMyCommands(commands=[BotCommand(command="start", description="begin")]))
    await tell(bot, SendDocument(chat_id=PASSENGER, document=BufferedInputFile(b"data", "a.txt")))
    assert sandbox.phone(PASSENGER).last.raw["document"]["file_name"] == "a.txt"


async def test_of_what_is_sent_only_the_id_of_the_message_is_read(bot: Bot, sandbox: Sandbox) -> None:
    assert await tell(bot, HELLO) == sandbox.phone(PASSENGER).last.id
    edit = EditMessageText(chat_id=PASSENGER, message_id=sandbox.phone(PASSENGER).last.id, text="message_id")
    assert await tell(bot, edit) == sandbox.phone(PASSENGER).last.id
    assert await tell(bot, SetMyCommands(commands=[BotCommand(command="start", description="begin")])) is None
    for content, read in (
        ('{"ok":true,"result":{"chat":{"id":1},"message_id":77}}', 77),
        ('{"ok":true,"result":{"text":"\\"message_id\\":7"}}', None),
        ('{"ok":true,"result":[{"message_id":7}]}', None),
        ('{"ok":true,"message_id":7}', None),
        ('{"ok":true,"message_id"', None),
    ):
        assert _message_id(content) == read


async def test_updates_come_in_as_they_were_sent_also_ones_that_nobody_can_read(bot: Bot, sandbox: Sandbox) -> None:
    sandbox.push({"message": {"text": 7}, "news": [1, "сөз"]})
    (update,) = await bot(RawUpdates(timeout=0))
    assert update["message"] == {"text": 7}
    assert update["news"] == [1, "сөз"]


@pytest.mark.parametrize(
    ("code", "description", "verdict"),
    [
        (400, "Bad Request: message is not modified: specified new message content ...", Verdict.HARMLESS),
        (400, "Bad Request: query is too old and response timeout expired or query ID is invalid", Verdict.HARMLESS),
        (400, "Bad Request: message to delete not found", Verdict.HARMLESS),
        (400, "Bad Request: message can't be deleted for everyone", Verdict.HARMLESS),
        (400, "Bad Request: message to edit not found", Verdict.GONE),
        (400, "Bad Request: message can't be edited", Verdict.GONE),
        (400, "Bad Request: MESSAGE_ID_INVALID", Verdict.GONE),
        (400, "Bad Request: chat not found", Verdict.UNREACHABLE),
        (400, "Bad Request: PEER_ID_INVALID", Verdict.UNREACHABLE),
        (403, "Forbidden: bot was blocked by the user", Verdict.UNREACHABLE),
        (403, "Forbidden: user is deactivated", Verdict.UNREACHABLE),
        (400, "Bad Request: can't parse entities: Unclosed start tag at byte offset 5", Verdict.REFUSED),
        (400, "Bad Request: message is too long", Verdict.REFUSED),
        (413, "Request Entity Too Large", Verdict.REFUSED),
        (409, "Conflict: terminated by other getUpdates request", Verdict.LATER),
        (401, "Unauthorized", Verdict.LATER),
        (500, "Internal Server Error", Verdict.LATER),
        (502, "Bad Gateway", Verdict.LATER),
    ],
)
async def test_each_refusal_means_what_it_means(
    bot: Bot, sandbox: Sandbox, code: int, description: str, verdict: Verdict
) -> None:
    sandbox.faults.refuse(code, description)
    with failing() as found:
        await tell(bot, HELLO)
    assert found[0].verdict is verdict
    assert found[0].wait is None


async def test_a_wait_is_as_long_as_telegram_says(bot: Bot, sandbox: Sandbox) -> None:
    sandbox.faults.too_many(retry_after=17)
    with failing() as found:
        await tell(bot, HELLO)
    assert found == [Failure(Verdict.LATER, "TelegramRetryAfter", 17.0)]


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
async def test_a_connection_that_broke_leaves_it_open_whether_it_was_sent(
    bot: Bot, sandbox: Sandbox, fault: str
) -> None:
    getattr(sandbox.faults, fault)()
    with failing() as found:
        await tell(bot, HELLO)
    assert found[0].verdict is Verdict.PERHAPS_SENT


async def test_no_answer_in_time_leaves_it_open_whether_it_was_sent(bot: Bot, sandbox: Sandbox) -> None:
    sandbox.faults.delay(1.0)
    with pytest.raises(TelegramNetworkError) as caught:
        await bot(HELLO, request_timeout=0.05)  # type: ignore[arg-type]
    assert judge(caught.value).verdict is Verdict.PERHAPS_SENT


async def test_a_telegram_that_takes_no_connection_was_sent_nothing() -> None:
    bot = connect(TOKEN, "http://127.0.0.1:1")
    with failing() as found:
        await tell(bot, HELLO)
    assert found[0].verdict is Verdict.LATER
    await bot.session.close()


async def test_a_page_of_a_proxy_means_later(bot: Bot, sandbox: Sandbox) -> None:
    sandbox.faults.broken(502)
    with failing() as found:
        await tell(bot, HELLO)
    assert found[0].verdict is Verdict.LATER


@pytest.mark.parametrize(
    ("description", "name"),
    [
        (
            'Bad Request: can\'t parse entities: Unsupported start tag "he touched"',
            "TelegramBadRequest: can't parse entities",
        ),
        ("Bad Request: MESSAGE IS TOO LONG: he touched", "TelegramBadRequest: message is too long"),
        ("Bad Request: he touched my knee", "TelegramBadRequest"),
        ("Bad Request: chat not found: he touched", "TelegramBadRequest"),
    ],
)
async def test_what_a_refusal_quotes_is_in_no_name(bot: Bot, sandbox: Sandbox, description: str, name: str) -> None:
    sandbox.faults.refuse(400, description)
    with failing() as found:
        await tell(bot, HELLO)
    assert found[0].name == name


async def test_an_answer_that_is_no_json_is_an_error_that_is_named_only(bot: Bot, sandbox: Sandbox) -> None:
    sandbox.faults.garbage()
    with pytest.raises(ClientDecodeError) as caught:
        await tell(bot, HELLO)
    assert judge(caught.value) == Failure(Verdict.LATER, "ClientDecodeError")


async def test_a_wrong_token_is_told_from_all_other_trouble(sandbox: Sandbox) -> None:
    async with sandbox.serve() as url:
        bot = connect("42:WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-", url)
        with pytest.raises(TelegramUnauthorizedError):
            await bot(GetMe())
        await bot.session.close()


async def test_words_of_telegram_that_could_fill_a_log_are_cut(bot: Bot, sandbox: Sandbox) -> None:
    sandbox.faults.refuse(400, "Bad Request: " + "x" * 5000)
    with failing() as found:
        await tell(bot, EditMessageText(chat_id=PASSENGER, message_id=1, text="hello"))
    assert len(found[0].name) == 200


async def test_no_failure_names_the_token_or_the_person(bot: Bot, sandbox: Sandbox) -> None:
    faults: list[Any] = [sandbox.faults.broken, sandbox.faults.garbage, sandbox.faults.drop_before]
    for fault in faults:
        fault()
        with failing() as found:
            await tell(bot, HELLO)
        assert TOKEN.partition(":")[2] not in found[0].name
        assert str(PASSENGER) not in found[0].name
