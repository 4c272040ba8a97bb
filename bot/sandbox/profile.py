"""What the bot says about itself, per language: name, descriptions, commands, menu button."""

import re
from dataclasses import dataclass, field
from typing import Any

from .errors import Json, bad

_COMMAND = re.compile(r"[a-z0-9_]+\Z")
_LANGUAGE = re.compile(r"[a-z]{2}\Z")
_SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
_LONGEST = {"name": 64, "description": 512, "short_description": 120}


@dataclass(slots=True)
class Profile:
    """Texts by (kind, language) and commands by (scope, language); the language "" is for everyone else."""

    default_name: str
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    menu_buttons: dict[int, Json] = field(default_factory=dict)

    def text(self, kind: str, language: str) -> str:
        """`kind` is name, description or short_description; falls back to the text for every language."""
        fallback = self.default_name if kind == "name" else ""
        return self.texts.get((kind, language)) or self.texts.get((kind, "")) or fallback

    def set_text(self, kind: str, language: str, text: str) -> None:
        language = checked_language(language)
        if len(text) > _LONGEST[kind]:
            raise bad(f"BOT_{'TITLE' if kind == 'name' else 'ABOUT' if 'short' in kind else 'DESCRIPTION'}_INVALID")
        if text:
            self.texts[kind, language] = text
        else:
            self.texts.pop((kind, language), None)

    def resolved(self, chat_id: int, language: str) -> list[Json]:
        """The commands that a person sees in a private chat, in Telegram's order of preference."""
        for scope in (f"chat {chat_id}", "all_private_chats", "default"):
            for code in (language, ""):
                if found := self.commands.get((scope, code)):
                    return found
        return []


def checked_language(code: str) -> str:
    if code and not _LANGUAGE.match(code):
        raise bad("Invalid language code specified")
    return code


def scope_key(scope: Json | None) -> tuple[str, int | str | None]:
    """The key of a BotCommandScope and, where it names one, its chat; raises Refusal."""
    wrong = "Can't parse BotCommandScope: "
    if scope is None:
        return "default", None
    kind = scope.get("type")
    if kind is None:
        raise bad(wrong + 'Can\'t find field "type"')
    if kind in _SCOPES:
        return str(kind), None
    if kind not in ("chat", "chat_administrators", "chat_member"):
        raise bad(wrong + "Unsupported type specified")
    chat_id = scope.get("chat_id")
    if chat_id is None:
        raise bad(wrong + 'Can\'t find field "chat_id"')
    if chat_id == "":
        raise bad(wrong + "Empty chat_id specified")
    return (f"chat {chat_id}" if kind == "chat" else f"{kind} {chat_id} {scope.get('user_id', '')}"), chat_id


def checked_commands(commands: list[Any]) -> list[Json]:
    """A list of BotCommand as Telegram keeps it; raises Refusal."""
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    return [_checked_command(command) for command in commands]


def _checked_command(command: Any) -> Json:
    wrong = "Can't parse BotCommand: "
    if not isinstance(command, dict):
        raise bad(wrong + "expected an Object")
    for name in ("command", "description"):
        if command.get(name) is None:
            raise bad(wrong + f'Can\'t find field "{name}"')
        if not isinstance(command[name], str):
            raise bad(wrong + f'Field "{name}" must be of type String')
    name = command["command"].strip().removeprefix("/")
    description = command["description"].strip()
    if not name:
        raise bad("Command must be non-empty")
    if len(name) > 32:
        raise bad("Command length must not exceed 32")
    if not description:
        raise bad("Command description must be non-empty")
    if len(description) > 256:
        raise bad("Command description length must not exceed 256")
    if not _COMMAND.match(name):
        raise bad("BOT_COMMAND_INVALID")
    return {"command": name, "description": description}
