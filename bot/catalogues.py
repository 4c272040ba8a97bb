"""Keeps the catalogues in step with the code: what the code says in English, every language must say.

`python -m bot texts` writes new texts into the catalogues; `python -m bot check` finds what is missing or wrong.
"""

import string
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from handlers.texts import DOMAIN, LOCALES, catalogue_path
from models.people import Language

ROOT = Path(__file__).parent.parent
KEYWORDS = {"_": None, "N_": None, "n": (1, 2)}
FLOORS = ("handlers", "models")


def extract() -> Catalog:
    """All texts of the code."""
    catalogue = Catalog(domain=DOMAIN, charset="utf-8")
    for floor in FLOORS:
        found = extract_from_dir(ROOT / floor, keywords=KEYWORDS, method_map=[("**.py", "python")])
        for name, line, text, comments, context in found:
            catalogue.add(text, locations=[(f"{floor}/{name}", line)], auto_comments=comments, context=context)
    return catalogue


def read(language: Language, root: Path = LOCALES) -> Catalog:
    """A catalogue as it lies in the repository; empty if there is none yet."""
    path = catalogue_path(language, root)
    if not path.exists():
        return Catalog(locale=language.value, domain=DOMAIN)
    with path.open("rb") as source:
        return read_po(source, locale=language.value, domain=DOMAIN)


def refresh(root: Path = LOCALES) -> None:
    """Bring every catalogue up to the code: new texts come in empty, forgotten ones go.

    English says what the code says, so it's filled in.
    """
    template = extract()
    for language in Language:
        catalogue = read(language, root)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.fuzzy = False
        if language is Language.ENGLISH:
            for message in catalogue:
                if message.id:
                    message.string = message.id
        path = catalogue_path(language, root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_rendered(catalogue))


def _rendered(catalogue: Catalog) -> bytes:
    """The catalogue as text, without dates and places, which would change with every line of code."""
    buffer = BytesIO()
    write_po(buffer, catalogue, omit_header=False, no_location=True, sort_output=True, width=100)
    keep = (b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Generated-By', b'"Last-Translator', b'"Language-Team')
    lines = buffer.getvalue().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith((*keep, b'"Report-Msgid', b'"Project-Id', b"#\n", b"# "))]
    return b"".join(kept).lstrip()


def faults(root: Path = LOCALES) -> list[str]:
    """What is missing, left over or different in the catalogues, a line each."""
    wanted = {message.id: message for message in extract() if message.id}
    found: list[str] = []
    for language in Language:
        name = catalogue_path(language, root).relative_to(root)
        catalogue = {message.id: message for message in read(language, root) if message.id}
        found += [f"{name}: missing: {_short(text)}" for text in wanted if text not in catalogue]
        found += [f"{name}: no longer used: {_short(text)}" for text in catalogue if text not in wanted]
        for text in wanted:
            if text in catalogue:
                found += [f"{name}: {fault}: {_short(text)}" for fault in _message_faults(catalogue[text])]
    return found


def _message_faults(message: Message) -> Iterator[str]:
    originals, strings = _forms(message.id), _forms(message.string)
    if not all(strings):
        yield "not translated"
        return
    if message.fuzzy:
        yield "not certain"
    if {_values(text) for text in strings} != {_values(original) for original in originals}:
        yield "other placeholders"
    if {_tags(text) for text in strings} != {_tags(original) for original in originals}:
        yield "other formatting"


def _forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """The text, or all its plural forms."""
    return [text or ""] if isinstance(text, str) or text is None else list(text)


def _values(text: str) -> tuple[str, ...] | None:
    """The names of the placeholders; None if a brace is missing."""
    try:
        return tuple(sorted(name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name))
    except ValueError:
        return None


def _tags(text: str) -> tuple[str, ...]:
    return tuple(sorted(part.partition(">")[0] for part in text.split("<")[1:]))


def _short(text: str | tuple[str, ...] | list[str]) -> str:
    first = _forms(text)[0]
    return repr(first if len(first) <= 60 else first[:59] + "…")
