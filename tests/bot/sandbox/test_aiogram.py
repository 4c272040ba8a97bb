"""The framework that bots are written with understands everything that the sandbox says."""

import asyncio
import struct

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CallbackQuery,
    ChatMemberUpdated,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    Message,
)

from bot.sandbox import Phone, Sandbox

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x02"
KEYBOARD = InlineKeyboardMarkup(
    inline_keyboard=[
        [InlineKeyboardButton(text="Next", callback_data="next", style="success")],
        [InlineKeyboardButton(text="Copy", copy_text=CopyTextButton(text="Q-1"))],
    ]
)


async def test_aiogram_polls_sends_edits_answers_and_uploads_through_the_sandbox(
    sandbox: Sandbox, phone: Phone
) -> None:
    dispatcher = Dispatcher()
    members: list[str] = []

    @dispatcher.message()
    async def on_message(message: Message, bot: Bot) -> None:
        if message.photo:
            file = await bot.get_file(message.photo[-1].file_id)
            assert file.file_path
            content = await bot.download_file(file.file_path)
            assert content
            assert content.read() == PNG
            await message.answer_document(BufferedInputFile(b"a;b", "a.csv"), caption="<i>қ</i>", parse_mode="HTML")
        elif message.location or message.contact or message.voice or message.sticker:
            await message.reply(message.content_type)
        else:
            await message.answer("<b>Сәлем</b> 😀", parse_mode="HTML", reply_markup=KEYBOARD)

    @dispatcher.edited_message()
    async def on_edit(message: Message) -> None:
        await message.answer(f"edited: {message.text}")

    @dispatcher.callback_query()
    async def on_press(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.edit_text(f"pressed {query.data}", reply_markup=KEYBOARD)
        await query.answer("ok", show_alert=True)

    @dispatcher.my_chat_member()
    async def on_member(change: ChatMemberUpdated) -> None:
        members.append(change.new_chat_member.status)

    async with sandbox.serve() as url:
        session = AiohttpSession(api=TelegramAPIServer.from_base(url))
        bot = Bot(sandbox.token, session=session)
        polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, polling_timeout=1))
        [hello] = await phone.send("hi")
        assert hello.raw["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
        assert (await phone.press("Next", expect=1)).text == "ok"
        assert phone.last.text == "pressed next"
        [document] = await phone.photo(PNG)
        assert document.raw["document"]["file_name"] == "a.csv"
        for sent, kind in [
            (await phone.location(43.2, 76.9), "location"),
            (await phone.contact("+77010000000"), "contact"),
            (await phone.voice(b"OggS"), "voice"),
            (await phone.sticker(), "sticker"),
        ]:
            assert sent[0].text == kind
        own = next(each for each in phone.messages if each.text == "hi")
        assert (await phone.edit(own, "hello"))[0].text == "edited: hello"
        phone.block()
        phone.unblock()
        await sandbox.idle()
        assert members == ["kicked", "member"]

        assert (await bot.get_chat(phone.id)).first_name == "Aigul"
        await bot.set_my_commands(
            [BotCommand(command="start", description="Бастау")],
            scope=BotCommandScopeChat(chat_id=phone.id),
            language_code="kk",
        )
        assert phone.commands[0]["description"] == "Бастау"
        photo = await bot.send_photo(phone.id, BufferedInputFile(PNG, "a.png"), reply_markup=KEYBOARD)
        assert photo.photo
        assert photo.photo[-1].width == 640
        media = InputMediaDocument(media=BufferedInputFile(b"x", "b.txt"), caption="c")
        changed = await bot.edit_message_media(media, chat_id=phone.id, message_id=photo.message_id)
        assert isinstance(changed, Message)
        assert changed.document
        await bot.delete_messages(phone.id, [photo.message_id])

        with pytest.raises(TelegramBadRequest, match="message text is empty"):
            await bot.send_message(phone.id, "")
        sandbox.faults.too_many(retry_after=3)
        with pytest.raises(TelegramRetryAfter) as too_many:
            await bot.send_message(phone.id, "x")
        assert too_many.value.retry_after == 3
        phone.block()
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await bot.send_message(phone.id, "x")
        await dispatcher.stop_polling()
        await polling
        await session.close()
    assert [call.description for call in sandbox.calls if not call.ok] == [
        "Bad Request: message text is empty",
        "Forbidden: bot was blocked by the user",
    ]
