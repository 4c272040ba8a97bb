"""Cards of "Know your rights": short answers to what people ask, one screen each, the same in all languages.

Each names its sources with their dates: a line about the law is worth as much as the day on which somebody read it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from models.content_file import ContentFile, check_length, check_name, line_of, read_front, read_rich, read_tokens
from models.lesson_shape import Fault, Line, Title
from models.markup import Rich

RIGHTS_LIMIT = 900  # in UTF-16 units, as Telegram counts


class RightsFront(BaseModel):
    """What stands between the two lines of dashes at the top of a card."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=1, le=99)
    title: Title
    sources: tuple[Line, ...] = Field(min_length=1, max_length=6)


class RightsCard(RightsFront):
    """A card in one language; `text` has at most 900 characters as Telegram counts them."""

    text: Rich


@dataclass
class RightsFile(ContentFile):
    """A card's file while it is read."""

    front: RightsFront | None = None
    card: RightsCard | None = None


def read_rights(file: RightsFile, text: str) -> None:
    """Read a card. Never raises: what is wrong is in the file's faults."""
    file.front = read_front(file, text, RightsFront)
    if file.front is not None:
        check_name(file, file.front.number)
    tokens = read_tokens(file)
    for token in tokens:
        if token.type == "heading_open":
            file.fault(line_of(file, token), "a card has no headings: its title stands above, in the front matter")
    if not file.hash or file.front is None:
        return
    rich = read_rich(file, tokens, 1, "the card has no text")
    check_length(file, "the card", rich, RIGHTS_LIMIT, file.above + 1)
    file.card = RightsCard(**file.front.model_dump(), text=rich)


def rights_differences(folders: Mapping[str, Mapping[str, RightsFile]]) -> Iterator[Fault]:
    """Cards that a language lacks or whose number is taken, and cards with fewer or more sources than elsewhere.

    `folders` holds the files by language and name.
    """
    names = sorted({name for files in folders.values() for name in files})
    for language, files in folders.items():
        if not names:
            yield Fault(f"{language}/rights", 1, "no card here")
        for name in names:
            if name not in files:
                yield Fault(f"{language}/rights/{name}", 1, "the card is missing in this language")
        yield from _taken_numbers(list(files.values()))
    for name in names:
        yield from _other_sources([files[name] for files in folders.values() if name in files])


def _taken_numbers(files: Sequence[RightsFile]) -> Iterator[Fault]:
    seen: dict[int, str] = {}
    for file in files:
        if file.front and (other := seen.setdefault(file.front.number, file.path)) != file.path:
            yield Fault(file.path, file.line("number"), f"number {file.front.number} is taken by {other}")


def _other_sources(siblings: Sequence[RightsFile]) -> Iterator[Fault]:
    comparable = [(file, len(file.front.sources)) for file in siblings if file.front]
    for file, count in comparable[1:]:
        model, expected = comparable[0]
        if count != expected:
            yield Fault(file.path, file.line("sources"), f"{count} sources, but {expected} in {model.path}")
