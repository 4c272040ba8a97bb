"""The files that authors write, as `check` and `texts` go through them."""

from collections.abc import Iterator
from pathlib import Path

from models.content_file import ContentFile, text_of
from models.lessons import LANGUAGES

FOLDERS = ("lessons", "bank", "rights")
POLICY = "policy.md"


def content_files(root: Path, language: str) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of all lessons, banks, cards and the policy of a language; the name has no language in it."""
    paths = [path for folder in FOLDERS for path in sorted((root / language / folder).glob("*.md"))]
    for path in [*paths, root / language / POLICY]:
        name = path.relative_to(root / language).as_posix()
        if text := text_of(ContentFile(f"{language}/{name}", language), path):
            yield name, text


def all_files(root: Path) -> dict[str, dict[str, str]]:
    """The texts of all content: language to name to text."""
    return {language: dict(content_files(root, language)) for language in LANGUAGES}
