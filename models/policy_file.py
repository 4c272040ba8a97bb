"""The zero-tolerance policy: one text in each language, which a driver accepts by its version.

What was accepted is stored with the hash of the text, so that it can be shown later which text it was.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models.content_file import ContentFile, check_length, line_of, read_front, read_rich, read_tokens
from models.lesson_shape import Policy

POLICY_LIMIT = 3500  # in UTF-16 units, as Telegram counts; a message holds 4,096, with a heading of its own


def _day(value: object) -> object:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
        raise ValueError("write the day like 2026-09-01")
    return value


class PolicyFront(BaseModel):
    """What stands between the two lines of dashes at the top of the policy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(ge=1)
    date: Annotated[date, BeforeValidator(_day)]


@dataclass
class PolicyFile(ContentFile):
    """The policy's file while it is read."""

    front: PolicyFront | None = None
    policy: Policy | None = None


def read_policy(file: PolicyFile, text: str) -> None:
    """Read the policy. Never raises: what is wrong is in the file's faults."""
    file.front = read_front(file, text, PolicyFront)
    tokens = read_tokens(file)
    for token in tokens:
        if token.type == "heading_open":
            file.fault(line_of(file, token), "the policy has no headings: begin a paragraph with **bold** words")
    if not file.hash or file.front is None:
        return
    rich = read_rich(file, tokens, 1, "the policy has no text")
    check_length(file, "the policy", rich, POLICY_LIMIT, 1)
    file.policy = Policy(version=file.front.version, date=file.front.date, text=rich, hash=file.hash)
