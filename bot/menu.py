"""Sets commands, name and descriptions at Telegram, in each language, where they differ from ours."""

import logging
from collections.abc import Mapping

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.methods import (
    GetMyCommands,
    GetMyDescription,
    GetMyName,
    GetMyShortDescription,
    SetMyCommands,
    SetMyDescription,
    SetMyName,
    SetMyShortDescription,
)
from aiogram.types import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat, BotCommandScopeUnion

from handlers.menu import DESCRIPTION, EVERYONE, NAME, SHORT_DESCRIPTION, commands_for
from handlers.texts import Texts
from models.database import Database
from models.people import Language
from models.team import members
from models.vault import Vault

log = logging.getLogger(__name__)


async def set_menu(
    bot: Bot, database: Database, vault: Vault, texts: Mapping[Language, Texts], default: Language
) -> None:
    """Bring Telegram's side up to date; what can't be set now is set at the next start."""
    async with database.reading() as session:
        team = [(member.role, person.telegram_id(vault), person.language) for member, person in await members(session)]
    try:
        for code, _ in [(None, texts[default]), *texts.items()]:
            await _set_commands(bot, EVERYONE, BotCommandScopeAllPrivateChats(), code, _)
            await _set_profile(bot, code, _)
    except (AiogramError, OSError) as error:
        log.warning("the menu could not be set: %s", type(error).__name__)
    for role, chat_id, language in team:
        try:
            await _set_commands(bot, commands_for(role), BotCommandScopeChat(chat_id=chat_id), None, texts[language])
        except (AiogramError, OSError) as error:  # a member who has not written to the bot yet
            log.info("the menu of a member of the team could not be set: %s", type(error).__name__)


async def _set_commands(
    bot: Bot, commands: Mapping[str, str], scope: BotCommandScopeUnion, code: Language | None, _: Texts
) -> None:
    wanted = [BotCommand(command=name, description=_(what)) for name, what in commands.items()]
    there = await bot(GetMyCommands(scope=scope, language_code=code))
    if [command.model_dump() for command in there] != [command.model_dump() for command in wanted]:
        await bot(SetMyCommands(commands=wanted, scope=scope, language_code=code))


async def _set_profile(bot: Bot, code: Language | None, _: Texts) -> None:
    if (await bot(GetMyName(language_code=code))).name != _(NAME):
        await bot(SetMyName(name=_(NAME), language_code=code))
    if (await bot(GetMyDescription(language_code=code))).description != _(DESCRIPTION):
        await bot(SetMyDescription(description=_(DESCRIPTION), language_code=code))
    if (await bot(GetMyShortDescription(language_code=code))).short_description != _(SHORT_DESCRIPTION):
        await bot(SetMyShortDescription(short_description=_(SHORT_DESCRIPTION), language_code=code))
