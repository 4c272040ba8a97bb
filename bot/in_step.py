"""Which translations are behind: another language was changed since, and nobody looked at them.

`locales/in-step.json` records the text of each lesson, bank, card and policy in all languages as they last said the
same. `python -m bot check` compares, `python -m bot texts` records what is in step again.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bot.content import all_files
from bot.mistake import Mistake
from models.content_file import fingerprint

LEADERS = ("en", "ru")
"""Changes in these languages have to be followed in the others; one in Kazakh alone is a correction of Kazakh."""

FILE = "in-step.json"

Record = dict[str, dict[str, str]]

_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


def behind(root: Path) -> Iterator[str]:
    """`ru/lessons/02-four-forms.md: behind en`, a line for each file that has to be looked at.

    A last line says if the record itself is behind. Raises Mistake if it can't be read.
    """
    recorded, current = _recorded(root), _current(root)
    settled = True
    for name, texts in current.items():
        late = _behind(texts, recorded.get(name, {}))
        for language, leaders in late.items():
            yield f"{language}/{name}: behind {' and '.join(leaders)}"
        settled = settled and (bool(late) or texts == recorded.get(name))
    if not settled or recorded.keys() - current.keys():
        yield f"{FILE} does not know all that is in step: python -m bot texts"


def record(root: Path, looked_at: Collection[str] = ()) -> None:
    """Record what is in step, and what was looked at and needs no change.

    Names are `lessons/02-four-forms`, `policy`, or `02-four-forms` for a lesson and its bank. Raises Mistake for a name
    that no file has.
    """
    recorded, current = _recorded(root), _current(root)
    settled: set[str] = set()
    for wanted in looked_at:
        stem = wanted.removesuffix(".md")
        found = {name for name in current if stem in (name.removesuffix(".md"), Path(name).stem)}
        if not found:
            raise Mistake(
                f"there is no card and no lesson, bank or policy called {wanted!r}: write it like 02-four-forms"
            )
        settled |= found
    new: Record = {}
    for name, texts in sorted(current.items()):
        old = recorded.get(name, {})
        new[name] = old if name not in settled and _behind(texts, old) else texts
    (root / FILE).write_text(json.dumps(new, indent=2) + "\n", encoding="utf-8")


def _behind(texts: Mapping[str, str], recorded: Mapping[str, str]) -> dict[str, list[str]]:
    """The languages that are behind, each with the languages that were changed since."""
    if not recorded:
        return {}
    changed = [language for language in texts if texts[language] != recorded.get(language)]
    leaders = [language for language in LEADERS if language in changed]
    return {language: leaders for language in texts if leaders and language not in changed}


def _recorded(root: Path) -> Record:
    try:
        return _RECORD.validate_json((root / FILE).read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError:
        raise Mistake(f"{FILE} can't be read: delete it, and python -m bot texts makes a new one") from None


def _current(root: Path) -> Record:
    found: Record = {}
    for language, texts in all_files(root).items():
        for name, text in texts.items():
            found.setdefault(name, {})[language] = fingerprint(text)[:12]
    return found
