"""Tables, and the rules about them. Nothing here knows Telegram's framework or the shell above it."""
