"""The shell around the bot: settings, command line, intake, delivery, health and the local Telegram."""
