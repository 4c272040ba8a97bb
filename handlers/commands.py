"""Commands as people type them: in any case, and with an exclamation mark behind."""

from dataclasses import replace

from aiogram import filters
from aiogram.filters import CommandObject

SIGNS = "!?.,;…"
"""What a keyboard or haste leaves behind a command."""


class Command(filters.Command):
    """A message that begins with one of these commands (without the slash, in small letters)."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names, ignore_case=True)

    @classmethod
    def extract_command(cls, text: str) -> CommandObject:
        """Read the command and what stands behind it; raises CommandException for a text without one."""
        read = super().extract_command(text)
        return replace(read, command=read.command.rstrip(SIGNS)) if read.command.endswith(tuple(SIGNS)) else read
