"""The shell around the bot: settings, command line, intake, delivery, health and the local Telegram."""

from bot.lazy_types import build_when_used

build_when_used()
